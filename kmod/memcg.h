/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose memory the buffers of a connection are.
 */
#ifndef XTCP_MEMCG_H
#define XTCP_MEMCG_H

struct sock;

#ifdef CONFIG_MEMCG
void xtcp_memcg_accept(struct sock *sk);
#else
static inline void xtcp_memcg_accept(struct sock *sk)
{
}
#endif

#endif /* XTCP_MEMCG_H */
