// SPDX-License-Identifier: GPL-2.0
/* Initial sequence numbers (RFC 6528) and offsets of timestamps: numbers that nobody guesses. */
#include <linux/init.h>
#include <linux/ktime.h>
#include <linux/random.h>
#include <linux/siphash.h>

#include "isn.h"

/* RFC 9293 3.4.1: the clock part of an ISN ticks about every 4 us; 64 ns here,
 * as Linux, so that reused ports stay ahead at higher rates.
 */
#define ISN_CLOCK_SHIFT	6

static siphash_aligned_key_t secret __ro_after_init, cookie_secret __ro_after_init;

/* Half of it is for the ISN, the other half for timestamps. */
static u64 hash_tuple(const struct xtcp_key *key)
{
	const struct {
		struct in6_addr	laddr, raddr;
		__be16		lport, rport;
		u32		zero;
	} __aligned(SIPHASH_ALIGNMENT) tuple = {
		.laddr = key->laddr, .raddr = key->raddr,
		.lport = key->lport, .rport = key->rport,
	};

	/* half the work, for most */
	if (likely(ipv6_addr_v4mapped(&key->laddr)))
		return siphash_3u32((__force u32)xtcp_addr_v4(&key->laddr),
				    (__force u32)xtcp_addr_v4(&key->raddr),
				    (__force u32)key->lport << 16 | (__force u32)key->rport,
				    &secret);
	return siphash(&tuple, sizeof(tuple), &secret);
}

/**
 * xtcp_numbers_of - what a connection begins with
 * @key: its addresses and ports
 *
 * RFC 6528: M + F(localip, localport, remoteip, remoteport, secretkey).
 *
 * Return: its initial sequence number, and as xtcp_ts_offset(); both come out of one
 * hash.  Any context.
 */
struct xtcp_numbers xtcp_numbers_of(const struct xtcp_key *key)
{
	u64 hash = hash_tuple(key);

	return (struct xtcp_numbers) {
		.iss		= (u32)hash + (u32)(ktime_get_real_ns() >> ISN_CLOCK_SHIFT),
		.ts_offset	= hash >> 32,
	};
}

/**
 * xtcp_ts_offset - what a connection's timestamps begin with
 * @key: its addresses and ports
 *
 * RFC 7323 7.1 wants it random.  It is the same for the next connection with the
 * same addresses and ports, so that RFC 6191 can tell a new one from an old one;
 * for any other pair of ports it is another one, so that who watches timestamps
 * learns nothing about ports (so does Linux 7).
 *
 * Return: the offset.  Any context.
 */
u32 xtcp_ts_offset(const struct xtcp_key *key)
{
	return hash_tuple(key) >> 32;
}

/**
 * xtcp_cookie_mac - what makes a SYN cookie genuine
 * @key: the connection
 * @irs: the peer's ISS
 * @c: what the cookie says
 *
 * The epoch is hashed whole, so each epoch has in effect a key of its own.
 *
 * Return: a keyed hash of it all.  Any context.
 */
u32 xtcp_cookie_mac(const struct xtcp_key *key, u32 irs, const struct xtcp_cookie *c)
{
	const struct {
		struct in6_addr	laddr, raddr;
		__be16		lport, rport;
		u32		irs, epoch, mss_index;
	} __aligned(SIPHASH_ALIGNMENT) syn = {
		.laddr = key->laddr, .raddr = key->raddr,
		.lport = key->lport, .rport = key->rport,
		.irs = irs, .epoch = c->epoch, .mss_index = c->mss_index,
	};

	return (u32)siphash(&syn, sizeof(syn), &cookie_secret);
}

/* Loaded long after boot, so there is entropy. */
void __init xtcp_isn_init(void)
{
	get_random_bytes(&secret, sizeof(secret));
	get_random_bytes(&cookie_secret, sizeof(cookie_secret));
}
