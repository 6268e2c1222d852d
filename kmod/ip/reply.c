// SPDX-License-Identifier: GPL-2.0
/* Segments that have no socket of their own. */
#include <linux/random.h>
#include <net/inet_common.h>
#include <net/inet_ecn.h>
#include <net/tcp.h>

#include "ip/header.h"
#include "ip/ip.h"
#include "ip/reply.h"
#include "md5sig.h"
#include "pace.h"
#include "reset.h"

static u32 mark_of(const struct xtcp_net *xn, const struct xtcp_af *af,
		   const struct xtcp_reply *r)
{
	return (r->to ? af->reply_mark(xn->net, r->to->mark) : 0) ? : r->marks.mark;
}

/* Some namespaces have no IPv6. */
static struct sock *control_sk(const struct xtcp_net *xn, const struct xtcp_key *key)
{
	return xtcp_family_is6(xtcp_key_family(key)) ? xn->ctl_sk6 : xn->ctl_sk;
}

static void tell_rst(const struct xtcp_reply *r)
{
	struct xtcp_reset rst = {
		.key	= r->key,
		.family	= r->rst_of->sk_family,
		.sk	= r->rst_of,
		.state	= r->rst_state,
		.why	= r->rst_why,
		.seq	= r->h.seq,
		.ack	= r->h.ack,
		.flags	= r->h.flags,
		.peer_hop_limit = r->to ? xtcp_skb_hop_limit(r->to) : 0,
	};

	xtcp_reset_sent(&rst);
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
	const struct xtcp_af *af = xtcp_key_af(key);
	struct xtcp_marks marks = r->marks;
	struct dst_entry *dst = r->dst;
	bool answer = !sk;
	struct sk_buff *skb;
	u8 tos;

	marks.mark = mark_of(xn, af, r);
	if (answer)
		sk = control_sk(xn, key);
	if (!dst)
		dst = sk ? af->route_back(sk, key, &marks, answer) : ERR_PTR(-EAFNOSUPPORT);
	if (IS_ERR(dst))
		return PTR_ERR(dst);
	skb = alloc_skb(MAX_TCP_HEADER, GFP_ATOMIC | __GFP_NOWARN);
	if (!skb) {
		dst_release(dst);
		xtcp_count(xn, OUT_NO_MEMORY);
		return -ENOMEM;
	}
	skb_reserve(skb, MAX_TCP_HEADER);
	if (unlikely(r->md5))
		xtcp_md5_option(&r->h);
	xtcp_header_push(skb, key->lport, key->rport, &r->h);
	if (unlikely(r->md5))
		xtcp_md5_sign(skb, key, r->md5);
	if (unlikely(r->delay_us))
		xtcp_tx_delay_skb(skb, r->delay_us);
	skb_dst_set(skb, dst);
	xtcp_count(xn, OUT_SEGS);
	if (r->h.flags & XTCP_RST) {
		xtcp_count_rst(xn, r->rst_why);
		tell_rst(r);
	}
	tos = r->has_tos ? r->tos : af->tos(sk);
	skb->priority = READ_ONCE(sk->sk_priority);
	skb->mark = marks.mark;
	if (marks.hash)
		skb_set_hash(skb, marks.hash, PKT_HASH_TYPE_L4);
	if (r->plain)
		sk = control_sk(xn, key);
	return af->reply(sk, skb, key, tos | r->h.ecn, marks.label);
}

/**
 * xtcp_reply_rst - RST in answer to a segment (RFC 9293 3.10.7.1)
 * @sk: the listener that the segment came for, locked
 * @key: the connection that it would belong to
 * @skb: the segment
 * @seg: what is in it; never answered when it is a RST itself
 * @why: the reason of the RST
 */
void xtcp_reply_rst(struct sock *sk, const struct xtcp_key *key,
		    const struct sk_buff *skb, const struct xtcp_segment *seg,
		    enum xtcp_reason why)
{
	struct xtcp_reply r = {
		.key	= key,
		.tos	= xtcp_skb_tos(skb) & ~INET_ECN_MASK,
		.has_tos = true,
		.to	= skb,
		.marks	= {
			.mark	= READ_ONCE(sk->sk_mark),
			.label	= xtcp_sk_reflected(sk, skb),
		},
		.md5	= xtcp_md5_lookup(sk, key),
		.delay_us = xtcp_tx_delay(sk),
		.rst_why = why,
		.rst_of	= sk,
		.rst_state = why == XTCP_WHY_NO_CONNECTION ? XTCP_LISTEN : XTCP_SYN_RECV,
	};

	xtcp_assert_locked(sk);
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
	int err;

	err = inet_ctl_sock_create(&xn->ctl_sk, PF_INET, SOCK_RAW, IPPROTO_TCP, xn->net);
	if (err || !IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
		return err;
	err = inet_ctl_sock_create(&xn->ctl_sk6, PF_INET6, SOCK_RAW, IPPROTO_TCP, xn->net);
	if (err)
		inet_ctl_sock_destroy(xn->ctl_sk);
	return err;
}

void xtcp_reply_netns_exit(struct xtcp_net *xn)
{
	if (xn->ctl_sk6)
		inet_ctl_sock_destroy(xn->ctl_sk6);
	inet_ctl_sock_destroy(xn->ctl_sk);
}
