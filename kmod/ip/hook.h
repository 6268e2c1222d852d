/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How packets get to us: netfilter.
 */
#ifndef XTCP_HOOK_H
#define XTCP_HOOK_H

#include "netns.h"

int xtcp_hook_need(struct xtcp_net *xn, u8 family);
void xtcp_hook_need_demux(struct xtcp_net *xn, u8 family);
void xtcp_hook_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_HOOK_H */
