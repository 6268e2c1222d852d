/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a socket has besides that listens, and a child of it that is not open yet.
 */
#ifndef XTCP_OPENING_H
#define XTCP_OPENING_H

#include <linux/siphash.h>

#include "core/options.h"
#include "sock.h"

/* Keys at a time: the one that cookies are made with, and its predecessor. */
#define XTCP_TFO_KEYS		2
#define XTCP_TFO_KEY_LEN	sizeof(siphash_key_t)

/**
 * struct xtcp_tfo_keys - what cookies are made with
 * @rcu: frees a namespace's
 * @nr: how many there are
 * @key: the first makes cookies, all are good
 */
struct xtcp_tfo_keys {
	struct rcu_head	rcu;
	unsigned int	nr;
	siphash_key_t	key[XTCP_TFO_KEYS];
};

/**
 * struct xtcp_tfo_queue - a listener's children whose handshake is not complete
 * @refs: the listener, and each pending child
 * @max: TCP_FASTOPEN: most of them, 0: no Fast Open
 * @pending: how many there are
 * @lock: protects what follows
 * @resets: children that a RST ended, in the last minute and in the one before:
 *	    they count as if they were still pending (RFC 7413 5.1)
 * @minute: when the last minute began, jiffies
 * @keys: TCP_FASTOPEN_KEY; nr 0: the namespace's; under the listener's lock
 */
struct xtcp_tfo_queue {
	refcount_t		refs;
	int			max;
	atomic_t		pending;
	spinlock_t		lock;
	unsigned int		resets[2];
	unsigned long		minute;
	struct xtcp_tfo_keys	keys;
};

/**
 * struct xtcp_opening - what a child knows of its SYN
 * @queue: where it is pending, with a reference; NULL: the handshake is complete
 * @answer: cookie for the SYN,ACK
 * @syn_len: length of @syn, bytes
 * @syn: TCP_SAVED_SYN
 */
struct xtcp_opening {
	struct xtcp_tfo_queue	*queue;
	struct xtcp_tfo_cookie	answer;
	unsigned int		syn_len;
	u8			syn[];
};

/* TCP_SAVE_SYN: the link layer's header as well. */
#define XTCP_SAVE_SYN_ALL	2

struct xtcp_listener *xtcp_listener_need(struct sock *sk);
void xtcp_listener_free(struct sock *sk);
void xtcp_tfo_queue_put(struct xtcp_tfo_queue *q);
struct xtcp_opening *xtcp_opening_alloc(const struct sock *sk, const struct sk_buff *skb);
void xtcp_opening_free(struct sock *sk);

#endif /* XTCP_OPENING_H */
