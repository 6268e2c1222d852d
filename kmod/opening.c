// SPDX-License-Identifier: GPL-2.0
/*
 * What a socket has besides that listens, and a child of it that is not open yet: both
 * are in the same place, for no socket is both.
 */
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/tcp.h>

#include "opening.h"

/**
 * xtcp_tfo_queue_put - give up a reference
 * @q: the queue, NULL: nothing to do
 */
void xtcp_tfo_queue_put(struct xtcp_tfo_queue *q)
{
	if (q && refcount_dec_and_test(&q->refs))
		kfree_sensitive(q);
}

/**
 * xtcp_opening_free - nothing of the SYN is needed any more
 * @sk: the child, locked, or nobody else has it; not pending
 */
void xtcp_opening_free(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);

	if (!xs->has_opening)
		return;
	kfree(xs->opening);
	xs->opening = NULL;
	xs->has_opening = 0;
}

/**
 * xtcp_listener_need - what a socket that listens, or will, has besides
 * @sk: the socket, locked by the user
 *
 * Return: it, made if need be; NULL without memory.
 */
struct xtcp_listener *xtcp_listener_need(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_listener *l;

	xtcp_assert_locked(sk);
	if (xs->has_opening)
		xtcp_opening_free(sk);
	if (xs->listener)
		return xs->listener;
	l = kzalloc(sizeof(*l), GFP_KERNEL_ACCOUNT);
	if (!l)
		return NULL;
	l->accept_end = &l->accept_first;
	INIT_LIST_HEAD(&l->reqs);
	xs->listener = l;
	return l;
}

/*
 * A listener that is in the table no more leaves its own spot.
 * Return: nobody else is there; otherwise the last one frees the two.
 */
static bool leave_own_spot(struct xtcp_net *xn, struct xtcp_spot *own)
{
	bool alone;

	/* pairs with xtcp_listener_remove(), which is through with it then */
	if (!smp_load_acquire(&own->members))
		return true;
	xa_lock_bh(&xn->listeners);
	own->left = true;
	alone = !own->members;
	xa_unlock_bh(&xn->listeners);
	return alone;
}

/**
 * xtcp_listener_free - a socket will listen no more
 * @sk: the socket; what its listener made is gone
 */
void xtcp_listener_free(struct sock *sk)
{
	struct xtcp_listener *l = xtcp_sk(sk)->listener;

	xtcp_sk(sk)->listener = NULL;
	if (!l)
		return;
	xtcp_tfo_queue_put(l->tfo);
	if (leave_own_spot(xtcp_sk_net(sk), &l->own))
		kfree_rcu(l, own.rcu);
}

/* Headers of the SYN that TCP_SAVED_SYN will show; NULL: none. */
static const u8 *syn_headers(const struct sock *sk, const struct sk_buff *skb,
			     unsigned int *len)
{
	const u8 *from = skb_network_header(skb);

	if (xtcp_sk(sk)->save_syn == XTCP_SAVE_SYN_ALL && skb_mac_header_was_set(skb))
		from = skb_mac_header(skb);
	*len = skb_transport_header(skb) + tcp_hdrlen(skb) - from;
	return xtcp_sk(sk)->save_syn ? from : NULL;
}

/**
 * xtcp_opening_alloc - keep what a child will want to know of its SYN
 * @sk: the listener, locked
 * @skb: the SYN
 *
 * Return: it, NULL without memory.
 */
struct xtcp_opening *xtcp_opening_alloc(const struct sock *sk, const struct sk_buff *skb)
{
	struct xtcp_opening *o;
	unsigned int len;
	const u8 *syn = syn_headers(sk, skb, &len);

	xtcp_assert_locked(sk);
	if (!syn)
		len = 0;
	o = kzalloc(struct_size(o, syn, len), GFP_ATOMIC | __GFP_NOWARN);
	if (!o)
		return NULL;
	o->syn_len = len;
	o->answer.len = -1;
	if (len)
		memcpy(o->syn, syn, len);
	return o;
}
