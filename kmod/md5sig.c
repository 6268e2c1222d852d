// SPDX-License-Identifier: GPL-2.0
/*
 * Signed segments (RFC 2385), as routers sign what their BGP says.
 *
 * A socket has keys, each for an address or a prefix, and the longest one that fits
 * its peer is that of the connection.  A listener's children have a copy of theirs, and
 * so has a TIME_WAIT entry; an entry in SYN_RECV has none, for it lives on the
 * listener's.
 *
 * Lists change under the socket's lock, by its user.  They are read under it, too, and
 * in RCU read sides: who verifies has no lock yet.  A key never changes.
 *
 * The core knows nothing of it but that segments have so much less room
 * (xtcp_mss_reserve()): the option is put in here, before those of the core as in
 * Linux, and the digest when all else of the segment is there.
 */
#include <linux/fips.h>
#include <linux/netdevice.h>
#include <linux/slab.h>
#include <net/l3mdev.h>
#include <net/sock.h>

#include "core/mss.h"
#include "md5_compat.h"
#include "md5sig.h"

#define OPTK_MD5SIG	19
#define OPTLEN_MD5SIG	(2 + MD5_DIGEST_SIZE)

/* Bits of an address before those of IPv4 in it. */
#define MAPPED_BITS	96

DEFINE_STATIC_KEY_FALSE(xtcp_md5_used);

/* ---- keys ---------------------------------------------------------------------------- */

/* Is @key for a peer's address, and does it fit better than @best?  As in Linux. */
static bool is_better(const struct xtcp_md5_key *key, const struct xtcp_md5_key *best,
		      const struct in6_addr *addr, u8 family, int l3index)
{
	if (key->family != family ||
	    (key->flags & TCP_MD5SIG_FLAG_IFINDEX && key->l3index != l3index) ||
	    !ipv6_prefix_equal(&key->addr, addr, key->prefixlen))
		return false;
	if (!best)
		return true;
	if (!key->l3index != !best->l3index)
		return key->l3index;
	return key->prefixlen > best->prefixlen;
}

static const struct xtcp_md5_key *find(const struct sock *sk, const struct in6_addr *addr,
				       int l3index)
{
	const struct xtcp_md5_key *key, *best = NULL;
	u8 family = xtcp_addr_family(addr);

	hlist_for_each_entry_rcu(key, &xtcp_sk(sk)->md5, node, lockdep_sock_is_held(sk))
		if (is_better(key, best, addr, family, l3index))
			best = key;
	return best;
}

/**
 * xtcp_md5_lookup - what is signed with
 * @sk: the socket of a connection, or a listener
 * @flow: the connection
 *
 * Context: RCU read side, or under the socket's lock: the key is good as long.
 *
 * Return: the key, NULL: none.
 */
const struct xtcp_md5_key *xtcp_md5_lookup(const struct sock *sk,
					   const struct xtcp_key *flow)
{
	int l3index = 0;

	if (!static_branch_unlikely(&xtcp_md5_used) || hlist_empty(&xtcp_sk(sk)->md5))
		return NULL;
	if (flow->dev)
		l3index = l3mdev_master_ifindex_by_index(sock_net(sk), flow->dev);
	return find(sk, &flow->raddr, l3index);
}

/**
 * xtcp_md5_reserve - what a connection has to sign may have changed
 * @sk: its socket, locked; its flow has the peer's address
 *
 * Return: whether segments have more or less room now: xtcp_sync_mss() has to follow.
 */
bool xtcp_md5_reserve(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool before = xs->tcb.host_option;

	xtcp_assert_locked(sk);
	xtcp_mss_reserve(&xs->tcb, xtcp_md5_lookup(sk, &xs->flow.key));
	return xs->tcb.host_option != before;
}

/* The same peers, not the same secret. */
static bool is_alike(const struct xtcp_md5_key *a, const struct xtcp_md5_key *b)
{
	return a->family == b->family && a->prefixlen == b->prefixlen &&
	       a->flags == b->flags && a->l3index == b->l3index &&
	       ipv6_addr_equal(&a->addr, &b->addr);
}

static struct xtcp_md5_key *find_alike(struct sock *sk, const struct xtcp_md5_key *like)
{
	struct xtcp_md5_key *key;

	sock_owned_by_me(sk);
	hlist_for_each_entry(key, &xtcp_sk(sk)->md5, node)
		if (is_alike(key, like))
			return key;
	return NULL;
}

static void free_rcu_cb(struct rcu_head *rcu)
{
	kfree_sensitive(container_of(rcu, struct xtcp_md5_key, rcu));
}

