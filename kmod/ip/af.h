/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IPv4 and IPv6.
 *
 * A flow says which of the two its segments are (xtcp_flow.family), not its socket: one of
 * AF_INET6 speaks IPv4 with a peer whose address is mapped (RFC 4291 2.5.5.2).  What
 * differs is in struct xtcp_af, whose tables are ip4.c and ip6.c (ip.h chooses one), and
 * in the functions below that look into a packet.
 */
#ifndef XTCP_AF_H
#define XTCP_AF_H

#include <linux/ip.h>
#include <linux/ipv6.h>
#include <net/dsfield.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>

#include "compat.h"
#include "sock.h"

/**
 * struct xtcp_af - what IPv4 and IPv6 do differently
 * @header_len: of the IP header without options, bytes
 * @mtu_min: what every path takes, bytes
 * @mss_default: of a peer that does not say its own, bytes (RFC 9293 3.7.1)
 * @gso_type: of large buffers
 * @route: find the way of a socket, that is locked or that nobody else has yet, to a
 *	   peer.  Its own address is chosen if it has none; the any-address in @raddr
 *	   becomes the one that is meant.  Return: a reference, or ERR_PTR of routing's
 *	   error.
 * @route_back: find the way back to a peer, for a segment without a socket of its own.
 *		@sk: whose settings count; @answer: it goes back to who just spoke to us.
 *		Return: a reference, or ERR_PTR
 * @reply: a segment without a socket of its own, from its TCP header on, goes to IP;
 *	   mark, hash, priority and route are the buffer's.  @tos: with ECN.  @label: the
 *	   flow label, where there are any.  Return: what IP said; the buffer is consumed
 * @option_len: of the IP options or extension headers that a socket sends, bytes
 * @set_ends: a socket that nobody else uses gets its addresses and ports
 * @kernel_knows: does the kernel's TCP have this connection, in TIME_WAIT or otherwise?
 * @kernel_listens: who of the kernel's TCP listens there, without a reference
 * @reply_mark: what a reply is marked with; 0: nothing says
 * @request: what security modules see of a connection that is asked for
 * @request_done: what they left in it goes
 * @takes_mtu: does the user let the network say what the path takes?
 * @heeds_mtu: do the socket's segments shrink then?
 * @df: may its packets not be fragmented on the way?  @dst: their route
 * @recverr: does the user want its errors at once (IP_RECVERR, IPV6_RECVERR)?
 * @tos: of a socket's packets, without ECN
 * @set_tos: the same, to be set
 */
struct xtcp_af {
	u16			header_len;
	u16			mtu_min;
	u16			mss_default;
	int			gso_type;
	struct dst_entry	*(*route)(struct sock *sk, struct in6_addr *raddr, __be16 rport);
	struct dst_entry	*(*route_back)(struct sock *sk, const struct xtcp_key *key,
					       const struct xtcp_marks *marks, bool answer);
	int			(*reply)(struct sock *sk, struct sk_buff *skb,
					 const struct xtcp_key *key, u8 tos, __be32 label);
	u32			(*option_len)(const struct sock *sk);
	void			(*set_ends)(struct sock *sk, const struct xtcp_key *key);
	bool			(*kernel_knows)(const struct xtcp_key *key, int dif, int sdif);
	const struct sock	*(*kernel_listens)(const struct xtcp_key *key, int dif,
						   int sdif);
	u32			(*reply_mark)(struct net *net, u32 mark);
	void			(*request)(struct inet_request_sock *ireq,
					   const struct xtcp_key *key);
	void			(*request_done)(struct inet_request_sock *ireq,
						struct sock *sk);
	bool			(*takes_mtu)(const struct sock *sk);
	bool			(*heeds_mtu)(const struct sock *sk);
	bool			(*df)(const struct sock *sk, const struct dst_entry *dst);
	bool			(*recverr)(const struct sock *sk);
	u8			(*tos)(const struct sock *sk);
	void			(*set_tos)(struct sock *sk, u8 tos);
};

static inline bool xtcp_family_is6(u8 family)
{
	return IS_ENABLED(CONFIG_IPV6) && unlikely(family == AF_INET6);
}

/* What a connection's segments are: AF_INET or AF_INET6. */
static inline u8 xtcp_key_family(const struct xtcp_key *key)
{
	return xtcp_addr_family(&key->raddr);
}

