/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Errors that the network reports.
 */
#ifndef XTCP_ICMP_H
#define XTCP_ICMP_H

struct sk_buff;

void xtcp_icmp4_see(struct sk_buff *skb);

#endif /* XTCP_ICMP_H */