/* Off its list; who reads it just now still may. */
static void retire(struct sock *sk, struct xtcp_md5_key *key)
{
	atomic_sub(sizeof(*key), &sk->sk_omem_alloc);
	call_rcu(&key->rcu, free_rcu_cb);
}

/* Its memory counts as the socket's (net.core.optmem_max). */
static struct xtcp_md5_key *charge_dup(struct sock *sk, const struct xtcp_md5_key *key,
				       gfp_t gfp)
{
	struct xtcp_md5_key *own = sock_kmalloc(sk, sizeof(*own), gfp);

	if (!own)
		return NULL;
	*own = *key;
	INIT_HLIST_NODE(&own->node);
	return own;
}

static int add(struct sock *sk, const struct xtcp_md5_key *key)
{
	struct xtcp_md5_key *old = find_alike(sk, key), *own;
	int err;

	if (fips_enabled)
		return -EOPNOTSUPP;
	err = xtcp_md5_need();
	if (err)
		return err;
	own = charge_dup(sk, key, GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	if (!static_key_enabled(&xtcp_md5_used))
		static_branch_enable(&xtcp_md5_used);
	if (old) {
		hlist_replace_rcu(&old->node, &own->node);
		retire(sk, old);
	} else {
		hlist_add_head_rcu(&own->node, &xtcp_sk(sk)->md5);
	}
	return 0;
}

static int del(struct sock *sk, const struct xtcp_md5_key *key)
{
	struct xtcp_md5_key *old = find_alike(sk, key);

	if (!old)
		return -ENOENT;
	hlist_del_rcu(&old->node);
	retire(sk, old);
	return 0;
}

/* The address that a key is for, and how many bits of it count. */
static int parse_addr(struct xtcp_md5_key *key, const struct sock *sk, int optname,
		      const struct tcp_md5sig *cmd)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)&cmd->tcpm_addr;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)&cmd->tcpm_addr;
	unsigned int bits, before = 0;

	if (cmd->tcpm_addr.ss_family != sk->sk_family)
		return -EINVAL;
	if (sk->sk_family == AF_INET)
		xtcp_addr_set4(&key->addr, sin->sin_addr.s_addr);
	else
		key->addr = sin6->sin6_addr;
	key->family = xtcp_addr_family(&key->addr);
	if (key->family == AF_INET)
		before = MAPPED_BITS;
	bits = 128 - before;
	if (optname == TCP_MD5SIG_EXT && cmd->tcpm_flags & TCP_MD5SIG_FLAG_PREFIX) {
		if (cmd->tcpm_prefixlen > bits)
			return -EINVAL;
		bits = cmd->tcpm_prefixlen;
	}
	key->prefixlen = before + bits;
	return 0;
}

/* The VRF that a key is for. */
static int parse_l3index(struct xtcp_md5_key *key, const struct sock *sk, int optname,
			 const struct tcp_md5sig *cmd)
{
	struct net_device *dev;

	key->flags = cmd->tcpm_flags & TCP_MD5SIG_FLAG_IFINDEX;
	if (optname != TCP_MD5SIG_EXT || !key->flags || !cmd->tcpm_ifindex)
		return 0;
	rcu_read_lock();
	dev = dev_get_by_index_rcu(sock_net(sk), cmd->tcpm_ifindex);
	if (dev && netif_is_l3_master(dev))
		key->l3index = dev->ifindex;
	rcu_read_unlock();
	return key->l3index ? 0 : -EINVAL;
}

/* What the user wants to have, or not to have any more: a key without a secret. */
static int parse(struct xtcp_md5_key *key, const struct sock *sk, int optname,
		 const struct tcp_md5sig *cmd)
{
	int err;

	err = parse_addr(key, sk, optname, cmd);
	if (err)
		return err;
	err = parse_l3index(key, sk, optname, cmd);
	if (err)
		return err;
	if (cmd->tcpm_keylen > TCP_MD5SIG_MAXKEYLEN)
		return -EINVAL;
	key->len = cmd->tcpm_keylen;
	memcpy(key->secret, cmd->tcpm_key, key->len);
	return 0;
}

/**
 * xtcp_md5_set - TCP_MD5SIG, TCP_MD5SIG_EXT
 * @sk: the socket, locked by its user
 * @optname: which
 * @optval: a struct tcp_md5sig
 * @optlen: its length
 *
 * xtcp_md5_reserve() has to follow where there is a connection.
 *
 * Return: 0, or the errno of Linux's TCP; -ENOPROTOOPT where the kernel has no MD5.
 */
