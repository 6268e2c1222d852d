/* SPDX-License-Identifier: GPL-2.0 */
#ifndef XTCP_SYSCTL_H
#define XTCP_SYSCTL_H

#include "netns.h"

int xtcp_sysctl_netns_init(struct xtcp_net *xn);
void xtcp_sysctl_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_SYSCTL_H */
