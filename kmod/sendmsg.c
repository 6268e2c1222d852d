// SPDX-License-Identifier: GPL-2.0
/* send() and its like: bytes come from the user. */
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "connect.h"
#include "core/fastopen.h"
#include "core/output.h"
#include "core/rate.h"
#include "core/urgent.h"
#include "core/user.h"
#include "fastopen.h"
#include "output.h"
#include "pace.h"
#include "sendmsg.h"
#include "timer.h"
#include "tstamp.h"

/**
 * struct source - where the bytes of a write come from
 * @msg: the call's
 * @uarg: MSG_ZEROCOPY: who waits for the pages; with a reference, or NULL
 * @how: what becomes of them
 * @tsflags: SOF_TIMESTAMPING_*
 */
struct source {
	struct msghdr		*msg;
	struct ubuf_info	*uarg;
	enum {
		COPY,
		PIN,		/* the user's own pages are sent */
		SPLICE,		/* those of a file or a pipe are (MSG_SPLICE_PAGES) */
	} how;
	u32			tsflags;
};

/*
 * How much one buffer takes.  As Linux, half the largest window at most: so there
 * is always something for the peer to acknowledge while the rest waits for room.
 */
static u32 size_goal(const struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	u32 goal = xtcp_gso_max(sk), half = xtcp_half_window(t), mss;

	if (likely(!half || goal <= half))
		return goal;
	mss = xtcp_mss_now(t);
	return half > mss ? half - half % mss : mss;
}

/* The send queue's last buffer, if more fits into it. */
static struct sk_buff *open_tail(struct sock *sk, u32 goal)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || skb->len >= goal || xtcp_skb_seg(skb)->flags & XTCP_FIN ||
	    xtcp_skb_seg(skb)->mark & XTCP_SEG_EOR)
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
static int fill_copy(struct sock *sk, struct sk_buff *skb, struct msghdr *msg, u32 room)
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
		skb_zcopy_downgrade_managed(skb);
		skb_fill_page_desc(skb, i, pfrag->page, pfrag->offset, copy);
		page_ref_inc(pfrag->page);
	}
	pfrag->offset += copy;
	return copy;
}

/* The same without a copy. */
static int fill_pages(struct sock *sk, struct sk_buff *skb, struct source *src, u32 room)
{
	u32 most = min_t(size_t, msg_data_left(src->msg), room);
	int n;

	if (!sk_wmem_schedule(sk, most))
		return -ENOBUFS;
	if (src->how == PIN) {
		n = xtcp_zerocopy_fill(sk, skb, src->msg, most, src->uarg);
	} else {
		n = xtcp_splice_fill(skb, &src->msg->msg_iter, most);
		if (n > 0) {
			sk_wmem_queued_add(sk, n);
			sk_mem_charge(sk, n);
		}
	}
	/* out of fragments, or it has pages that somebody else waits for */
	return n == -EMSGSIZE || n == -EEXIST ? 0 : n;
}

static int fill(struct sock *sk, struct sk_buff *skb, struct source *src, u32 room)
{
	return likely(src->how == COPY) ? fill_copy(sk, skb, src->msg, room) :
					  fill_pages(sk, skb, src, room);
}

/* Append to the send queue what one buffer takes. */
static int append(struct sock *sk, struct source *src, u32 goal)
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
	copied = fill(sk, skb, src, goal - skb->len);
	if (!copied) {
		/* fragments used up: the next buffer has all of its own */
		xtcp_skb_seg(skb)->flags |= XTCP_PSH;
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
	xtcp_user_wrote(t, copied);
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

/*
 * The last buffer is full, and the user has more: let the network work while we
 * copy on.  With a buffer's worth in flight it does, and what leaves together costs
 * less.  @unpushed: what was written since the last PSH, bytes; returns that.
 */
static u32 push_full(struct sock *sk, u32 unpushed, u32 goal)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	if (unpushed > t->max_window >> 1) {
		mark_push(sk);
		push(sk);
		return 0;
	}
	if (t->snd_nxt - t->snd_una < goal)
		xtcp_push_one(sk);
	return unpushed;
}

/* The buffer with the last byte that was written; NULL: it was acknowledged. */
static struct sk_buff *last_written(struct sock *sk)
{
	struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);
	struct rb_node *rb;

	if (skb)
		return skb;
	rb = rb_last(&xtcp_sk(sk)->tcb.rtx);
	return rb ? xtcp_seg_skb(xtcp_rb_seg(rb)) : NULL;
}

/* Small writes are merged while one of before is still in a queue of this host. */
static bool autocorks(struct sock *sk, u32 goal)
{
	const struct sk_buff *skb = skb_peek_tail(&sk->sk_write_queue);

	if (!skb || skb->len >= goal || xtcp_skb_seg(skb)->mark & XTCP_SEG_EOR ||
	    !READ_ONCE(xtcp_sk_net(sk)->autocorking) || !xtcp_queue_corks(sk, skb))
		return false;
	xtcp_count(xtcp_sk_net(sk), AUTOCORKING);
	return true;
}