/* ---- packets ---- */

static inline u8 xtcp_skb_family(const struct sk_buff *skb)
{
	return IS_ENABLED(CONFIG_IPV6) && unlikely(skb->protocol == htons(ETH_P_IPV6)) ?
	       AF_INET6 : AF_INET;
}

static inline bool xtcp_skb_is6(const struct sk_buff *skb)
{
	return xtcp_family_is6(xtcp_skb_family(skb));
}

/* Its DS field and ECN bits (RFC 2474, 3168). */
static inline u8 xtcp_skb_tos(const struct sk_buff *skb)
{
	return xtcp_skb_is6(skb) ? ipv6_get_dsfield(ipv6_hdr(skb)) : ip_hdr(skb)->tos;
}

/* Its hop limit, or TTL: RFC 5082 wants to know from how near it comes. */
static inline u8 xtcp_skb_hop_limit(const struct sk_buff *skb)
{
	return xtcp_skb_is6(skb) ? ipv6_hdr(skb)->hop_limit : ip_hdr(skb)->ttl;
}

/* The interface that it came in on, or the VRF that this belongs to. */
static inline int xtcp_skb_dif(const struct sk_buff *skb)
{
	return xtcp_skb_is6(skb) ? inet6_iif(skb) : inet_iif(skb);
}

/* The interface that is enslaved to a VRF, 0: none. */
static inline int xtcp_skb_sdif(const struct sk_buff *skb)
{
	return xtcp_skb_is6(skb) ? inet6_sdif(skb) : inet_sdif(skb);
}

/* Its checksum is right, as far as the device did not look (RFC 9293 MUST-3). */
static inline bool xtcp_skb_csum_ok(struct sk_buff *skb)
{
	__sum16 wrong;

	if (xtcp_skb_is6(skb))
		wrong = skb_checksum_init(skb, IPPROTO_TCP, ip6_compute_pseudo);
	else
		wrong = skb_checksum_init(skb, IPPROTO_TCP, inet_compute_pseudo);
	return !wrong && (skb_csum_unnecessary(skb) || !__skb_checksum_complete(skb));
}

/*
 * A mapped address is IPv4's.  In a header of IPv6 it would make a key that looks like one
 * of IPv4: nobody's, and neither routes nor errors may come of it.
 */
static inline bool xtcp_ip6_mapped(const struct ipv6hdr *ip)
{
	return ipv6_addr_v4mapped(&ip->saddr) || ipv6_addr_v4mapped(&ip->daddr);
}

/*
 * IP is done with it, and its data begins with the TCP header now, @off further on.
 * Return: whether its addresses are those of two hosts.  IP has looked at IPv4's.  An
 * anycast address is not one host's: what answers from there need not be who is asked next.
 */
static inline bool xtcp_skb_pulled(struct sk_buff *skb, unsigned int off)
{
	if (!xtcp_skb_is6(skb))
		return true;
	/* unlike IPv4's, a header of IPv6 does not sum up to zero */
	skb_postpull_rcsum(skb, skb_network_header(skb), off);
	return ipv6_unicast_destination(skb) && !xtcp_ip6_mapped(ipv6_hdr(skb)) &&
	       !ipv6_addr_any(&ipv6_hdr(skb)->saddr);
}

/**
 * xtcp_skb_where - where a packet comes from, and for whom
 * @skb: it
 * @key: out: its addresses, ours is the destination
 * @dif: out: the interface that it came in on, or the VRF that this belongs to
 * @sdif: out: the interface that is enslaved to a VRF, 0: none
 */
static inline void xtcp_skb_where(const struct sk_buff *skb, struct xtcp_key *key, int *dif,
				  int *sdif)
{
	if (xtcp_skb_is6(skb)) {
		key->laddr = ipv6_hdr(skb)->daddr;
		key->raddr = ipv6_hdr(skb)->saddr;
		*dif = inet6_iif(skb);
		*sdif = inet6_sdif(skb);
	} else {
		xtcp_addr_set4(&key->laddr, ip_hdr(skb)->daddr);
		xtcp_addr_set4(&key->raddr, ip_hdr(skb)->saddr);
		*dif = inet_iif(skb);
		*sdif = inet_sdif(skb);
	}
}

