// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control algorithms: which there are, and who uses which.
 *
 * xtcp_cc_table has those that are built in and those that other modules
 * registered.  Whoever uses one of the latter, a socket or a namespace as its
 * default, holds a reference to its module, so an entry in use does not go away.
 * Names are looked up in an RCU read side; changes are made under `lock`, and
 * unregistering waits for those who look.
 */
#include <linux/capability.h>
#include <linux/inet_diag.h>
#include <linux/jhash.h>
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/sysctl.h>
#include <net/tcp.h>

#include "compat.h"
#include "cong.h"
#include "ip/route.h"
#include "sysctl.h"
#include "xtcp_cc.h"

/* What CONFIG_DEFAULT_TCP_CONG is in Linux's defaults. */
#define DEFAULT_CC	XTCP_CC_CUBIC

/* Memory of an algorithm that needs some; diag may still look at it. */
struct cc_mem {
	struct rcu_head	rcu;
	u64		priv[];
};

static DEFINE_SPINLOCK(lock);
/* Bits of xtcp_cc_table's entries: who may choose them. */
static unsigned long unrestricted = BIT(XTCP_CC_RENO) | BIT(XTCP_CC_CUBIC) |
				    BIT(XTCP_CC_BBR);

static_assert(XTCP_CC_MAX <= BITS_PER_LONG);
static_assert(XTCP_CC_MAX <= U8_MAX);

static const struct xtcp_cc_ops *entry(unsigned int cc)
{
	return READ_ONCE(xtcp_cc_table[cc]);
}

/* RCU read side, or @lock. */
static int find(const char *name)
{
	unsigned int cc;

	for (cc = 0; cc < XTCP_CC_MAX; cc++) {
		const struct xtcp_cc_ops *ops = entry(cc);

		if (ops && !strcmp(ops->name, name))
			return cc;
	}
	return -ENOENT;
}

/* With a reference, so that it stays; -ENOENT, -EBUSY: it is being unloaded. */
static int find_get(const char *name)
{
	int cc;

	rcu_read_lock();
	cc = find(name);
	if (cc >= 0 && !try_module_get(entry(cc)->owner))
		cc = -EBUSY;
	rcu_read_unlock();
	return cc;
}

/* The same, and ask for the module; as Linux, for an administrator only. */
static int find_get_load(const char *name)
{
	int cc = find_get(name);

	if (cc == -ENOENT && capable(CAP_NET_ADMIN)) {
		request_module("xtcp_%s", name);
		cc = find_get(name);
	}
	return cc;
}

static void put(unsigned int cc)
{
	module_put(entry(cc)->owner);
}

/**
 * xtcp_register_congestion_control - make an algorithm known
 * @ops: it; has to stay until it is unregistered
 *
 * Context: process.
 *
 * Return: 0; -EINVAL: a function that it needs is missing; -EEXIST: the name is
 * taken; -ENOSPC: there are XTCP_CC_MAX.
 */
int xtcp_register_congestion_control(const struct xtcp_cc_ops *ops)
{
	int cc, err = -ENOSPC;

	if (!ops->name[0] || strnlen(ops->name, XTCP_CC_NAME_MAX) == XTCP_CC_NAME_MAX ||
	    !ops->ssthresh || (!ops->cong_avoid && !ops->cong_control))
		return -EINVAL;
	spin_lock(&lock);
	if (find(ops->name) >= 0) {
		err = -EEXIST;
		goto out;
	}
	for (cc = XTCP_CC_BUILTIN_NR; cc < XTCP_CC_MAX; cc++) {
		if (entry(cc))
			continue;
		__assign_bit(cc, &unrestricted, ops->flags & XTCP_CC_UNRESTRICTED);
		WRITE_ONCE(xtcp_cc_table[cc], ops);
		err = 0;
		break;
	}
out:
	spin_unlock(&lock);
	return err;
}
EXPORT_SYMBOL_GPL(xtcp_register_congestion_control);

/**
 * xtcp_unregister_congestion_control - the module that has it ends
 * @ops: what was registered; nobody uses it, or the module could not end
 *
 * Context: process; may sleep.
 */
