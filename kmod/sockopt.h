/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Socket options and ioctls.
 */
#ifndef XTCP_SOCKOPT_H
#define XTCP_SOCKOPT_H

#include <linux/sockptr.h>

#include "compat.h"
#include "sock.h"

struct tcp_info;

int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen);
int xtcp_setsockopt_socket(struct socket *sock, int optname, sockptr_t optval,
			   unsigned int optlen);
int xtcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen);
int xtcp_ioctl(struct sock *sk, int cmd, XTCP_IOCTL_ARG karg);
void xtcp_keepalive(struct sock *sk, int on);
void xtcp_get_info(const struct sock *sk, struct tcp_info *info);

#endif /* XTCP_SOCKOPT_H */
