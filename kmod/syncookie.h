/* SPDX-License-Identifier: GPL-2.0 */
/*
 * SYN cookies: what the kernel adds to core/cookie.c.
 */
#ifndef XTCP_SYNCOOKIE_H
#define XTCP_SYNCOOKIE_H

#include "core/cookie.h"
#include "sock.h"

/* net.xtcp.syncookies */
#define XTCP_SYNCOOKIES_OFF	0
#define XTCP_SYNCOOKIES_FLOOD	1	/* when the SYN queue is full */
#define XTCP_SYNCOOKIES_ALWAYS	2

bool xtcp_syncookie_flood(struct sock *sk);
u32 xtcp_syncookie_make(struct sock *sk, const struct xtcp_key *key,
			const struct xtcp_segment *syn);
bool xtcp_syncookie_check(struct sock *sk, const struct xtcp_key *key,
			  const struct xtcp_segment *ack, struct xtcp_segment *syn);

#endif /* XTCP_SYNCOOKIE_H */
