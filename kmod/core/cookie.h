/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies: an initial sequence number that remembers the SYN, so that
 * nothing else has to (RFC 4987 3.6).
 */
#ifndef XTCP_CORE_COOKIE_H
#define XTCP_CORE_COOKIE_H

#include "synrcv.h"

/* A cookie is good in the epoch in which it was made and in the next one. */
#define XTCP_COOKIE_EPOCH_SHIFT	26	/* of microseconds: 67 seconds */
/* So this long after the last one was sent, none can come back. */
#define XTCP_COOKIE_VALID_US	(2ULL << XTCP_COOKIE_EPOCH_SHIFT)

/* Bits of TSval in which the options of the SYN travel, as in Linux. */
#define XTCP_COOKIE_TS_BITS	6

/**
 * struct xtcp_cookie - what a cookie says, apart from that it is genuine
 * @epoch: when it was made, in epochs of the host's clock
 * @mss_index: which MSS the peer's SYN had, rounded down to one of eight
 */
struct xtcp_cookie {
	u32	epoch;
	u8	mss_index;
};

/* The epoch that a time is in. */
static inline u32 xtcp_cookie_epoch(xtcp_usec_t now)
{
	return (u32)(now >> XTCP_COOKIE_EPOCH_SHIFT);
}

u8 xtcp_cookie_mss_index(u16 mss);
u16 xtcp_cookie_mss(u8 index);
u32 xtcp_cookie_encode(const struct xtcp_cookie *c, u32 mac);
void xtcp_cookie_decode(struct xtcp_cookie *c, u32 isn, u32 epoch_now);
u32 xtcp_cookie_clock(const struct xtcp_synrcv *r, u32 clock_ms);
void xtcp_cookie_strip(struct xtcp_segment *syn);
bool xtcp_cookie_syn(struct xtcp_segment *syn, const struct xtcp_segment *ack,
		     const struct xtcp_conf *conf, u16 mss, u32 ts_offset);

#endif /* XTCP_CORE_COOKIE_H */
