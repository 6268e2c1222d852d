/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Packets that a rule gives to user space to decide about (NFQUEUE).
 */
#ifndef XTCP_SELFTESTS_QUEUE_H
#define XTCP_SELFTESTS_QUEUE_H

#include <stdint.h>

struct mnl_socket;

struct mnl_socket *queue_open(const char *match);
uint32_t queue_next(struct mnl_socket *nl);
void queue_accept(struct mnl_socket *nl, uint32_t id);

#endif /* XTCP_SELFTESTS_QUEUE_H */
