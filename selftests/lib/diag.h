/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests to sock_diag, for the family under test.
 */
#ifndef XTCP_SELFTESTS_DIAG_H
#define XTCP_SELFTESTS_DIAG_H

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

/* One message, as it is sent. */
struct diag_request {
	struct nlmsghdr		nlh;
	struct inet_diag_req_v2	req;
};

struct diag_request diag_request(int type, int flags, const struct sockaddr_in *local,
				 const struct sockaddr_in *remote);
int diag_open(void);
int diag_destroy(const struct sockaddr_in *local, const struct sockaddr_in *remote);

#endif /* XTCP_SELFTESTS_DIAG_H */
