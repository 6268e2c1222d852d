// SPDX-License-Identifier: GPL-2.0
/*
 * The socket: locking, lifetime, and the calls of struct proto.
 *
 * Locking
 *
 * The socket lock is Linux's (<net/sock.h>): user context owns the socket
 * between lock_sock() and release_sock(); softirq holds the spinlock and must
 * leave the socket alone while a user owns it.  What softirq cannot do then
 * waits: segments in the backlog, a timer or an MTU change as a bit in
 * sk_tsq_flags for release_cb.  Either way one context at a time is
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
 * socket is freed: `live` counts them.
 */
#include <linux/bpf-cgroup.h>
#include <linux/module.h>
#include <linux/wait.h>
#include <net/busy_poll.h>
#include <net/inet_common.h>
#include <net/ip.h>
#include <net/tcp.h>
#include <net/xfrm.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "conf.h"
#include "cong.h"
#include "core/ecn.h"
#include "core/offer.h"
#include "core/user.h"
#include "core/window.h"
#include "fastopen.h"
#include "hook.h"
#include "input.h"
#include "isn.h"
#include "listen.h"
#include "output.h"
#include "pace.h"
#include "port.h"
#include "release.h"
#include "reply.h"
#include "req.h"
#include "route.h"
#include "sendmsg.h"
#include "sockopt.h"
#include "table.h"
#include "timer.h"
#include "timewait.h"
#include "verify.h"

/* net.xtcp.mem, pages: leave and enter memory pressure, refuse. */
long xtcp_sysctl_mem[3];
static int sysctl_wmem[3] = { 4096, 16384, 4 * 1024 * 1024 };
static int sysctl_rmem[3] = { 4096, 131072, 6 * 1024 * 1024 };

static atomic_long_t memory_allocated;
static DEFINE_PER_CPU(int, memory_per_cpu_fw_alloc);
static struct percpu_counter sockets_allocated;
static unsigned long memory_pressure;

static atomic_t live;
static DECLARE_WAIT_QUEUE_HEAD(live_wait);

static void enter_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(memory_pressure))
		return;
	WRITE_ONCE(memory_pressure, jiffies ? jiffies : 1);
	xtcp_count(xtcp_net(sock_net(sk)), MEMORY_PRESSURES);
}

static void leave_memory_pressure(struct sock *sk)
{
	WRITE_ONCE(memory_pressure, 0);
}

/* After the last reference and a grace period; the memory goes next. */
static void destruct(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	/* or inet_sock_destruct() would leave what is the socket's */
	WARN_ON_ONCE(sk->sk_state != TCP_CLOSE || !sock_flag(sk, SOCK_DEAD));
	WARN_ON_ONCE(xs->flow.hashed);
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&xs->tcb.rtx));
	WARN_ON_ONCE(!RB_EMPTY_ROOT(&xs->tcb.ooo));
	WARN_ON_ONCE(xs->tfo_pending);
	if (xs->has_opening)
		xtcp_opening_free(sk);
	else
		xtcp_listener_free(sk);
	xtcp_cong_release(sk);
	xtcp_pacer_free(sk);
	xtcp_conf_put(sk);
	inet_sock_destruct(sk);
	sk_sockets_allocated_dec(sk);
	if (atomic_dec_and_test(&live))
		wake_up_all(&live_wait);
}

/**
 * xtcp_init_fields - what is ours in a socket that was made or cloned
 * @sk: it
 */
void xtcp_init_fields(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	memset_after(xs, 0, inet);
	sk->sk_tsq_flags = 0;
	xs->flow.kind = XTCP_KIND_SOCK;
	xs->flow.family = AF_INET;
	xs->flow.key.xn = xn;
	INIT_HLIST_NODE(&sk->sk_bind_node);
	xs->scaling_ratio = XTCP_SCALING_RATIO_INIT;
	xtcp_tcb_init(&xs->tcb, &xn->conf);
	xtcp_verify_begin(sk);
	xtcp_timer_setup(sk);
	skb_queue_head_init(&sk->sk_write_queue);
	sk->sk_destruct = destruct;
	atomic_inc(&live);
}

