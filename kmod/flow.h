/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow is what a segment can belong to: a socket, a SYN_RECV entry or a
 * TIME_WAIT entry.  All three begin with struct xtcp_flow and live in one
 * table, so one lookup finds the owner.
 */
#ifndef XTCP_FLOW_H
#define XTCP_FLOW_H

#include <linux/in6.h>
#include <linux/refcount.h>
#include <linux/rhashtable-types.h>
#include <linux/types.h>
#include <net/ipv6.h>
#include <net/net_debug.h>

struct xtcp_net;

/**
 * struct xtcp_marks - what a connection's packets are told by from others, on their way
 * @mark: routing mark (SO_MARK)
 * @hash: which of equal ways they take, and the flow label if nobody has chosen one
 *	  (sk_txhash)
 * @label: flow label of IPv6, 0: nobody has chosen one
 */
struct xtcp_marks {
	u32	mark;
	u32	hash;
	__be32	label;
};

enum xtcp_kind {
	XTCP_KIND_SOCK,		/* struct xtcp_sock */
	XTCP_KIND_REQ,		/* struct xtcp_req */
	XTCP_KIND_TW,		/* struct xtcp_tw */
	XTCP_KIND_NR
};

/**
 * struct xtcp_key - what distinguishes connections
 * @xn: namespace; its salt is part of every hash of a key
 * @dev: device that the connection was bound to when it began, 0: none.  VRFs may have
 *	 the same addresses.
 * @laddr: our address; IPv4 is kept mapped, ::ffff:a.b.c.d
 * @raddr: the peer's
 * @lport: our port
 * @rport: the peer's
 */
struct xtcp_key {
	struct xtcp_net		*xn;
	struct in6_addr		laddr;
	struct in6_addr		raddr;
	__be16			lport;
	__be16			rport;
	int			dev;
};

/**
 * struct xtcp_flow - head of everything in the connection table
 * @rhash: link in the table
 * @key: constant while it is in the table
 * @refcnt: references; of a socket, sk_refcnt counts instead
 * @kind: enum xtcp_kind
 * @is_special: an entry in SYN_RECV is the first part of a struct xtcp_req_special
 * @sock_family: AF_INET or AF_INET6: what its socket is, or was
 * @state: enum xtcp_state of an entry; of a socket, its TCB has the state
 * @family: AF_INET or AF_INET6: what its segments look like (ip/af.h)
 * @hashed: it is in the table; under the owner's lock
 *
 * Entries are freed to SLAB_TYPESAFE_BY_RCU caches: a reader takes a reference
 * (xtcp_flow_get()) and compares the key again.  It may be a reader of the entry that
 * the memory was before, so the count is published once, when all else is there
 * (xtcp_flow_publish()), and from then on only taken and put.  Sockets are freed
 * after a grace period (SOCK_RCU_FREE): a reader in softirq needs no
 * reference, locks, and looks at the state.
 */
struct xtcp_flow {
	struct rhash_head	rhash;
	struct xtcp_key		key;
	refcount_t		refcnt;
	u8			kind : 2;
	u8			is_special : 1;
	u8			sock_family : 5;
	u8			state;
	u8			family;
	bool			hashed;
};

/**
 * xtcp_flow_publish - a new entry has all that a reader looks at
 * @flow: the entry, in no table yet
 * @refs: references that its maker and its future holders will put
 *
 * The last thing that is done to it before others can have it: somebody who found
 * what the memory was before may take a reference from here on, and put it again.
 */
static inline void xtcp_flow_publish(struct xtcp_flow *flow, int refs)
{
	DEBUG_NET_WARN_ON_ONCE(flow->hashed);
	/* with xtcp_flow_get(): who sees the count sees the entry */
	atomic_set_release(&flow->refcnt.refs, refs);
}

/**
 * xtcp_key_same_ends - are two keys alike, but for the device?
 * @a: one
 * @b: the other
 */
static inline bool xtcp_key_same_ends(const struct xtcp_key *a, const struct xtcp_key *b)
{
	return a->lport == b->lport && a->rport == b->rport && a->xn == b->xn &&
	       ipv6_addr_equal(&a->raddr, &b->raddr) &&
	       ipv6_addr_equal(&a->laddr, &b->laddr);
}

/**
 * xtcp_key_equal - do two keys name the same connection?
 * @a: one
 * @b: the other
 */
static inline bool xtcp_key_equal(const struct xtcp_key *a, const struct xtcp_key *b)
{
	return a->dev == b->dev && xtcp_key_same_ends(a, b);
}

/* IPv4 addresses in keys. */
static inline void xtcp_addr_set4(struct in6_addr *a, __be32 v4)
{
	ipv6_addr_set_v4mapped(v4, a);
}

static inline __be32 xtcp_addr_v4(const struct in6_addr *a)
{
	return a->s6_addr32[3];
}

/* What an address is of: AF_INET or AF_INET6. */
static inline u8 xtcp_addr_family(const struct in6_addr *a)
{
	return ipv6_addr_v4mapped(a) ? AF_INET : AF_INET6;
}

/* 0.0.0.0 or :: */
static inline bool xtcp_addr_any(const struct in6_addr *a)
{
	return ipv6_addr_any(a) ||
	       (ipv6_addr_v4mapped(a) && !xtcp_addr_v4(a));
}

/* 127.0.0.0/8 or ::1 */
static inline bool xtcp_addr_loopback(const struct in6_addr *a)
{
	return ipv6_addr_loopback(a) || ipv6_addr_v4mapped_loopback(a);
}

#endif /* XTCP_FLOW_H */
