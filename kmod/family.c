// SPDX-License-Identifier: GPL-2.0
/* socket(AF_XTCP): the family, and the calls of its sockets. */
#include <linux/bpf-cgroup.h>
#include <linux/module.h>
#include <net/inet_common.h>
#include <net/ipv6.h>
#include <net/tcp_states.h>

#include <linux/xtcp.h>

#include "buffer.h"
#include "compat.h"
#include "family.h"
#include "input.h"
#include "ip/af.h"
#include "ip/hook.h"
#include "ip/pinfo.h"
#include "listen.h"
#include "memcg.h"
#include "poll.h"
#include "proto.h"
#include "sendmsg.h"
#include "sock.h"
#include "sockopt.h"
#include "zcrecv.h"

int xtcp_family_nr = AF_XTCP;
module_param_named(family, xtcp_family_nr, int, 0444);
MODULE_PARM_DESC(family, "number of the protocol family (default 18). Where loading says "
			 "'Device or resource busy', another module has it: choose another");

/* As Linux: one byte, and what the namespace says about paths. */
static void init_inet(struct sock *sk)
{
	struct inet_sock *inet = inet_sk(sk);

	/* IP_MULTICAST_ALL: the other family has one of its own */
	xtcp_inet_set_mc_defaults(inet, !xtcp_sk_is6(sk));
	sk->sk_txrehash = READ_ONCE(sock_net(sk)->core.sysctl_txrehash);
	inet->uc_ttl = -1;
	inet->mc_ttl = 1;
	inet->mc_index = 0;
	inet->mc_list = NULL;
	inet->pmtudisc = READ_ONCE(sock_net(sk)->ipv4.sysctl_ip_no_pmtu_disc) ?
			 IP_PMTUDISC_DONT : IP_PMTUDISC_WANT;
	atomic_set(&inet->inet_id, 0);
}

/**
 * xtcp_init_socket - a socket's own flags
 * @sock: it
 *
 * io_uring asks whether MSG_ZEROCOPY takes what it brings along.
 */
void xtcp_init_socket(struct socket *sock)
{
	xtcp_own_socket_options(sock);
	set_bit(SOCK_SUPPORT_ZC, &sock->flags);
}

/* Segments of other hosts may come for it. */
static void expect_others(const struct sock *sk)
{
	struct in6_addr addr;

	xtcp_sk_laddr(sk, &addr);
	if (xtcp_addr_loopback(&addr))
		return;
	if (!ipv6_addr_v4mapped(&addr))
		xtcp_hook_need_demux(xtcp_sk_net(sk), AF_INET6);
	if (xtcp_addr_any(&addr) ? !ipv6_only_sock(sk) : ipv6_addr_v4mapped(&addr))
		xtcp_hook_need_demux(xtcp_sk_net(sk), AF_INET);
}

static int do_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	int err = -EINVAL;

	lock_sock(sk);
	if (sock->state != SS_UNCONNECTED || sock->type != SOCK_STREAM)
		goto out;
	if (sk->sk_state != TCP_CLOSE && sk->sk_state != TCP_LISTEN)
		goto out;
	WRITE_ONCE(sk->sk_max_ack_backlog, backlog);
	err = 0;
	if (sk->sk_state == TCP_LISTEN)
		goto out;
	err = xtcp_listen_start(sk, backlog);
	if (!err)
		expect_others(sk);
out:
	release_sock(sk);
	return err;
}

