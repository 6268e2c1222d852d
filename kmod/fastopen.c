// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open, the server: cookies, and how many children may be pending.
 *
 * A SYN with a good cookie makes a child at once (listen.c), which is pending
 * until the SYN,ACK is ACKed: whoever sent the SYN has shown before that it
 * receives what goes to its address, but perhaps not now.  So their number is
 * limited per listener, by an object of its own that the listener and each
 * pending child hold: a child ends without its listener's lock.
 */
#include <linux/slab.h>
#include <net/tcp.h>

#include "compat.h"
#include "fastopen.h"
#include "ip/route.h"

/* How long a child that was reset counts as pending, at least. */
#define RESET_MEMORY	(60 * HZ)

static struct xtcp_tfo_queue *queue_of(const struct sock *sk)
{
	const struct xtcp_listener *l = xtcp_listener(sk);

	return l ? l->tfo : NULL;
}

/* Keys and cookies are little-endian words, at any address. */
static u64 get_le64(const u8 *p)
{
	__le64 word;

	memcpy(&word, p, sizeof(word));
	return le64_to_cpu(word);
}

static void put_le64(u64 value, u8 *p)
{
	__le64 word = cpu_to_le64(value);

	memcpy(p, &word, sizeof(word));
}

/* ---- keys ---------------------------------------------------------------- */

static void keys_set(struct xtcp_tfo_keys *keys, const u8 *key, unsigned int nr)
{
	unsigned int i, word;

	keys->nr = nr;
	for (i = 0; i < nr; i++) {
		for (word = 0; word < 2; word++, key += sizeof(__le64))
			keys->key[i].key[word] = get_le64(key);
	}
}

static unsigned int keys_get(const struct xtcp_tfo_keys *keys, u8 *to)
{
	unsigned int i, word;

	for (i = 0; i < keys->nr; i++) {
		for (word = 0; word < 2; word++, to += sizeof(__le64))
			put_le64(keys->key[i].key[word], to);
	}
	return keys->nr;
}

/**
 * xtcp_tfo_netns_keys - net.xtcp.fastopen_key was written
 * @xn: namespace
 * @key: @nr keys of XTCP_TFO_KEY_LEN bytes; NULL: a random one, unless there is one
 * @nr: how many
 *
 * Context: process.
 */
void xtcp_tfo_netns_keys(struct xtcp_net *xn, const u8 *key, unsigned int nr)
{
	struct xtcp_tfo_keys *keys, *old = NULL;
	u8 random[XTCP_TFO_KEY_LEN];

	if (!key && rcu_access_pointer(xn->tfo_keys))
		return;
	keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	if (!keys)
		return;
	if (!key) {
		get_random_bytes(random, sizeof(random));
		key = random;
		nr = 1;
	}
	keys_set(keys, key, nr);
	old = unrcu_pointer(xchg(&xn->tfo_keys, RCU_INITIALIZER(keys)));
	if (old)
		kfree_rcu(old, rcu);
}

/**
 * xtcp_tfo_netns_get_keys - the namespace's keys
 * @xn: namespace
 * @to: room for XTCP_TFO_KEYS of them
 *
 * Return: how many.
 */
unsigned int xtcp_tfo_netns_get_keys(struct xtcp_net *xn, u8 *to)
{
	const struct xtcp_tfo_keys *keys;
	unsigned int nr = 0;

	rcu_read_lock();
	keys = rcu_dereference(xn->tfo_keys);
	if (keys)
		nr = keys_get(keys, to);
	rcu_read_unlock();
	return nr;
}

/*
 * A cookie, as Linux makes it, so that servers of both kinds can share a key:
 * SipHash of the client's address and ours.  Under rcu_read_lock().
 */
static void make_cookie(struct xtcp_tfo_cookie *cookie, const struct xtcp_key *key,
			const siphash_key_t *secret)
{
	u64 hash;

	if (ipv6_addr_v4mapped(&key->raddr)) {
		const __be32 addr[2] = {
			xtcp_addr_v4(&key->raddr), xtcp_addr_v4(&key->laddr),
		};

		hash = siphash(addr, sizeof(addr), secret);
	} else {
		const struct in6_addr addr[2] = { key->raddr, key->laddr };

		hash = siphash(addr, sizeof(addr), secret);
	}
	put_le64(hash, cookie->val);
	cookie->len = XTCP_TFO_COOKIE_LEN;
}

/* Keys of the listener, or of its namespace.  Under rcu_read_lock(). */
static const struct xtcp_tfo_keys *keys_of(const struct sock *sk)
{
	const struct xtcp_tfo_queue *q = queue_of(sk);

	if (q && q->keys.nr)
		return &q->keys;
	return rcu_dereference(xtcp_sk_net(sk)->tfo_keys);
}

