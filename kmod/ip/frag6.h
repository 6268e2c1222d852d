/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Fragments of IPv6 packets.
 */
#ifndef XTCP_FRAG6_H
#define XTCP_FRAG6_H

#include "netns.h"

struct sk_buff;

#if IS_ENABLED(CONFIG_IPV6)
void xtcp_frag6_need(void);
void xtcp_frag6_exit(void);
unsigned int xtcp_frag6_join(struct xtcp_net *xn, struct sk_buff *skb, unsigned int at);
#else
static inline void xtcp_frag6_need(void) { }
static inline void xtcp_frag6_exit(void) { }
#endif

#endif /* XTCP_FRAG6_H */
