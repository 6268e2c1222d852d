// SPDX-License-Identifier: GPL-2.0
/*
 * A segment on its way from IP to the core: whose is it, is it well formed,
 * who has the lock.
 */
#include <net/busy_poll.h>
#include <net/inet_ecn.h>
#include <net/tcp.h>

#include "core/options.h"
#include "input.h"
#include "ip/conntrack.h"
#include "ip/ip.h"
#include "ip/l3mdev.h"
#include "ip/route.h"
#include "listen.h"
#include "listen_table.h"
#include "receive.h"
#include "req.h"
#include "table.h"
#include "timewait.h"

/* What a socket's backlog may hold besides its buffers, as Linux's TCP. */
#define BACKLOG_HEADROOM	(64 * 1024)

/* What a segment says: the connection, and (as xtcp_skb_where()) its interfaces. */
static void key_of(struct xtcp_key *key, struct xtcp_net *xn, const struct sk_buff *skb,
		   const struct tcphdr *th, int *dif, int *sdif)
{
	key->xn = xn;
	xtcp_skb_where(skb, key, dif, sdif);
	key->lport = th->dest;
	key->rport = th->source;
	key->dev = 0;
}

/* Segments that were merged.  A tap or an emulated device may tell no more than their size. */
static u16 segments(const struct sk_buff *skb, u32 len)
{
	const struct skb_shared_info *info = skb_shinfo(skb);

	if (unlikely(info->gso_size && !info->gso_segs))
		return clamp_t(u32, DIV_ROUND_UP(len, info->gso_size), 1, U16_MAX);
	return max_t(u16, info->gso_segs, 1);
}

/*
 * The header as the core wants it.  Lengths were checked by admit(); options
 * are looked at here, because a backlog comes back with the buffer only.
 */
static __always_inline bool parse(struct sk_buff *skb, struct xtcp_segment *seg)
{
	const struct tcphdr *th = tcp_hdr(skb);
	unsigned int hdrlen = th->doff * 4;
	const u8 *opt = (const u8 *)(th + 1);
	unsigned int optlen = hdrlen - sizeof(*th);
	struct xtcp_seg *node = xtcp_skb_seg(skb);

	seg->flags = tcp_flag_byte(th);
	seg->seq = ntohl(th->seq);
	seg->ack = ntohl(th->ack_seq);
	seg->wnd = ntohs(th->window);
	seg->len = skb->len - hdrlen;
	seg->end_seq = seg->seq + seg->len + th->syn + th->fin;
	seg->ecn = xtcp_skb_tos(skb) & INET_ECN_MASK;
	if (unlikely(th->syn))
		seg->mss_default = xtcp_skb_af(skb)->mss_default;
	seg->no_room = false;
	/* what has no payload does not ask for more than this */
	seg->free_space = 0;
	seg->full_space = 0;
	seg->lowat = 0;
	seg->segs = segments(skb, seg->len);
	seg->mss = skb_shinfo(skb)->gso_size;
	seg->node = node;
	node->seq = seg->seq + th->syn;
	node->end_seq = seg->end_seq;
	node->flags = seg->flags;
	node->mark = 0;
	if (likely(xtcp_options_parse_ts(&seg->opt, opt, optlen)))
		return true;
	if (!xtcp_options_parse(&seg->opt, opt, optlen, th->syn))
		return false;
	seg->sacks = opt + seg->opt.sack_off;
	return true;
}

/*
 * The one exit of whatever came: each segment is counted by what became of it, once, and
 * goes, unless somebody has it.  Those that wait come here again.
 */
static __always_inline void settle(struct xtcp_net *xn, struct sk_buff *skb,
				   enum xtcp_verdict verdict)
{
	DEBUG_NET_WARN_ON_ONCE(verdict <= XTCP_VERDICT_NONE || verdict >= XTCP_VERDICT_NR);
	this_cpu_inc(xn->mib->verdict[verdict]);
	if (xtcp_verdict_keeps(verdict))
		return;
	if (unlikely(xtcp_verdict_refuses(verdict)))
		kfree_skb(skb);
	else
		consume_skb(skb);
}

/*
 * The socket is locked and nobody else uses it.
 * Return: what became of the segment; XTCP_VERDICT_NOT_OWNER: it was not its own.
 */
