/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that a stranger must not guess (RFC 6528, RFC 7323 7.1).
 */
#ifndef XTCP_ISN_H
#define XTCP_ISN_H

#include "core/cookie.h"
#include "flow.h"

/**
 * struct xtcp_numbers - what a connection begins with
 * @iss: its initial sequence number
 * @ts_offset: what its timestamps begin with
 */
struct xtcp_numbers {
	u32	iss;
	u32	ts_offset;
};

void xtcp_isn_init(void);
struct xtcp_numbers xtcp_numbers_of(const struct xtcp_key *key);
u32 xtcp_ts_offset(const struct xtcp_key *key);
u32 xtcp_cookie_mac(const struct xtcp_key *key, u32 irs, const struct xtcp_cookie *c);

#endif /* XTCP_ISN_H */