/* struct proto.init */
static int init_sock(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	sock_set_flag(sk, SOCK_RCU_FREE);
	xtcp_init_fields(sk);
	xtcp_cong_assign(sk, GFP_KERNEL);
	sk_sockets_allocated_inc(sk);
	sk->sk_write_space = xtcp_buffer_freed;
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xn->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xn->rmem[1]));
	sk->sk_gso_type = SKB_GSO_TCPV4;
	return 0;
}

/* The TCB that a SYN will be made from. */
static void prepare_connect(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_tcb *t = &xs->tcb;
	struct xtcp_route_windows route;
	struct xtcp_offer offer = {
		.advmss		= xtcp_route_advmss(sk),
		.user_mss	= xs->user_mss,
		.space		= xtcp_full_space(sk),
		.max_space	= xtcp_largest_buffer(sk),
		.ecn		= dst_feature(__sk_dst_get(sk), RTAX_FEATURE_ECN),
		/* on this side TCP_DEFER_ACCEPT says that the user will speak first */
		.speaks		= xs->defer_accept,
	};

	xtcp_cong_route(sk);
	xtcp_route_windows(__sk_dst_get(sk), &route);
	offer.first_window = route.initial;
	/* TCP_WINDOW_CLAMP may have been set before */
	offer.clamp = t->window_clamp ? t->window_clamp : route.clamp;
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		offer.clamp = min_not_zero(offer.clamp, offer.space);
	if (!xtcp_offer_numbered(t)) {
		offer.iss = xtcp_isn(&xs->flow.key);
		offer.ts_offset = xtcp_ts_offset(&xs->flow.key);
	}
	xtcp_offer(t, &offer, &xtcp_net(sock_net(sk))->conf);
	xtcp_sync_mss(sk);
}

/**
 * xtcp_connect - active OPEN (3.10.1); SEND on a listener (3.10.2)
 * @sk: the socket, locked, in CLOSE or LISTEN
 * @usin: the peer
 * @len: length of the address
 *
 * Return: 0, or the errno of Linux's connect().
 */
int xtcp_connect(struct sock *sk, struct sockaddr_in *usin, int len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	bool listening = sk->sk_state == TCP_LISTEN;
	__be32 bound = inet->inet_saddr;
	int err;

	xtcp_assert_locked(sk);
	if (len < sizeof(*usin))
		return -EINVAL;
	if (usin->sin_family != AF_INET)
		return -EAFNOSUPPORT;
	err = xtcp_route_connect(sk, usin->sin_addr.s_addr, usin->sin_port);
	if (err)
		return err;
	if (!xtcp_route_is_local(sk))
		xtcp_hook_need_demux(xtcp_sk_net(sk));
	if (listening)
		xtcp_listen_stop(sk);
	inet->inet_daddr = usin->sin_addr.s_addr;
	/* as Linux: the any-address is this host */
	if (!inet->inet_daddr)
		inet->inet_daddr = inet->cork.fl.u.ip4.daddr;
	inet->inet_dport = usin->sin_port;
	sk_set_txhash(sk);
	xtcp_addr_set4(&xs->flow.key.laddr, inet->inet_saddr);
	xtcp_addr_set4(&xs->flow.key.raddr, inet->inet_daddr);
	xs->flow.key.lport = inet->inet_sport;
	xs->flow.key.rport = inet->inet_dport;
	xs->flow.key.dev = sk->sk_bound_dev_if;
	xtcp_offer_begin(&xs->tcb);
	err = xtcp_port_connect(xs);
	if (err)
		goto fail;
	/* now that the ports are known, rules that match them apply */
	err = xtcp_route_connect(sk, inet->inet_daddr, inet->inet_dport);
	if (err) {
		xtcp_flow_remove(&xs->flow);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			xtcp_port_unbind(xs);
		goto fail;
	}
	xtcp_inet_new_id(inet);
	xs->epoch++;
	WRITE_ONCE(sk->sk_err, 0);	/* of the connection before */
	prepare_connect(sk);
	if (unlikely(xs->tfo_connect || xs->tfo_now) && !listening && xtcp_tfo_defer(sk)) {
		/* the first write has what goes with the SYN */
		xtcp_inet_defer_connect(sk, true);
		xtcp_user_call(sk, XTCP_CALL_OPEN);
		return 0;
	}
	xtcp_user_call(sk, XTCP_CALL_CONNECT);
	return 0;

fail:
	if (listening) {
		/* it listened, and now it neither listens nor connects */
		xtcp_user_call(sk, XTCP_CALL_CLOSE);
	}
	sk->sk_route_caps = 0;
	sk_dst_reset(sk);
	inet->inet_dport = 0;
	inet->inet_daddr = 0;
	inet->inet_saddr = bound;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK))
		inet->inet_rcv_saddr = bound;
	return err;
}

