/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that a stranger must not guess (RFC 6528, RFC 7323 7.1).
 */
#ifndef XTCP_ISN_H
#define XTCP_ISN_H

#include "core/cookie.h"
#include "flow.h"

void xtcp_isn_init(void);
u32 xtcp_isn(const struct xtcp_key *key);
u32 xtcp_ts_offset(const struct xtcp_key *key);
u32 xtcp_cookie_mac(const struct xtcp_key *key, u32 irs, const struct xtcp_cookie *c);

#endif /* XTCP_ISN_H */