/* MSG_MORE corks this call only.  @goal: how much a buffer takes, bytes. */
static void push_last(struct sock *sk, const struct source *src, u32 goal)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	bool corked = t->flags & XTCP_F_CORK;
	int flags = src->msg->msg_flags;
	struct sk_buff *skb;

	if (unlikely(src->tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK)) {
		skb = last_written(sk);
		if (skb)
			xtcp_tstamp_sent(skb, src->tsflags);
	}
	if (unlikely(flags & MSG_EOR) && !msg_data_left(src->msg)) {
		skb = skb_peek_tail(&sk->sk_write_queue);
		if (skb)
			xtcp_skb_seg(skb)->mark |= XTCP_SEG_EOR;
	}
	if (unlikely(flags & MSG_OOB))
		xtcp_urg_set(t);
	if (flags & MSG_MORE)
		xtcp_user_cork(t, true);
	else
		mark_push(sk);
	if (!autocorks(sk, goal))
		push(sk);
	xtcp_user_cork(t, corked);
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
	struct source src = { .msg = msg };
	u32 room = xtcp_tfo_prepare(sk);
	int n;

	while (t->syn_data < room && msg_data_left(msg)) {
		n = append(sk, &src, room);
		if (n <= 0)
			break;
		xtcp_fastopen_queued(t, n);
	}
	mark_push(sk);
	xtcp_user_call(sk, XTCP_CALL_SYN, XTCP_WHY_NONE);
	return t->write_seq - t->iss - 1;
}

/* connect() on behalf of a write, which waits and says so (xtcp_segment.write_waits). */
static int connect_for_write(struct socket *sock, struct sockaddr *addr, int len, int flags)
{
	struct sock *sk = sock->sk;
	int err;

	sock_owned_by_me(sk);
	sk->sk_write_pending++;
	err = __inet_stream_connect(sock, (XTCP_SOCKADDR *)addr, len, flags, 1);
	sk->sk_write_pending--;
	return err;
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
	u32 epoch;
	int err;

	if (!(READ_ONCE(xtcp_sk_net(sk)->fastopen) & XTCP_TFO_CLIENT) ||
	    (addr && msg->msg_namelen >= sizeof(addr->sa_family) &&
	     addr->sa_family == AF_UNSPEC))
		return -EOPNOTSUPP;
	if (!xtcp_inet_connect_deferred(sk)) {
		xtcp_sk(sk)->tfo_now = 1;
		err = connect_for_write(sock, addr, msg->msg_namelen, flags);
		xtcp_sk(sk)->tfo_now = 0;
		if (err || !xtcp_inet_connect_deferred(sk))
			return err;
	}
	if (sk->sk_state == TCP_SYN_SENT && !xtcp_sk(sk)->tcb.retrans_stamp)
		*copied = send_syn(sk, msg);
	epoch = xtcp_sk(sk)->epoch;
	err = connect_for_write(sock, NULL, 0, flags);
	if (xtcp_moved_on(sk, epoch))
		return -EPIPE;
	xtcp_inet_defer_connect(sk, false);
	return err;
}

/*
 * MSG_ZEROCOPY: a socket tells of its pages over the error queue, if it was asked to;
 * io_uring brings along who is to be told.
 */
static int source_pin(struct sock *sk, struct source *src, bool pages)
{
	struct msghdr *msg = src->msg;

	if (msg->msg_ubuf) {
		src->uarg = msg->msg_ubuf;
		net_zcopy_get(src->uarg);
	} else if (sock_flag(sk, SOCK_ZEROCOPY)) {
		src->uarg = xtcp_zerocopy_open(sk, msg_data_left(msg),
					       skb_zcopy(skb_peek_tail(&sk->sk_write_queue)));
		if (!src->uarg)
			return -ENOBUFS;
	} else {
		return 0;
	}
	/* what may go with the SYN is copied */
	if (pages && !(msg->msg_flags & MSG_FASTOPEN) && !xtcp_inet_connect_deferred(sk))
		src->how = PIN;
	else if (!msg->msg_ubuf)
		uarg_to_msgzc(src->uarg)->zerocopy = 0;
	return 0;
}

/* What the call wants besides that its bytes are sent. */
static int source_open(struct sock *sk, struct source *src, struct msghdr *msg)
{
	bool pages = sk->sk_route_caps & NETIF_F_SG;

	*src = (struct source){ .msg = msg, .tsflags = READ_ONCE(sk->sk_tsflags) };
	if (unlikely(msg->msg_controllen)) {
		struct sockcm_cookie sockc;

		sockcm_init(&sockc, sk);
		if (sock_cmsg_send(sk, msg, &sockc))
			return -EINVAL;
		src->tsflags = sockc.tsflags;
	}
	if (unlikely(msg->msg_flags & MSG_ZEROCOPY) && msg_data_left(msg))
		return source_pin(sk, src, pages);
	if (unlikely(msg->msg_flags & MSG_SPLICE_PAGES) && pages &&
	    iov_iter_is_bvec(&msg->msg_iter))
		src->how = SPLICE;
	return 0;
}

