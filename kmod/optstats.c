// SPDX-License-Identifier: GPL-2.0
/*
 * SOF_TIMESTAMPING_OPT_STATS: how the connection was when a byte of it met its fate, as
 * netlink attributes beside a timestamp without a packet.
 *
 * The kernel makes the report of a queue or a device, and knows statistics of a struct
 * tcp_sock alone.  It then calls sk_error_report, in whatever context that is: there the
 * report gets what it lacks, unless its reader is faster, who does the same.  Nobody need
 * have the socket's lock, so the numbers are as fresh as those of any observer.
 */
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/tcp.h>
#include <net/netlink.h>

#include "core/chrono.h"
#include "core/rate.h"
#include "optstats.h"

/* TCP_NLA_REHASH of 6.2 and later. */
#define NLA_REHASH	(TCP_NLA_TTL + 1)

/* More than so many reports do not come at once: one for each queue and device. */
#define LOOK_BACK	8

#define WANTED		(SOF_TIMESTAMPING_OPT_STATS | SOF_TIMESTAMPING_OPT_TSONLY)

/**
 * xtcp_bytes_sent - payload that left, each time that it did; a SYN and a FIN are none
 * @t: the connection
 *
 * Return: bytes.
 */
u64 xtcp_bytes_sent(const struct xtcp_tcb *t)
{
	/* read one after the other: the difference may be negative without the lock */
	s32 in_flight = READ_ONCE(t->snd_nxt) - READ_ONCE(t->snd_una);
	u64 sent = xtcp_acked(t) + max(in_flight, 0);

	if (sent)
		sent--;
	if (t->flags & XTCP_F_FIN_QUEUED && t->snd_nxt == t->write_seq)
		sent--;
	return sent + t->info.bytes_retrans;
}

static size_t stats_size(void)
{
	return 10 * nla_total_size_64bit(sizeof(u64)) + 12 * nla_total_size(sizeof(u32)) +
	       nla_total_size(sizeof(u16)) + 4 * nla_total_size(sizeof(u8));
}

static bool wanted(const struct sock *sk)
{
	return (READ_ONCE(sk->sk_tsflags) & WANTED) == WANTED;
}

static u8 ttl_of(const struct sk_buff *skb)
{
	return skb->protocol == htons(ETH_P_IPV6) ? ipv6_hdr(skb)->hop_limit
						  : ip_hdr(skb)->ttl;
}

static void put_time(struct sk_buff *to, int attr, u64 coarse)
{
	nla_put_u64_64bit(to, attr, coarse << XTCP_COARSE_SHIFT, TCP_NLA_PAD);
}

/* Room was made before, so nothing fails.  @edt_ns: when the byte left */
static void put_stats(const struct sock *sk, struct sk_buff *to, u64 edt_ns)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	unsigned long rate = READ_ONCE(sk->sk_pacing_rate);
	xtcp_usec_t now = xtcp_now();
	u64 rwnd = xtcp_chrono_spent(t, XTCP_CHRONO_RWND, now);
	u64 sndbuf = xtcp_chrono_spent(t, XTCP_CHRONO_SNDBUF, now);

	put_time(to, TCP_NLA_BUSY, xtcp_chrono_spent(t, XTCP_CHRONO_BUSY, now) + rwnd + sndbuf);
	put_time(to, TCP_NLA_RWND_LIMITED, rwnd);
	put_time(to, TCP_NLA_SNDBUF_LIMITED, sndbuf);
	nla_put_u64_64bit(to, TCP_NLA_DATA_SEGS_OUT, READ_ONCE(t->info.data_segs_out),
			  TCP_NLA_PAD);
	nla_put_u64_64bit(to, TCP_NLA_TOTAL_RETRANS, READ_ONCE(t->info.total_retrans),
			  TCP_NLA_PAD);
	nla_put_u64_64bit(to, TCP_NLA_PACING_RATE, rate == ULONG_MAX ? ~0ULL : rate,
			  TCP_NLA_PAD);
	nla_put_u64_64bit(to, TCP_NLA_DELIVERY_RATE, xtcp_rate_delivery(t), TCP_NLA_PAD);
	nla_put_u32(to, TCP_NLA_SND_CWND, READ_ONCE(t->cwnd));
	nla_put_u32(to, TCP_NLA_REORDERING, READ_ONCE(t->reordering));
	nla_put_u32(to, TCP_NLA_MIN_RTT, READ_ONCE(t->min_rtt_us) ? : U32_MAX);
	nla_put_u8(to, TCP_NLA_RECUR_RETRANS, READ_ONCE(t->retransmits));
	nla_put_u8(to, TCP_NLA_DELIVERY_RATE_APP_LMT,
		   !(READ_ONCE(t->flags) & XTCP_F_RATE_FULL));
	nla_put_u32(to, TCP_NLA_SND_SSTHRESH, min_t(u32, READ_ONCE(t->ssthresh), S32_MAX));
	nla_put_u32(to, TCP_NLA_DELIVERED, READ_ONCE(t->delivered));
	nla_put_u32(to, TCP_NLA_DELIVERED_CE, READ_ONCE(t->delivered_ce));
	nla_put_u32(to, TCP_NLA_SNDQ_SIZE,
		    max_t(int, 0, READ_ONCE(t->write_seq) - READ_ONCE(t->snd_una)));
	nla_put_u8(to, TCP_NLA_CA_STATE, READ_ONCE(t->ca_state));
	nla_put_u64_64bit(to, TCP_NLA_BYTES_SENT, xtcp_bytes_sent(t), TCP_NLA_PAD);
	nla_put_u64_64bit(to, TCP_NLA_BYTES_RETRANS, READ_ONCE(t->info.bytes_retrans),
			  TCP_NLA_PAD);
	nla_put_u32(to, TCP_NLA_DSACK_DUPS, READ_ONCE(t->info.dsack_dups));
	nla_put_u32(to, TCP_NLA_REORD_SEEN, READ_ONCE(t->recovery.reord_seen));
	nla_put_u32(to, TCP_NLA_SRTT, READ_ONCE(t->srtt_us) >> 3);
	nla_put_u16(to, TCP_NLA_TIMEOUT_REHASH, READ_ONCE(t->info.rehash));
	nla_put_u32(to, TCP_NLA_BYTES_NOTSENT,
		    max_t(int, 0, READ_ONCE(t->write_seq) - READ_ONCE(t->snd_nxt)));
	nla_put_u64_64bit(to, TCP_NLA_EDT, edt_ns, TCP_NLA_PAD);
}

