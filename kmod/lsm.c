// SPDX-License-Identifier: GPL-2.0
/*
 * Security modules judge a SYN by the request_sock that Linux's TCP keeps for it.
 * They get one that lives as long as the question.  Where it would pass their
 * answer on to the child, security_inet_csk_clone() is not exported: the child is
 * labelled as its listener is, and with the peer's label when it is established.
 */
#include <linux/security.h>
#include <linux/slab.h>
#include <net/inet_sock.h>
#include <net/request_sock.h>

#include "ip/ip.h"
#include "lsm.h"
#include "sock.h"

#ifdef CONFIG_SECURITY_NETWORK

/**
 * xtcp_lsm_syn - may this SYN open a connection?
 * @sk: the listener, locked
 * @key: the connection that it would be
 * @skb: the SYN
 * @mark: SO_MARK of the connection that it would be
 *
 * Context: bottom halves off.
 *
 * Return: what the security modules say.
 */
bool xtcp_lsm_syn(struct sock *sk, const struct xtcp_key *key, struct sk_buff *skb,
		  u32 mark)
{
	struct inet_request_sock ireq;
	int err;

	xtcp_assert_locked(sk);
	memset(&ireq, 0, sizeof(ireq));
	/* who wants a whole socket gets the listener */
	ireq.ireq_state = TCP_NEW_SYN_RECV;
	ireq.req.rsk_listener = sk;
	xtcp_key_af(key)->request(&ireq, key);
	ireq.ir_num = ntohs(key->lport);
	ireq.ir_rmt_port = key->rport;
	ireq.ir_iif = key->dev;
	ireq.ir_mark = mark;
	write_pnet(&ireq.ireq_net, sock_net(sk));
	err = security_inet_conn_request(sk, skb, &ireq.req);
	xtcp_key_af(key)->request_done(&ireq, sk);
	return !err;
}

#endif /* CONFIG_SECURITY_NETWORK */