static int send_stream(struct socket *sock, struct source *src)
{
	struct msghdr *msg = src->msg;
	struct sock *sk = sock->sk;
	int flags = msg->msg_flags, copied = 0, err;
	long timeo = sock_sndtimeo(sk, flags & MSG_DONTWAIT);
	u32 goal = 0, unpushed = 0, epoch;

	if (unlikely(flags & MSG_FASTOPEN || xtcp_inet_connect_deferred(sk))) {
		err = send_opening(sock, msg, &copied);
		if (err == -EINPROGRESS && copied)
			return copied;
		if (err)
			goto fail_opening;
	}
	epoch = xtcp_sk(sk)->epoch;
	if ((1 << sk->sk_state) & ~(TCPF_ESTABLISHED | TCPF_CLOSE_WAIT) &&
	    !xtcp_fastopen_pending(&xtcp_sk(sk)->tcb)) {
		err = sk_stream_wait_connect(sk, &timeo);
		if (xtcp_moved_on(sk, epoch))
			goto moved_on;
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
	goal = size_goal(sk);
	err = -EPIPE;
	if (sk->sk_err || sk->sk_shutdown & SEND_SHUTDOWN)
		goto fail;
	while (msg_data_left(msg)) {
		int n = append(sk, src, goal);

		if (n > 0) {
			copied += n;
			unpushed += n;
			if (msg_data_left(msg) &&
			    skb_peek_tail(&sk->sk_write_queue)->len >= goal)
				unpushed = push_full(sk, unpushed, goal);
			continue;
		}
		if (n != -ENOBUFS) {
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
		if (xtcp_moved_on(sk, epoch))
			goto moved_on;
		if (err)
			goto fail;
		goal = size_goal(sk);
	}
	if (copied)
		push_last(sk, src, goal);
	return copied;

moved_on:
	/* what is queued, and sk_err, are of another connection now: hands off */
	if (copied)
		return copied;
	if (!(flags & MSG_NOSIGNAL))
		send_sig(SIGPIPE, current, 0);
	return -EPIPE;
fail_opening:
	/* what went with the SYN went with the connection */
	return sk_stream_error(sk, flags, err);
fail:
	if (copied) {
		/* a connection that is gone took with it what was queued */
		if (sk->sk_state != TCP_CLOSE)
			push_last(sk, src, goal);
		return copied;
	}
	err = sk_stream_error(sk, flags, err);
	/* who waits with edge-triggered epoll must be told about later room */
	if (err == -EAGAIN)
		sk->sk_write_space(sk);
	return err;
}

static int send_locked(struct socket *sock, struct msghdr *msg)
{
	struct sock *sk = sock->sk;
	struct source src;
	int ret;

	xtcp_called(sk, &xtcp_sk(sk)->write_at);
	ret = send_opens(sock, msg);
	if (!ret)
		ret = source_open(sk, &src, msg);
	if (ret)
		return sk_stream_error(sk, msg->msg_flags, ret);
	ret = send_stream(sock, &src);
	if (ret < 0)
		net_zcopy_put_abort(src.uarg, true);
	else
		net_zcopy_put(src.uarg);
	return ret;
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

#ifdef XTCP_HAVE_SPLICE_EOF
/**
 * xtcp_splice_eof - sendfile() came to the end of a file that was said to be longer
 * @sock: the socket
 *
 * What waited for more is sent.
 */
void xtcp_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;

	if (skb_queue_empty_lockless(&sk->sk_write_queue))
		return;
	lock_sock(sk);
	mark_push(sk);
	push(sk);
	release_sock(sk);
}
#endif

#ifdef XTCP_HAVE_SENDPAGE
/**
 * xtcp_sendpage - sendfile() and splice() of kernels before 6.5
 * @sock: the socket
 * @page: whose bytes to send
 * @offset: where they begin
 * @size: how many
 * @flags: MSG_*
 *
 * Return: as xtcp_sendmsg().
 */
ssize_t xtcp_sendpage(struct socket *sock, struct page *page, int offset, size_t size,
		      int flags)
{
	struct bio_vec bvec = { .bv_page = page, .bv_offset = offset, .bv_len = size };
	struct msghdr msg = { .msg_flags = flags | MSG_SPLICE_PAGES };

	if (flags & MSG_SENDPAGE_NOTLAST)
		msg.msg_flags |= MSG_MORE;
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &bvec, 1, size);
	return xtcp_sendmsg(sock, &msg, size);
}
#endif
