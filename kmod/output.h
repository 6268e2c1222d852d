/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Segments of a socket leave.
 */
#ifndef XTCP_OUTPUT_H
#define XTCP_OUTPUT_H

#include "sock.h"

void xtcp_push(struct sock *sk);
void xtcp_push_one(struct sock *sk);
void xtcp_retransmit(struct sock *sk, enum xtcp_reason why);
void xtcp_send_ack(struct sock *sk, enum xtcp_reason why);
void xtcp_send_ack_before(struct sock *sk, u32 ack, enum xtcp_reason why);
void xtcp_send_syn(struct sock *sk, enum xtcp_reason why);
void xtcp_send_probe(struct sock *sk, u32 seq, enum xtcp_reason why);
void xtcp_send_rst(struct sock *sk, const struct xtcp_actions *a);
void xtcp_queue_fin(struct sock *sk);
void xtcp_sync_mss(struct sock *sk);
u16 xtcp_mss_told(const struct sock *sk);
u32 xtcp_gso_max(const struct sock *sk);

#endif /* XTCP_OUTPUT_H */