/* Sleep until the accept queue has something, the listener closed, or timeo. */
static int wait_for_child(struct sock *sk, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	int err = 0;

	add_wait_queue_exclusive(sk_sleep(sk), &wait);
	while (sk->sk_state == TCP_LISTEN &&
	       !xtcp_listener(sk)->accept_first) {
		err = -EAGAIN;
		if (!timeo)
			break;
		err = sock_intr_errno(timeo);
		if (signal_pending(current))
			break;
		release_sock(sk);
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
		lock_sock(sk);
		err = 0;
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

static int accept_child(struct socket *sock, struct socket *newsock, int flags)
{
	struct sock *sk = sock->sk, *child = NULL;
	int err = -EINVAL;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN)
		err = wait_for_child(sk, sock_rcvtimeo(sk, flags & O_NONBLOCK));
	if (!err) {
		err = -EINVAL;
		if (sk->sk_state == TCP_LISTEN) {
			err = 0;
			child = xtcp_accept_pop(sk);
		}
	}
	release_sock(sk);
	if (err)
		return err;

	lock_sock(child);
	xtcp_memcg_accept(child);
	sock_rps_record_flow(child);
	sock_graft(child, newsock);
	xtcp_init_socket(newsock);
	newsock->state = SS_CONNECTED;
	release_sock(child);
	return 0;
}

#ifdef XTCP_HAVE_PROTO_ACCEPT_ARG
static int accept_call(struct socket *sock, struct socket *newsock,
		     struct proto_accept_arg *arg)
{
	return accept_child(sock, newsock, arg->flags);
}
#else
static int accept_call(struct socket *sock, struct socket *newsock, int flags, bool kern)
{
	return accept_child(sock, newsock, flags);
}
#endif

static int setsockopt_call(struct socket *sock, int level, int optname,
			   sockptr_t optval, unsigned int optlen)
{
	if (level == SOL_SOCKET)
		return xtcp_setsockopt_socket(sock, optname, optval, optlen);
	return sock_common_setsockopt(sock, level, optname, optval, optlen);
}

#ifdef XTCP_HAVE_SENDPAGE
#define OPS_SENDPAGE	.sendpage = xtcp_sendpage,
#else
#define OPS_SENDPAGE
#endif
#ifdef XTCP_HAVE_SPLICE_EOF
#define OPS_SPLICE_EOF	.splice_eof = xtcp_splice_eof,
#else
#define OPS_SPLICE_EOF
#endif

/* What does not depend on the family. */
#define OPS_COMMON						\
	.owner		= THIS_MODULE,				\
	.connect	= inet_stream_connect,			\
	.socketpair	= sock_no_socketpair,			\
	.accept		= accept_call,				\
	.poll		= xtcp_poll,				\
	.gettstamp	= sock_gettstamp,			\
	.listen		= do_listen,				\
	.shutdown	= inet_shutdown,			\
	.setsockopt	= setsockopt_call,			\
	.getsockopt	= sock_common_getsockopt,		\
	.sendmsg	= xtcp_sendmsg,				\
	.recvmsg	= xtcp_recvmsg,				\
	.mmap		= xtcp_mmap,				\
	OPS_SENDPAGE						\
	OPS_SPLICE_EOF						\
	.splice_read	= xtcp_splice_read,			\
	.set_rcvlowat	= xtcp_set_rcvlowat,			\
	.set_peek_off	= sk_set_peek_off

const struct proto_ops xtcp_stream_ops = {
	.family		= PF_INET,
	.release	= inet_release,
	.bind		= inet_bind,
	.getname	= inet_getname,
	.ioctl		= inet_ioctl,
	OPS_COMMON
};

#if IS_ENABLED(CONFIG_IPV6)
const struct proto_ops xtcp_stream_ops6 = {
	.family		= PF_INET6,
	.release	= inet6_release,
	.bind		= inet6_bind,
	.getname	= inet6_getname,
	.ioctl		= inet6_ioctl,
	OPS_COMMON
};
#else
#define xtcp_stream_ops6	xtcp_stream_ops
#endif

static int make(struct net *net, struct socket *sock, int family, int kern)
{
	bool v6 = family == PF_INET6;
	struct sock *sk;
	int err;

	err = xtcp_hook_need(xtcp_net(net), family);
	if (err)
		return err;
	sk = sk_alloc(net, family, GFP_KERNEL, v6 ? &xtcp_prot6 : &xtcp_prot, kern);
	if (!sk)
		return -ENOBUFS;
	sock->state = SS_UNCONNECTED;
	sock->ops = v6 ? &xtcp_stream_ops6 : &xtcp_stream_ops;
	xtcp_init_socket(sock);
	sock_init_data(sock, sk);
	sk->sk_protocol = XTCP_SK_PROTOCOL;
	sk->sk_backlog_rcv = xtcp_backlog_rcv;
	init_inet(sk);
	if (v6)
		xtcp_pinfo_init(sk);
	sk->sk_prot->init(sk);
	if (!kern) {
		err = BPF_CGROUP_RUN_PROG_INET_SOCK(sk);
		if (err) {
			/* sk_common_release() wants a hash table to leave */
			sock->sk = NULL;
			sock_orphan(sk);
			sock_put(sk);
			return err;
		}
	}
	return 0;
}

/* socket() */
static int create(struct net *net, struct socket *sock, int protocol, int kern)
{
	if (protocol < 0 || protocol >= IPPROTO_MAX)
		return -EINVAL;
	if (sock->type != SOCK_STREAM)
		return -ESOCKTNOSUPPORT;
	switch (protocol) {
	case XTCPPROTO_IPV4:
	case IPPROTO_TCP:
		return make(net, sock, PF_INET, kern);
	case XTCPPROTO_IPV6:
		if (!IS_ENABLED(CONFIG_IPV6) || !ipv6_mod_enabled())
			return -EAFNOSUPPORT;
		return make(net, sock, PF_INET6, kern);
	default:
		return -EPROTONOSUPPORT;
	}
}

static struct net_proto_family family_ops = {
	.create	= create,
	.owner	= THIS_MODULE,
};

/**
 * xtcp_family_refused - say in the log why the family's number is not to be had
 * @err: what the kernel said, negative
 *
 * Return: the error for who loads the module: -EINVAL for a number that is none,
 * -EBUSY for one that has an owner (-EEXIST is what a second loading gets).
 */
int xtcp_family_refused(int err)
{
	if (xtcp_family_nr <= AF_UNSPEC || xtcp_family_nr >= AF_MAX) {
		pr_err("xtcp: family=%d is no family; load with 0 < N < %d\n",
		       xtcp_family_nr, AF_MAX);
		return -EINVAL;
	}
	if (err == -EEXIST || err == -EBUSY) {
		pr_err("xtcp: another protocol has family %d; load with family=N, N < %d\n",
		       xtcp_family_nr, AF_MAX);
		return -EBUSY;
	}
	pr_err("xtcp: family %d cannot be registered (%d)\n", xtcp_family_nr, err);
	return err;
}

int xtcp_family_init(void)
{
	int err;

	if (xtcp_family_nr <= AF_UNSPEC || xtcp_family_nr >= AF_MAX)
		return xtcp_family_refused(-EINVAL);
	family_ops.family = xtcp_family_nr;
	err = sock_register(&family_ops);
	if (err)
		return xtcp_family_refused(err);
	pr_info("xtcp: family %d\n", xtcp_family_nr);
	return 0;
}

void xtcp_family_exit(void)
{
	sock_unregister(xtcp_family_nr);
}