static __must_check enum xtcp_verdict do_rcv(struct sock *sk, const struct xtcp_key *key,
					     int dif, int sdif, struct sk_buff *skb)
{
	struct xtcp_segment seg __uninitialized;

	xtcp_assert_locked(sk);
	if (unlikely(!xtcp_owns(sk, key, dif, sdif)))
		return XTCP_VERDICT_NOT_OWNER;
	sock_rps_save_rxhash(sk, skb);
	sk_mark_napi_id(sk, skb);
	if (unlikely(!parse(skb, &seg)))
		return XTCP_VERDICT_OPTION;
	if (sk->sk_state == TCP_LISTEN)
		return xtcp_listen_rcv(sk, key, dif, sdif, skb, &seg);
	return xtcp_sock_rcv(sk, skb, &seg);
}

/**
 * xtcp_backlog_rcv - a segment that came while the user had the socket
 * @sk: the socket, owned by the user
 * @skb: the segment; consumed
 *
 * Return: 0.
 */
int xtcp_backlog_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_key key __uninitialized;
	int dif, sdif;

	xtcp_assert_locked(sk);
	local_bh_disable();
	rcu_read_lock();
	this_cpu_dec(xn->mib->verdict[XTCP_VERDICT_WAITS]);
	key_of(&key, xn, skb, tcp_hdr(skb), &dif, &sdif);
	settle(xn, skb, do_rcv(sk, &key, dif, sdif, skb));
	rcu_read_unlock();
	local_bh_enable();
	return 0;
}

/*
 * Lock the socket and hand it the segment, now or when the user lets go.
 * Return: what became of it.
 */
static __must_check enum xtcp_verdict give(struct sock *sk, const struct xtcp_key *key,
					   int dif, int sdif, struct sk_buff *skb)
{
	/* over loopback it is the sender's, which costs nothing */
	struct dst_entry *dst = skb_dst_is_noref(skb) ? skb_dst(skb) : NULL;
	enum xtcp_verdict verdict;
	int iif = skb->skb_iif;
	u64 limit;

	skb_dst_drop(skb);
	/* neither does the device wait for a backlog */
	skb->dev = NULL;
	bh_lock_sock_nested(sk);
	/* a listener's is its user's wish (SO_INCOMING_CPU) */
	if (sk->sk_state != TCP_LISTEN)
		sk_incoming_cpu_update(sk);
	if (!sock_owned_by_user(sk)) {
		verdict = do_rcv(sk, key, dif, sdif, skb);
		if (likely(verdict != XTCP_VERDICT_NOT_OWNER))
			xtcp_route_came(sk, dst, iif);
		bh_unlock_sock(sk);
		return verdict;
	}
	xtcp_skb_keep_dif(skb, dif);
	/* the window does not know about the backlog: a full one comes on top */
	limit = 2 * (u64)READ_ONCE(sk->sk_rcvbuf) + (READ_ONCE(sk->sk_sndbuf) >> 1) +
		BACKLOG_HEADROOM;
	verdict = unlikely(sk_add_backlog(sk, skb, min_t(u64, limit, UINT_MAX))) ?
		  XTCP_VERDICT_BACKLOG : XTCP_VERDICT_WAITS;
	bh_unlock_sock(sk);
	return verdict;
}

/*
 * The segment is ours: is it well formed?  The buffer's data begins with the TCP
 * header.
 * Return: XTCP_VERDICT_NONE, or why not.
 */
static enum xtcp_verdict admit(struct sk_buff *skb)
{
	const struct tcphdr *th;

	if (unlikely(skb->len < sizeof(*th)))
		return XTCP_VERDICT_HDR_SHORT;
	th = tcp_hdr(skb);
	if (unlikely(th->doff < sizeof(*th) / 4 || th->doff * 4 > skb->len))
		return XTCP_VERDICT_HDR_OFFSET;
	if (unlikely(!pskb_may_pull(skb, th->doff * 4)))
		return XTCP_VERDICT_MEMORY;
	/* pages of a sender on this host that wants them back (MSG_ZEROCOPY) */
	if (unlikely(skb_orphan_frags_rx(skb, GFP_ATOMIC)))
		return XTCP_VERDICT_MEMORY;
	if (!xtcp_skb_csum_ok(skb))
		return XTCP_VERDICT_CSUM;
	return XTCP_VERDICT_NONE;
}

