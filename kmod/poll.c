// SPDX-License-Identifier: GPL-2.0
/* poll(), select() and epoll, and who is woken by SO_RCVLOWAT. */
#include <net/busy_poll.h>
#include <net/tcp_states.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "core/fastopen.h"
#include "core/urgent.h"
#include "core/window.h"
#include "poll.h"
#include "sock.h"

static __poll_t poll_listener(struct sock *sk)
{
	return READ_ONCE(sk->sk_ack_backlog) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* Is there as much to read as SO_RCVLOWAT wants, or all that will come? */
static bool readable(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	s32 avail = READ_ONCE(t->rcv_nxt) - READ_ONCE(t->copied_seq) -
		    !!(t->flags & XTCP_F_FIN_RCVD);

	/* the urgent byte is not part of the stream */
	if (unlikely(xtcp_urg_at_mark(t)) && !sock_flag(sk, SOCK_URGINLINE))
		avail--;
	return avail > 0 && (avail >= sock_rcvlowat(sk, 0, INT_MAX) ||
			     xtcp_receive_window(t) <= t->rcv_mss ||
			     xtcp_rmem_pressure(sk));
}

/*
 * Room in the send buffer, and half of what TCP_NOTSENT_LOWAT allows; where there
 * is none, ask to be told.
 */
static __poll_t writable(struct sock *sk)
{
	if (READ_ONCE(sk->sk_shutdown) & SEND_SHUTDOWN)
		return EPOLLOUT | EPOLLWRNORM;
	if (__sk_stream_is_writeable(sk, 1))
		return EPOLLOUT | EPOLLWRNORM;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* room may have come before the bit: look again, after it */
	smp_mb__after_atomic();
	return __sk_stream_is_writeable(sk, 1) ? EPOLLOUT | EPOLLWRNORM : 0;
}

/**
 * xtcp_poll - poll(), select() and epoll
 * @file: the descriptor's file
 * @sock: the socket
 * @wait: where to wait
 *
 * Return: the bits of Linux's TCP.
 */
__poll_t xtcp_poll(struct file *file, struct socket *sock, poll_table *wait)
{
	struct sock *sk = sock->sk;
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	__poll_t mask = 0;
	u8 shutdown;
	int state;

	sock_poll_wait(file, sock, wait);
	/* pairs with inet_sk_state_store(): what a state stands on is there */
	state = smp_load_acquire(&sk->sk_state);
	if (state == TCP_LISTEN)
		return poll_listener(sk);

	shutdown = READ_ONCE(sk->sk_shutdown);
	if (shutdown == SHUTDOWN_MASK || state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (shutdown & RCV_SHUTDOWN)
		mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
	if (state == TCP_SYN_SENT && xtcp_inet_connect_deferred(sk))
		mask |= EPOLLOUT | EPOLLWRNORM;	/* the SYN waits for it */
	if (state != TCP_SYN_SENT &&
	    (state != TCP_SYN_RECV || xtcp_fastopen_pending(&xtcp_sk(sk)->tcb))) {
		if (readable(sk))
			mask |= EPOLLIN | EPOLLRDNORM;
		if (unlikely(t->flags & XTCP_F_URG) && t->urg_state == XTCP_URG_HERE)
			mask |= EPOLLPRI;
		mask |= writable(sk);
	}
	/* pairs with report_error(): the state was seen, so is the error */
	smp_rmb();
	if (READ_ONCE(sk->sk_err) || !skb_queue_empty_lockless(&sk->sk_error_queue))
		mask |= EPOLLERR;
	return mask;
}

/**
 * xtcp_set_rcvlowat - SO_RCVLOWAT
 * @sk: the socket, locked
 * @val: bytes
 *
 * The buffer grows so that it can hold them.
 *
 * Return: 0.
 */
int xtcp_set_rcvlowat(struct sock *sk, int val)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	int cap = READ_ONCE(xn->rmem[2]) >> 1;
	u32 space;

	xtcp_assert_locked(sk);
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		cap = sk->sk_rcvbuf >> 1;
	val = min(val, cap);
	WRITE_ONCE(sk->sk_rcvlowat, val ? : 1);
	xtcp_data_ready(sk);
	if (sk->sk_userlocks & SOCK_RCVBUF_LOCK)
		return 0;
	space = xtcp_space_from_win(sk, val);
	if (space > sk->sk_rcvbuf) {
		WRITE_ONCE(sk->sk_rcvbuf, (int)space);
		xtcp_window_allow(&xs->tcb, val);
	}
	return 0;
}
