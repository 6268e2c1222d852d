// SPDX-License-Identifier: GPL-2.0
/*
 * The settings of one socket that has changed some: a copy of its namespace's,
 * which the core then reads instead.  A child shares its listener's.
 */
#include <linux/refcount.h>
#include <linux/slab.h>

#include "conf.h"
#include "core/user.h"

struct own_conf {
	struct xtcp_conf	conf;
	refcount_t		refcnt;
	struct rcu_head		rcu;
};

static struct own_conf *own_conf_of(const struct sock *sk)
{
	const struct xtcp_conf *conf = xtcp_sk(sk)->tcb.conf;

	if (conf == &xtcp_sk_net(sk)->conf)
		return NULL;
	return container_of((struct xtcp_conf *)conf, struct own_conf, conf);
}

/**
 * xtcp_conf_get - the settings of a socket, for a child of it
 * @sk: the socket, locked
 *
 * Return: them; xtcp_conf_put() on the child lets go.
 */
const struct xtcp_conf *xtcp_conf_get(const struct sock *sk)
{
	struct own_conf *own = own_conf_of(sk);

	xtcp_assert_locked(sk);
	if (own)
		refcount_inc(&own->refcnt);
	return xtcp_sk(sk)->tcb.conf;
}

/* In the place of what it has. */
static void use_conf(struct sock *sk, const struct xtcp_conf *conf)
{
	struct own_conf *old = own_conf_of(sk);

	/* pairs with xtcp_conf_peek(): complete before anybody sees it */
	xtcp_user_conf(&xtcp_sk(sk)->tcb, conf);
	if (old && refcount_dec_and_test(&old->refcnt))
		kfree_rcu(old, rcu);
}

/**
 * xtcp_conf_put - a socket goes
 * @sk: the socket; it has its namespace's settings after this
 */
void xtcp_conf_put(struct sock *sk)
{
	use_conf(sk, &xtcp_sk_net(sk)->conf);
}

/**
 * xtcp_conf_own - to change a setting
 * @sk: the socket, locked
 *
 * Return: a copy that nobody shares, NULL without memory.
 */
struct xtcp_conf *xtcp_conf_own(struct sock *sk)
{
	struct own_conf *own = own_conf_of(sk);

	xtcp_assert_locked(sk);
	if (own && refcount_read(&own->refcnt) == 1)
		return &own->conf;
	own = kmalloc(sizeof(*own), GFP_KERNEL_ACCOUNT);
	if (!own)
		return NULL;
	own->conf = *xtcp_sk(sk)->tcb.conf;
	refcount_set(&own->refcnt, 1);
	use_conf(sk, &own->conf);
	return &own->conf;
}
