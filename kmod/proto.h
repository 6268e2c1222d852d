/* SPDX-License-Identifier: GPL-2.0 */
/*
 * struct proto: what the stack calls of a socket.
 */
#ifndef XTCP_PROTO_H
#define XTCP_PROTO_H

#include "sock.h"

extern struct proto xtcp_prot, xtcp_prot6;
extern long xtcp_sysctl_mem[3];

int xtcp_proto_init(void);
void xtcp_proto_exit(void);

#endif /* XTCP_PROTO_H */
