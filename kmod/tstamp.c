// SPDX-License-Identifier: GPL-2.0
/*
 * Timestamps of what is sent (SO_TIMESTAMPING), as Linux's TCP reports them: when
 * a write entered the qdisc, when the device had it, when it was acknowledged.
 *
 * The last byte of a write is what is stamped.  Its sequence number goes with the
 * buffer (tskey).  For a struct tcp_sock the kernel makes it a count of bytes when
 * it reports it; for us that is done when it is read.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <net/tcp.h>

#include "buffer.h"
#include "compat.h"
#include "optstats.h"
#include "tstamp.h"

/* SOF_TIMESTAMPING_OPT_ID_TCP of 6.2 and later: count from what is written. */
#define OPT_ID_TCP	BIT(16)

/**
 * xtcp_tstamp_set - SO_TIMESTAMPING, old and new
 * @sock: the socket
 * @optname: which
 * @optval: int or struct so_timestamping, which begins with one
 * @optlen: its length
 *
 * The generic code takes it, but does not know where a stream's count begins.
 *
 * Return: 0, or the errno of Linux's TCP.
 */
int xtcp_tstamp_set(struct socket *sock, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	const struct xtcp_tcb *t = &xtcp_sk(sock->sk)->tcb;
	struct sock *sk = sock->sk;
	int flags = 0, err;
	bool begins;

	if (optlen >= sizeof(flags) && copy_from_sockptr(&flags, optval, sizeof(flags)))
		return -EFAULT;
	begins = flags & SOF_TIMESTAMPING_OPT_ID &&
		 !(READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID);
	if (begins && (1 << READ_ONCE(sk->sk_state)) & (TCPF_CLOSE | TCPF_LISTEN))
		return -EINVAL;
	err = sock_setsockopt(sock, SOL_SOCKET, optname, optval, optlen);
	if (err || !(begins || flags & SOF_TIMESTAMPING_OPT_STATS))
		return err;
	lock_sock(sk);
	if (begins)
		atomic_set(&sk->sk_tskey, flags & OPT_ID_TCP ? t->write_seq : t->snd_una);
	if (flags & SOF_TIMESTAMPING_OPT_STATS)
		xtcp_optstats_want(sk);
	release_sock(sk);
	return 0;
}

/**
 * xtcp_tstamp_sent - a write asked for timestamps
 * @skb: the buffer that holds its end
 * @tsflags: SOF_TIMESTAMPING_*
 */
void xtcp_tstamp_sent(struct sk_buff *skb, u32 tsflags)
{
	struct xtcp_seg *seg = xtcp_skb_seg(skb);

	__sock_tx_timestamp(tsflags, &skb_shinfo(skb)->tx_flags);
	if (tsflags & SOF_TIMESTAMPING_TX_ACK)
		seg->mark |= XTCP_SEG_TSTAMP;
	if (tsflags & SOF_TIMESTAMPING_TX_RECORD_MASK)
		skb_shinfo(skb)->tskey = seg->seq + skb->len - 1;
}

/**
 * xtcp_tstamp_move - a buffer was cut in two: who has the byte?
 * @skb: the first part
 * @rest: the second one
 */
void xtcp_tstamp_move(struct sk_buff *skb, struct sk_buff *rest)
{
	struct skb_shared_info *from = skb_shinfo(skb), *to = skb_shinfo(rest);

	if (xtcp_before(from->tskey, xtcp_skb_seg(rest)->seq)) {
		xtcp_skb_seg(rest)->mark &= ~XTCP_SEG_TSTAMP;
		return;
	}
	xtcp_skb_seg(skb)->mark &= ~XTCP_SEG_TSTAMP;
	to->tx_flags |= from->tx_flags & SKBTX_ANY_TSTAMP;
	from->tx_flags &= ~SKBTX_ANY_TSTAMP;
	to->tskey = from->tskey;
}

/**
 * xtcp_tstamp_acked - a buffer with XTCP_SEG_TSTAMP was acknowledged
 * @sk: the socket, locked
 * @skb: the buffer, which is freed next: its record is gone after this
 * @ack: the segment that acknowledged it, NULL: none did
 */
void xtcp_tstamp_acked(struct sock *sk, struct sk_buff *skb, const struct sk_buff *ack)
{
	xtcp_assert_locked(sk);
	if (xtcp_optstats_acked(sk, xtcp_skb_seg(skb), ack))
		return;
	/* the kernel looks for the wish where its own TCP has it */
	memset(skb->cb, 0, sizeof(skb->cb));
	TCP_SKB_CB(skb)->txstamp_ack = 1;
	__skb_tstamp_tx(skb, NULL, NULL, sk, SCM_TSTAMP_ACK);
}

/* The next report counts bytes, and has the statistics that were asked for. */
static void complete_next(struct sock *sk)
{
	struct sock_exterr_skb *serr;
	struct sk_buff *skb;
	unsigned long flags;

	/* reports may come from a driver's hard interrupt */
	spin_lock_irqsave(&sk->sk_error_queue.lock, flags);
	skb = skb_peek(&sk->sk_error_queue);
	if (skb) {
		xtcp_optstats_read(sk, skb);
		serr = SKB_EXT_ERR(skb);
		if (READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID &&
		    serr->ee.ee_origin == SO_EE_ORIGIN_TIMESTAMPING)
			serr->ee.ee_data -= atomic_read(&sk->sk_tskey);
	}
	spin_unlock_irqrestore(&sk->sk_error_queue.lock, flags);
}

/**
 * xtcp_tstamp_read - recvmsg() with MSG_ERRQUEUE
 * @sk: the socket
 * @msg: where to
 * @len: how much at most, bytes
 *
 * Return: bytes, -EAGAIN, -EFAULT.
 */
int xtcp_tstamp_read(struct sock *sk, struct msghdr *msg, size_t len)
{
	int ret;

	if (!(READ_ONCE(sk->sk_tsflags) &
	      (SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_STATS)))
		return xtcp_recv_error(sk, msg, len);
	/* one at a time, so that the report that was changed is the one that is read */
	lock_sock(sk);
	complete_next(sk);
	ret = xtcp_recv_error(sk, msg, len);
	release_sock(sk);
	return ret;
}
