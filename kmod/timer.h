/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One kernel timer for all timers of a socket.
 */
#ifndef XTCP_TIMER_H
#define XTCP_TIMER_H

#include "sock.h"

void xtcp_timer_setup(struct sock *sk);
void xtcp_timer_sync(struct sock *sk);
void xtcp_timer_off(struct sock *sk);

#endif /* XTCP_TIMER_H */