/**
 * xtcp_pre_connect - programs of the control group see the address
 * @sk: the socket, locked
 * @addr: the peer; they may change it
 * @len: length of the address
 *
 * Return: 0, -EINVAL, -EPERM.
 */
int xtcp_pre_connect(struct sock *sk, XTCP_SOCKADDR *addr, int len)
{
	/* a program may look at all of it */
	if (len < sizeof(struct sockaddr_in))
		return -EINVAL;
	sock_owned_by_me(sk);
	return xtcp_bpf_connect4(sk, addr, &len);
}

static int proto_connect(struct sock *sk, XTCP_SOCKADDR *addr, int len)
{
	return xtcp_connect(sk, (struct sockaddr_in *)addr, len);
}

/**
 * xtcp_disconnect - back to a fresh socket: connect() with AF_UNSPEC
 * @sk: the socket, locked
 * @flags: not used
 *
 * Return: 0.
 */
int xtcp_disconnect(struct sock *sk, int flags)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	struct xtcp_tcb *t = &xs->tcb;
	struct xtcp_tcb fresh;
	int old = sk->sk_state;

	xtcp_assert_locked(sk);
	if (old == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_CLOSE);
		xtcp_listen_stop(sk);
	} else if (old != TCP_CLOSE) {
		/* as Linux: not when both sides had closed, and all is sent */
		if ((1 << old) & ~(TCPF_CLOSING | TCPF_LAST_ACK) ||
		    t->snd_nxt != t->write_seq)
			WRITE_ONCE(sk->sk_err, ECONNRESET);
		xtcp_user_call(sk, XTCP_CALL_ABORT);
	}
	xtcp_timer_off(sk);
	xtcp_flow_remove(&xs->flow);
	xtcp_opening_free(sk);
	xtcp_inet_defer_connect(sk, false);
	xs->tfo_mode = XTCP_TFO_PLAIN;
	xs->tfo_fail = 0;
	__skb_queue_purge(&sk->sk_receive_queue);
	xtcp_wmem_purge(sk);
	xtcp_ooo_purge(sk);
	if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_unbind(xs);
	inet->inet_dport = 0;
	inet->inet_daddr = 0;
	if (!(sk->sk_userlocks & SOCK_BINDADDR_LOCK)) {
		inet->inet_saddr = 0;
		inet->inet_rcv_saddr = 0;
	}
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	/* the user's settings stay, the connection's go */
	xtcp_tcb_init(&fresh, t->conf);
	xtcp_user_keep(&fresh, t);
	xtcp_cong_renew(&fresh, t);
	*t = fresh;
	xtcp_verify_begin(sk);
	sk_set_peek_off(sk, -1);
	sk_dst_reset(sk);
	dst_release(rcu_replace_pointer(sk->sk_rx_dst, NULL, lockdep_sock_is_held(sk)));
	sk_error_report(sk);
	return 0;
}

/* struct proto.shutdown; the socket is locked, sk_shutdown is set. */
static void proto_shutdown(struct sock *sk, int how)
{
	xtcp_assert_locked(sk);
	if (how & RCV_SHUTDOWN)
		xtcp_user_call(sk, XTCP_CALL_SHUT_RD);
	if (how & SEND_SHUTDOWN &&
	    (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_SYN_RECV | TCPF_CLOSE_WAIT))
		xtcp_user_call(sk, XTCP_CALL_SHUT_WR);
}

