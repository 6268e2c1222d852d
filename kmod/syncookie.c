// SPDX-License-Identifier: GPL-2.0
/*
 * When SYN cookies are sent, and when one that comes back is looked at.
 *
 * An ACK that belongs to nothing could be a cookie only for a while after this
 * listener has sent one.  At other times the hash is not even computed, and a
 * guess cannot be right.
 */
#include <linux/net.h>

#include "isn.h"
#include "syncookie.h"

static void log_flood(const struct xtcp_key *key, const char *what)
{
	if (ipv6_addr_v4mapped(&key->laddr))
		net_info_ratelimited("xtcp: Possible SYN flooding on port %pI4:%u. %s.\n",
				     &key->laddr.s6_addr32[3], ntohs(key->lport), what);
	else
		net_info_ratelimited("xtcp: Possible SYN flooding on port [%pI6c]:%u. %s.\n",
				     &key->laddr, ntohs(key->lport), what);
}

/**
 * xtcp_syncookie_flood - a SYN came, and the SYN queue has no place for it
 * @sk: the listener, locked
 *
 * Says so in the log, once per listener, as Linux.
 *
 * Return: whether to answer with a cookie; false: drop it.
 */
bool xtcp_syncookie_flood(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	u8 mode = READ_ONCE(xn->syncookies);

	xtcp_assert_locked(sk);
	if (mode)
		xtcp_count(xn, REQ_QUEUE_FULL_COOKIES);
	else
		xtcp_count(xn, REQ_QUEUE_FULL_DROP);
	if (mode != XTCP_SYNCOOKIES_ALWAYS && !l->flood_logged) {
		l->flood_logged = true;
		log_flood(&xtcp_sk(sk)->flow.key, mode ? "Sending cookies" : "Dropping request");
	}
	return mode;
}

/**
 * xtcp_syncookie_make - the ISS of a SYN,ACK that nothing will remember
 * @sk: the listener, locked
 * @key: the connection
 * @syn: the SYN
 *
 * Return: the cookie.
 */
u32 xtcp_syncookie_make(struct sock *sk, const struct xtcp_key *key,
			const struct xtcp_segment *syn)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;
	xtcp_usec_t now = xtcp_now();
	struct xtcp_cookie c = {
		.epoch = xtcp_cookie_epoch(now),
		.mss_index = xtcp_cookie_mss_index(xtcp_peer_mss(syn)),
	};

	xtcp_assert_locked(sk);
	l->cookie_sent = now;
	l->seen.cookies_sent++;
	l->seen.flood_ms = (u32)jiffies;
	xtcp_count(xtcp_sk_net(sk), SYNCOOKIES_SENT);
	return xtcp_cookie_encode(&c, xtcp_cookie_mac(key, syn->seq, &c));
}

/**
 * xtcp_syncookie_check - does an ACK bring a cookie back?
 * @sk: the listener that it came to, locked
 * @key: the connection
 * @ack: the segment
 * @syn: out: the SYN that the cookie was sent for
 *
 * Return: false: answer with a RST.
 */
bool xtcp_syncookie_check(struct sock *sk, const struct xtcp_key *key,
			  const struct xtcp_segment *ack, struct xtcp_segment *syn)
{
	struct xtcp_listener *l = xtcp_listener(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	xtcp_usec_t now = xtcp_now();
	struct xtcp_cookie c;

	xtcp_assert_locked(sk);
	if (!READ_ONCE(xn->syncookies) || !l->cookie_sent ||
	    now - l->cookie_sent > XTCP_COOKIE_VALID_US)
		return false;
	if ((ack->flags & (XTCP_ACK | XTCP_SYN | XTCP_RST)) != XTCP_ACK)
		return false;
	xtcp_cookie_decode(&c, ack->ack - 1, xtcp_cookie_epoch(now));
	if (xtcp_cookie_encode(&c, xtcp_cookie_mac(key, ack->seq - 1, &c)) !=
	    ack->ack - 1) {
		l->seen.cookies_bad++;
		xtcp_count(xn, SYNCOOKIES_FAILED);
		return false;
	}
	l->seen.cookies_good++;
	xtcp_count(xn, SYNCOOKIES_RECV);
	return xtcp_cookie_syn(syn, ack, &xn->conf, xtcp_cookie_mss(c.mss_index),
			       xtcp_ts_offset(key));
}
