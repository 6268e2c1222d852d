/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a congestion control algorithm is.
 *
 * An algorithm is a table of functions over a connection's values: it reads the
 * TCB and what an ACK said, and sets cwnd and ssthresh, which are counted in
 * segments.  It sees no socket and no buffer, must not sleep, and is called for
 * one connection by one context at a time.
 *
 * Loss-based ones say how cwnd grows (cong_avoid) and what is left of it after
 * congestion (ssthresh); what happens during recovery is not their business.
 * Model-based ones (cong_control) set cwnd with every ACK, recovery included,
 * and the pacing rate.
 *
 * State: XTCP_CC_PRIV_SIZE bytes in the TCB, zero at first, from xtcp_cc_priv();
 * one that needs more says so in mem_size and finds it, zero at first, with
 * xtcp_cc_mem().
 */
#ifndef XTCP_CORE_CC_H
#define XTCP_CORE_CC_H

#include "cong.h"

struct module;
union tcp_cc_info;

/* As TCP_CA_NAME_MAX, the terminating 0 included. */
#define XTCP_CC_NAME_MAX	16
/* Algorithms that can exist at the same time. */
#define XTCP_CC_MAX		32

/* struct xtcp_cc_ops.flags */
#define XTCP_CC_UNRESTRICTED	0x01	/* may be chosen without CAP_NET_ADMIN */
#define XTCP_CC_NEEDS_ECN	0x02	/* negotiates ECN and sends ECT always */
#define XTCP_CC_PACING		0x04	/* what it sends has to be paced */
#define XTCP_CC_CE_EXACT	0x08	/* echo CE as RFC 8257 3.2, not as RFC 3168 */

/**
 * struct xtcp_cc_ops - an algorithm
 * @name: what net.xtcp.congestion_control and TCP_CONGESTION call it
 * @owner: THIS_MODULE; a socket that uses it holds a reference
 * @flags: XTCP_CC_*
 * @mem_size: bytes for xtcp_cc_mem(); 0: xtcp_cc_priv() is enough
 * @init: the handshake is complete, or the user chose the algorithm later.
 *	  Optional.
 * @release: the connection is gone, or another algorithm was chosen; undoes
 *	     what @init did, frees no memory of ours.  Optional.
 * @ssthresh: what the slow-start threshold is to be after congestion, segments,
 *	      at least 2.  Called once on entry to CWR, RECOVERY and LOSS.
 * @cong_avoid: new data was ACKed, cwnd was in use and the connection is not
 *		being reduced: grow cwnd.  This or @cong_control.
 * @cong_control: an ACK was processed: set cwnd.
 * @acked: an ACK of new data came, in any state and before the others.  Optional.
 * @set_state: ca_state is about to change to @state.  Optional.
 * @event: something happened.  Optional.
 * @undo_cwnd: the last reduction was spurious; returns the cwnd to go on with,
 *	       segments.  Without it, what it was before.
 * @pacing_rate: bytes per second to send with.  Without it a multiple of
 *		 cwnd / SRTT.
 * @min_tso_segs: least segments in a burst.  Without it
 *		  net.xtcp.min_tso_segs.
 * @get_info: fills in the part of TCP_CC_INFO that is about the algorithm and
 *	      says with @attr, an INET_DIAG_* number, what that is; returns its
 *	      size, 0: none.  Optional.
 */
struct xtcp_cc_ops {
	char		name[XTCP_CC_NAME_MAX];
	struct module	*owner;
	u16		flags;
	u16		mem_size;
	void	(*init)(struct xtcp_tcb *t);
	void	(*release)(struct xtcp_tcb *t);
	u32	(*ssthresh)(struct xtcp_tcb *t);
	void	(*cong_avoid)(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			      xtcp_usec_t now);
	void	(*cong_control)(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
				xtcp_usec_t now);
	void	(*acked)(struct xtcp_tcb *t, const struct xtcp_ack_sample *s,
			 xtcp_usec_t now);
	void	(*set_state)(struct xtcp_tcb *t, enum xtcp_ca_state state);
	void	(*event)(struct xtcp_tcb *t, enum xtcp_cong_event event,
			 xtcp_usec_t now);
	u32	(*undo_cwnd)(struct xtcp_tcb *t);
	u64	(*pacing_rate)(const struct xtcp_tcb *t);
	u32	(*min_tso_segs)(const struct xtcp_tcb *t);
	u32	(*get_info)(const struct xtcp_tcb *t, int *attr,
			    union tcp_cc_info *info);
};

/* Of an algorithm without mem_size: its XTCP_CC_PRIV_SIZE bytes. */
static inline void *xtcp_cc_priv(const struct xtcp_tcb *t)
{
	return (void *)t->cc_priv;
}

/* Of one with mem_size: its memory. */
static inline void *xtcp_cc_mem(const struct xtcp_tcb *t)
{
	return t->cc_mem;
}

/* Those that are always there (cc_table.h); what they are built of follows. */
extern const struct xtcp_cc_ops xtcp_cc_reno;
extern const struct xtcp_cc_ops xtcp_cc_cubic;
extern const struct xtcp_cc_ops xtcp_cc_dctcp;
extern const struct xtcp_cc_ops xtcp_cc_bbr;

/**
 * xtcp_in_slow_start - cwnd is below the threshold
 * @t: the connection
 *
 * Return: whether it is.
 */
static inline bool xtcp_in_slow_start(const struct xtcp_tcb *t)
{
	return t->cwnd < t->ssthresh;
}

/**
 * xtcp_cc_slow_start - grow cwnd by what was delivered, up to ssthresh (RFC 3465)
 * @t: the connection, in slow start
 * @acked: segments
 *
 * Return: segments that are left for congestion avoidance.
 */
static inline u32 xtcp_cc_slow_start(struct xtcp_tcb *t, u32 acked)
{
	u32 grow = min_t(u32, acked, t->ssthresh - t->cwnd);

	t->cwnd += grow;
	return acked - grow;
}

/**
 * xtcp_cc_grow - additive increase: one segment for so many that are ACKed
 * @t: the connection
 * @per: how many, at least 1
 * @acked: segments ACKed now
 */
static inline void xtcp_cc_grow(struct xtcp_tcb *t, u32 per, u32 acked)
{
	/* one ACK says nothing about more than a window */
	acked = min(acked, t->cwnd);
	/* credit that was collected at a slower pace buys one segment */
	if (t->cwnd_cnt >= per) {
		t->cwnd_cnt = 0;
		t->cwnd++;
	}
	t->cwnd_cnt += acked;
	if (t->cwnd_cnt >= per) {
		u32 n = t->cwnd_cnt / per;

		t->cwnd_cnt -= n * per;
		t->cwnd += n;
	}
}

#endif /* XTCP_CORE_CC_H */