static bool purge_unread(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb;
	bool unread = false;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		u32 end = xtcp_skb_seg(skb)->end_seq -
			  !!(xtcp_skb_seg(skb)->flags & XTCP_FIN);

		unread |= xtcp_after(end, t->copied_seq);
		__kfree_skb(skb);
	}
	return unread;
}

/* SO_LINGER: close() waits until the peer has acknowledged our FIN, or timeo. */
static void wait_closed(struct sock *sk, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!timeo)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	while ((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	       timeo && !signal_pending(current)) {
		release_sock(sk);
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* Nobody has the descriptor: the connection goes on alone, or not at all. */
static void close_connection(struct sock *sk, bool unread)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	if (unread) {
		/* RFC 2525 2.17: the peer must learn that its data was lost */
		xtcp_count(xn, ABORT_ON_CLOSE);
		xtcp_user_call(sk, XTCP_CALL_ABORT);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		xtcp_count(xn, ABORT_ON_LINGER);
		xtcp_user_call(sk, XTCP_CALL_ABORT);
	} else {
		xtcp_user_call(sk, XTCP_CALL_CLOSE);
	}
}

/* Too many connections without a user, or too little memory: this one ends. */
static bool orphan_is_too_much(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_net(sock_net(sk));

	return atomic_read(&xn->orphans) > READ_ONCE(xn->max_orphans) ||
	       sk_memory_allocated(sk) > READ_ONCE(xtcp_sysctl_mem[2]);
}

/* struct proto.close */
static void proto_close(struct sock *sk, long timeout)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_net(sock_net(sk));
	bool unread;

	lock_sock(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (sk->sk_state == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_CLOSE);
		xtcp_listen_stop(sk);
	} else {
		unread = purge_unread(sk);
		if (sk->sk_state != TCP_CLOSE) {
			close_connection(sk, unread);
			wait_closed(sk, timeout);
		}
	}

	sock_hold(sk);
	sock_orphan(sk);
	if (sk->sk_state != TCP_CLOSE) {
		xs->orphaned = true;
		atomic_inc(&xn->orphans);
		if (orphan_is_too_much(sk)) {
			xtcp_count(xn, ABORT_ON_MEMORY);
			xtcp_user_call(sk, XTCP_CALL_ABORT);
		}
	} else {
		xtcp_destroy(sk);
	}
	release_sock(sk);
	sock_put(sk);
}

/**
 * xtcp_sock_destroy - abort a connection from outside: SOCK_DESTROY
 * @sk: the socket; the caller has a reference
 * @err: errno for its user
 *
 * Context: process.
 *
 * Return: 0, -ENOENT when it has no connection.
 */
int xtcp_sock_destroy(struct sock *sk, int err)
{
	int ret = 0;

	lock_sock(sk);
	if (sk->sk_state == TCP_CLOSE) {
		ret = -ENOENT;
	} else if (sk->sk_state == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_ABORT);
		xtcp_listen_stop(sk);
	} else {
		WRITE_ONCE(sk->sk_err, err);
		/* pairs with the read side of poll(): the error before the end */
		smp_wmb();
		if (!sock_flag(sk, SOCK_DEAD))
			sk_error_report(sk);
		xtcp_user_call(sk, XTCP_CALL_ABORT);
	}
	release_sock(sk);
	return ret;
}

/**
 * xtcp_flow_destroy - end a SYN_RECV or TIME_WAIT entry from outside
 * @flow: the entry; the caller has a reference
 *
 * Context: process.
 *
 * Return: 0, -ENOENT when it has ended already.
 */
