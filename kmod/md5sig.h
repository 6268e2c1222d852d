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
enum xtcp_verdict xtcp_md5_verify(const struct xtcp_md5_key *key, const struct xtcp_key *flow,
				  struct sk_buff *skb);
enum xtcp_verdict __xtcp_md5_permit(const struct sock *sk, const struct xtcp_key *flow,
				    int dif, int sdif, struct sk_buff *skb);
void xtcp_md5_exit(void);

/*
 * Its options are none or timestamps, as those of bulk segments, or all that Linux and we
 * offer in a SYN, in that order: no signature.
 */
static inline bool xtcp_md5_is_plain(const struct sk_buff *skb)
{
	const struct tcphdr *th = tcp_hdr(skb);
	const u8 *opt = (const u8 *)(th + 1);

	if (th->doff == sizeof(*th) / 4)
		return true;
	if (th->doff == (sizeof(*th) + XTCP_OPT_TS_ALIGNED) / 4)
		return xtcp_get32(opt) == (XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 |
					   XTCP_OPTK_TS << 8 | 10);
	return th->doff == (sizeof(*th) + 20) / 4 &&
	       xtcp_get32(opt) >> 16 == (XTCP_OPTK_MSS << 8 | 4) &&
	       xtcp_get32(opt + 4) == (XTCP_OPTK_SACK_PERM << 24 | 2 << 16 |
				       XTCP_OPTK_TS << 8 | 10) &&
	       xtcp_get32(opt + 16) >> 8 == (XTCP_OPTK_NOP << 16 | XTCP_OPTK_WSCALE << 8 | 3);
}

/**
 * xtcp_md5_permit - has a segment the signature that a socket wants, or wants none?
 * @sk: who will get it
 * @flow: what the segment says
 * @dif: interface that it came in on
 * @sdif: interface that is enslaved to a VRF, 0: none
 * @skb: the segment, well formed, data at its TCP header
 *
 * Context: RCU read side.
 *
 * Return: XTCP_VERDICT_NONE, or why not.
 */
static inline enum xtcp_verdict xtcp_md5_permit(const struct sock *sk,
						const struct xtcp_key *flow, int dif,
						int sdif, struct sk_buff *skb)
{
	if (likely(xtcp_md5_is_plain(skb)) &&
	    !(static_branch_unlikely(&xtcp_md5_used) && !hlist_empty(&xtcp_sk(sk)->md5)))
		return XTCP_VERDICT_NONE;
	return __xtcp_md5_permit(sk, flow, dif, sdif, skb);
}

#endif /* XTCP_MD5SIG_H */
