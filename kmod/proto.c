// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of struct proto, and memory that all sockets have in common.
 */
#include <linux/module.h>
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "compat.h"
#include "conf.h"
#include "cong.h"
#include "connect.h"
#include "input.h"
#include "ip/af.h"
#include "ip/pinfo.h"
#include "lifetime.h"
#include "listen.h"
#include "port/port.h"
#include "proto.h"
#include "release.h"
#include "sockopt.h"

/* net.xtcp.mem, pages: leave and enter memory pressure, refuse. */
long xtcp_sysctl_mem[3];
static int sysctl_wmem[3] = { 4096, 16384, 4 * 1024 * 1024 };
static int sysctl_rmem[3] = { 4096, 131072, 6 * 1024 * 1024 };

static atomic_long_t memory_allocated;
static DEFINE_PER_CPU(int, memory_per_cpu_fw_alloc);
static struct percpu_counter sockets_allocated;
static unsigned long memory_pressure;

static void enter_memory_pressure(struct sock *sk)
{
	if (READ_ONCE(memory_pressure))
		return;
	WRITE_ONCE(memory_pressure, jiffies ? jiffies : 1);
	xtcp_count(xtcp_sk_net(sk), MEMORY_PRESSURES);
}

static void leave_memory_pressure(struct sock *sk)
{
	WRITE_ONCE(memory_pressure, 0);
}

/* struct proto.init */
static int init_sock(struct sock *sk)
{
	struct xtcp_net *xn;

	sock_set_flag(sk, SOCK_RCU_FREE);
	xtcp_init_fields(sk);
	xn = xtcp_sk_net(sk);
	xtcp_cong_assign(sk, GFP_KERNEL);
	sk_sockets_allocated_inc(sk);
	sk->sk_write_space = xtcp_buffer_freed;
	WRITE_ONCE(sk->sk_sndbuf, READ_ONCE(xn->wmem[1]));
	WRITE_ONCE(sk->sk_rcvbuf, READ_ONCE(xn->rmem[1]));
	return 0;
}

/* struct proto.shutdown; the socket is locked, sk_shutdown is set. */
static void proto_shutdown(struct sock *sk, int how)
{
	xtcp_assert_locked(sk);
	if (how & RCV_SHUTDOWN)
		xtcp_user_call(sk, XTCP_CALL_SHUT_RD, XTCP_WHY_NONE);
	if (how & SEND_SHUTDOWN &&
	    (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_SYN_RECV | TCPF_CLOSE_WAIT))
		xtcp_user_call(sk, XTCP_CALL_SHUT_WR, XTCP_WHY_USER_SHUTDOWN);
}

static bool purge_unread(struct sock *sk)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	struct sk_buff *skb;
	bool unread = false;

	while ((skb = __skb_dequeue(&sk->sk_receive_queue))) {
		u32 end = xtcp_skb_seg(skb)->end_seq -
			  !!(xtcp_skb_seg(skb)->flags & XTCP_FIN);

		unread |= xtcp_after(end, t->copied_seq);
		__kfree_skb(skb);
	}
	return unread;
}

/* SO_LINGER: close() waits until the peer has acknowledged our FIN, or timeo. */
static void wait_closed(struct sock *sk, long timeo)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);

	if (!timeo)
		return;
	add_wait_queue(sk_sleep(sk), &wait);
	while ((1 << sk->sk_state) & (TCPF_FIN_WAIT1 | TCPF_CLOSING | TCPF_LAST_ACK) &&
	       timeo && !signal_pending(current)) {
		release_sock(sk);
		timeo = wait_woken(&wait, TASK_INTERRUPTIBLE, timeo);
		lock_sock(sk);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
}