static void put_rehash(const struct sock *sk, struct sk_buff *to)
{
	nla_put_u32(to, NLA_REHASH, READ_ONCE(xtcp_sk(sk)->tcb.info.rehash));
}

/*
 * A report of the kernel's gets what it lacks, if there is memory for it.
 * Return: false: it has been there before.
 */
static bool fill_report(const struct sock *sk, struct sk_buff *skb)
	__must_hold(&sk->sk_error_queue.lock)
{
	struct sock_exterr_skb *serr = SKB_EXT_ERR(skb);
	int lacks = stats_size() - skb_tailroom(skb);

	lockdep_assert_held(&sk->sk_error_queue.lock);
	if (serr->ee.ee_origin != SO_EE_ORIGIN_TIMESTAMPING || skb->len)
		return !serr->opt_stats;
	/* the little that is not charged then is less than the report itself */
	if (lacks > 0 && pskb_expand_head(skb, 0, lacks, GFP_ATOMIC | __GFP_NOWARN))
		return true;
	put_stats(sk, skb, ktime_get_ns());
	put_rehash(sk, skb);
	serr->opt_stats = 1;
	return true;
}

/* sk_error_report of a socket that wants statistics. */
static void error_reported(struct sock *sk)
{
	unsigned int most = LOOK_BACK;
	struct socket_wq *wq;
	struct sk_buff *skb;
	unsigned long flags;

	if (wanted(sk)) {
		spin_lock_irqsave(&sk->sk_error_queue.lock, flags);
		skb_queue_reverse_walk(&sk->sk_error_queue, skb)
			if (!most-- || !fill_report(sk, skb))
				break;
		spin_unlock_irqrestore(&sk->sk_error_queue.lock, flags);
	}
	rcu_read_lock();
	wq = rcu_dereference(sk->sk_wq);
	if (skwq_has_sleeper(wq))
		wake_up_interruptible_poll(&wq->wait, EPOLLERR);
	sk_wake_async(sk, SOCK_WAKE_IO, POLL_ERR);
	rcu_read_unlock();
}

/**
 * xtcp_optstats_want - SO_TIMESTAMPING has SOF_TIMESTAMPING_OPT_STATS
 * @sk: the socket, locked
 */
void xtcp_optstats_want(struct sock *sk)
{
	xtcp_assert_locked(sk);
	WRITE_ONCE(sk->sk_error_report, error_reported);
}

/**
 * xtcp_optstats_read - somebody is about to read a report
 * @sk: the socket
 * @skb: the report, the first of the error queue, which is locked
 */
void xtcp_optstats_read(const struct sock *sk, struct sk_buff *skb)
	__must_hold(&sk->sk_error_queue.lock)
{
	lockdep_assert_held(&sk->sk_error_queue.lock);
	if (wanted(sk))
		fill_report(sk, skb);
}

/**
 * xtcp_optstats_acked - report that a byte was acknowledged, with statistics
 * @sk: the socket, locked
 * @seg: the buffer with the byte, which wants that
 * @ack: the segment that acknowledged it, NULL: none did
 *
 * Return: false: no statistics are wanted, and the kernel can report it.
 */
bool xtcp_optstats_acked(struct sock *sk, struct xtcp_seg *seg, const struct sk_buff *ack)
{
	u64 age_us = (u32)(xtcp_stamp(xtcp_now()) - seg->xmit_us);
	struct sk_buff *skb, *sent = xtcp_seg_skb(seg);
	struct sock_exterr_skb *serr;

	xtcp_assert_locked(sk);
	if (!wanted(sk))
		return false;
	skb = alloc_skb(stats_size(), GFP_ATOMIC | __GFP_NOWARN);
	if (!skb)
		return true;
	put_stats(sk, skb, ktime_get_ns() - age_us * NSEC_PER_USEC);
	if (ack)
		nla_put_u8(skb, TCP_NLA_TTL, ttl_of(ack));
	put_rehash(sk, skb);
	__net_timestamp(skb);
	serr = SKB_EXT_ERR(skb);
	memset(serr, 0, sizeof(*serr));
	serr->ee.ee_errno = ENOMSG;
	serr->ee.ee_origin = SO_EE_ORIGIN_TIMESTAMPING;
	serr->ee.ee_info = SCM_TSTAMP_ACK;
	serr->opt_stats = 1;
	/* tstamp.c counts from where it has to */
	if (READ_ONCE(sk->sk_tsflags) & SOF_TIMESTAMPING_OPT_ID)
		serr->ee.ee_data = skb_shinfo(sent)->tskey;
	if (sock_queue_err_skb(sk, skb))
		kfree_skb(skb);
	return true;
}
