/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the observers need to be spelled differently for older headers.
 */
#ifndef XTCP_OBSERVE_COMPAT_H
#define XTCP_OBSERVE_COMPAT_H

#include <net/genetlink.h>

/*
 * Before handlers had an owner, a mutex kept one from being unregistered while
 * it ran.
 */
#ifdef XTCP_HAVE_SOCK_DIAG_OWNER
#define XTCP_SOCK_DIAG_OWNER		.owner = THIS_MODULE,
#else
#define XTCP_SOCK_DIAG_OWNER
#endif

/*
 * Multicast groups for those with CAP_NET_ADMIN in the namespace came with 6.7 and were
 * brought to older kernels.  Without that the family has no group.
 */
#ifdef GENL_MCAST_CAP_NET_ADMIN
#define XTCP_MCGRP_ADMIN_ONLY		.flags = GENL_MCAST_CAP_NET_ADMIN,
#define XTCP_NR_MCGRPS(groups)		ARRAY_SIZE(groups)
#else
#define XTCP_MCGRP_ADMIN_ONLY
#define XTCP_NR_MCGRPS(groups)		(0 * ARRAY_SIZE(groups))
#endif

/* A family is told when somebody joins one of its groups. */
#ifdef XTCP_HAVE_GENL_BIND
#define XTCP_GENL_BIND(joins)		.bind = (joins),
#define XTCP_GENL_TELLS_WHO_JOINS	1
#else
#define XTCP_GENL_BIND(joins)
#define XTCP_GENL_TELLS_WHO_JOINS	0
#endif

#endif /* XTCP_OBSERVE_COMPAT_H */