/* Nobody has the descriptor: the connection goes on alone, or not at all. */
static void close_connection(struct sock *sk, bool unread)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);

	if (unread) {
		/* RFC 2525 2.17: the peer must learn that its data was lost */
		xtcp_count(xn, ABORT_ON_CLOSE);
		xtcp_user_call(sk, XTCP_CALL_ABORT, XTCP_WHY_UNREAD_DATA);
	} else if (sock_flag(sk, SOCK_LINGER) && !sk->sk_lingertime) {
		xtcp_count(xn, ABORT_ON_LINGER);
		xtcp_user_call(sk, XTCP_CALL_ABORT, XTCP_WHY_LINGER_ZERO);
	} else {
		xtcp_user_call(sk, XTCP_CALL_CLOSE, XTCP_WHY_USER_CLOSE);
	}
}

/* Too many connections without a user, or too little memory: this one ends. */
static bool orphan_is_too_much(struct sock *sk)
{
	struct xtcp_net *xn = xtcp_sk_net(sk);

	return atomic_read(&xn->orphans) > READ_ONCE(xn->max_orphans) ||
	       sk_memory_allocated(sk) > READ_ONCE(xtcp_sysctl_mem[2]);
}

/*
 * A descriptor keeps the module loaded, and what goes on without one must not: what
 * sk_alloc() took as well for who came through AF_INET (protosw.c) goes back.
 */
static void put_creator(struct sock *sk)
{
	struct module *owner = sk->sk_prot_creator->owner;

	sk->sk_prot_creator = sk->sk_prot;
	/* not the last: the descriptor has not let go yet */
	module_put(owner);
}

/* struct proto.close */
static void proto_close(struct sock *sk, long timeout)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_net *xn = xtcp_sk_net(sk);
	bool unread;

	lock_sock(sk);
	put_creator(sk);
	WRITE_ONCE(sk->sk_shutdown, SHUTDOWN_MASK);
	if (sk->sk_state == TCP_LISTEN) {
		xtcp_user_call(sk, XTCP_CALL_CLOSE, XTCP_WHY_USER_CLOSE);
		xtcp_listen_stop(sk);
	} else {
		unread = purge_unread(sk);
		if (sk->sk_state != TCP_CLOSE) {
			close_connection(sk, unread);
			wait_closed(sk, timeout);
		}
	}

	sock_hold(sk);
	sock_orphan(sk);
	if (sk->sk_state != TCP_CLOSE) {
		xs->orphaned = true;
		atomic_inc(&xn->orphans);
		if (orphan_is_too_much(sk)) {
			xtcp_count(xn, ABORT_ON_MEMORY);
			xtcp_user_call(sk, XTCP_CALL_ABORT, XTCP_WHY_TOO_MANY_ORPHANS);
		}
	} else {
		xtcp_destroy(sk);
	}
	release_sock(sk);
	sock_put(sk);
}

/* TCP_NOTSENT_LOWAT: is little enough waiting to be sent first? */
static bool memory_free(const struct sock *sk, int wake)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	u32 notsent = READ_ONCE(xs->tcb.write_seq) - READ_ONCE(xs->tcb.snd_nxt);
	u32 lowat = READ_ONCE(xs->tcb.user.notsent_lowat);

	/* poll() has no lock */
	rcu_read_lock();
	if (!lowat)
		lowat = READ_ONCE(xtcp_conf_peek(sk)->notsent_lowat);
	rcu_read_unlock();
	return (u64)notsent << wake < lowat;
}

/* struct proto.get_port, for inet_bind(); the address is set already. */
static int get_port(struct sock *sk, unsigned short port)
{
	struct in6_addr addr;

	xtcp_sk_laddr(sk, &addr);
	return xtcp_port_bind(xtcp_sk(sk), &addr, port);
}

static void put_port(struct sock *sk)
{
	xtcp_port_unbind(xtcp_sk(sk));
}

/* struct proto.unhash: inet_create() does it where a control group denies the socket. */
static void unhash(struct sock *sk)
{
}

