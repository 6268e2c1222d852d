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
const struct xtcp_conf *xtcp_conf_get(const struct sock *sk);
void xtcp_conf_put(struct sock *sk);

/*
 * The settings of a socket that is not locked: another copy may take their place.
 * RCU read side.
 */
static inline const struct xtcp_conf *xtcp_conf_peek(const struct sock *sk)
{
	RCU_LOCKDEP_WARN(!rcu_read_lock_held(), "settings of a socket without RCU");
	return READ_ONCE(xtcp_sk(sk)->tcb.conf);
}

void xtcp_get_info(struct sock *sk, struct tcp_info *info);

#endif /* XTCP_SOCKOPT_H */
