/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The socket: its fields, locking, lifetime.
 *
 * Locking
 *
 * The socket lock is Linux's (<net/sock.h>): user context owns the socket
 * between lock_sock() and release_sock(); softirq holds the spinlock and must
 * leave the socket alone while a user owns it.  What softirq cannot do then
 * waits: segments in the backlog, a timer or an MTU change as a bit in
 * sk_tsq_flags for release_cb (defer.h).  Either way one context at a time is
 * inside the core for one TCB: xtcp_assert_locked().
 *
 * A child in an accept queue has no user, but it can have an owner for a moment:
 * who found it in a table and wants to look at it, or to end it (sock_diag).  So a
 * listener that closes treats its children as softirq does, and what it cannot do
 * waits for release_cb as well (XTCP_DO_ABANDON).
 *
 * Without any lock observers read what is a number.  What is behind a pointer that
 * may change (settings, listener, pacer) is read under the lock, or in an RCU read
 * side through a function that says so.
 *
 * Order, outermost first; each may be taken without those before it:
 *
 *	lock_sock() of a listener, or of any other socket
 *	spinlock of a listener (bh_lock_sock_nested)
 *	spinlock of a child or another connection (bh_lock_sock)
 *	lock of a TIME_WAIT queue (timewait.c)
 *	bucket lock of port.c, then the kernel's bind tables
 *	lock of the listener table (xtcp_net.listeners)
 *	bucket locks of the connection table
 *
 * A segment finds its owner without a lock: in an RCU read side it looks into
 * the connection table, then into the listener table.
 *
 * Lifetime
 *
 * A socket is freed a grace period after its last reference (SOCK_RCU_FREE), so
 * softirq needs no reference while it is in an RCU read side: it locks and looks
 * at sk_state.  References are held by
 *  - the user: the descriptor, or the accept queue before there is one, or for
 *    an orphan the connection itself; xtcp_destroy() gives it up;
 *  - sk_timer while it is pending, and so do the timers of pace.c;
 *  - SYN_RECV entries, one each to their listener;
 *  - buffers in flight, not by a reference but by sk_wmem_alloc.
 * A connection ends in xtcp_done(): tables, queues and timers let go of it.  If
 * its descriptor is closed by then (SOCK_DEAD) it is destroyed as well, otherwise
 * close() does that.
 *
 * The module
 *
 * struct proto has no owner, so that only descriptors keep the module loaded
 * (proto_ops.owner).  Unloading aborts what is left and waits until the last
 * socket is freed (lifetime.c).
 */
#ifndef XTCP_SOCK_H
#define XTCP_SOCK_H

#include <linux/xtcp_wait.h>
#include <net/inet_sock.h>
#include <net/sock.h>

#ifdef XTCP_VERIFY
#include "core/check.h"
#endif
#include "core/tcb.h"
#include "flow.h"
#include "netns.h"

struct xtcp_opening;
struct xtcp_extra;
struct xtcp_port;
struct xtcp_tfo_queue;

/**
 * struct xtcp_spot - where a listener or a group of them listens (listen_table.c)
 * @node: link in the table; spots with the same key differ in their device
 * @key: namespace, address and port; the peer's half is not used
 * @sk: the listener, or any of the group
 * @members: how many listeners share it; 0: it is not in the table
 * @left: the listener that it is a part of is no more, and who leaves last frees it
 * @rcu: to free that
 *
 * All but @sk and @node under the lock of xtcp_net.listeners.
 */
struct xtcp_spot {
	struct rhlist_head	node;
	struct xtcp_key		key;
	struct sock __rcu	*sk;
	unsigned int		members;
	bool			left;
	struct rcu_head		rcu;
};