/**
 * union xtcp_skb_parm - what IP knows of a packet, in skb->cb
 * @ip4: of IPv4
 * @ip6: of IPv6
 *
 * What the core notes of a segment goes to the same place.
 */
union xtcp_skb_parm {
	struct inet_skb_parm	ip4;
	struct inet6_skb_parm	ip6;
};

/* It waits without its route: what xtcp_skb_dif() will say. */
static inline void xtcp_skb_keep_dif(struct sk_buff *skb, int dif)
{
	skb->skb_iif = dif;
}

/* IP's part is lost: xtcp_skb_dif() and xtcp_skb_sdif() will say this. */
static inline void xtcp_skb_set_dif(struct sk_buff *skb, int dif, int sdif)
{
	memset(skb->cb, 0, sizeof(union xtcp_skb_parm));
	skb->skb_iif = dif;
	if (xtcp_skb_is6(skb)) {
		IP6CB(skb)->iif = sdif ? sdif : dif;
		IP6CB(skb)->flags = sdif ? IP6SKB_L3SLAVE : 0;
	} else {
		IPCB(skb)->iif = sdif;
		IPCB(skb)->flags = sdif ? IPSKB_L3SLAVE : 0;
	}
}

/* ---- sockets ---- */

static inline bool xtcp_sk_is6(const struct sock *sk)
{
	return xtcp_family_is6(sk->sk_family);
}

/* The address that a socket is bound to, or has chosen. */
static inline void xtcp_sk_laddr(const struct sock *sk, struct in6_addr *addr)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_sk_is6(sk)) {
		*addr = sk->sk_v6_rcv_saddr;
		return;
	}
#endif
	xtcp_addr_set4(addr, sk->sk_rcv_saddr);
}

/* The hop limit that it wants to see at least, of packets of its flow's kind (RFC 5082). */
static inline u8 xtcp_sk_hop_limit_min(const struct sock *sk, u8 family)
{
	return xtcp_family_is6(family) ? READ_ONCE(inet6_sk(sk)->min_hopcount) :
					 READ_ONCE(inet_sk(sk)->min_ttl);
}

/* RFC 5082: a segment comes from as near as the user knows the peer to be. */
static inline bool xtcp_sk_is_near(const struct sock *sk, const struct sk_buff *skb)
{
	if (xtcp_skb_is6(skb))
		return likely(ipv6_hdr(skb)->hop_limit >= xtcp_sk_hop_limit_min(sk, AF_INET6));
	return likely(ip_hdr(skb)->ttl >= xtcp_sk_hop_limit_min(sk, AF_INET));
}

/* The flow label that somebody has chosen for a socket's packets, 0: nobody has. */
static inline __be32 xtcp_sk_label(const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_sk_is6(sk))
		return READ_ONCE(inet6_sk(sk)->flow_label) & IPV6_FLOWLABEL_MASK;
#endif
	return 0;
}

/*
 * The flow label of what answers a segment: the segment's, if a socket wants that
 * (IPV6_FL_F_REFLECT, net.ipv6.flowlabel_reflect).
 */
static inline __be32 xtcp_sk_reflected(const struct sock *sk, const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (xtcp_skb_is6(skb) && xtcp_inet6_bit(sk, REPFLOW, repflow))
		return ip6_flowlabel(ipv6_hdr(skb));
#endif
	return 0;
}

/* What tells whether a route that was found now is still good later (dst_check()). */
static inline u32 xtcp_af_dst_cookie(const struct dst_entry *dst, u8 family)
{
	return xtcp_family_is6(family) ? rt6_get_cookie(dst_rt6_info(dst)) : 0;
}

/* What tells whether a route that a socket keeps is still good (dst_check()). */
static inline u32 xtcp_sk_dst_cookie(const struct sock *sk)
{
	return xtcp_family_is6(xtcp_sk(sk)->flow.family) ? inet6_sk(sk)->dst_cookie : 0;
}

/* A socket's route, while it is good. */
static inline struct dst_entry *xtcp_sk_dst(struct sock *sk)
{
	xtcp_assert_locked(sk);
	return __sk_dst_check(sk, xtcp_sk_dst_cookie(sk));
}

#endif /* XTCP_AF_H */
