// SPDX-License-Identifier: GPL-2.0
/* recv() and its like: bytes go to the user, or to a pipe. */
#include <net/busy_poll.h>
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "core/seq.h"
#include "core/urgent.h"
#include "core/user.h"
#include "output.h"
#include "recvmsg.h"
#include "sendmsg.h"
#include "timer.h"
#include "tstamp.h"

static void free_read(struct sock *sk, struct sk_buff *skb)
{
	__skb_unlink(skb, &sk->sk_receive_queue);
	/* its timestamp may be waited for */
	if (skb_unref(skb))
		__kfree_skb(skb);
}

/**
 * xtcp_after_read - the window may have opened: does the peer need to know now?
 * @sk: the socket, locked
 * @copied: how much its user got, bytes
 */
void xtcp_after_read(struct sock *sk, u32 copied)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_actions a __uninitialized;
	xtcp_usec_t now = xtcp_now();

	xtcp_assert_locked(sk);
	xtcp_rcvbuf_autotune(sk, now);
	xtcp_actions_init(&a);
	xtcp_on_read(t, copied, xtcp_free_space(sk), xtcp_full_space(sk), now, &a);
	if (a.orders)
		xtcp_apply(sk, &a, NULL, NULL);
}

/**
 * xtcp_copy_queue - what is in order goes to the user
 * @sk: the socket, locked
 * @msg: where to
 * @len: how much at most, bytes
 * @flags: MSG_TRUNC throws it away instead, MSG_PEEK leaves it
 * @seq: what is read next; moves on
 * @stamped: unless NULL, becomes the last buffer of which is known when it came, with
 *	a reference
 *
 * A byte that is marked urgent ends it; one at the beginning is left out, unless
 * SO_OOBINLINE.
 *
 * Return: bytes, or -EFAULT when none could be copied.
 */
int xtcp_copy_queue(struct sock *sk, struct msghdr *msg, size_t len, int flags, u32 *seq,
		    struct sk_buff **stamped)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb, *next;
	int copied = 0;

	sock_owned_by_me(sk);
	skb_queue_walk_safe(&sk->sk_receive_queue, skb, next) {
		u32 offset, avail = xtcp_unread(skb, *seq, &offset);
		u32 n;

		if (unlikely(t->flags & XTCP_F_URG) && t->urg_seq == *seq) {
			if (copied)
				break;
			/* who asks for nothing does not step over it */
			if (avail && len && !sock_flag(sk, SOCK_URGINLINE)) {
				(*seq)++;
				offset++;
				avail--;
			}
		}
		n = min_t(size_t, avail, len - copied);
		if (unlikely(t->flags & XTCP_F_URG) && t->urg_seq != *seq)
			n = min(n, t->urg_seq - *seq);
		if (n && !(flags & MSG_TRUNC) &&
		    skb_copy_datagram_msg(skb, offset, msg, n))
			return copied ? copied : -EFAULT;
		*seq += n;
		copied += n;
		/* as Linux: also when nothing is asked for but that */
		if (unlikely(stamped) && (n || (avail && !len)) && xtcp_tstamp_has(skb)) {
			consume_skb(*stamped);
			*stamped = skb_get(skb);
		}
		if (n < avail)
			break;
		if (!(flags & MSG_PEEK))
			free_read(sk, skb);
		if (copied == len)
			break;
	}
	return copied;
}

/**
 * xtcp_take_queue - what is in order has been read otherwise
 * @sk: the socket, locked
 * @len: how much, bytes; so much is there
 * @stamped: becomes the last buffer of it of which is known when it came, with a reference
 *
 * It does not end at a byte that is marked urgent.
 */
void xtcp_take_queue(struct sock *sk, u32 len, struct sk_buff **stamped)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 end = t->copied_seq + len, offset;
	struct sk_buff *skb, *next;

	sock_owned_by_me(sk);
	skb_queue_walk_safe(&sk->sk_receive_queue, skb, next) {
		if (!xtcp_before(xtcp_skb_seg(skb)->seq, end))
			break;
		if (xtcp_tstamp_has(skb)) {
			consume_skb(*stamped);
			*stamped = skb_get(skb);
		}
		if (!xtcp_unread(skb, end, &offset))
			free_read(sk, skb);
	}
	xtcp_user_took(t, end);
	if (unlikely(t->flags & XTCP_F_URG))
		xtcp_urg_read(t);
}

/* Why there is nothing to read: 0 (end of file) or an errno; 1: wait. */
static int why_empty(struct sock *sk, long timeo)
{
	if (sock_flag(sk, SOCK_DONE))
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (sk->sk_shutdown & RCV_SHUTDOWN)
		return 0;
	if (sk->sk_state == TCP_CLOSE)
		return -ENOTCONN;	/* never connected */
	if (!timeo)
		return -EAGAIN;
	if (signal_pending(current))
		return sock_intr_errno(timeo);
	return 1;
}

