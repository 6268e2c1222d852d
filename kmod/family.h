/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The protocol family: socket(AF_XTCP, ...) and the calls on its sockets.
 */
#ifndef XTCP_FAMILY_H
#define XTCP_FAMILY_H

#include <linux/net.h>

extern int xtcp_family_nr;
extern const struct proto_ops xtcp_stream_ops, xtcp_stream_ops6;

void xtcp_init_socket(struct socket *sock);
int xtcp_family_refused(int err);
int xtcp_family_init(void);
void xtcp_family_exit(void);

#endif /* XTCP_FAMILY_H */