int xtcp_md5_set(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	struct xtcp_md5_key key = { };
	struct tcp_md5sig cmd;
	int err = -EFAULT;

	sock_owned_by_me(sk);
	if (optlen < sizeof(cmd))
		return -EINVAL;
	if (!copy_from_sockptr(&cmd, optval, sizeof(cmd)))
		err = parse(&key, sk, optname, &cmd);
	if (!err)
		err = key.len ? add(sk, &key) : del(sk, &key);
	memzero_explicit(&key, sizeof(key));
	memzero_explicit(&cmd, sizeof(cmd));
	return err;
}

/**
 * xtcp_md5_inherit - a child signs as its listener did
 * @child: it, which nobody else knows
 * @sk: the listener, locked
 * @flow: the connection
 *
 * As in Linux it has a key of its own, for its peer alone.
 *
 * Return: 0, -ENOMEM.
 */
int xtcp_md5_inherit(struct sock *child, const struct sock *sk, const struct xtcp_key *flow)
{
	const struct xtcp_md5_key *key = xtcp_md5_lookup(sk, flow);
	struct xtcp_md5_key *own;

	xtcp_assert_locked(sk);
	if (likely(!key))
		return 0;
	own = charge_dup(child, key, GFP_ATOMIC | __GFP_NOWARN);
	if (!own)
		return -ENOMEM;
	own->addr = flow->raddr;
	own->prefixlen = 128;
	hlist_add_head_rcu(&own->node, &xtcp_sk(child)->md5);
	xtcp_mss_reserve(&xtcp_sk(child)->tcb, true);
	return 0;
}

/**
 * xtcp_md5_clear - the keys of a socket go with it
 * @sk: the socket, which nobody can find any more
 */
void xtcp_md5_clear(struct sock *sk)
{
	struct xtcp_md5_key *key;
	struct hlist_node *next;

	hlist_for_each_entry_safe(key, next, &xtcp_sk(sk)->md5, node)
		sock_kzfree_s(sk, key, sizeof(*key));
	INIT_HLIST_HEAD(&xtcp_sk(sk)->md5);
}

/**
 * xtcp_md5_dup - a key for who is no socket
 * @key: it
 *
 * Context: any.
 *
 * Return: a copy, for xtcp_md5_free(); NULL without memory.
 */
struct xtcp_md5_key *xtcp_md5_dup(const struct xtcp_md5_key *key)
{
	return kmemdup(key, sizeof(*key), GFP_ATOMIC | __GFP_NOWARN);
}

/**
 * xtcp_md5_free - a copy is not needed any more
 * @key: of xtcp_md5_dup(); NULL: nothing to do
 */
void xtcp_md5_free(struct xtcp_md5_key *key)
{
	kfree_sensitive(key);
}

/* ---- signatures ---------------------------------------------------------------------- */

/* The pseudo-header, as it is in the checksum. */
static void add_pseudo(struct xtcp_md5_sum *sum, const struct in6_addr *saddr,
		       const struct in6_addr *daddr, unsigned int len)
{
	if (ipv6_addr_v4mapped(saddr)) {
		const struct {
			__be32	saddr, daddr;
			u8	zero, protocol;
			__be16	len;
		} v4 = {
			xtcp_addr_v4(saddr), xtcp_addr_v4(daddr), 0, IPPROTO_TCP,
			htons(len),
		};

		xtcp_md5_add(sum, &v4, sizeof(v4));
	} else {
		const struct {
			struct in6_addr	saddr, daddr;
			__be32		len, protocol;
		} v6 = { *saddr, *daddr, htonl(len), htonl(IPPROTO_TCP) };

		xtcp_md5_add(sum, &v6, sizeof(v6));
	}
}

/* The header has no options here, and its checksum is zero. */
static void add_header(struct xtcp_md5_sum *sum, const struct tcphdr *th)
{
	struct tcphdr h = *th;

	h.check = 0;
	xtcp_md5_add(sum, &h, sizeof(h));
}

static void add_payload(struct xtcp_md5_sum *sum, struct sk_buff *skb, unsigned int from)
{
	struct skb_seq_state state;
	unsigned int done = 0, len;
	const u8 *data;

	if (from >= skb->len)
		return;
	skb_prepare_seq_read(skb, from, skb->len, &state);
	while ((len = skb_seq_read(done, &data, &state))) {
		xtcp_md5_add(sum, data, len);
		done += len;
	}
}

/* RFC 2385 2.0: pseudo-header, header, text, key.  @skb: data at the TCP header. */
static void digest_of(struct sk_buff *skb, const struct in6_addr *saddr,
		      const struct in6_addr *daddr, const struct xtcp_md5_key *key,
		      u8 digest[MD5_DIGEST_SIZE])
{
	const struct tcphdr *th = tcp_hdr(skb);
	struct xtcp_md5_sum sum;

	xtcp_md5_begin(&sum);
	add_pseudo(&sum, saddr, daddr, skb->len);
	add_header(&sum, th);
	add_payload(&sum, skb, th->doff * 4);
	xtcp_md5_add(&sum, key->secret, key->len);
	xtcp_md5_end(&sum, digest);
}