int xtcp_flow_destroy(struct xtcp_flow *flow)
{
	struct xtcp_req *req;
	int err = -ENOENT;

	if (flow->kind == XTCP_KIND_TW)
		return xtcp_tw_kill(flow->key.xn, xtcp_flow_tw(flow),
				    XTCP_EV_ABORT) ? 0 : -ENOENT;
	req = xtcp_flow_req(flow);
	lock_sock(req->listener);
	if (!list_empty(&req->node)) {
		spin_lock_bh(&req->listener->sk_lock.slock);
		xtcp_req_kill(req, XTCP_EV_ABORT);
		spin_unlock_bh(&req->listener->sk_lock.slock);
		err = 0;
	}
	release_sock(req->listener);
	return err;
}

/* TCP_NOTSENT_LOWAT: is little enough waiting to be sent first? */
static bool memory_free(const struct sock *sk, int wake)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 notsent = READ_ONCE(xs->tcb.write_seq) - READ_ONCE(xs->tcb.snd_nxt);
	u32 lowat = READ_ONCE(xs->tcb.notsent_lowat);

	/* poll() has no lock */
	rcu_read_lock();
	if (!lowat)
		lowat = READ_ONCE(xtcp_conf_peek(sk)->notsent_lowat);
	rcu_read_unlock();
	return (u64)notsent << wake < lowat;
}

/* struct proto.get_port, for inet_bind(); the address is set already. */
static int get_port(struct sock *sk, unsigned short port)
{
	struct in6_addr addr;

	xtcp_addr_set4(&addr, inet_sk(sk)->inet_rcv_saddr);
	return xtcp_port_bind(xtcp_sk(sk), &addr, port);
}

static void put_port(struct sock *sk)
{
	xtcp_port_unbind(xtcp_sk(sk));
}

struct proto xtcp_prot = {
	.name			= "XTCP",
	/* no owner: see the head of this file */
	.close			= proto_close,
	.pre_connect		= xtcp_pre_connect,
	.connect		= proto_connect,
	.disconnect		= xtcp_disconnect,
	.ioctl			= xtcp_ioctl,
	.init			= init_sock,
	.shutdown		= proto_shutdown,
	.setsockopt		= xtcp_setsockopt,
	.getsockopt		= xtcp_getsockopt,
	.keepalive		= xtcp_keepalive,
	.backlog_rcv		= xtcp_backlog_rcv,
	.release_cb		= xtcp_release_cb,
	.stream_memory_free	= memory_free,
	.get_port		= get_port,
	.put_port		= put_port,
	.enter_memory_pressure	= enter_memory_pressure,
	.leave_memory_pressure	= leave_memory_pressure,
	.sockets_allocated	= &sockets_allocated,
	.memory_allocated	= &memory_allocated,
	.per_cpu_fw_alloc	= &memory_per_cpu_fw_alloc,
	.memory_pressure	= &memory_pressure,
	.sysctl_mem		= xtcp_sysctl_mem,
	.sysctl_wmem		= sysctl_wmem,
	.sysctl_rmem		= sysctl_rmem,
	.max_header		= MAX_TCP_HEADER,
	.obj_size		= sizeof(struct xtcp_sock),
	.no_autobind		= true,
};

/* As tcp_init_mem(): between an eighth and a quarter of what buffers may use. */
static void init_mem(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	xtcp_sysctl_mem[0] = limit / 4 * 3;
	xtcp_sysctl_mem[1] = limit;
	xtcp_sysctl_mem[2] = xtcp_sysctl_mem[0] * 2;
}

int xtcp_sock_init(void)
{
	int err;

	init_mem();
	xtcp_pacer_init();
	err = percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = proto_register(&xtcp_prot, 1);
	if (err)
		percpu_counter_destroy(&sockets_allocated);
	return err;
}

/* No table knows a socket any more: wait for the last to be freed. */
void xtcp_sock_exit(void)
{
	rcu_barrier();
	while (!wait_event_timeout(live_wait, !atomic_read(&live), 10 * HZ))
		pr_info("xtcp: waiting for buffers of %d sockets that devices still hold\n",
			atomic_read(&live));
	rcu_barrier();
	xtcp_pacer_exit();
	proto_unregister(&xtcp_prot);
	percpu_counter_destroy(&sockets_allocated);
}
