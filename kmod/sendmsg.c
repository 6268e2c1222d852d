// SPDX-License-Identifier: GPL-2.0
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "core/fastopen.h"
#include "core/output.h"
#include "core/rate.h"
#include "core/urgent.h"
#include "fastopen.h"
#include "output.h"
#include "sendmsg.h"
#include "timer.h"

/* The send queue's last buffer, if more fits into it. */
static struct sk_buff *open_tail(struct sock *sk, u32 goal)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || skb->len >= goal || xtcp_skb_seg(skb)->flags & XTCP_FIN)
		return NULL;
	return skb;
}

/* A new last buffer. */
static struct sk_buff *new_tail(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb;
	struct xtcp_seg *seg;

	if (!sk_stream_memory_free(sk))
		return NULL;
	skb = xtcp_wmem_alloc(sk, sk->sk_allocation);
	if (!skb)
		return NULL;
	seg = xtcp_skb_seg(skb);
	seg->seq = t->write_seq;
	seg->end_seq = t->write_seq;
	xtcp_wmem_queue(sk, skb);
	return skb;
}

/*
 * Copy user data behind what the buffer holds.
 * Return: bytes, 0: the buffer is full, -ENOBUFS: no memory, -EFAULT.
 */
static int fill(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 room)
{
	struct page_frag *pfrag = sk_page_frag(sk);
	int i = skb_shinfo(skb)->nr_frags, copy, err;
	bool merge = true;

	if (!sk_page_frag_refill(sk, pfrag))
		return -ENOBUFS;
	if (!skb_can_coalesce(skb, i, pfrag->page, pfrag->offset)) {
		if (i >= MAX_SKB_FRAGS)
			return 0;
		merge = false;
	}
	copy = min3((u32)min_t(size_t, msg_data_left(msg), INT_MAX), room,
		    pfrag->size - pfrag->offset);
	if (!sk_wmem_schedule(sk, copy))
		return -ENOBUFS;
	err = skb_copy_to_page_nocache(sk, &msg->msg_iter, skb, pfrag->page,
				       pfrag->offset, copy);
	if (err)
		return err;
	if (merge) {
		skb_frag_size_add(&skb_shinfo(skb)->frags[i - 1], copy);
	} else {
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copy);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copy;
	return copy;
}

/* Append to the send queue what one buffer takes. */
static int append(struct sock *sk, struct msghdr *msg, u32 goal)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb = open_tail(sk, goal);
	bool fresh = !skb;
	struct xtcp_seg *seg;
	int copied;

again:
	if (fresh) {
		skb = new_tail(sk);
		if (!skb)
			return -ENOBUFS;
	}
	copied = fill(sk, skb, msg, goal - skb->len);
	if (!copied) {
		/* fragments used up: the next buffer has all of its own */
		fresh = true;
		goto again;
	}
	if (copied < 0) {
		if (fresh && !skb->len) {
			__skb_unlink(skb, &sk->sk_write_queue);
			xtcp_wmem_free(sk, skb);
		}
		return copied;
	}
	seg = xtcp_skb_seg(skb);
	seg->end_seq += copied;
	seg->flags &= ~XTCP_PSH;
	t->write_seq += copied;
	return copied;
}

static void mark_push(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (skb)
		xtcp_skb_seg(skb)->flags |= XTCP_PSH;
}

static void push(struct sock *sk)
{
	xtcp_push(sk);
	xtcp_timer_sync(sk);
}

/* MSG_MORE corks this call only. */
static void push_last(struct sock *sk, int flags)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 corked = t->flags & XTCP_F_CORK;

	if (unlikely(flags & MSG_OOB))
		xtcp_urg_set(t);
	if (flags & MSG_MORE)
		t->flags |= XTCP_F_CORK;
	else
		mark_push(sk);
	push(sk);
	t->flags = (t->flags & ~XTCP_F_CORK) | corked;
}

/* sendto() with an address: SEND on a listener is an edge of the figure. */
static int send_opens(struct socket *sock, struct msghdr *msg)
{
	struct sock *sk = sock->sk;
	int err;

	if (sk->sk_state != TCP_LISTEN || !msg->msg_name)
		return 0;
	err = xtcp_pre_connect(sk, msg->msg_name, msg->msg_namelen);
	if (!err)
		err = xtcp_connect(sk, msg->msg_name, msg->msg_namelen);
	if (!err)
		sock->state = SS_CONNECTING;
	return err;
}

/*
 * The SYN leaves, with as much of the text as may go with it (RFC 7413).
 * Return: bytes taken.
 */