/**
 * struct xtcp_listener - what a socket in LISTEN has besides
 * @accept_first: the oldest child that is established and that accept() has not taken yet;
 *		  sk_ack_backlog of them, each with the next in xtcp_sock.accept_next
 * @accept_end: where a pointer to one more goes
 * @reqs: SYN_RECV entries (xtcp_req.node)
 * @nr_reqs: how many
 * @nr_young: of those, how many whose timer has not fired
 * @cookie_sent: when a SYN was last answered with a cookie; 0: never
 * @flood_logged: the log has its line about a SYN flood
 * @tfo: TCP_FASTOPEN, NULL: not set; with a reference
 * @spot: where it is in the listener table, its own or that of its group; NULL: nowhere
 * @own: its own, with a life that may be longer than that of the rest: xtcp_listener_free()
 * @id: its number in xtcp_net.listeners
 * @seen: what came, as far as it is counted; the rest of it is asked for
 *
 * All but @own under the socket's lock.
 */
struct xtcp_listener {
	struct xtcp_sock	*accept_first;
	struct xtcp_sock	**accept_end;
	struct list_head	reqs;
	unsigned int		nr_reqs;
	unsigned int		nr_young;
	xtcp_usec_t		cookie_sent;
	bool			flood_logged;
	struct xtcp_tfo_queue	*tfo;
	struct xtcp_spot	*spot;
	struct xtcp_spot	own;
	unsigned long		id;
	struct xtcp_listener_info seen;
};

/**
 * struct xtcp_sock - a socket of AF_XTCP
 * @inet: the stack's view of it; must be first
 * @flow: its entry in the connection table
 * @tcb: the protocol
 * @port: reservation of its local address and port, where sk_bind_node links it
 * @accept_next: who came after it in a listener's accept queue; nobody has a descriptor then
 * @read_at: when the user last called to read, low 32 bits of jiffies with the lowest bit set;
 *	     0: never.  Only while a descriptor is there, as @write_at
 * @write_at: and to write
 * @listener: allocated while the socket listens, or was told how to
 * @opening: with @has_opening: what a child keeps of its SYN, or owes to it
 * @scaling_ratio: payload per 256 bytes of receive buffer
 * @md5: keys to sign segments with, struct xtcp_md5_key (md5sig.c)
 * @extra: what few sockets have (extra.h); NULL: none of it
 * @timer_due: what sk_timer is set to, on the coarse clock; 0: not pending
 * @rmem_fresh: receive memory that was charged since xtcp_collapse() looked through it
 *		last, bytes, modulo 2^32
 * @epoch: which connection of the socket this is; see xtcp_moved_on().  It may begin with any
 *	   number, so in an accept queue it is since when, low 32 bits of jiffies
 * @user_mss: TCP_MAXSEG, 0: not set
 * @defer_accept: TCP_DEFER_ACCEPT, in retransmissions of the SYN,ACK
 * @cc_locked: by the route, and the user may not choose another
 * @cc_chosen: by TCP_CONGESTION: children do not take the default
 * @orphaned: counted in xtcp_net.orphans
 * @urg_byte: what recv() with MSG_OOB returns; see xtcp_tcb.urg_state
 * @mtu: MTU of the path when it was looked up last, bytes
 * @state_since: when it entered its state, low 32 bits of jiffies
 * @hop_limit: of the peer's last segment that was taken, or its TTL; 0: none came
 * @pmtu: what ICMP last said the path takes, bytes; U16_MAX: so much or more
 * @has_opening: the union has @opening
 * @save_syn: TCP_SAVE_SYN
 * @tfo_pending: a Fast Open child whose handshake is not complete
 * @tfo_connect: TCP_FASTOPEN_CONNECT
 * @tfo_no_cookie: TCP_FASTOPEN_NO_COOKIE
 * @tfo_now: connect() is part of a sendto() with MSG_FASTOPEN
 * @tfo_mode: XTCP_TFO_*, of the SYN to come
 * @tfo_sent: our SYN had a Fast Open option
 * @tfo_exp: of the experimental kind
 * @tfo_again: the first attempt after a time without Fast Open
 * @tfo_fail: TCP_INFO's tcpi_fastopen_client_fail
 * @inq: TCP_INQ
 * @rerouted: the route is another one than when segments were cut last
 * @check: what the TCB was like after the last event (verify.c)
 */
