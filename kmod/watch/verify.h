/* SPDX-License-Identifier: GPL-2.0 */
/* In a kernel that looks for faults in its network (CONFIG_DEBUG_NET), so do we. */
#ifndef XTCP_VERIFY_H
#define XTCP_VERIFY_H

#include "sock.h"

#ifdef XTCP_VERIFY
void xtcp_verify_begin(const struct sock *sk);
void xtcp_verify(const struct sock *sk, const struct xtcp_actions *a);
#else
static inline void xtcp_verify_begin(const struct sock *sk)
{
}

static inline void xtcp_verify(const struct sock *sk, const struct xtcp_actions *a)
{
}
#endif

#endif /* XTCP_VERIFY_H */