/*
 * The same of a TIME_WAIT entry.  The socket's filter and IPsec policy are gone with
 * it, as in Linux; what is left is the host's.
 */
static enum xtcp_verdict timewait_permit(const struct xtcp_tw *tw, struct sk_buff *skb)
{
	if (xtcp_skb_hop_limit(skb) < tw->min_ttl)
		return XTCP_VERDICT_MIN_TTL;
	if (!xtcp_skb_policy(NULL, skb))
		return XTCP_VERDICT_POLICY;
	return XTCP_VERDICT_NONE;
}

/*
 * A TIME_WAIT entry owns it.  @listener: out, to whom it goes if it opens a new connection.
 * Return: what became of it; XTCP_VERDICT_NONE: it opens one.
 */
static __must_check enum xtcp_verdict timewait_rcv(struct xtcp_flow *flow,
						   const struct xtcp_key *key,
						   int dif, int sdif, struct sk_buff *skb,
						   struct sock **listener)
{
	struct xtcp_tw *tw = xtcp_flow_tw(flow);
	enum xtcp_verdict verdict;
	union xtcp_skb_parm parm;
	struct xtcp_segment seg;

	if (!xtcp_flow_get(flow, key))
		return XTCP_VERDICT_NOT_OWNER;
	verdict = timewait_permit(tw, skb);
	if (unlikely(verdict))
		goto out;
	/* who gets it next wants it as IP left it */
	memcpy(&parm, skb->cb, sizeof(parm));
	verdict = parse(skb, &seg) ? xtcp_tw_rcv(key->xn, tw, skb, &seg) : XTCP_VERDICT_OPTION;
	if (verdict)
		goto out;
	memcpy(skb->cb, &parm, sizeof(parm));
	*listener = xtcp_listener_lookup(key, dif, sdif, skb);
	if (!*listener) {
		/* as Linux where nobody accepts it */
		xtcp_tw_send_ack(key->xn, tw, skb);
		verdict = XTCP_VERDICT_SYN_REFUSED;
	}
out:
	xtcp_flow_put(flow);
	return verdict;
}

static bool is_syn(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);

	return skb->len >= skb_transport_offset(skb) + sizeof(*th) &&
	       th->syn && !th->ack && !th->rst;
}

/*
 * Whether a server of the kernel's TCP is bound to the VRF, or to its interface.  The two
 * sysctls l3mdev_accept need not agree.  Where ours lets an unbound listener serve every
 * VRF and the kernel's keeps the ports of VRFs apart, both may have the port, and who is
 * bound to the VRF goes first, as between two of either kind.
 */
static bool kernel_listens_bound(const struct xtcp_key *key, int dif, int sdif)
{
	const struct sock *sk = xtcp_key_af(key)->kernel_listens(key, dif, sdif);

	return !IS_ERR_OR_NULL(sk) && READ_ONCE(sk->sk_bound_dev_if);
}

/*
 * Who owns it: a socket to give it to, or a TIME_WAIT entry.  @key: gets its device.
 * Return: whether anybody does.
 */
static bool find_owner(struct xtcp_key *key, int dif, int sdif,
		       struct sk_buff *skb, struct sock **sk, struct xtcp_flow **tw)
{
	struct sock *listener;
	struct xtcp_flow *flow;

	*sk = NULL;
	*tw = NULL;
	flow = xtcp_flow_find(key, dif, sdif);
	if (!flow) {
		*sk = xtcp_listener_lookup(key, dif, sdif, skb);
		if (!*sk)
			return false;
		if (unlikely(sdif) && !READ_ONCE((*sk)->sk_bound_dev_if) &&
		    kernel_listens_bound(key, dif, sdif))
			return false;
		/* the kernel's TCP may still have it in TIME_WAIT on our port */
		return is_syn(skb) || !xtcp_key_af(key)->kernel_knows(key, dif, sdif);
	}
	switch (flow->kind) {
	case XTCP_KIND_SOCK:
		*sk = xtcp_to_sk(xtcp_flow_sock(flow));
		return true;
	case XTCP_KIND_REQ:
		/* its listener's lock protects it, and finds it again */
		if (!xtcp_flow_get(flow, key))
			return true;
		listener = xtcp_flow_req(flow)->listener;
		/* the listener's memory outlives this RCU read side */
		xtcp_flow_put(flow);
		*sk = listener;
		return true;
	default:
		*tw = flow;
		return true;
	}
}

