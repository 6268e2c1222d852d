/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What softirq wants done.
 */
#ifndef XTCP_DEFER_H
#define XTCP_DEFER_H

#include "sock.h"

/*
 * Bits of sk_tsq_flags, in which the kernel's TCP keeps the same: what softirq wants
 * done, by release_cb if a user owns the socket.
 */
#define XTCP_DO_TIMER		0	/* a deadline has passed */
#define XTCP_DO_MTU		1	/* the path MTU shrank */
#define XTCP_DO_PUSH		2	/* what was held back may go on */
#define XTCP_DO_ABANDON		3	/* nobody will accept it: its listener closed */
#define XTCP_DO_ACK		4	/* the backlog's segments are acknowledged */

void xtcp_do(struct sock *sk, unsigned int what);
void xtcp_do_put(struct sock *sk, unsigned int what);

#endif /* XTCP_DEFER_H */
