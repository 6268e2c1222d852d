/* SPDX-License-Identifier: GPL-2.0 */
/*
 * net.xtcp.
 */
#ifndef XTCP_SYSCTL_H
#define XTCP_SYSCTL_H

#include "compat.h"
#include "netns.h"

int xtcp_sysctl_netns_init(struct xtcp_net *xn);
void xtcp_sysctl_netns_exit(struct xtcp_net *xn);

/* cong.c */
int xtcp_cong_do_default(XTCP_CTL_TABLE *table, int write, void *buffer,
			 size_t *lenp, loff_t *ppos);
int xtcp_cong_do_available(XTCP_CTL_TABLE *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos);
int xtcp_cong_do_allowed(XTCP_CTL_TABLE *table, int write, void *buffer,
			 size_t *lenp, loff_t *ppos);

#endif /* XTCP_SYSCTL_H */