/*
 * A segment has an owner.  @sk, @tw: as find_owner() says; @off: where its TCP header is.
 * Return: what became of it.
 */
static __must_check enum xtcp_verdict take(struct sock *sk, struct xtcp_flow *tw,
					   const struct xtcp_key *key, int dif, int sdif,
					   struct sk_buff *skb, unsigned int off)
{
	enum xtcp_verdict verdict;

	if (unlikely(!xtcp_conntrack_confirm(skb)))
		return XTCP_VERDICT_CONNTRACK;
	skb_orphan(skb);
	__skb_pull(skb, off);
	if (unlikely(!xtcp_skb_pulled(skb, off)))
		return XTCP_VERDICT_ADDRESS;
	verdict = admit(skb);
	if (unlikely(verdict))
		return verdict;
	if (tw) {
		struct sock *listener = NULL;

		verdict = timewait_rcv(tw, key, dif, sdif, skb, &listener);
		if (verdict)
			return verdict;
		sk = listener;
	}
	/* an entry that ended since it was found */
	if (unlikely(!sk))
		return XTCP_VERDICT_NOT_OWNER;
	verdict = xtcp_permit(sk, key, dif, sdif, skb);
	if (unlikely(verdict))
		return verdict;
	return give(sk, key, dif, sdif, skb);
}

/**
 * xtcp_rcv - does a segment belong to us?
 * @xn: the namespace
 * @skb: a packet for this host with a TCP segment, as the LOCAL_IN hook sees it: data
 *	 at the IP header, defragmented
 * @off: where the TCP header is
 *
 * Context: softirq, RCU read side.
 *
 * Return: XTCP_CLAIM_TAKEN when it was ours, and is consumed.  Otherwise its transport
 * header is at @off.
 */
enum xtcp_claim xtcp_rcv(struct xtcp_net *xn, struct sk_buff *skb, unsigned int off)
{
	struct xtcp_key key __uninitialized;
	struct xtcp_flow *tw;
	struct sock *sk;
	int dif, sdif;

	lockdep_assert_in_softirq();

	/* ports and sequence number: with less there is nobody to tell */
	if (!pskb_may_pull(skb, off + min_t(u32, skb->len - off, sizeof(struct tcphdr))) ||
	    skb->len < off + 8)
		return XTCP_CLAIM_NOT_OURS;
	skb_set_transport_header(skb, off);
	key_of(&key, xn, skb, tcp_hdr(skb), &dif, &sdif);
	if (likely(!find_owner(&key, dif, sdif, skb, &sk, &tw)))
		return XTCP_CLAIM_NOT_OURS;

	xtcp_count(xn, IN_SEGS);
	if (skb_shared(skb))
		skb = skb_share_check(skb, GFP_ATOMIC);
	settle(xn, skb, likely(skb) ? take(sk, tw, &key, dif, sdif, skb, off) :
				      XTCP_VERDICT_MEMORY);
	return XTCP_CLAIM_TAKEN;
}

/**
 * xtcp_early_route - spare a segment the look-up of its route
 * @xn: the namespace
 * @skb: a packet with a TCP segment, whole, as the PRE_ROUTING hook sees it
 * @th: its TCP header; the ports are in the buffer's linear part
 *
 * A connection remembers how its segments are routed, as those of the kernel's TCP
 * do.  Unlike those, the segment does not remember whose it is: whoever gets it next
 * (a rule, a queue, a bridge, the kernel's TCP if we do not want it any more) would
 * take our socket for one of its own.  The LOCAL_IN hook looks for the owner again.
 *
 * Context: softirq, RCU read side.
 */
void xtcp_early_route(struct xtcp_net *xn, struct sk_buff *skb, const struct tcphdr *th)
{
	struct xtcp_key key __uninitialized;
	struct xtcp_flow *flow;
	int dif, sdif;

	key_of(&key, xn, skb, th, &dif, &sdif);
	flow = xtcp_flow_find(&key, dif, sdif);
	if (flow && flow->kind == XTCP_KIND_SOCK)
		xtcp_route_in(xtcp_to_sk(xtcp_flow_sock(flow)), skb);
}
