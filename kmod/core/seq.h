/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Sequence numbers are compared modulo 2^32 (RFC 9293 3.4).
 */
#ifndef XTCP_CORE_SEQ_H
#define XTCP_CORE_SEQ_H

#include "platform.h"

/**
 * xtcp_before - true when @a comes before @b in sequence space
 * @a: a sequence number
 * @b: another one, less than 2^31 away
 */
static inline bool xtcp_before(u32 a, u32 b)
{
	return (s32)(a - b) < 0;
}

/**
 * xtcp_after - true when @a comes after @b in sequence space
 * @a: a sequence number
 * @b: another one, less than 2^31 away
 */
static inline bool xtcp_after(u32 a, u32 b)
{
	return xtcp_before(b, a);
}

/**
 * xtcp_between - true when @lo <= @seq <= @hi in sequence space
 * @seq: the sequence number in question
 * @lo: first of the range
 * @hi: last of the range, at or after @lo
 */
static inline bool xtcp_between(u32 seq, u32 lo, u32 hi)
{
	return hi - lo >= seq - lo;
}

#endif /* XTCP_CORE_SEQ_H */
