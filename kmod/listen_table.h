/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The listener table: who accepts connections to a local address and port.
 */
#ifndef XTCP_LISTEN_TABLE_H
#define XTCP_LISTEN_TABLE_H

#include "flow.h"
#include "netns.h"

struct sk_buff;
struct sock;
struct xtcp_sock;

struct sock *xtcp_listener_lookup(const struct xtcp_key *key, int dif, int sdif,
				  struct sk_buff *skb);
struct sock *xtcp_listener_find(const struct xtcp_key *key,
				bool (*want)(const struct sock *sk, const void *arg),
				const void *arg);
bool xtcp_listener_fits(const struct xtcp_sock *xs, const struct xtcp_key *key, int dif,
			int sdif);
struct sock *xtcp_listener_next(struct xtcp_net *xn, unsigned long *at);
int xtcp_listener_insert(struct xtcp_sock *xs);
void xtcp_listener_remove(struct xtcp_sock *xs);

void xtcp_listen_table_netns_init(struct xtcp_net *xn);
void xtcp_listen_table_netns_exit(struct xtcp_net *xn);
int xtcp_listen_table_init(void);
void xtcp_listen_table_exit(void);

#endif /* XTCP_LISTEN_TABLE_H */
