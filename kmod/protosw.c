// SPDX-License-Identifier: GPL-2.0
/*
 * socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP): a second door to the sockets of family.c,
 * for who is let through AF_INET only.
 *
 * The stack makes the socket and calls init(), which makes it one of xtcp_prot: from there
 * on nothing can tell through which door it came.
 *
 * Whoever finds us in the stack's list has no reference to the module until sk_alloc()
 * takes the one that struct proto.owner asks for.  So this door has a struct proto of its
 * own, which has an owner, while xtcp_prot has none (sock.h).  The reference goes back when
 * the descriptor is closed (proto_close()), and the connection may go on without it.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/protocol.h>

#include <linux/xtcp.h>

#include "compat.h"
#include "family.h"
#include "ip/hook.h"
#include "proto.h"
#include "protosw.h"
#include "sock.h"

/* Protocols above a byte that Linux has not given away: IPPROTO_SMC and _MPTCP are beside. */
#define NUMBER_MIN	257
#define NUMBER_MAX	261

static unsigned int number = IPPROTO_XTCP;

static int set_number(const char *val, const struct kernel_param *kp)
{
	unsigned int n;
	int err = kstrtouint(val, 0, &n);

	if (!err && n && (n < NUMBER_MIN || n > NUMBER_MAX))
		err = -EINVAL;
	if (!err)
		number = n;
	return err;
}

static const struct kernel_param_ops number_ops = {
	.set	= set_number,
	.get	= param_get_uint,
};
module_param_cb(protocol, &number_ops, &number, 0444);
MODULE_PARM_DESC(protocol, "third argument of socket(AF_INET, SOCK_STREAM, ...) that gives a "
			   "socket of xtcp, 257 to 261 (default 261); 0: none does");

static struct proto door;

/* struct proto.init: the stack has done all that does not depend on the protocol. */
static int init_sock(struct sock *sk)
{
	int err = xtcp_hook_need(xtcp_net(sock_net(sk)));

	if (err)
		return err;
	/* before anybody sees the socket: its low byte goes on the wire */
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sk->sk_prot = &xtcp_prot;
	xtcp_init_socket(sk->sk_socket);
	return xtcp_prot.init(sk);
}

static struct inet_protosw inet_entry = {
	.type	= SOCK_STREAM,
	.prot	= &door,
	.ops	= &xtcp_stream_ops,
};

/**
 * xtcp_protosw_register - open the door
 *
 * Nothing may fail behind it: a socket can be there at once.  Context: process.
 */
void xtcp_protosw_register(void)
{
	if (!number)
		return;
	/* same name, slab and counts: in /proc/net/protocols it is one protocol */
	door = xtcp_prot;
	door.owner = THIS_MODULE;
	door.init = init_sock;
	inet_entry.protocol = number;
	inet_register_protosw(&inet_entry);
	pr_info("xtcp: protocol %u of AF_INET\n", number);
}

/**
 * xtcp_protosw_unregister - shut it
 *
 * No socket that came through it has a descriptor any more.  Context: process.
 */
void xtcp_protosw_unregister(void)
{
	if (!number)
		return;
	/* waits for who is still looking at the list ... */
	inet_unregister_protosw(&inet_entry);
	/* ... and then for who was preempted before sk_alloc() could refuse */
	synchronize_rcu_tasks();
}