/* recv() with MSG_OOB: never blocks. */
static int recv_urgent(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	if (sock_flag(sk, SOCK_URGINLINE) || !(t->flags & XTCP_F_URG) ||
	    t->urg_state == XTCP_URG_TAKEN)
		return -EINVAL;
	if (sk->sk_state == TCP_CLOSE && !sock_flag(sk, SOCK_DONE))
		return -ENOTCONN;
	if (t->urg_state == XTCP_URG_AWAITED)
		return sk->sk_state == TCP_CLOSE || sk->sk_shutdown & RCV_SHUTDOWN ?
		       0 : -EAGAIN;
	if (!(flags & MSG_PEEK))
		xtcp_urg_taken(t);
	msg->msg_flags |= MSG_OOB;
	if (!len) {
		msg->msg_flags |= MSG_TRUNC;
		return 0;
	}
	if (!(flags & MSG_TRUNC) && memcpy_to_msg(msg, &xtcp_sk(sk)->urg_byte, 1))
		return -EFAULT;
	return 1;
}

static int recv_locked(struct sock *sk, struct msghdr *msg, size_t len, int flags)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	long timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	int target = sock_rcvlowat(sk, flags & MSG_WAITALL, len);
	bool peek = flags & MSG_PEEK;
	u32 seq = t->copied_seq;
	u32 epoch = xtcp_sk(sk)->epoch;
	struct sk_buff *stamped = NULL;
	int copied = 0, err = 0;
	bool moved = false;

	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	if (flags & MSG_OOB)
		return recv_urgent(sk, msg, len, flags);
	if (peek)
		seq += max(sk_peek_offset(sk, flags), 0);
	for (;;) {
		int n;

		/* the signal may be SIGURG: let it be seen at the mark */
		if (unlikely(t->flags & XTCP_F_URG) && t->urg_seq == seq &&
		    signal_pending(current)) {
			err = timeo ? sock_intr_errno(timeo) : -EAGAIN;
			break;
		}
		n = xtcp_copy_queue(sk, msg, len - copied, flags, &seq,
				    xtcp_tstamp_wanted(sk) ? &stamped : NULL);
		if (!peek)
			xtcp_user_took(t, seq);
		if (n < 0) {
			err = n;
			break;
		}
		copied += n;
		if (unlikely(t->flags & XTCP_F_URG)) {
			xtcp_urg_read(t);
			if (t->flags & XTCP_F_URG && t->urg_seq == seq && copied)
				break;
		}
		if (copied >= target && !READ_ONCE(sk->sk_backlog.tail))
			break;
		if (copied == len && (len || !skb_queue_empty(&sk->sk_receive_queue)))
			break;
		if (copied) {
			if (sk->sk_err || sk->sk_state == TCP_CLOSE || !timeo ||
			    sk->sk_shutdown & RCV_SHUTDOWN || signal_pending(current))
				break;
		} else {
			err = why_empty(sk, timeo);
			if (err <= 0)
				break;
		}
		err = 0;
		if (n && !peek)
			xtcp_after_read(sk, n);
		if (copied >= target) {
			/* more is waiting in the backlog */
			release_sock(sk);
			lock_sock(sk);
		} else {
			moved = sk_wait_data(sk, &timeo,
					     skb_peek_tail(&sk->sk_receive_queue)) < 0;
		}
		moved = moved || xtcp_moved_on(sk, epoch);
		if (unlikely(moved)) {
			err = -EPIPE;
			break;
		}
		/* as Linux: who asks for nothing waits once, and gets it */
		if (!len)
			break;
		/* somebody else may have read while we slept */
		if (!peek || xtcp_before(seq, t->copied_seq))
			seq = t->copied_seq;
	}
	if (likely(!moved)) {
		if (!peek && copied)
			xtcp_after_read(sk, copied);
		/* SO_PEEK_OFF: the next MSG_PEEK goes on here */
		sk_peek_offset_fwd(sk, peek ? copied : -copied);
	}
	if (unlikely(stamped)) {
		sock_recv_timestamp(msg, sk, stamped);
		consume_skb(stamped);
	}
	return copied ? copied : err;
}

/**
 * xtcp_readable - how much can be read at once
 * @sk: the socket, locked
 *
 * Nothing can before the connection is open, as in Linux, though a SYN has brought text.
 * Without SO_OOBINLINE the mark ends it.  Who read into nowhere has stepped over the mark,
 * and no more.
 *
 * Return: bytes.
 */
u32 xtcp_readable(const struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 n = t->rcv_nxt - t->copied_seq;

	sock_owned_by_me(sk);
	if ((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV))
		return 0;
	if (unlikely(t->flags & XTCP_F_URG) && !sock_flag(sk, SOCK_URGINLINE) &&
	    xtcp_before(t->urg_seq, t->rcv_nxt) && !xtcp_before(t->urg_seq, t->copied_seq))
		return t->urg_seq - t->copied_seq;
	/* the FIN has a number, too */
	return sock_flag(sk, SOCK_DONE) && n ? n - 1 : n;
}

