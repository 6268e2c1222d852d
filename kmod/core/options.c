// SPDX-License-Identifier: GPL-2.0
/* TCP options, decoded and written: options.h. */
#include "options.h"

/* Is @len what an option of this kind has?  One that we do not know has any. */
static bool length_fits(u8 kind, unsigned int len)
{
	switch (kind) {
	case XTCP_OPTK_MSS:
		return len == 4;
	case XTCP_OPTK_WSCALE:
		return len == 3;
	case XTCP_OPTK_SACK_PERM:
		return len == 2;
	case XTCP_OPTK_SACK:
		return len >= 2 + XTCP_OPT_SACK_BLOCK &&
		       (len - 2) % XTCP_OPT_SACK_BLOCK == 0;
	case XTCP_OPTK_TS:
		return len == 10;
	}
	return true;
}

/* RFC 7413 4.1.1: the value of a Fast Open option; @off: where it is. */
static void parse_tfo(struct xtcp_options *opt, unsigned int off, unsigned int len,
		      u8 exp)
{
	if (len & 1 || (len && (len < XTCP_TFO_COOKIE_MIN || len > XTCP_TFO_COOKIE_MAX))) {
		opt->has |= XTCP_OPT_BAD;
		return;
	}
	opt->has |= XTCP_OPT_TFO | exp;
	opt->tfo_len = len;
	opt->tfo_off = off;
}

/* One option that is neither EOL nor NOP: @p points at its kind, @len >= 2. */
static void parse_one(struct xtcp_options *opt, const u8 *p, unsigned int len,
		      unsigned int off, bool syn)
{
	if (!length_fits(p[0], len)) {
		opt->has |= XTCP_OPT_BAD;
		return;
	}
	switch (p[0]) {
	case XTCP_OPTK_MSS:
		if (!syn)
			break;
		opt->mss = xtcp_get16(p + 2);
		if (opt->mss)	/* a zero is as good as no option */
			opt->has |= XTCP_OPT_MSS;
		break;
	case XTCP_OPTK_WSCALE:
		if (!syn)
			break;
		/* RFC 7323 2.3: a larger shift is logged and taken as 14 */
		opt->wscale = min_t(u8, p[2], XTCP_WSCALE_MAX);
		opt->has |= XTCP_OPT_WSCALE;
		break;
	case XTCP_OPTK_SACK_PERM:
		if (syn)
			opt->has |= XTCP_OPT_SACK_PERM;
		break;
	case XTCP_OPTK_SACK:
		if (syn)
			break;
		opt->nr_sacks = (len - 2) / XTCP_OPT_SACK_BLOCK;
		opt->sack_off = off + 2;
		opt->has |= XTCP_OPT_SACK;
		break;
	case XTCP_OPTK_TS:
		opt->tsval = xtcp_get32(p + 2);
		opt->tsecr = xtcp_get32(p + 6);
		opt->has |= XTCP_OPT_TS;
		break;
	case XTCP_OPTK_TFO:
		if (syn)
			parse_tfo(opt, off + 2, len - 2, 0);
		break;
	case XTCP_OPTK_EXP:
		if (syn && len >= 4 && xtcp_get16(p + 2) == XTCP_TFO_MAGIC)
			parse_tfo(opt, off + 4, len - 4, XTCP_OPT_TFO_EXP);
		break;
	}
}

/**
 * xtcp_options_parse - decode the options of a segment
 * @opt: out
 * @p: the options
 * @len: their length, bytes, at most XTCP_OPT_MAX
 * @syn: the SYN bit is set, so the options of the handshake count
 *
 * An option of an unknown kind is skipped (RFC 9293 3.1: MUST-6), and so is a
 * known one of the wrong length, for which XTCP_OPT_BAD is set.  A length that
 * leaves no way to find the next option makes the segment malformed (MUST-7).
 *
 * Return: false when it is malformed.  Any context.
 */
bool xtcp_options_parse(struct xtcp_options *opt, const u8 *p, unsigned int len,
			bool syn)
{
	unsigned int off = 0;

	memset(opt, 0, sizeof(*opt));
	while (off < len) {
		unsigned int optlen;

		if (p[off] == XTCP_OPTK_EOL)
			return true;
		if (p[off] == XTCP_OPTK_NOP) {
			off++;
			continue;
		}
		if (len - off < 2)
			return false;
		optlen = p[off + 1];
		if (optlen < 2 || optlen > len - off)
			return false;
		parse_one(opt, p + off, optlen, off, syn);
		off += optlen;
	}
	return true;
}

/**
 * xtcp_options_build_syn - write the options of a SYN or SYN,ACK
 * @p: where, XTCP_OPT_MAX bytes
 * @opt: what to send
 *
 * Order and padding are Linux's: MSS, then SACK-permitted in the padding of the
 * timestamps, then window scale behind a NOP.
 *
 * Return: bytes written, a multiple of four.  Any context.
 */
unsigned int xtcp_options_build_syn(u8 *p, const struct xtcp_options *opt)
{
	u8 *start = p;

	p[0] = XTCP_OPTK_MSS;
	p[1] = 4;
	xtcp_put16(p + 2, opt->mss);
	p += 4;
	if (opt->has & XTCP_OPT_TS) {
		xtcp_options_build_ts(p, opt->tsval, opt->tsecr);
		if (opt->has & XTCP_OPT_SACK_PERM) {
			p[0] = XTCP_OPTK_SACK_PERM;
			p[1] = 2;
		}
		p += XTCP_OPT_TS_ALIGNED;
	} else if (opt->has & XTCP_OPT_SACK_PERM) {
		p[0] = XTCP_OPTK_NOP;
		p[1] = XTCP_OPTK_NOP;
		p[2] = XTCP_OPTK_SACK_PERM;
		p[3] = 2;
		p += 4;
	}
	if (opt->has & XTCP_OPT_WSCALE) {
		p[0] = XTCP_OPTK_NOP;
		p[1] = XTCP_OPTK_WSCALE;
		p[2] = 3;
		p[3] = opt->wscale;
		p += 4;
	}
	return p - start;
}

/**
 * xtcp_options_add_tfo - append a Fast Open option to those of a SYN
 * @p: the options, XTCP_OPT_MAX bytes
 * @len: their length so far, bytes, a multiple of four
 * @room: what it may become, bytes
 * @cookie: what to say
 *
 * Return: the new length, a multiple of four; @len when there is nothing to say,
 * or no room for it.
 */
unsigned int xtcp_options_add_tfo(u8 *p, unsigned int len,
				  unsigned int room, const struct xtcp_tfo_cookie *cookie)
{
	unsigned int head = cookie->exp ? 4 : 2, size;

	if (cookie->len < 0)
		return len;
	size = head + cookie->len;
	if (len + ((size + 3) & ~3U) > room)
		return len;
	p += len;
	p[0] = cookie->exp ? XTCP_OPTK_EXP : XTCP_OPTK_TFO;
	p[1] = size;
	if (cookie->exp)
		xtcp_put16(p + 2, XTCP_TFO_MAGIC);
	memcpy(p + head, cookie->val, cookie->len);
	for (; size & 3; size++)
		p[size] = XTCP_OPTK_NOP;
	return len + size;
}
