/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which congestion control a socket has.
 */
#ifndef XTCP_CONG_H
#define XTCP_CONG_H

#include "core/cc_table.h"
#include "sock.h"

/* A list of all their names, separated by spaces. */
#define XTCP_CONG_LIST_MAX	(XTCP_CC_MAX * XTCP_CC_NAME_MAX)

void xtcp_cong_netns_init(struct xtcp_net *xn);
void xtcp_cong_netns_exit(struct xtcp_net *xn);
void xtcp_cong_assign(struct sock *sk, gfp_t gfp);
void xtcp_cong_inherit(struct sock *child, const struct sock *listener);
void xtcp_cong_route(struct sock *sk);
void xtcp_cong_release(struct sock *sk);
void xtcp_cong_renew(struct xtcp_tcb *fresh, struct xtcp_tcb *old);
int xtcp_cong_set(struct sock *sk, const char *name, bool cap_net_admin, bool load);
u32 xtcp_cong_info(const struct sock *sk, int *attr, union tcp_cc_info *info);
void xtcp_cong_name(const struct sock *sk, char name[XTCP_CC_NAME_MAX]);

#endif /* XTCP_CONG_H */
