/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What security modules see of connections that a listener opens.
 */
#ifndef XTCP_LSM_H
#define XTCP_LSM_H

#include "flow.h"

struct sk_buff;
struct sock;

#ifdef CONFIG_SECURITY_NETWORK
bool xtcp_lsm_syn(struct sock *sk, const struct xtcp_key *key, struct sk_buff *skb,
		  u32 mark);
#else
static inline bool xtcp_lsm_syn(struct sock *sk, const struct xtcp_key *key,
				struct sk_buff *skb, u32 mark)
{
	return true;
}
#endif

#endif /* XTCP_LSM_H */
