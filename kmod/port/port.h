/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Local addresses and ports: who may bind what, among our sockets and beside
 * the kernel's TCP.  See the head of port.c.
 */
#ifndef XTCP_PORT_H
#define XTCP_PORT_H

#include "sock.h"

int xtcp_port_bind(struct xtcp_sock *xs, const struct in6_addr *addr, u16 port);
int xtcp_port_connect(struct xtcp_sock *xs);
int xtcp_port_connect_init(void);
void xtcp_port_connect_exit(void);
int xtcp_port_listen(struct xtcp_sock *xs);
void xtcp_port_unlisten(struct xtcp_sock *xs);
void xtcp_port_inherit(struct xtcp_sock *child, struct xtcp_sock *listener);
void xtcp_port_unbind(struct xtcp_sock *xs);
bool xtcp_port_held(const struct net *net, __be16 port);

struct xtcp_port *xtcp_port_get(struct xtcp_port *port);
void xtcp_port_put(struct xtcp_port **ports, unsigned int n);

int xtcp_port_init(void);
void xtcp_port_exit(void);

#endif /* XTCP_PORT_H */