/**
 * xtcp_inq - TCP_INQ: how much is left to read; after the last byte 1, for the end
 * @sk: the socket, locked
 *
 * Return: bytes.
 */
int xtcp_inq(const struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	int inq = t->rcv_nxt - t->copied_seq;

	sock_owned_by_me(sk);
	return sock_flag(sk, SOCK_DONE) ? max(inq, 1) : inq;
}

/* Move what is in order to a pipe.  Return: bytes, 0: none or no room, an errno. */
static int splice_queue(struct sock *sk, struct pipe_inode_info *pipe, size_t len,
			unsigned int flags)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb, *next;
	int moved = 0;

	skb_queue_walk_safe(&sk->sk_receive_queue, skb, next) {
		u32 offset, avail = xtcp_unread(skb, t->copied_seq, &offset);
		u32 want = min_t(size_t, avail, len - moved);
		int n = 0;

		/* it ends before a byte that is marked urgent */
		if (unlikely(t->flags & XTCP_F_URG))
			want = min(want, t->urg_seq - t->copied_seq);
		if (want)
			n = skb_splice_bits(skb, sk, offset, pipe, want, flags);
		if (n <= 0 && avail)
			return moved ? moved : n;
		xtcp_user_took(t, t->copied_seq + n);
		moved += n;
		if (n < avail)
			break;
		free_read(sk, skb);
		if (moved == len)
			break;
	}
	return moved;
}

/**
 * xtcp_splice_read - splice() from a socket, without a copy
 * @sock: the socket
 * @ppos: must be 0
 * @pipe: where to
 * @len: how much at most, bytes
 * @flags: SPLICE_F_*
 *
 * Context: process.
 *
 * Return: bytes, 0 at the end of the stream, or the errno of Linux's TCP.
 */
ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags)
{
	struct sock *sk = sock->sk;
	ssize_t moved = 0;
	int ret = 0;
	u32 epoch;
	long timeo;

	if (unlikely(*ppos))
		return -ESPIPE;
	sock_rps_record_flow(sk);
	lock_sock(sk);
	xtcp_called(sk, &xtcp_sk(sk)->read_at);
	epoch = xtcp_sk(sk)->epoch;
	timeo = sock_rcvtimeo(sk, sock->file->f_flags & O_NONBLOCK);
	if (sk->sk_state == TCP_LISTEN)
		ret = -ENOTCONN;
	while (len && !ret) {
		ret = splice_queue(sk, pipe, len, flags);
		if (ret < 0)
			break;
		if (ret) {
			moved += ret;
			len -= ret;
			xtcp_after_read(sk, ret);
			if (!timeo)
				break;
			/* what is in the backlog comes along */
			release_sock(sk);
			lock_sock(sk);
			if (xtcp_moved_on(sk, epoch))
				break;
			ret = 0;
			continue;
		}
		if (moved)
			break;
		ret = why_empty(sk, timeo);
		if (ret <= 0)
			break;
		/* it is the pipe that is full, or the mark */
		ret = 0;
		if (!skb_queue_empty(&sk->sk_receive_queue))
			break;
		if (unlikely(sk_wait_data(sk, &timeo, NULL) < 0) ||
		    xtcp_moved_on(sk, epoch))
			ret = -EPIPE;
	}
	release_sock(sk);
	return moved ? moved : ret;
}

/**
 * xtcp_recvmsg - recv(), read() and their kin
 * @sock: the socket
 * @msg: where to
 * @len: how much at most, bytes
 * @flags: MSG_*
 *
 * Context: process.
 *
 * Return: bytes, 0 at the end of the stream, or the errno of Linux's TCP.
 */
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t len, int flags)
{
	struct sock *sk = sock->sk;
	bool asked;
	int ret;

	if (unlikely(flags & MSG_ERRQUEUE))
		return xtcp_tstamp_read(sk, msg, len);
	sock_rps_record_flow(sk);
	if (sk_can_busy_loop(sk) && skb_queue_empty_lockless(&sk->sk_receive_queue) &&
	    sk->sk_state == TCP_ESTABLISHED)
		sk_busy_loop(sk, flags & MSG_DONTWAIT);
	lock_sock(sk);
	xtcp_called(sk, &xtcp_sk(sk)->read_at);
	ret = recv_locked(sk, msg, len, flags);
	asked = xtcp_sk(sk)->inq;
	if (unlikely(asked || msg->msg_get_inq) && ret >= 0)
		msg->msg_inq = xtcp_inq(sk);
	release_sock(sk);
	msg->msg_namelen = 0;
	if (unlikely(asked) && ret >= 0) {
		int inq = msg->msg_inq;

		put_cmsg(msg, SOL_TCP, TCP_CM_INQ, sizeof(inq), &inq);
	}
	return ret;
}