/*
 * Which key made @cookie?  @good: the cookie of the first key.
 * Return: its number from 1, 0: none.
 */
static unsigned int check_cookie(const struct sock *sk, const struct xtcp_key *key,
				 const struct xtcp_tfo_cookie *cookie,
				 struct xtcp_tfo_cookie *good)
{
	const struct xtcp_tfo_keys *keys;
	struct xtcp_tfo_cookie made;
	unsigned int i, found = 0;

	rcu_read_lock();
	keys = keys_of(sk);
	for (i = 0; keys && i < keys->nr && !found; i++) {
		make_cookie(&made, key, &keys->key[i]);
		if (!i)
			*good = made;
		/* one comparison, whose time tells nothing */
		if (cookie->len == XTCP_TFO_COOKIE_LEN &&
		    get_le64(cookie->val) == get_le64(made.val))
			found = i + 1;
	}
	rcu_read_unlock();
	return found;
}

/* ---- the queue ----------------------------------------------------------- */

/* The queue of a socket that listens or will, made if there is none. */
static struct xtcp_tfo_queue *queue_need(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_listener_need(sk);
	struct xtcp_tfo_queue *q;

	if (!l || l->tfo)
		return l ? l->tfo : NULL;
	q = kzalloc(sizeof(*q), GFP_KERNEL_ACCOUNT);
	if (!q)
		return NULL;
	refcount_set(&q->refs, 1);
	spin_lock_init(&q->lock);
	q->minute = jiffies;
	l->tfo = q;
	return q;
}

/**
 * xtcp_tfo_set_queue - TCP_FASTOPEN
 * @sk: the socket, locked, in CLOSE or LISTEN
 * @max: most pending children, 0: no Fast Open
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_tfo_set_queue(struct sock *sk, int max)
{
	struct xtcp_tfo_queue *q = queue_need(sk);

	xtcp_assert_locked(sk);
	if (!q)
		return -ENOMEM;
	xtcp_tfo_netns_keys(xtcp_sk_net(sk), NULL, 0);
	WRITE_ONCE(q->max, min(max, READ_ONCE(sock_net(sk)->core.sysctl_somaxconn)));
	return 0;
}

/**
 * xtcp_tfo_get_queue - TCP_FASTOPEN, reading
 * @sk: the socket, locked
 *
 * Return: most pending children.
 */
int xtcp_tfo_get_queue(const struct sock *sk)
{
	const struct xtcp_tfo_queue *q = queue_of(sk);

	xtcp_assert_locked(sk);
	return q ? q->max : 0;
}

/**
 * xtcp_tfo_set_keys - TCP_FASTOPEN_KEY
 * @sk: the socket, locked
 * @optval: one key or two
 * @optlen: their length, bytes
 *
 * Return: 0, -EINVAL, -EFAULT, -ENOMEM.
 */
