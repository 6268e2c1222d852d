/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Send and receive buffers and the memory that they are charged with.
 */
#ifndef XTCP_BUFFER_H
#define XTCP_BUFFER_H

#include "compat.h"
#include "sock.h"

struct sk_buff *xtcp_wmem_alloc(struct sock *sk, gfp_t gfp);
struct sk_buff *xtcp_wmem_alloc_fin(struct sock *sk);
void xtcp_wmem_queue(struct sock *sk, struct sk_buff *skb);
void xtcp_wmem_free(struct sock *sk, struct sk_buff *skb);
void xtcp_wmem_syn_acked(struct sock *sk);
void xtcp_wmem_purge(struct sock *sk);
struct sk_buff *xtcp_wmem_gather(struct sock *sk, u32 len);
void xtcp_wmem_fill(struct sock *sk, u32 len);
int xtcp_wmem_split(struct sock *sk, struct sk_buff *skb, u32 len, bool sent,
		    gfp_t gfp);
void xtcp_sndbuf_init(struct sock *sk);
void xtcp_write_space(struct sock *sk);
void xtcp_buffer_freed(struct sock *sk);
void xtcp_write_space_check(struct sock *sk);

void xtcp_collapse(struct sock *sk);
bool xtcp_rmem_admit(struct sock *sk, struct sk_buff *skb,
		     const struct xtcp_segment *seg);
void xtcp_rmem_measure(struct sock *sk, const struct sk_buff *skb, u32 len);
void xtcp_rmem_charge(struct sock *sk, struct sk_buff *skb);
void xtcp_rmem_append(struct sock *sk, struct sk_buff *skb);
void xtcp_rmem_wait(struct sock *sk, struct sk_buff *skb);
void xtcp_ooo_purge(struct sock *sk);
void xtcp_rcvbuf_autotune(struct sock *sk, xtcp_usec_t now);

/* Window that @bytes of receive buffer have room for. */
static inline int xtcp_win_from_space(const struct sock *sk, int bytes)
{
	return (int)(((s64)bytes * xtcp_sk(sk)->scaling_ratio) >> 8);
}

/* The same of what is free, when so many bytes more are used, and of all. */
static inline u32 xtcp_free_space_less(const struct sock *sk, int bytes)
{
	int left = READ_ONCE(sk->sk_rcvbuf) - READ_ONCE(sk->sk_backlog.len) -
		   atomic_read(&sk->sk_rmem_alloc) - bytes;

	return left > 0 ? xtcp_win_from_space(sk, left) : 0;
}

static inline u32 xtcp_free_space(const struct sock *sk)
{
	return xtcp_free_space_less(sk, 0);
}

static inline u32 xtcp_full_space(const struct sock *sk)
{
	return xtcp_win_from_space(sk, READ_ONCE(sk->sk_rcvbuf));
}

/* What the shift of a window has to be enough for: buffers get no larger. */
static inline u32 xtcp_largest_buffer(const struct sock *sk)
{
	return max_t(u32, READ_ONCE(xtcp_sk_net(sk)->rmem[2]), READ_ONCE(sysctl_rmem_max));
}

static inline u32 xtcp_space_from_win(const struct sock *sk, u32 wnd)
{
	return (u32)min_t(u64, div_u64((u64)wnd << 8, xtcp_sk(sk)->scaling_ratio),
			  S32_MAX);
}

/* Little room is left: who waits for more to read had better begin. */
static inline bool xtcp_rmem_pressure(const struct sock *sk)
{
	int rcvbuf = READ_ONCE(sk->sk_rcvbuf);

	return sk_under_memory_pressure(sk) ||
	       atomic_read(&sk->sk_rmem_alloc) > rcvbuf - (rcvbuf >> 3);
}

#endif /* XTCP_BUFFER_H */
