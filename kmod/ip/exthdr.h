/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv6 packets whose TCP header does not follow at once.
 */
#ifndef XTCP_EXTHDR_H
#define XTCP_EXTHDR_H

#include <linux/types.h>

struct sk_buff;

unsigned int xtcp_exthdr_skip(const struct sk_buff *skb, u8 *proto);

#endif /* XTCP_EXTHDR_H */