void xtcp_unregister_congestion_control(const struct xtcp_cc_ops *ops)
{
	unsigned int cc;

	spin_lock(&lock);
	for (cc = XTCP_CC_BUILTIN_NR; cc < XTCP_CC_MAX; cc++) {
		if (entry(cc) == ops)
			WRITE_ONCE(xtcp_cc_table[cc], NULL);
	}
	spin_unlock(&lock);
	/* who found it may still read its name */
	synchronize_rcu();
}
EXPORT_SYMBOL_GPL(xtcp_unregister_congestion_control);

/* ---- sockets --------------------------------------------------------------- */

/* A connection gives up its algorithm, and chooses another or goes. */
static void leave(struct xtcp_tcb *t)
{
	xtcp_cong_stop(t);
	if (entry(t->cc)->mem_size) {
		struct cc_mem *mem = container_of(t->cc_mem, struct cc_mem, priv[0]);

		kfree_rcu(mem, rcu);
	}
	put(t->cc);
}

/* @cc comes with a reference, which is given back when there is no memory. */
static int choose(struct sock *sk, unsigned int cc, gfp_t gfp)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct xtcp_cc_ops *ops = entry(cc);
	struct cc_mem *mem = NULL;

	if (ops->mem_size) {
		mem = kzalloc(sizeof(*mem) + ops->mem_size, gfp | __GFP_NOWARN);
		if (!mem) {
			put(cc);
			return -ENOMEM;
		}
	}
	leave(t);
	xtcp_cc_choose(t, cc, mem ? mem->priv : NULL);
	if (ops->flags & XTCP_CC_PACING)
		cmpxchg(&sk->sk_pacing_status, SK_PACING_NONE, SK_PACING_NEEDED);
	return 0;
}

/**
 * xtcp_cong_assign - a socket uses the default of its namespace
 * @sk: the socket, new
 * @gfp: how to allocate
 *
 * Without memory, or while the default's module is being unloaded, it is reno.
 */
void xtcp_cong_assign(struct sock *sk, gfp_t gfp)
{
	const struct xtcp_net *xn = xtcp_sk_net(sk);
	const struct xtcp_cc_ops *ops;
	unsigned int cc;
	bool got;

	rcu_read_lock();
	cc = READ_ONCE(xn->cc);
	ops = entry(cc);
	got = ops && try_module_get(ops->owner);
	rcu_read_unlock();
	if (got)
		choose(sk, cc, gfp);
}

/**
 * xtcp_cong_inherit - a child uses what was chosen for its listener
 * @child: the child, new
 * @listener: the listener, locked
 *
 * As Linux: where nothing was chosen, the default of now.  Context: softirq.
 */
void xtcp_cong_inherit(struct sock *child, const struct sock *listener)
{
	const struct xtcp_sock *xs = xtcp_sk(listener);

	xtcp_assert_locked(listener);
	if (xs->cc_chosen) {
		xtcp_sk(child)->cc_chosen = true;
		if (try_module_get(entry(xs->tcb.cc)->owner) &&
		    !choose(child, xs->tcb.cc, GFP_ATOMIC))
			return;
	}
	xtcp_cong_assign(child, GFP_ATOMIC);
}

/*
 * The kernel's number for a name, by which a route says what to use.  The kernel
 * makes it from the name in a field of TCP_CA_NAME_MAX bytes.
 */
static u32 key_of_name(const char *name)
{
	char field[TCP_CA_NAME_MAX] = { 0 };
	size_t len = strlen(name);

	memcpy(field, name, min(len, sizeof(field)));
	return jhash(field, sizeof(field), len);
}

/* With a reference; -ENOENT: there is none with the number. */
static int find_get_key(u32 key)
{
	int cc, found = -ENOENT;

	rcu_read_lock();
	for (cc = 0; cc < XTCP_CC_MAX && found < 0; cc++) {
		const struct xtcp_cc_ops *ops = entry(cc);

		if (ops && key_of_name(ops->name) == key && try_module_get(ops->owner))
			found = cc;
	}
	rcu_read_unlock();
	return found;
}

/**
 * xtcp_cong_route - a connection is being opened: the route may say what it uses
 * @sk: the socket, locked or new, with a route
 *
 * Before what its user chose (as Linux).  What we do not have does not count.
 */
void xtcp_cong_route(struct sock *sk)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	bool locked;
	u32 key;
	int cc;

	locked = xtcp_route_cc(sk, &key);
	xs->cc_locked = false;
	if (likely(!key))
		return;
	cc = find_get_key(key);
	if (cc < 0)
		return;
	if (cc == xs->tcb.cc)
		put(cc);
	else if (choose(sk, cc, GFP_ATOMIC))
		return;
	xs->cc_locked = locked;
}

