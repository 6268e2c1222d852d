// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open, the client: what is remembered of servers, what a SYN carries,
 * and when it is better not to try.
 *
 * A namespace remembers a bounded number of servers, by address, in a table that
 * is made when Fast Open is first used: a few sets, and in each set the entry
 * that was unused longest makes room.
 */
#include <linux/jhash.h>
#include <net/ip.h>

#include "core/fastopen.h"
#include "core/output.h"
#include "fastopen.h"
#include "ip/route.h"

#define SETS_BITS	8
#define WAYS		4

/* RFC 7413 3: room that is left for options which middleboxes add. */
#define SYN_OPTION_ROOM	XTCP_OPT_MAX
/* A black hole doubles the time that we do not try, so often at most. */
#define BACKOFF_MAX	6
/* Third timeout in a row: a middlebox may drop what it does not know. */
#define TIMEOUTS_SUSPECT	3

/* TCP_INFO: why the last attempt failed. */
#define FAIL_NO_COOKIE		1
#define FAIL_NOT_ACKED		2
#define FAIL_RETRANSMITTED	3

/* Ways to ask for a cookie when a server did not answer (RFC 7413 4.1.1). */
#define TRY_RFC		0	/* option kind 34 */
#define TRY_EXP		1	/* the experimental kind next time */
#define TRY_BOTH_DONE	2

/**
 * struct server - what is remembered of one
 * @laddr: our address towards it
 * @raddr: its address
 * @used: when it was last looked at, jiffies; 0: the entry is empty
 * @mss: of its last SYN,ACK, bytes; 0: not known
 * @try_exp: TRY_*
 * @cookie: its cookie, len <= 0: none
 */
struct server {
	struct in6_addr		laddr;
	struct in6_addr		raddr;
	unsigned long		used;
	u16			mss;
	u8			try_exp;
	struct xtcp_tfo_cookie	cookie;
};

struct xtcp_tfo_cache {
	spinlock_t	lock;
	u32		seed;
	struct server	set[1 << SETS_BITS][WAYS];
};

static struct xtcp_tfo_cache *cache_need(struct xtcp_net *xn)
{
	struct xtcp_tfo_cache *c = READ_ONCE(xn->tfo_cache), *other;

	if (c)
		return c;
	c = kvzalloc(sizeof(*c), GFP_KERNEL_ACCOUNT);
	if (!c)
		return NULL;
	spin_lock_init(&c->lock);
	c->seed = get_random_u32();
	other = cmpxchg(&xn->tfo_cache, NULL, c);
	if (!other)
		return c;
	kvfree(c);
	return other;
}

/* The entry of a server; @make: or an empty one for it.  The lock is held. */
static struct server *find(struct xtcp_tfo_cache *c, const struct xtcp_key *key,
			   bool make)
{
	u32 hash = jhash2((const u32 *)&key->raddr, 4, c->seed);
	struct server *set = c->set[hash >> (32 - SETS_BITS)], *s, *oldest = set;
	unsigned long now = jiffies | 1;

	for (s = set; s < set + WAYS; s++) {
		if (s->used && ipv6_addr_equal(&s->raddr, &key->raddr) &&
		    ipv6_addr_equal(&s->laddr, &key->laddr)) {
			s->used = now;
			return s;
		}
		if (!s->used || (oldest->used && time_before(s->used, oldest->used)))
			oldest = s;
	}
	if (!make)
		return NULL;
	*oldest = (struct server){
		.laddr = key->laddr, .raddr = key->raddr, .used = now, .cookie.len = -1,
	};
	return oldest;
}

/* @mss: only changed if it is known. */
static void recall(const struct sock *sk, struct xtcp_tfo_cookie *cookie, u16 *mss)
{
	struct xtcp_tfo_cache *c = READ_ONCE(xtcp_sk_net(sk)->tfo_cache);
	const struct server *s;

	cookie->len = 0;
	cookie->exp = false;
	if (!c)
		return;
	spin_lock_bh(&c->lock);
	s = find(c, &xtcp_sk(sk)->flow.key, false);
	if (s) {
		if (s->cookie.len > 0)
			*cookie = s->cookie;
		else
			cookie->exp = s->cookie.exp || s->try_exp == TRY_EXP;
		if (s->mss)
			*mss = s->mss;
	}
	spin_unlock_bh(&c->lock);
}

static void remember(const struct sock *sk, const struct xtcp_tfo_cookie *cookie,
		     u16 mss, u8 try_exp)
{
	struct xtcp_tfo_cache *c = READ_ONCE(xtcp_sk_net(sk)->tfo_cache);
	struct server *s;

	if (!c)
		return;
	spin_lock_bh(&c->lock);
	s = find(c, &xtcp_sk(sk)->flow.key, true);
	s->mss = mss;
	if (cookie->len > 0)
		s->cookie = *cookie;
	else if (try_exp > s->try_exp && s->cookie.len <= 0 && !s->cookie.exp)
		s->try_exp = try_exp;
	spin_unlock_bh(&c->lock);
}

