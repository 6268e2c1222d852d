/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP Fast Open (RFC 7413): cookies, the server's queue, the client's memory.
 */
#ifndef XTCP_FASTOPEN_H
#define XTCP_FASTOPEN_H

#include <linux/sockptr.h>

#include "opening.h"

/* net.xtcp.fastopen, as net.ipv4.tcp_fastopen */
#define XTCP_TFO_CLIENT			0x1
#define XTCP_TFO_SERVER			0x2
#define XTCP_TFO_CLIENT_NO_COOKIE	0x4
#define XTCP_TFO_SERVER_NO_COOKIE	0x200
#define XTCP_TFO_SERVER_ALWAYS		0x400

/* Cookies that we make, bytes. */
#define XTCP_TFO_COOKIE_LEN	8

/* struct xtcp_sock.tfo_mode: what the next SYN is to be like */
#define XTCP_TFO_PLAIN		0
#define XTCP_TFO_REQUEST	1	/* ask for a cookie */
#define XTCP_TFO_COOKIE		2	/* the cookie that we have */

/* server */
int xtcp_tfo_set_queue(struct sock *sk, int max);
int xtcp_tfo_get_queue(const struct sock *sk);
int xtcp_tfo_set_keys(struct sock *sk, sockptr_t optval, unsigned int optlen);
unsigned int xtcp_tfo_get_keys(const struct sock *sk, u8 *to);
bool xtcp_tfo_try(struct sock *sk, const struct xtcp_key *key,
		  const struct sk_buff *skb, const struct xtcp_segment *syn,
		  const struct dst_entry *dst, struct xtcp_tfo_cookie *answer);
int xtcp_tfo_adopt(struct sock *child, struct sock *sk, const struct sk_buff *skb,
		   const struct xtcp_tfo_cookie *answer);
void xtcp_tfo_listen(struct sock *sk, int backlog);
void xtcp_tfo_complete(struct sock *child, bool reset);
void xtcp_tfo_netns_keys(struct xtcp_net *xn, const u8 *key, unsigned int nr);
unsigned int xtcp_tfo_netns_get_keys(struct xtcp_net *xn, u8 *to);

/* client */
bool xtcp_tfo_no_cookie(const struct sock *sk, const struct dst_entry *dst,
			unsigned int who);
bool xtcp_tfo_defer(struct sock *sk);
u32 xtcp_tfo_prepare(struct sock *sk);
void xtcp_tfo_syn_option(struct sock *sk, struct xtcp_tfo_cookie *cookie);
void xtcp_tfo_synack(struct sock *sk, const struct xtcp_segment *seg,
		     const struct sk_buff *skb);
void xtcp_tfo_timeout(struct sock *sk, bool expired);
void xtcp_tfo_suspect(struct sock *sk, const struct xtcp_segment *seg);
void xtcp_tfo_closing(struct sock *sk);
void xtcp_tfo_cookie_get(struct xtcp_tfo_cookie *cookie, const struct sk_buff *skb,
			 const struct xtcp_options *opt);

void xtcp_tfo_netns_init(struct xtcp_net *xn);
void xtcp_tfo_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_FASTOPEN_H */
