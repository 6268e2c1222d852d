/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who waits for a socket.
 */
#ifndef XTCP_POLL_H
#define XTCP_POLL_H

#include <linux/poll.h>

struct socket;
struct sock;

__poll_t xtcp_poll(struct file *file, struct socket *sock, poll_table *wait);
int xtcp_set_rcvlowat(struct sock *sk, int val);

#endif /* XTCP_POLL_H */
