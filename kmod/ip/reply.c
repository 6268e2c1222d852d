// SPDX-License-Identifier: GPL-2.0
/* Segments that have no socket of their own, and their IP header. */
#include <linux/random.h>
#include <net/inet_common.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/tcp.h>

#include "ip/header.h"
#include "ip/reply.h"
#include "ip/route.h"

/*
 * The IP header of a segment without a socket of its own.  As in Linux a small one
 * may not be fragmented, whatever its route or socket says (RFC 791: nobody has to),
 * and so needs no ID.  A listener's IP_OPTIONS are not for those who connect to it.
 */
static void push_ip(struct sk_buff *skb, const struct sock *sk, const struct flowi4 *fl4,
		    u8 tos)
{
	const struct dst_entry *dst = skb_dst(skb);
	int ttl = READ_ONCE(inet_sk(sk)->uc_ttl);
	struct iphdr *ip = skb_push(skb, sizeof(*ip));
	bool whole = skb->len <= IPV4_MIN_MTU || ip_dont_fragment(sk, dst);

	skb_reset_network_header(skb);
	*ip = (struct iphdr) {
		.version	= 4,
		.ihl		= sizeof(*ip) / 4,
		.tos		= tos,
		.id		= whole ? 0 : htons(get_random_u16()),
		.frag_off	= whole ? htons(IP_DF) : 0,
		.ttl		= ttl < 0 ? ip4_dst_hoplimit(dst) : ttl,
		.protocol	= IPPROTO_TCP,
		.saddr		= fl4->saddr,
		.daddr		= fl4->daddr,
	};
}

static u32 mark_of(const struct xtcp_net *xn, const struct xtcp_reply *r)
{
	return (r->to ? IP4_REPLY_MARK(xn->net, r->to->mark) : 0) ? : r->mark;
}

/**
 * xtcp_reply_send - send a segment that has no socket of its own
 * @xn: namespace
 * @sk: socket whose IP settings it shall have, NULL: the control socket, in answer to a
 *	segment that just came
 * @r: the segment
 *
 * Context: softirq, or process with bottom halves off.
 *
 * Return: 0, -ENOMEM, or what routing or the device said.
 */
int xtcp_reply_send(struct xtcp_net *xn, struct sock *sk, struct xtcp_reply *r)
{
	const struct xtcp_key *key = r->key;
	struct sk_buff *skb;
	struct flowi4 fl4;
	struct rtable *rt = r->rt;
	bool answer = !sk;
	u8 tos;
	int err;

	if (answer)
		sk = xn->ctl_sk;
	xtcp_flow4_init(&fl4, sk, key, mark_of(xn, r));
	/* the segment came for this address: to answer from it needs no device that has it */
	if (answer)
		fl4.flowi4_flags |= FLOWI_FLAG_ANYSRC;
	if (!rt)
		rt = ip_route_output_flow(xn->net, &fl4, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	skb = alloc_skb(MAX_TCP_HEADER, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		ip_rt_put(rt);
		xtcp_count(xn, OUT_NO_MEMORY);
		return -ENOMEM;
	}
	skb_reserve(skb, MAX_TCP_HEADER);
	xtcp_header_push(skb, key->lport, key->rport, &r->h);
	xtcp_header_csum4(skb, xtcp_addr_v4(&key->laddr), xtcp_addr_v4(&key->raddr));
	skb->protocol = htons(ETH_P_IP);
	skb_dst_set(skb, &rt->dst);
	xtcp_count(xn, OUT_SEGS);
	if (r->h.flags & XTCP_RST)
		xtcp_count(xn, OUT_RSTS);
	tos = r->has_tos ? r->tos : READ_ONCE(inet_sk(sk)->tos);
	skb->priority = READ_ONCE(sk->sk_priority);
	skb->mark = fl4.flowi4_mark;
	rcu_read_lock();
	push_ip(skb, sk, &fl4, tos | r->h.ecn);
	err = ip_local_out(xn->net, sk, skb);
	rcu_read_unlock();
	return err;
}

/**
 * xtcp_reply_rst - RST in answer to a segment (RFC 9293 3.10.7.1)
 * @sk: the listener that the segment came for
 * @key: the connection that it would belong to
 * @skb: the segment
 * @seg: what is in it; never answered when it is a RST itself
 */
void xtcp_reply_rst(struct sock *sk, const struct xtcp_key *key,
		    const struct sk_buff *skb, const struct xtcp_segment *seg)
{
	struct xtcp_reply r = {
		.key	= key,
		.tos	= ip_hdr(skb)->tos & ~INET_ECN_MASK,
		.has_tos = true,
		.to	= skb,
		.mark	= READ_ONCE(sk->sk_mark),
	};

	if (xtcp_compose_refusal(&r.h, seg))
		xtcp_reply_send(xtcp_sk_net(sk), NULL, &r);
}

/**
 * xtcp_challenge_allowed - is a challenge ACK within the global limit?
 * @xn: namespace
 *
 * RFC 5961 7.  An exact limit can be probed by a stranger (CVE-2016-5696), so
 * it is drawn anew every second.
 *
 * Return: whether to send it; counted either way.
 */
bool xtcp_challenge_allowed(struct xtcp_net *xn)
{
	u32 limit = READ_ONCE(xn->challenge_ack_limit);
	u32 second;

	if (limit == INT_MAX)
		goto allowed;
	second = (u32)(ktime_get_ns() / NSEC_PER_SEC);
	if (READ_ONCE(xn->challenge_stamp) != second) {
		u32 half = (limit + 1) >> 1;

		WRITE_ONCE(xn->challenge_stamp, second);
		WRITE_ONCE(xn->challenge_left,
			   (s32)(half + get_random_u32() % (limit ? limit : 1)));
	}
	if (READ_ONCE(xn->challenge_left) <= 0) {
		xtcp_count(xn, CHALLENGE_LIMITED);
		return false;
	}
	WRITE_ONCE(xn->challenge_left, xn->challenge_left - 1);
allowed:
	xtcp_count(xn, CHALLENGE_ACK);
	return true;
}

int xtcp_reply_netns_init(struct xtcp_net *xn)
{
	return inet_ctl_sock_create(&xn->ctl_sk, PF_INET, SOCK_RAW, IPPROTO_TCP, xn->net);
}

void xtcp_reply_netns_exit(struct xtcp_net *xn)
{
	inet_ctl_sock_destroy(xn->ctl_sk);
}
