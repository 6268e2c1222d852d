/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The settings of a socket.
 */
#ifndef XTCP_CONF_H
#define XTCP_CONF_H

#include "sock.h"

const struct xtcp_conf *xtcp_conf_get(const struct sock *sk);
struct xtcp_conf *xtcp_conf_own(struct sock *sk);
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

#endif /* XTCP_CONF_H */
