/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP options: RFC 9293 3.2 (MSS), 7323 (window scale, timestamps), 2018 (SACK).
 */
#ifndef XTCP_CORE_OPTIONS_H
#define XTCP_CORE_OPTIONS_H

#include "segment.h"

/* Option kinds. */
#define XTCP_OPTK_EOL		0
#define XTCP_OPTK_NOP		1
#define XTCP_OPTK_MSS		2
#define XTCP_OPTK_WSCALE	3
#define XTCP_OPTK_SACK_PERM	4
#define XTCP_OPTK_SACK		5
#define XTCP_OPTK_TS		8
#define XTCP_OPTK_TFO		34	/* RFC 7413 4.1.1 */
#define XTCP_OPTK_EXP		254	/* RFC 6994 */

/* What makes the experimental kind one of Fast Open. */
#define XTCP_TFO_MAGIC		0xf989
/* Cookies have an even length between these, bytes. */
#define XTCP_TFO_COOKIE_MIN	4
#define XTCP_TFO_COOKIE_MAX	16

/**
 * struct xtcp_tfo_cookie - a Fast Open option
 * @len: length of the cookie, bytes; 0: request one; -1: no option
 * @exp: it has, or shall have, the experimental kind
 * @val: the cookie
 */
struct xtcp_tfo_cookie {
	s8	len;
	bool	exp;
	u8	val[XTCP_TFO_COOKIE_MAX];
};

/* Bytes that SACK blocks take: NOP NOP SACK length, and the pairs. */
#define XTCP_OPT_SACK_BASE	4
#define XTCP_OPT_SACK_BLOCK	8

bool xtcp_options_parse(struct xtcp_options *opt, const u8 *p, unsigned int len,
			bool syn);
unsigned int xtcp_options_build_syn(u8 *p, const struct xtcp_options *opt);
unsigned int xtcp_options_add_tfo(u8 *p, unsigned int len,
				  unsigned int room, const struct xtcp_tfo_cookie *cookie);

static inline u16 xtcp_get16(const u8 *p)
{
	return p[0] << 8 | p[1];
}

static inline u32 xtcp_get32(const u8 *p)
{
	return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3];
}

static inline void xtcp_put16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
}

static inline void xtcp_put32(u8 *p, u32 v)
{
	xtcp_put16(p, v >> 16);
	xtcp_put16(p + 2, v & 0xffff);
}

/**
 * xtcp_options_parse_ts - decode the one layout that bulk segments carry
 * @opt: out, complete when true is returned
 * @p: the options
 * @len: their length, bytes
 *
 * RFC 7323 appendix A recommends NOP NOP TS, and everybody sends it.
 *
 * Return: false when the layout is another one and xtcp_options_parse() must
 * look.  Any context.
 */
static inline bool xtcp_options_parse_ts(struct xtcp_options *opt, const u8 *p,
					 unsigned int len)
{
	if (len != XTCP_OPT_TS_ALIGNED ||
	    xtcp_get32(p) != (XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 |
			      XTCP_OPTK_TS << 8 | 10))
		return false;
	opt->has = XTCP_OPT_TS;
	opt->tsval = xtcp_get32(p + 4);
	opt->tsecr = xtcp_get32(p + 8);
	return true;
}

/**
 * xtcp_options_build_ts - write NOP NOP TS
 * @p: where, XTCP_OPT_TS_ALIGNED bytes
 * @tsval: our clock
 * @tsecr: TS.Recent
 */
static inline void xtcp_options_build_ts(u8 *p, u32 tsval, u32 tsecr)
{
	xtcp_put32(p, XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 |
		      XTCP_OPTK_TS << 8 | 10);
	xtcp_put32(p + 4, tsval);
	xtcp_put32(p + 8, tsecr);
}

#endif /* XTCP_CORE_OPTIONS_H */
