/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The table of ports, for those who enter into it: port_bind.c and
 * port_connect.c.  See the head of port.c.
 */
#ifndef XTCP_PORT_TABLE_H
#define XTCP_PORT_TABLE_H

#include <linux/lockdep.h>
#include <linux/rbtree.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "port/port.h"
#include "port/reserve.h"

/**
 * struct xtcp_port - a local address and port that is held
 * @node: link in the bucket, by @part and address
 * @part: namespace, VRF, and whether it is one that connect() chose and nobody bound
 * @net: namespace
 * @place: address, device, VRF
 * @num: port
 * @common: what all owners so far had (COMMON_* in port.c)
 * @fast: what all binders so far had when they asked for it (likewise)
 * @uid: user of the first owner; of all, while they have COMMON_GROUP
 * @refs: owners
 * @timewaits: owners that are TIME_WAIT entries
 * @listed: owners in @bound and @listening
 * @bound: sockets that are bound (sk_bind_node)
 * @listening: sockets that listen (sk_bind_node)
 * @rsv: keeps the kernel's TCP away
 */
struct xtcp_port {
	struct rb_node		node;
	u64			part;
	struct net		*net;
	struct xtcp_place	place;
	u16			num;
	u8			common;
	u8			fast;
	kuid_t			uid;
	refcount_t		refs;
	atomic_t		timewaits;
	unsigned int		listed;
	struct hlist_head	bound;
	struct hlist_head	listening;
	struct inet_timewait_sock rsv;
};

/* In xtcp_port.part: connect() chose it and nobody bound it. */
#define XTCP_PORT_AUTO_ONLY	0x1

/**
 * struct xtcp_claim - somebody who wants an address and port
 * @xs: the socket
 * @uid: its user
 * @reuse: it has SO_REUSEADDR
 * @group: it has SO_REUSEPORT, and no group yet
 * @share: SO_REUSEADDR counts: a certain port, or the second search for any
 * @join: SO_REUSEPORT counts: a certain port
 * @listen: to listen there
 */
struct xtcp_claim {
	struct xtcp_sock	*xs;
	kuid_t			uid;
	bool			reuse;
	bool			group;
	bool			share;
	bool			join;
	bool			listen;
};

/**
 * struct xtcp_port_bucket - ports with the same hash
 * @lock: see the head of port.c
 * @bound: how many of them are not auto_only
 * @wildcard: since there was none, one of them was at a wildcard
 * @vrf: since there was none, one of them was in a VRF
 * @unbound: since there was none, one of them was auto_only
 * @ports: them (xtcp_port.node)
 */
struct xtcp_port_bucket {
	spinlock_t		lock;
	unsigned int		bound : 29;
	unsigned int		wildcard : 1;
	unsigned int		vrf : 1;
	unsigned int		unbound : 1;
	struct rb_root		ports;
};

/**
 * struct xtcp_port_gap - where in a bucket's tree a port would be
 * @parent: below whom, NULL: nobody
 * @link: where the link to it is
 *
 * Good as long as the bucket stays locked.
 */
struct xtcp_port_gap {
	struct rb_node		*parent;
	struct rb_node		**link;
};

/**
 * struct xtcp_found - what there is where somebody wants to be
 * @beside: others that overlap, or might without VRFs
 * @gap: where it would be
 */
struct xtcp_found {
	bool			beside;
	struct xtcp_port_gap	gap;
};

struct xtcp_port_bucket *xtcp_port_bucket_of(const struct net *net, u16 num);
struct xtcp_port_bucket *xtcp_port_bucket(const struct xtcp_port *p);

struct xtcp_claim xtcp_claim_of(struct xtcp_sock *xs);

void xtcp_port_place(struct xtcp_port *p, struct sock *sk, const struct in6_addr *addr);
struct xtcp_port *xtcp_port_alloc(struct sock *sk, const struct in6_addr *addr);
void xtcp_port_free(struct xtcp_port *p);
void xtcp_port_release(struct xtcp_port *p);

bool xtcp_port_overlap(const struct xtcp_port *a, const struct xtcp_port *b);
bool xtcp_port_same(const struct xtcp_port *a, const struct xtcp_port *b);

/* These want the bucket locked. */
struct xtcp_port *xtcp_port_first(struct xtcp_port_bucket *b, const struct xtcp_port *like,
				  bool auto_only, const struct in6_addr *addr,
				  struct xtcp_port_gap *gap);
struct xtcp_port *xtcp_port_next(const struct xtcp_port *p, const struct in6_addr *addr);
struct xtcp_port *xtcp_port_find(struct xtcp_port_bucket *b, const struct xtcp_port *fresh,
				 const struct xtcp_claim *c, struct xtcp_found *found);
void xtcp_port_insert(struct xtcp_port *fresh, struct xtcp_port_bucket *b,
		      const struct xtcp_claim *c, const struct xtcp_port_gap *gap);
bool xtcp_port_is_alone(const struct xtcp_port *p);
void xtcp_port_account(struct xtcp_port *p, const struct xtcp_claim *c);
void xtcp_port_is_bound(struct xtcp_port *p);
void xtcp_port_set_listed(struct xtcp_sock *xs, struct hlist_head *list);

void xtcp_port_set_num(struct xtcp_sock *xs, u16 num);

#endif /* XTCP_PORT_TABLE_H */
