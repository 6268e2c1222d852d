/* SPDX-License-Identifier: GPL-2.0 */
/*
 * connect().
 */
#ifndef XTCP_CONNECT_H
#define XTCP_CONNECT_H

#include "compat.h"
#include "sock.h"

int xtcp_pre_connect(struct sock *sk, XTCP_SOCKADDR *addr, int len);
int xtcp_connect(struct sock *sk, XTCP_SOCKADDR *addr, int len);
int xtcp_disconnect(struct sock *sk, int flags);

#endif /* XTCP_CONNECT_H */
