/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What softirq left to the user.
 */
#ifndef XTCP_RELEASE_H
#define XTCP_RELEASE_H

struct sock;

void xtcp_release_cb(struct sock *sk);

#endif /* XTCP_RELEASE_H */