/*
 * sk_alloc() clears a socket itself; the slab would once more, where it clears what it gives
 * (init_on_alloc), unless readers may be in it.  None are, a grace period has passed
 * (SOCK_RCU_FREE): so where faults are looked for, freed sockets are watched as any memory.
 */
#ifdef XTCP_VERIFY
#define SLAB_FLAGS	0
#else
#define SLAB_FLAGS	SLAB_TYPESAFE_BY_RCU
#endif

struct proto xtcp_prot = {
	.name			= "XTCP",
	/* no owner: see the head of sock.h */
	.close			= proto_close,
	.pre_connect		= xtcp_pre_connect,
	.connect		= xtcp_connect,
	.disconnect		= xtcp_disconnect,
	.ioctl			= xtcp_ioctl,
	.init			= init_sock,
	.shutdown		= proto_shutdown,
	.setsockopt		= xtcp_setsockopt,
	.getsockopt		= xtcp_getsockopt,
	.keepalive		= xtcp_keepalive,
	.backlog_rcv		= xtcp_backlog_rcv,
	.release_cb		= xtcp_release_cb,
	.stream_memory_free	= memory_free,
	.unhash			= unhash,
	.get_port		= get_port,
	.put_port		= put_port,
	.enter_memory_pressure	= enter_memory_pressure,
	.leave_memory_pressure	= leave_memory_pressure,
	.sockets_allocated	= &sockets_allocated,
	.memory_allocated	= &memory_allocated,
	.per_cpu_fw_alloc	= &memory_per_cpu_fw_alloc,
	.memory_pressure	= &memory_pressure,
	.sysctl_mem		= xtcp_sysctl_mem,
	.sysctl_wmem		= sysctl_wmem,
	.sysctl_rmem		= sysctl_rmem,
	.max_header		= MAX_TCP_HEADER,
	.obj_size		= sizeof(struct xtcp_sock),
	.slab_flags		= SLAB_FLAGS,
	.no_autobind		= true,
};

/* Sockets of AF_INET6: the same, with what IPv6 wants of a socket behind it. */
struct proto xtcp_prot6;

static void __init init_prot6(void)
{
	xtcp_prot6 = xtcp_prot;
	strscpy(xtcp_prot6.name, "XTCPv6", sizeof(xtcp_prot6.name));
	xtcp_prot6.obj_size = sizeof(struct xtcp6_sock);
#ifdef XTCP_HAVE_PINFO_OFFSET
	xtcp_prot6.ipv6_pinfo_offset = offsetof(struct xtcp6_sock, inet6);
#endif
}

/* As tcp_init_mem(): between an eighth and a quarter of what buffers may use. */
static void init_mem(void)
{
	unsigned long limit = max(nr_free_buffer_pages() / 16, 128UL);

	xtcp_sysctl_mem[0] = limit / 4 * 3;
	xtcp_sysctl_mem[1] = limit;
	xtcp_sysctl_mem[2] = xtcp_sysctl_mem[0] * 2;
}

int __init xtcp_proto_init(void)
{
	int err;

	init_mem();
	init_prot6();
	xtcp_proto[0] = &xtcp_prot;
	xtcp_proto[1] = &xtcp_prot6;
	err = percpu_counter_init(&sockets_allocated, 0, GFP_KERNEL);
	if (err)
		return err;
	err = proto_register(&xtcp_prot, 1);
	if (err)
		goto out_counter;
	err = proto_register(&xtcp_prot6, 1);
	if (err)
		goto out_prot;
	return 0;

out_prot:
	proto_unregister(&xtcp_prot);
out_counter:
	percpu_counter_destroy(&sockets_allocated);
	return err;
}

/* No table knows a socket any more: wait for the last to be freed. */
void xtcp_proto_exit(void)
{
	rcu_barrier();
	xtcp_lifetime_wait();
	rcu_barrier();
	proto_unregister(&xtcp_prot6);
	proto_unregister(&xtcp_prot);
	percpu_counter_destroy(&sockets_allocated);
}
