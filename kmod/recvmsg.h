/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is in order, and who reads it.
 */
#ifndef XTCP_RECVMSG_H
#define XTCP_RECVMSG_H

#include "sock.h"

int xtcp_copy_queue(struct sock *sk, struct msghdr *msg, size_t len, int flags, u32 *seq,
		    struct sk_buff **stamped);
void xtcp_take_queue(struct sock *sk, u32 len, struct sk_buff **stamped);
void xtcp_after_read(struct sock *sk, u32 copied);
u32 xtcp_readable(const struct sock *sk);
int xtcp_inq(const struct sock *sk);

/**
 * xtcp_unread - payload of a queued buffer that lies behind a sequence number
 * @skb: the buffer
 * @seq: the number, not before the buffer's own
 * @offset: where that is in the buffer, bytes
 *
 * Return: bytes.
 */
static inline u32 xtcp_unread(const struct sk_buff *skb, u32 seq, u32 *offset)
{
	*offset = seq - xtcp_skb_seg(skb)->seq;
	return *offset < skb->len ? skb->len - *offset : 0;
}

#endif /* XTCP_RECVMSG_H */
