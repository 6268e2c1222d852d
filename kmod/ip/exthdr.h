/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv6 packets whose TCP header does not follow at once.
 */
#ifndef XTCP_EXTHDR_H
#define XTCP_EXTHDR_H

#include "netns.h"

struct sk_buff;

#if IS_ENABLED(CONFIG_IPV6)
unsigned int xtcp_exthdr_skip(const struct sk_buff *skb, u8 *proto);
void xtcp_defrag6_need(struct xtcp_net *xn);
void xtcp_defrag6_drop(struct xtcp_net *xn);
#else
static inline void xtcp_defrag6_need(struct xtcp_net *xn) { }
static inline void xtcp_defrag6_drop(struct xtcp_net *xn) { }
#endif

#endif /* XTCP_EXTHDR_H */