/**
 * xtcp_cong_release - a socket goes
 * @sk: the socket
 */
void xtcp_cong_release(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	leave(t);
	xtcp_cc_choose(t, XTCP_CC_RENO, NULL);
}

/**
 * xtcp_cong_renew - a disconnected socket keeps its algorithm
 * @fresh: its TCB, new
 * @old: the one before, which loses it
 */
void xtcp_cong_renew(struct xtcp_tcb *fresh, struct xtcp_tcb *old)
{
	u32 size = entry(old->cc)->mem_size;

	xtcp_cong_stop(old);
	if (size)
		memset(old->cc_mem, 0, size);
	xtcp_cc_choose(fresh, old->cc, size ? old->cc_mem : NULL);
}

/**
 * xtcp_cong_set - TCP_CONGESTION
 * @sk: the socket
 * @name: of the algorithm
 * @cap_net_admin: the caller may choose any
 * @load: its module may be asked for: the caller holds no lock that it could want
 *
 * Context: process.
 *
 * Return: 0, -ENOENT: there is none of that name, -EPERM (also where the route has
 * chosen for good), -EBUSY: its module is
 * on its way out, -ENOMEM.
 */
int xtcp_cong_set(struct sock *sk, const char *name, bool cap_net_admin, bool load)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	int cc = load ? find_get_load(name) : find_get(name), err = 0;

	if (cc < 0)
		return cc;
	lock_sock(sk);
	if (xs->cc_locked) {
		/* an administrator has chosen, with the route */
		put(cc);
		err = -EPERM;
	} else if (cc == xs->tcb.cc) {
		put(cc);
	} else if (!cap_net_admin && !test_bit(cc, &unrestricted)) {
		put(cc);
		err = -EPERM;
	} else {
		err = choose(sk, cc, GFP_KERNEL);
		if (!err && XTCP_IN(xs->tcb.state, XTCP_SET_SYNCHRONISED))
			xtcp_cong_start(&xs->tcb);
	}
	if (!err)
		xs->cc_chosen = true;
	release_sock(sk);
	return err;
}

/**
 * xtcp_cong_name - what a socket uses
 * @sk: the socket, locked or not
 * @name: out
 */
void xtcp_cong_name(const struct sock *sk, char name[XTCP_CC_NAME_MAX])
{
	const struct xtcp_cc_ops *ops;

	rcu_read_lock();
	ops = entry(READ_ONCE(xtcp_sk(sk)->tcb.cc));
	strscpy(name, ops ? ops->name : "", XTCP_CC_NAME_MAX);
	rcu_read_unlock();
}

/**
 * xtcp_cong_info - TCP_CC_INFO
 * @sk: the socket, locked
 * @attr: out: INET_DIAG_*, what it is
 * @info: out
 *
 * Return: its size, 0: the algorithm has none, or has not begun.
 */
u32 xtcp_cong_info(const struct sock *sk, int *attr, union tcp_cc_info *info)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	const struct xtcp_cc_ops *ops = entry(t->cc);

	xtcp_assert_locked(sk);
	if (!ops->get_info || !(t->flags & XTCP_F_CC_STARTED))
		return 0;
	return ops->get_info(t, attr, info);
}

/* ---- namespaces ------------------------------------------------------------ */

/**
 * xtcp_cong_netns_init - a namespace has a default
 * @xn: the namespace
 *
 * As Linux, the one of the first namespace.
 */
void xtcp_cong_netns_init(struct xtcp_net *xn)
{
	const struct xtcp_cc_ops *ops;
	unsigned int cc = DEFAULT_CC;

	if (!net_eq(xn->net, &init_net)) {
		rcu_read_lock();
		cc = READ_ONCE(xtcp_net(&init_net)->cc);
		ops = entry(cc);
		if (!ops || !try_module_get(ops->owner))
			cc = DEFAULT_CC;
		rcu_read_unlock();
	}
	xn->cc = cc;
}

/**
 * xtcp_cong_netns_exit - a namespace ends
 * @xn: the namespace, without sockets
 */
void xtcp_cong_netns_exit(struct xtcp_net *xn)
{
	put(xn->cc);
}

