/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection is ended from outside.
 */
#ifndef XTCP_DESTROY_H
#define XTCP_DESTROY_H

#include "sock.h"

int xtcp_sock_destroy(struct sock *sk, int err, enum xtcp_reason why);
int xtcp_flow_destroy(struct xtcp_flow *flow);
unsigned int xtcp_destroy_dying(void);

#endif /* XTCP_DESTROY_H */