/**
 * xtcp_md5_option - make room for a signature, before the other options
 * @h: header, which has XTCP_HOST_OPTION_LEN bytes of options less than fit
 */
void xtcp_md5_option(struct xtcp_header *h)
{
	BUILD_BUG_ON(XTCP_HOST_OPTION_LEN != 2 + OPTLEN_MD5SIG);
	DEBUG_NET_WARN_ON_ONCE(h->optlen > XTCP_OPT_MAX - XTCP_HOST_OPTION_LEN);
	memmove(h->opt + XTCP_HOST_OPTION_LEN, h->opt, h->optlen);
	h->optlen += XTCP_HOST_OPTION_LEN;
	xtcp_put32(h->opt, XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 |
			   OPTK_MD5SIG << 8 | OPTLEN_MD5SIG);
	memset(h->opt + 4, 0, MD5_DIGEST_SIZE);
}

/**
 * xtcp_md5_sign - sign a segment
 * @skb: one segment, data at its TCP header, of which xtcp_md5_option() had a share and
 *	 to which nothing but the checksum is added
 * @flow: its connection
 * @key: what to sign with
 */
void xtcp_md5_sign(struct sk_buff *skb, const struct xtcp_key *flow,
		   const struct xtcp_md5_key *key)
{
	u8 *option = (u8 *)(tcp_hdr(skb) + 1);

	DEBUG_NET_WARN_ON_ONCE(skb_is_gso(skb));
	digest_of(skb, &flow->laddr, &flow->raddr, key, option + 4);
}

/*
 * Where the signature of a segment is.
 * Return: false: the options are malformed, or there are two.
 */
static bool find_option(const struct sk_buff *skb, const u8 **digest)
{
	const struct tcphdr *th = tcp_hdr(skb);
	const u8 *p = (const u8 *)(th + 1);
	unsigned int left = th->doff * 4 - sizeof(*th);

	*digest = NULL;
	while (left && p[0] != XTCP_OPTK_EOL) {
		unsigned int len = 1;

		if (p[0] != XTCP_OPTK_NOP) {
			if (left < 2 || p[1] < 2 || p[1] > left)
				return false;
			len = p[1];
		}
		if (p[0] == OPTK_MD5SIG) {
			if (len != OPTLEN_MD5SIG || *digest)
				return false;
			*digest = p + 2;
		}
		p += len;
		left -= len;
	}
	return true;
}

/* In a time that does not tell where they differ. */
static bool is_same(const u8 *a, const u8 *b)
{
	unsigned int i, differ = 0;

	for (i = 0; i < MD5_DIGEST_SIZE; i++) {
		differ |= a[i] ^ b[i];
		OPTIMIZER_HIDE_VAR(differ);
	}
	return !differ;
}

/**
 * xtcp_md5_verify - is a segment signed with a key?
 * @key: the key; NULL: it may not be signed
 * @flow: what the segment says
 * @skb: the segment, well formed, data at its TCP header
 *
 * Return: XTCP_VERDICT_NONE, or why it is to be dropped.
 */
enum xtcp_verdict xtcp_md5_verify(const struct xtcp_md5_key *key, const struct xtcp_key *flow,
				  struct sk_buff *skb)
{
	u8 digest[MD5_DIGEST_SIZE];
	const u8 *seen;

	if (!find_option(skb, &seen))
		return XTCP_VERDICT_OPTION;
	if (!key)
		return seen ? XTCP_VERDICT_MD5_UNEXPECTED : XTCP_VERDICT_NONE;
	if (!seen)
		return XTCP_VERDICT_MD5_NOT_FOUND;
	digest_of(skb, &flow->raddr, &flow->laddr, key, digest);
	return is_same(digest, seen) ? XTCP_VERDICT_NONE : XTCP_VERDICT_MD5_FAILURE;
}

/* xtcp_md5_permit(), where it needs a look. */
enum xtcp_verdict __xtcp_md5_permit(const struct sock *sk, const struct xtcp_key *flow,
				    int dif, int sdif, struct sk_buff *skb)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "keys of a socket without RCU");
	/* as Linux: a VRF is known by the device that it came through */
	return xtcp_md5_verify(find(sk, &flow->raddr, sdif ? dif : 0), flow, skb);
}

/* No socket is left. */
void xtcp_md5_exit(void)
{
	xtcp_md5_forget();
}