static int set_default(struct xtcp_net *xn, const char *name)
{
	int cc = find_get_load(name), old;

	if (cc < 0)
		return cc;
	spin_lock(&lock);
	if (!net_eq(xn->net, &init_net) && !test_bit(cc, &unrestricted)) {
		spin_unlock(&lock);
		put(cc);
		return -EPERM;
	}
	old = xn->cc;
	WRITE_ONCE(xn->cc, cc);
	__set_bit(cc, &unrestricted);
	spin_unlock(&lock);
	put(old);
	return 0;
}

/* The names of those that are in @set. */
static void list_names(char *buf, size_t size, unsigned long set)
{
	unsigned int cc;
	size_t len = 0;

	buf[0] = 0;
	rcu_read_lock();
	for (cc = 0; cc < XTCP_CC_MAX; cc++) {
		const struct xtcp_cc_ops *ops = entry(cc);

		if (ops && test_bit(cc, &set))
			len += scnprintf(buf + len, size - len, "%s%s",
					 len ? " " : "", ops->name);
	}
	rcu_read_unlock();
}

/* All names are checked before anything changes. */
static int set_allowed(char *names)
{
	unsigned long set = 0;
	int cc, err = 0;
	char *name;

	spin_lock(&lock);
	while ((name = strsep(&names, " ")) && *name) {
		cc = find(name);
		if (cc < 0) {
			err = cc;
			break;
		}
		__set_bit(cc, &set);
	}
	if (!err)
		unrestricted = set;
	spin_unlock(&lock);
	return err;
}

/**
 * xtcp_cong_do_default - net.xtcp.congestion_control
 * @table: its entry; data is the namespace's xtcp_net.cc
 * @write: whether it is written
 * @buffer: what to, or where the value goes
 * @lenp: its length
 * @ppos: position in the file
 *
 * Return: 0 or a negative errno.
 */
int xtcp_cong_do_default(XTCP_CTL_TABLE *table, int write, void *buffer,
			 size_t *lenp, loff_t *ppos)
{
	struct xtcp_net *xn = container_of(table->data, struct xtcp_net, cc);
	char name[XTCP_CC_NAME_MAX] = "";
	struct ctl_table t = { .data = name, .maxlen = sizeof(name) };
	int err;

	rcu_read_lock();
	strscpy(name, entry(READ_ONCE(xn->cc))->name, sizeof(name));
	rcu_read_unlock();
	err = proc_dostring(&t, write, buffer, lenp, ppos);
	if (write && !err)
		err = set_default(xn, name);
	return err;
}

/**
 * xtcp_cong_do_available - net.xtcp.available_congestion_control
 * @table: its entry
 * @write: never
 * @buffer: where the value goes
 * @lenp: its length
 * @ppos: position in the file
 *
 * Return: 0 or a negative errno.
 */
int xtcp_cong_do_available(XTCP_CTL_TABLE *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos)
{
	struct ctl_table t = { .maxlen = XTCP_CONG_LIST_MAX };
	int err;

	t.data = kmalloc(t.maxlen, GFP_USER);
	if (!t.data)
		return -ENOMEM;
	list_names(t.data, t.maxlen, ~0UL);
	err = proc_dostring(&t, write, buffer, lenp, ppos);
	kfree(t.data);
	return err;
}

/**
 * xtcp_cong_do_allowed - net.xtcp.allowed_congestion_control
 * @table: its entry
 * @write: whether it is written
 * @buffer: what to, or where the value goes
 * @lenp: its length
 * @ppos: position in the file
 *
 * As Linux's, it is one for all namespaces, and only the first can write it.
 *
 * Return: 0 or a negative errno.
 */
int xtcp_cong_do_allowed(XTCP_CTL_TABLE *table, int write, void *buffer,
			 size_t *lenp, loff_t *ppos)
{
	struct ctl_table t = { .maxlen = XTCP_CONG_LIST_MAX };
	int err;

	t.data = kmalloc(t.maxlen, GFP_USER);
	if (!t.data)
		return -ENOMEM;
	list_names(t.data, t.maxlen, READ_ONCE(unrestricted));
	err = proc_dostring(&t, write, buffer, lenp, ppos);
	if (write && !err)
		err = set_allowed(t.data);
	kfree(t.data);
	return err;
}