static int send_syn(struct sock *sk, struct msghdr *msg)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 room = xtcp_tfo_prepare(sk);
	int n;

	while (t->syn_data < room && msg_data_left(msg)) {
		n = append(sk, msg, room);
		if (n <= 0)
			break;
		t->syn_data += n;
	}
	mark_push(sk);
	xtcp_user_call(sk, XTCP_CALL_SYN);
	return t->write_seq - t->iss - 1;
}

/*
 * sendto() with MSG_FASTOPEN, or the first write after a connect() that waits for
 * it.  As Linux: a socket that blocks waits until it is connected.
 */
static int send_opening(struct socket *sock, struct msghdr *msg, int *copied)
{
	int flags = msg->msg_flags & MSG_DONTWAIT ? O_NONBLOCK : 0;
	struct sock *sk = sock->sk;
	struct sockaddr *addr = msg->msg_name;
	int err;

	if (!(READ_ONCE(xtcp_net(sock_net(sk))->fastopen) & XTCP_TFO_CLIENT) ||
	    (addr && msg->msg_namelen >= sizeof(addr->sa_family) &&
	     addr->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (!xtcp_inet_connect_deferred(sk)) {
		xtcp_sk(sk)->tfo_now = 1;
		err = __inet_stream_connect(sock, (XTCP_SOCKADDR *)addr, msg->msg_namelen,
					    flags, 1);
		xtcp_sk(sk)->tfo_now = 0;
		if (err || !xtcp_inet_connect_deferred(sk))
			return err;
	}
	if (sk->sk_state == TCP_SYN_SENT && !xtcp_sk(sk)->tcb.retrans_stamp)
		*copied = send_syn(sk, msg);
	err = __inet_stream_connect(sock, NULL, 0, flags, 1);
	xtcp_inet_defer_connect(sk, false);
	return err;
}

static int send_locked(struct socket *sock, struct msghdr *msg)
{
	struct sock *sk = sock->sk;
	int flags = msg->msg_flags, copied = 0, err;
	long timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	u32 goal, unpushed = 0;

	err = send_opens(sock, msg);
	if (err)
		goto fail;
	if (unlikely(flags & MSG_FASTOPEN || xtcp_inet_connect_deferred(sk))) {
		err = send_opening(sock, msg, &copied);
		if (err == -EINPROGRESS && copied)
			return copied;
		if (err)
			goto fail_opening;
	}
	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    !xtcp_fastopen_pending(&xtcp_sk(sk)->tcb)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (err)
			goto fail;
		if (sock->state == SS_CONNECTING)
			sock->state = SS_CONNECTED;
	}
	sk_clear_bit(SOCKWQ_ASYNC_NOSPACE, sk);

	/* all of it has left: until now it was the user who had nothing to send */
	if (skb_queue_empty(&sk->sk_write_queue) &&
	    sk_wmem_alloc_get(sk) < SKB_TRUESIZE(1))
		xtcp_rate_app_limited(&xtcp_sk(sk)->tcb);
	goal = xtcp_gso_max(sk);
	err = -EPIPE;
	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		goto fail;
	while (msg_data_left(msg)) {
		int n = append(sk, msg, goal);

		if (n > 0) {
			copied += n;
			unpushed += n;
			/* let the network work while we copy on */
			if (unpushed >= max_t(u32, xtcp_sk(sk)->tcb.max_window >> 1, goal) &&
			    msg_data_left(msg)) {
				mark_push(sk);
				push(sk);
				unpushed = 0;
			}
			continue;
		}
		if (n == -EFAULT) {
			err = n;
			goto fail;
		}
		/* no room or no memory: what is queued has to leave first */
		set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		if (copied) {
			mark_push(sk);
			push(sk);
			unpushed = 0;
		}
		err = sk_stream_wait_memory(sk, &timeo);
		if (err)
			goto fail;
		goal = xtcp_gso_max(sk);
	}
	if (copied)
		push_last(sk, flags);
	return copied;

fail_opening:
	/* what went with the SYN went with the connection */
	return sk_stream_error(sk, flags, err);
fail:
	if (copied) {
		push_last(sk, flags);
		return copied;
	}
	err = sk_stream_error(sk, flags, err);
	/* who waits with edge-triggered epoll must be told about later room */
	if (err == -EAGAIN)
		sk->sk_write_space(sk);
	return err;
}

/**
 * xtcp_sendmsg - send(), write(), sendfile() and their kin
 * @sock: the socket
 * @msg: what
 * @size: how much, bytes
 *
 * Context: process.
 *
 * Return: bytes queued, or the errno of Linux's TCP.
 */
int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size)
{
	struct sock *sk = sock->sk;
	int ret;

	lock_sock(sk);
	sock_rps_record_flow(sk);
	ret = send_locked(sock, msg);
	release_sock(sk);
	return ret;
}