/* ---- black holes --------------------------------------------------------- */

static void disable(struct xtcp_net *xn)
{
	if (!READ_ONCE(xn->tfo_blackhole_sec))
		return;
	WRITE_ONCE(xn->tfo_disabled_at, jiffies);
	smp_wmb();	/* whoever sees the number sees the time */
	atomic_inc(&xn->tfo_disabled);
	xtcp_count(xn, TFO_BLACKHOLE);
}

/* Is it too early to try again?  @again: the time is over, see how this one goes. */
static bool disabled(struct xtcp_net *xn, bool *again)
{
	u64 sec = READ_ONCE(xn->tfo_blackhole_sec);
	int times = atomic_read(&xn->tfo_disabled);
	u64 passed;

	*again = false;
	if (!sec || !times)
		return false;
	smp_rmb();	/* pairs with disable() */
	passed = jiffies - READ_ONCE(xn->tfo_disabled_at);
	if (passed < (sec << min(times - 1, BACKOFF_MAX)) * HZ)
		return true;
	*again = true;
	return false;
}

/**
 * xtcp_tfo_timeout - the retransmission timer of an active Fast Open fired
 * @sk: the socket, locked; the core knows about it already
 * @expired: it was the last time
 */
void xtcp_tfo_timeout(struct sock *sk, bool expired)
{
	u8 timeouts = xtcp_sk(sk)->tcb.retransmits + expired;

	xtcp_assert_locked(sk);
	if (timeouts != TIMEOUTS_SUSPECT && !(timeouts < TIMEOUTS_SUSPECT && expired))
		return;
	disable(xtcp_sk_net(sk));
	xtcp_count(xtcp_sk_net(sk), TFO_ACTIVE_FAIL);
}

/**
 * xtcp_tfo_suspect - a segment of an active Fast Open was not acceptable
 * @sk: the socket, locked
 * @seg: the segment; its verdict says why
 *
 * A RST behind text that never came, or a FIN behind our close, is what a middlebox
 * makes of a connection whose SYN it did not understand.
 */
void xtcp_tfo_suspect(struct sock *sk, const struct xtcp_segment *seg)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	xtcp_assert_locked(sk);
	if ((seg->verdict == XTCP_VERDICT_RST_REFUSED && t->state == XTCP_ESTABLISHED &&
	     xtcp_fastopen_silent(t)) ||
	    (seg->verdict == XTCP_VERDICT_CLOSED_RCV && seg->flags & XTCP_FIN))
		disable(xtcp_sk_net(sk));
}

/**
 * xtcp_tfo_closing - an active Fast Open ends
 * @sk: the socket, locked, its queues as they were
 */
void xtcp_tfo_closing(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	const struct rb_node *first = rb_first(&xs->tcb.ooo);

	xtcp_assert_locked(sk);
	if (xtcp_fastopen_silent(&xs->tcb)) {
		/* a FIN behind nothing */
		if (first && !rb_next(first) && xtcp_rb_seg(first)->flags & XTCP_FIN &&
		    !xtcp_seg_len(xtcp_rb_seg(first)))
			disable(xn);
	} else if (xs->tfo_again && atomic_read(&xn->tfo_disabled)) {
		if (!xtcp_route_is_local(sk))
			atomic_set(&xn->tfo_disabled, 0);
	}
	xs->tfo_sent = 0;
}

/* ---- connect ------------------------------------------------------------- */

/**
 * xtcp_tfo_no_cookie - do Fast Opens do without a cookie?
 * @sk: the client's socket, or the listener
 * @dst: the route to the peer, NULL: none
 * @who: XTCP_TFO_CLIENT_NO_COOKIE or XTCP_TFO_SERVER_NO_COOKIE
 *
 * Return: whether the namespace, the user or the route says so.
 */
bool xtcp_tfo_no_cookie(const struct sock *sk, const struct dst_entry *dst,
			unsigned int who)
{
	return READ_ONCE(xtcp_sk_net(sk)->fastopen) & who ||
	       xtcp_sk(sk)->tfo_no_cookie || xtcp_route_no_cookie(dst);
}

/*
 * What the SYN will be like.
 * Return: whether text may go with it.
 */
static bool choose(struct sock *sk, struct xtcp_tfo_cookie *cookie, u16 *mss)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool again;

	xs->tfo_mode = XTCP_TFO_PLAIN;
	cache_need(xtcp_sk_net(sk));
	recall(sk, cookie, mss);
	if (disabled(xtcp_sk_net(sk), &again))
		return false;
	xs->tfo_again = again;
	if (xtcp_tfo_no_cookie(sk, __sk_dst_get(sk), XTCP_TFO_CLIENT_NO_COOKIE))
		return true;
	if (cookie->len > 0) {
		xs->tfo_mode = XTCP_TFO_COOKIE;
		return true;
	}
	xs->tfo_mode = XTCP_TFO_REQUEST;
	xs->tfo_fail = FAIL_NO_COOKIE;
	return false;
}

