// SPDX-License-Identifier: GPL-2.0
/*
 * socket(AF_INET or AF_INET6, SOCK_STREAM, IPPROTO_XTCP): a second door to the sockets of
 * family.c, for who is let through these families only.
 *
 * The stack makes the socket and calls init(), which makes it one of xtcp_prot or xtcp_prot6: from
 * there on nothing can tell through which door it came.
 *
 * Whoever finds us in the stack's list has no reference to the module until sk_alloc()
 * takes the one that struct proto.owner asks for.  So this door has a struct proto of its
 * own, which has an owner, while xtcp_prot has none (sock.h).  The reference goes back when
 * the descriptor is closed (proto_close()), and the connection may go on without it.
 */
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <net/ipv6.h>
#include <net/protocol.h>
#include <net/transp_v6.h>

#include <linux/xtcp.h>

#include "compat.h"
#include "family.h"
#include "ip/af.h"
#include "ip/hook.h"
#include "ip/pinfo.h"
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

static struct proto door, door6;

/* struct proto.init: the stack has done all that does not depend on the protocol. */
static int init_sock(struct sock *sk)
{
	int err = xtcp_hook_need(xtcp_net(sock_net(sk)), sk->sk_family);

	if (err)
		return err;
	/* before anybody sees the socket: its low byte goes on the wire */
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sk->sk_prot = xtcp_sk_is6(sk) ? &xtcp_prot6 : &xtcp_prot;
	xtcp_init_socket(sk->sk_socket);
	return sk->sk_prot->init(sk);
}

static struct inet_protosw inet_entry = {
	.type	= SOCK_STREAM,
	.prot	= &door,
	.ops	= &xtcp_stream_ops,
};

#if IS_ENABLED(CONFIG_IPV6)
static struct inet_protosw inet6_entry = {
	.type	= SOCK_STREAM,
	.prot	= &door6,
	.ops	= &xtcp_stream_ops6,
};

/* Without a place of its own, the stack looks for what IPv6 has at a socket's end. */
static_assert(offsetof(struct xtcp6_sock, inet6) ==
	      sizeof(struct xtcp6_sock) - sizeof(struct ipv6_pinfo));

static bool door6_is_open;

static void open_door6(void)
{
	if (!ipv6_mod_enabled())
		return;
	inet6_entry.protocol = number;
	door6_is_open = !inet6_register_protosw(&inet6_entry);
}

static void shut_door6(void)
{
	if (door6_is_open)
		inet6_unregister_protosw(&inet6_entry);
}
#else
static void open_door6(void) { }
static void shut_door6(void) { }
#endif

/* Same name, slab and counts: in /proc/net/protocols it is one protocol. */
static void make_door(struct proto *to, const struct proto *from)
{
	*to = *from;
	to->owner = THIS_MODULE;
	to->init = init_sock;
}

/**
 * xtcp_protosw_register - open the door
 *
 * Nothing may fail behind it: a socket can be there at once.  Context: process.
 */
void xtcp_protosw_register(void)
{
	if (!number)
		return;
	make_door(&door, &xtcp_prot);
	make_door(&door6, &xtcp_prot6);
	inet_entry.protocol = number;
	inet_register_protosw(&inet_entry);
	open_door6();
	pr_info("xtcp: protocol %u of AF_INET and AF_INET6\n", number);
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
	/* each waits for who is still looking at its list ... */
	shut_door6();
	inet_unregister_protosw(&inet_entry);
	/*
	 * ... and then for who was preempted before sk_alloc() could refuse. Who sleeps in
	 * the allocation itself for all that time is not waited for: nothing shows it, here
	 * or in any other protocol that can be unloaded.
	 */
	synchronize_rcu_tasks();
}