struct xtcp_sock {
	struct inet_sock	inet;
	struct xtcp_flow	flow;
	struct xtcp_tcb		tcb;
	struct xtcp_port	*port;
	union {
		struct xtcp_sock	*accept_next;
		struct {
			u32		read_at;
			u32		write_at;
		};
	};
	union {
		struct xtcp_listener	*listener;
		struct xtcp_opening	*opening;
	};
	struct hlist_head	md5;
	struct xtcp_extra	*extra;
	u32			timer_due;
	u32			rmem_fresh;
	u32			epoch;
	u32			mtu;
	u32			state_since;
	u16			pmtu;
	u16			user_mss;
	u8			scaling_ratio;
	u8			defer_accept;
	bool			orphaned;
	u8			urg_byte;
	u8			has_opening : 1,
				save_syn : 2,
				tfo_pending : 1,
				tfo_connect : 1,
				tfo_no_cookie : 1,
				tfo_mode : 2;
	u8			tfo_now : 1,
				tfo_sent : 1,
				tfo_exp : 1,
				tfo_again : 1,
				tfo_fail : 2,
				cc_chosen : 1,
				inq : 1;
	u8			rerouted : 1,
				cc_locked : 1;
	u8			hop_limit;
#ifdef XTCP_VERIFY
	struct xtcp_check	check;
#endif
};

/* From one to the other; who may only read the one may only read the other. */
#define xtcp_sk(ptr)		container_of_const(ptr, struct xtcp_sock, inet.sk)
#define xtcp_to_sk(xs)		(&(xs)->inet.sk)
#define xtcp_flow_sock(f)	container_of_const(f, struct xtcp_sock, flow)

/*
 * Only this context may be inside the core for the socket: it is the user who owns
 * it, or nobody does and it has the spinlock.
 */
static inline void xtcp_assert_locked(const struct sock *sk)
{
#ifdef CONFIG_LOCKDEP
	if (sk->sk_lock.owned)
		WARN_ON_ONCE(debug_locks && (in_serving_softirq() ||
					     !lockdep_is_held(&sk->sk_lock)));
	else
		lockdep_assert_held(&sk->sk_lock.slock);
#endif
}

/* What a socket that listens, or was told how to, has besides; NULL: nothing. */
static inline struct xtcp_listener *xtcp_listener(const struct sock *sk)
{
	xtcp_assert_locked(sk);
	return xtcp_sk(sk)->has_opening ? NULL : xtcp_sk(sk)->listener;
}

/* A call begins: xtcp_sock.read_at or .write_at. */
static inline void xtcp_called(struct sock *sk, u32 *at)
{
	sock_owned_by_me(sk);
	*at = (u32)jiffies | 1;
}

/* Nobody has called to read or to write yet. */
static inline void xtcp_uncalled(struct xtcp_sock *xs)
{
	xs->read_at = 0;
	xs->write_at = 0;
}

/*
 * A call that slept, or let go of the lock, may find another connection in the
 * socket: somebody gave it a new one, with connect() or listen().  A call belongs to
 * the connection that it began with, and ends with EPIPE or what it has got by then
 * (as Linux, which notices connect(AF_UNSPEC) only: what sk_wait_data() and
 * sk_stream_wait_*() return says so).  @epoch: what it was before.
 */
static inline bool xtcp_moved_on(const struct sock *sk, u32 epoch)
{
	sock_owned_by_me(sk);
	return unlikely(xtcp_sk(sk)->epoch != epoch);
}

/* Its namespace, without the detour through the namespace's list of modules. */
static inline struct xtcp_net *xtcp_sk_net(const struct sock *sk)
{
	return xtcp_sk(sk)->flow.key.xn;
}

/* The clock of every TCB. */
static inline xtcp_usec_t xtcp_now(void)
{
	return ktime_get_ns() / NSEC_PER_USEC;
}

/* What timestamps of entries are made from, before the peer's offset: milliseconds. */
static inline u32 xtcp_clock_ms(void)
{
	return (u32)(xtcp_now() / XTCP_USEC_PER_MSEC);
}

/* Payload per 256 bytes of buffer memory, until measured. */
#define XTCP_SCALING_RATIO_INIT	128

#endif /* XTCP_SOCK_H */
