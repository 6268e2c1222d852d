// SPDX-License-Identifier: GPL-2.0
/*
 * connect(): active OPEN, and back to CLOSE.
 */
#include <net/dst.h>

#include "apply.h"
#include "buffer.h"
#include "clocks.h"
#include "compat.h"
#include "cong.h"
#include "connect.h"
#include "core/ecn.h"
#include "core/offer.h"
#include "core/user.h"
#include "core/window.h"
#include "fastopen.h"
#include "ip/hook.h"
#include "ip/ip.h"
#include "ip/route.h"
#include "ip/sockaddr.h"
#include "isn.h"
#include "listen.h"
#include "md5sig.h"
#include "output.h"
#include "port/port.h"
#include "table.h"
#include "timer.h"
#include "watch/verify.h"

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
		struct xtcp_numbers begin = xtcp_numbers_of(&xs->flow.key);

		offer.iss = begin.iss;
		offer.ts_offset = begin.ts_offset;
	}
	xtcp_md5_reserve(sk);
	xtcp_offer(t, &offer, &xtcp_sk_net(sk)->conf);
	xtcp_sync_mss(sk);
}

/**
 * xtcp_connect - active OPEN (3.10.1); SEND on a listener (3.10.2)
 * @sk: the socket, locked, in CLOSE or LISTEN
 * @addr: the peer
 * @len: length of the address
 *
 * Return: 0, or the errno of Linux's connect().
 */
int xtcp_connect(struct sock *sk, XTCP_SOCKADDR *addr, int len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct inet_sock *inet = inet_sk(sk);
	bool listening = sk->sk_state == TCP_LISTEN;
	__be32 bound = inet->inet_saddr;
	struct xtcp_key key = { .xn = xtcp_sk_net(sk) };
	int err;

	xtcp_assert_locked(sk);
	err = xtcp_sockaddr_peer(sk, addr, len, &key.raddr, &key.rport);
	if (err)
		return err;
	xs->flow.family = xtcp_key_family(&key);
	sk_set_txhash(sk);
	err = xtcp_route_connect(sk, &key.raddr, key.rport);
	if (err) {
		xs->flow.family = sk->sk_family;
		return err;
	}
	if (!xtcp_route_is_local(sk))
		xtcp_hook_need_demux(xtcp_sk_net(sk), xs->flow.family);
	if (listening)
		xtcp_listen_stop(sk);
	xtcp_sk_laddr(sk, &key.laddr);
	key.lport = inet->inet_sport;
	key.dev = sk->sk_bound_dev_if;
	xs->flow.key = key;
	xtcp_sk_af(sk)->set_ends(sk, &key);
	xtcp_offer_begin(&xs->tcb);
	err = xtcp_port_connect(xs);
	if (err)
		goto fail;
	/* now that the ports are known, rules that match them apply */
	err = xtcp_route_connect(sk, &key.raddr, key.rport);
	if (err) {
		xtcp_flow_remove(&xs->flow);
		if (!(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
			xtcp_port_unbind(xs);
		goto fail;
	}
	xtcp_inet_new_id(inet);
	xs->epoch++;
	WRITE_ONCE(sk->sk_err, 0);	/* of the connection before */
	xtcp_clocks_sample(sk, NULL);
	prepare_connect(sk);
	if (unlikely(xs->tfo_connect || xs->tfo_now) && !listening && xtcp_tfo_defer(sk)) {
		/* the first write has what goes with the SYN */
		xtcp_inet_defer_connect(sk, true);
		xtcp_user_call(sk, XTCP_CALL_OPEN, XTCP_WHY_CONNECT);
		return 0;
	}
	xtcp_user_call(sk, XTCP_CALL_CONNECT, XTCP_WHY_CONNECT);
	return 0;

fail:
	if (listening) {
		/* it listened, and now it neither listens nor connects */
		xtcp_user_call(sk, XTCP_CALL_CLOSE, XTCP_WHY_CONNECT_FAILED);
	}
	sk->sk_route_caps = 0;
	sk_dst_reset(sk);
	inet->inet_dport = 0;
	inet->inet_daddr = 0;
	xtcp_sockaddr_reset(sk, bound);
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
	sock_owned_by_me(sk);
	return xtcp_sockaddr_filter(sk, addr, len);
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
	u16 mss = xtcp_mss_told(sk);
	int old = sk->sk_state;

	xtcp_assert_locked(sk);
	if (old == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_CLOSE, XTCP_WHY_DISCONNECT);
		xtcp_listen_stop(sk);
	} else if (old != TCP_CLOSE) {
		/* as Linux: not when both sides had closed, and all is sent */
		if ((1 << old) & ~(TCPF_CLOSING | TCPF_LAST_ACK) ||
		    t->snd_nxt != t->write_seq)
			WRITE_ONCE(sk->sk_err, ECONNRESET);
		xtcp_user_call(sk, XTCP_CALL_ABORT, XTCP_WHY_DISCONNECT);
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
	/* as Linux: without a connection there is nothing to disconnect, and a port stays */
	if (old != TCP_CLOSE && !(sk->sk_userlocks & SOCK_BINDPORT_LOCK))
		xtcp_port_unbind(xs);
	inet->inet_dport = 0;
	inet->inet_daddr = 0;
	xtcp_sockaddr_reset(sk, inet->inet_saddr);
	WRITE_ONCE(sk->sk_shutdown, 0);
	sock_reset_flag(sk, SOCK_DONE);
	/* the user's settings stay, the connection's go */
	xtcp_tcb_init(&fresh, t->conf);
	xtcp_user_keep(&fresh, t);
	xtcp_cong_renew(&fresh, t);
	/* as Linux: TCP_MAXSEG is forgotten, and tells how large segments were */
	xs->user_mss = 0;
	xtcp_uncalled(xs);
	xtcp_offer_keep_mss(&fresh, mss);
	*t = fresh;
	xtcp_verify_begin(sk);
	sk_set_peek_off(sk, -1);
	sk_dst_reset(sk);
	dst_release(rcu_replace_pointer(sk->sk_rx_dst, NULL, lockdep_sock_is_held(sk)));
	sk_error_report(sk);
	return 0;
}