int xtcp_tfo_set_keys(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	u8 key[XTCP_TFO_KEYS * XTCP_TFO_KEY_LEN];
	struct xtcp_tfo_queue *q;

	xtcp_assert_locked(sk);
	if (optlen != XTCP_TFO_KEY_LEN && optlen != sizeof(key))
		return -EINVAL;
	if (copy_from_sockptr(key, optval, optlen))
		return -EFAULT;
	if (!((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		return -EINVAL;
	q = queue_need(sk);
	if (!q)
		return -ENOMEM;
	keys_set(&q->keys, key, optlen / XTCP_TFO_KEY_LEN);
	return 0;
}

/**
 * xtcp_tfo_get_keys - TCP_FASTOPEN_KEY, reading: the socket's own, as Linux
 * @sk: the socket, locked
 * @to: room for XTCP_TFO_KEYS of them
 *
 * Return: how many.
 */
unsigned int xtcp_tfo_get_keys(const struct sock *sk, u8 *to)
{
	const struct xtcp_tfo_queue *q = queue_of(sk);

	xtcp_assert_locked(sk);
	return q ? keys_get(&q->keys, to) : 0;
}

/* Children that were reset a while ago do not count any more. */
static void forget_resets(struct xtcp_tfo_queue *q)
{
	unsigned long passed = jiffies - q->minute;

	if (passed < RESET_MEMORY)
		return;
	q->resets[1] = passed < 2 * RESET_MEMORY ? q->resets[0] : 0;
	q->resets[0] = 0;
	q->minute = jiffies;
}

/* Is there a place for one more? */
static bool queue_has_room(struct xtcp_net *xn, struct xtcp_tfo_queue *q)
{
	unsigned int used;

	if (!q || !READ_ONCE(q->max))
		return false;
	spin_lock_bh(&q->lock);
	forget_resets(q);
	used = atomic_read(&q->pending) + q->resets[0] + q->resets[1];
	spin_unlock_bh(&q->lock);
	if (used < READ_ONCE(q->max))
		return true;
	xtcp_count(xn, TFO_LISTEN_OVERFLOW);
	return false;
}

/**
 * xtcp_tfo_try - a SYN has text, or an option of Fast Open
 * @sk: the listener, locked
 * @key: the connection
 * @skb: the SYN, data at the TCP header
 * @syn: the same, parsed
 * @dst: the route back
 * @answer: out: the cookie that the SYN,ACK shall carry; len -1: none
 *
 * RFC 7413 4.2.2.
 *
 * Return: whether it makes a child now.
 */
bool xtcp_tfo_try(struct sock *sk, const struct xtcp_key *key,
		  const struct sk_buff *skb, const struct xtcp_segment *syn,
		  const struct dst_entry *dst, struct xtcp_tfo_cookie *answer)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);
	struct xtcp_tfo_cookie cookie, good = { .len = -1 };
	unsigned int which;

	xtcp_assert_locked(sk);
	answer->len = -1;
	xtcp_tfo_cookie_get(&cookie, skb, &syn->opt);
	if (!cookie.len)
		xtcp_count(xn, TFO_COOKIE_REQUESTED);
	if (!(READ_ONCE(xn->fastopen) & XTCP_TFO_SERVER) ||
	    (!syn->len && cookie.len < 0) || !queue_has_room(xn, queue_of(sk)))
		return false;
	if (xtcp_tfo_no_cookie(sk, dst, XTCP_TFO_SERVER_NO_COOKIE))
		return true;
	if (cookie.len < 0)
		return false;
	which = check_cookie(sk, key, &cookie, &good);
	good.exp = cookie.exp;
	if (which == 1)
		return true;
	*answer = good;
	if (!which) {
		if (cookie.len)
			xtcp_count(xn, TFO_PASSIVE_FAIL);
		return false;
	}
	xtcp_count(xn, TFO_PASSIVE_ALT_KEY);
	return true;
}

/**
 * xtcp_tfo_listen - listen(): Fast Open for every listener, if so configured
 * @sk: the socket, locked, with room for what a listener has
 * @backlog: of listen()
 */
void xtcp_tfo_listen(struct sock *sk, int backlog)
{
	const int both = XTCP_TFO_SERVER | XTCP_TFO_SERVER_ALWAYS;

	xtcp_assert_locked(sk);
	if ((READ_ONCE(xtcp_sk_net(sk)->fastopen) & both) == both &&
	    !xtcp_tfo_get_queue(sk))
		xtcp_tfo_set_queue(sk, backlog);	/* without memory, without it */
}

/* ---- children ------------------------------------------------------------ */

/**
 * xtcp_tfo_adopt - a child is pending now
 * @child: it; nobody else knows it
 * @sk: its listener, locked; xtcp_tfo_try() said yes
 * @skb: the SYN
 * @answer: cookie for the SYN,ACK
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_tfo_adopt(struct sock *child, struct sock *sk, const struct sk_buff *skb,
		   const struct xtcp_tfo_cookie *answer)
{
	struct xtcp_tfo_queue *q = queue_of(sk);
	struct xtcp_opening *o = xtcp_opening_alloc(sk, skb);

	xtcp_assert_locked(sk);
	if (!o)
		return -ENOMEM;
	refcount_inc(&q->refs);
	atomic_inc(&q->pending);
	o->queue = q;
	o->answer = *answer;
	xtcp_sk(child)->opening = o;
	xtcp_sk(child)->has_opening = 1;
	xtcp_sk(child)->tfo_pending = 1;
	return 0;
}

/**
 * xtcp_tfo_complete - a child is pending no longer
 * @child: it, locked, or nobody else knows it
 * @reset: a RST ended it
 */
void xtcp_tfo_complete(struct sock *child, bool reset)
{
	struct xtcp_opening *o = xtcp_sk(child)->opening;
	struct xtcp_tfo_queue *q = o->queue;

	if (reset) {
		spin_lock_bh(&q->lock);
		forget_resets(q);
		q->resets[0]++;
		spin_unlock_bh(&q->lock);
	}
	atomic_dec(&q->pending);
	xtcp_tfo_queue_put(q);
	o->queue = NULL;
	xtcp_sk(child)->tfo_pending = 0;
	if (!o->syn_len)
		xtcp_opening_free(child);
}
