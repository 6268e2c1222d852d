/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Signed segments (RFC 2385): keys of sockets, the option, and who has to have one.
 */
#ifndef XTCP_MD5SIG_H
#define XTCP_MD5SIG_H

#include <linux/jump_label.h>
#include <linux/sockptr.h>
#include <linux/tcp.h>

#include "core/compose.h"
#include "sock.h"

/**
 * struct xtcp_md5_key - what is signed with, between us and some peers
 * @node: link in xtcp_sock.md5
 * @rcu: frees it
 * @addr: their address, IPv4 mapped as in struct xtcp_key
 * @l3index: VRF that they are in; only with TCP_MD5SIG_FLAG_IFINDEX in @flags
 * @family: of @addr, AF_INET or AF_INET6
 * @prefixlen: bits of @addr that count, those of the mapping included
 * @flags: TCP_MD5SIG_FLAG_IFINDEX
 * @len: length of @secret, bytes
 * @secret: the password
 *
 * Constant while it is in a list: another key takes its place.
 */
struct xtcp_md5_key {
	struct hlist_node	node;
	struct rcu_head		rcu;
	struct in6_addr		addr;
	int			l3index;
	u8			family;
	u8			prefixlen;
	u8			flags;
	u8			len;
	u8			secret[TCP_MD5SIG_MAXKEYLEN];
};

/* Some socket has had a key, since the module was loaded. */
DECLARE_STATIC_KEY_FALSE(xtcp_md5_used);

int xtcp_md5_set(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen);
bool xtcp_md5_reserve(struct sock *sk);
const struct xtcp_md5_key *xtcp_md5_lookup(const struct sock *sk,
					   const struct xtcp_key *flow);
int xtcp_md5_inherit(struct sock *child, const struct sock *sk,
		     const struct xtcp_key *flow);
void xtcp_md5_clear(struct sock *sk);

struct xtcp_md5_key *xtcp_md5_dup(const struct xtcp_md5_key *key);
void xtcp_md5_free(struct xtcp_md5_key *key);

void xtcp_md5_option(struct xtcp_header *h);
void xtcp_md5_sign(struct sk_buff *skb, const struct xtcp_key *flow,
		   const struct xtcp_md5_key *key);
enum xtcp_drop xtcp_md5_verify(const struct xtcp_md5_key *key, const struct xtcp_key *flow,
			       struct sk_buff *skb);
enum xtcp_drop __xtcp_md5_permit(const struct sock *sk, const struct xtcp_key *flow,
				 int dif, int sdif, struct sk_buff *skb);
void xtcp_md5_exit(void);

/**
 * xtcp_md5_permit - has a segment the signature that a socket wants?
 * @sk: who will get it
 * @flow: what the segment says
 * @dif: interface that it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 * @skb: the segment, well formed, data at its TCP header
 *
 * While nobody on this host has a key, xtcp_md5_unexpected() is asked when its options are
 * looked at, and this is free.
 *
 * Context: RCU read side.
 *
 * Return: XTCP_DROP_NONE, or why not.
 */
static inline enum xtcp_drop xtcp_md5_permit(const struct sock *sk,
					     const struct xtcp_key *flow, int dif, int sdif,
					     struct sk_buff *skb)
{
	if (static_branch_unlikely(&xtcp_md5_used))
		return __xtcp_md5_permit(sk, flow, dif, sdif, skb);
	return XTCP_DROP_NONE;
}

/* Has it a signature that nobody wants?  Of a segment with other options than timestamps. */
static inline enum xtcp_drop xtcp_md5_unexpected(struct sk_buff *skb)
{
	if (static_branch_unlikely(&xtcp_md5_used))
		return XTCP_DROP_NONE;
	return xtcp_md5_verify(NULL, NULL, skb);
}

#endif /* XTCP_MD5SIG_H */