/**
 * xtcp_tfo_defer - connect(): wait with the SYN for what shall go with it?
 * @sk: the socket, locked; TCP_FASTOPEN_CONNECT or MSG_FASTOPEN
 *
 * Return: true: no SYN before the first write.
 */
bool xtcp_tfo_defer(struct sock *sk)
{
	struct xtcp_tfo_cookie cookie;
	u16 mss;

	xtcp_assert_locked(sk);
	return xtcp_sk(sk)->tfo_now || choose(sk, &cookie, &mss);
}

/**
 * xtcp_tfo_prepare - the first write: what will the SYN be like?
 * @sk: the socket, locked, in SYN_SENT, no SYN sent
 *
 * Return: how much text may go with it, bytes.
 */
u32 xtcp_tfo_prepare(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct xtcp_tfo_cookie cookie;
	u16 mss = t->advmss;

	xtcp_assert_locked(sk);
	if (!choose(sk, &cookie, &mss))
		return 0;
	mss = min3(mss, t->mss_clamp, t->path_mss);
	if (mss <= SYN_OPTION_ROOM)
		return 0;
	return min_t(u32, mss - SYN_OPTION_ROOM, XTCP_SYN_DATA_MAX);
}

/**
 * xtcp_tfo_syn_option - the option of the first SYN
 * @sk: the socket, locked
 * @cookie: out: len -1: no option
 *
 * SYNs that are sent again are plain ones (RFC 7413 4.1.3).
 */
void xtcp_tfo_syn_option(struct sock *sk, struct xtcp_tfo_cookie *cookie)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool want = xs->tfo_mode == XTCP_TFO_COOKIE;
	u16 mss;

	xtcp_assert_locked(sk);
	recall(sk, cookie, &mss);
	/* another connection's needed the place */
	if (want && !cookie->len)
		xtcp_fastopen_without(&xs->tcb);
	xs->tfo_mode = XTCP_TFO_PLAIN;
	xs->tfo_sent = 1;
	xs->tfo_exp = cookie->exp;
}

/**
 * xtcp_tfo_synack - the answer to a SYN with text, or with the option
 * @sk: the socket, locked, just established
 * @seg: the SYN,ACK
 * @skb: its buffer
 */
void xtcp_tfo_synack(struct sock *sk, const struct xtcp_segment *seg,
		     const struct sk_buff *skb)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_tcb *t = &xs->tcb;
	u16 mss = xtcp_peer_mss(seg);
	struct xtcp_tfo_cookie cookie;
	u8 try_exp = TRY_RFC;

	xtcp_assert_locked(sk);
	xtcp_tfo_cookie_get(&cookie, skb, &seg->opt);
	if (!xs->tfo_sent)
		cookie.len = -1;	/* we did not ask */
	else if (cookie.len < 0 && !t->syn_data && !t->syn_again)
		try_exp = xs->tfo_exp ? TRY_BOTH_DONE : TRY_EXP;
	if (seg->flags & XTCP_SYN)
		remember(sk, &cookie, mss, try_exp);
	if (!t->syn_data)
		return;
	if (t->syn_data_acked) {
		xtcp_count(xn, TFO_ACTIVE);
		return;
	}
	xs->tfo_fail = t->syn_again ? FAIL_RETRANSMITTED : FAIL_NOT_ACKED;
	xtcp_fastopen_failed(t);
	xtcp_count(xn, RETRANS_SEGS);
	xtcp_count(xn, TFO_ACTIVE_FAIL);
}

/**
 * xtcp_tfo_cookie_get - the cookie of a SYN or SYN,ACK
 * @cookie: out: len 0: an empty option, -1: none
 * @skb: the segment; its TCP header is linear
 * @opt: its options
 */
void xtcp_tfo_cookie_get(struct xtcp_tfo_cookie *cookie, const struct sk_buff *skb,
			 const struct xtcp_options *opt)
{
	cookie->len = -1;
	cookie->exp = opt->has & XTCP_OPT_TFO_EXP;
	if (!(opt->has & XTCP_OPT_TFO))
		return;
	cookie->len = opt->tfo_len;
	memcpy(cookie->val, (const u8 *)tcp_hdr(skb) + sizeof(struct tcphdr) + opt->tfo_off,
	       opt->tfo_len);
}

void xtcp_tfo_netns_init(struct xtcp_net *xn)
{
	xn->fastopen = XTCP_TFO_CLIENT;
	atomic_set(&xn->tfo_disabled, 0);
}

/* No socket is left. */
void xtcp_tfo_netns_exit(struct xtcp_net *xn)
{
	struct xtcp_tfo_keys *keys = rcu_dereference_protected(xn->tfo_keys, true);

	kvfree(xn->tfo_cache);
	if (keys)
		kfree_rcu(keys, rcu);
}
