// SPDX-License-Identifier: GPL-2.0
/*
 * SYN cookies.
 *
 * A cookie is the ISS of a SYN,ACK whose SYN was forgotten:
 *
 *	bit 31		lowest bit of the epoch, a stretch of 67 seconds
 *	bits 30-28	index of the peer's MSS
 *	bits 27-0	message authentication code
 *
 * with the upper four XORed with the lowest four, so that they say nothing to
 * strangers.  The code is a keyed hash of addresses, ports, the peer's ISS, the
 * whole epoch and the index.  So an ACK shows that its sender has seen the
 * SYN,ACK, within two epochs, and a guess is right once in 2^28 times.
 *
 * What the ISS has no room for travels in the low bits of TSval, where a peer
 * that sends timestamps returns it: window scale, SACK and ECN, as in Linux.
 * They are not authenticated: a peer that lies about them harms itself.
 */
#include "cookie.h"
#include "internal.h"

#define MAC_BITS	28
#define MAC_MASK	((1U << MAC_BITS) - 1)
#define EPOCH_SHIFT	3
#define INDEX_MASK	7
#define PLAIN_MASK	0xf

/* In TSval: the peer's shift, or that it has none; SACK permitted; ECN. */
#define TS_WSCALE_MASK	0x0f
#define TS_NO_WSCALE	0x0f
#define TS_SACK		0x10
#define TS_ECN		0x20
#define TS_MASK		((1U << XTCP_COOKIE_TS_BITS) - 1)

/* Those that SYNs have: the minimum, the default, tunnels, PPPoE, Ethernet, jumbo. */
static const u16 mss_table[] = {
	XTCP_MSS_MIN, XTCP_MSS_DEFAULT, 1220, 1300, 1400, 1440, 1460, 8940,
};

static_assert(ARRAY_SIZE(mss_table) == INDEX_MASK + 1);

/**
 * xtcp_cookie_mss_index - what a cookie can say about an MSS
 * @mss: of the peer's SYN, bytes
 *
 * Return: index of the largest that is no larger, of the smallest for less.
 */
u8 xtcp_cookie_mss_index(u16 mss)
{
	u8 index = INDEX_MASK;

	while (index && mss_table[index] > mss)
		index--;
	return index;
}

/**
 * xtcp_cookie_mss - the MSS that a cookie speaks of
 * @index: struct xtcp_cookie.mss_index
 *
 * Return: bytes.
 */
u16 xtcp_cookie_mss(u8 index)
{
	return mss_table[index & INDEX_MASK];
}

/**
 * xtcp_cookie_encode - make a cookie
 * @c: what it says
 * @mac: keyed hash of @c, addresses, ports and the peer's ISS
 *
 * Return: our ISS.
 */
u32 xtcp_cookie_encode(const struct xtcp_cookie *c, u32 mac)
{
	u32 plain = (c->epoch & 1) << EPOCH_SHIFT | (c->mss_index & INDEX_MASK);

	return (plain ^ (mac & PLAIN_MASK)) << MAC_BITS | (mac & MAC_MASK);
}

/**
 * xtcp_cookie_decode - read what may be a cookie
 * @c: out
 * @isn: our ISS, as the peer's ACK has it
 * @epoch_now: xtcp_cookie_epoch() of now
 *
 * It is genuine if xtcp_cookie_encode() makes the same of it again.  The epoch
 * is the current one or the one before, so an older cookie does not pass.
 */
void xtcp_cookie_decode(struct xtcp_cookie *c, u32 isn, u32 epoch_now)
{
	u32 plain = (isn >> MAC_BITS) ^ (isn & PLAIN_MASK);

	c->mss_index = plain & INDEX_MASK;
	c->epoch = epoch_now - ((epoch_now ^ plain >> EPOCH_SHIFT) & 1);
}

/**
 * xtcp_cookie_clock - the clock that our SYN,ACK's TSval is made from
 * @r: what the SYN agreed on
 * @clock_ms: the clock of all other timestamps, without the offset
 *
 * Return: the latest time up to now whose low bits say it.
 */
u32 xtcp_cookie_clock(const struct xtcp_synrcv *r, u32 clock_ms)
{
	u32 options = r->flags & XTCP_F_WSCALE_OK ? r->snd_wscale : TS_NO_WSCALE;
	u32 clock;

	if (r->flags & XTCP_F_SACK_OK)
		options |= TS_SACK;
	if (r->flags & XTCP_F_ECN_OK)
		options |= TS_ECN;
	clock = (clock_ms & ~TS_MASK) | options;
	/* a timestamp from the future would let the peer's RTT be negative */
	return xtcp_after(clock, clock_ms) ? clock - TS_MASK - 1 : clock;
}

/**
 * xtcp_cookie_strip - forget the options that cannot be remembered
 * @syn: a SYN that is answered with a cookie
 *
 * Without timestamps there is room for the MSS only.
 */
void xtcp_cookie_strip(struct xtcp_segment *syn)
{
	if (syn->opt.has & XTCP_OPT_TS)
		return;
	syn->opt.has &= XTCP_OPT_MSS;
	syn->flags &= ~(XTCP_ECE | XTCP_CWR);
}

/**
 * xtcp_cookie_syn - make up the SYN that a cookie was sent for
 * @syn: out, as much of it as matters
 * @ack: the segment that brought a genuine cookie back
 * @conf: the namespace's settings
 * @mss: the MSS that the cookie speaks of, bytes
 * @ts_offset: added to our clock to make TSval
 *
 * Return: false when its timestamps say what we never agreed on.
 */
bool xtcp_cookie_syn(struct xtcp_segment *syn, const struct xtcp_segment *ack,
		     const struct xtcp_conf *conf, u16 mss, u32 ts_offset)
{
	u32 options = ack->opt.tsecr - ts_offset;

	memset(syn, 0, sizeof(*syn));
	syn->seq = ack->seq - 1;
	syn->end_seq = ack->seq;
	syn->flags = XTCP_SYN;
	syn->opt.has = XTCP_OPT_MSS;
	syn->opt.mss = mss;
	if (!(ack->opt.has & XTCP_OPT_TS))
		return true;
	if (!conf->timestamps)
		return false;
	syn->opt.has |= XTCP_OPT_TS;
	syn->opt.tsval = ack->opt.tsval;
	if (options & TS_SACK) {
		if (!conf->sack)
			return false;
		syn->opt.has |= XTCP_OPT_SACK_PERM;
	}
	if (options & TS_ECN)
		syn->flags |= XTCP_ECE | XTCP_CWR;
	if ((options & TS_WSCALE_MASK) == TS_NO_WSCALE)
		return true;
	syn->opt.has |= XTCP_OPT_WSCALE;
	syn->opt.wscale = options & TS_WSCALE_MASK;
	return conf->window_scaling;
}
