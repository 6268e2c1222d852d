/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The sources use the newest API; this header supplies it where the kernel's
 * headers do not.  What they have is found out by probe.c, or is a macro.
 */
#ifndef XTCP_COMPAT_H
#define XTCP_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/random.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/timer.h>
#include <net/flow.h>
#include <net/inet_common.h>
#include <net/inet_sock.h>
#include <net/route.h>
#include <net/sock.h>
#ifdef XTCP_HAVE_NET_RPS
#include <net/rps.h>
#endif
#ifdef XTCP_HAVE_NET_PROTO_MEMORY
#include <net/proto_memory.h>
#endif

/* Largest buffer that IP gives a device, bytes; more than 64 KB is "BIG TCP". */
static inline u32 xtcp_gso_max_size(const struct net_device *dev, bool is6)
{
	if (is6)
		return READ_ONCE(dev->gso_max_size);
#ifdef XTCP_HAVE_GSO_IPV4_MAX
	return READ_ONCE(dev->gso_ipv4_max_size);
#else
	return min(READ_ONCE(dev->gso_max_size), GSO_LEGACY_MAX_SIZE);
#endif
}

/*
 * Take pages out of an area of memory.  Without XTCP_HAVE_ZAP modules cannot, and there is no
 * TCP_ZEROCOPY_RECEIVE.
 */
#if defined(XTCP_HAVE_ZAP_VMA_RANGE)
#define XTCP_HAVE_ZAP
#define xtcp_zap(vma, addr, size)	zap_vma_range(vma, addr, size)
#elif defined(XTCP_HAVE_ZAP_SINGLE)
#define XTCP_HAVE_ZAP
#define xtcp_zap(vma, addr, size)	zap_page_range_single(vma, addr, size, NULL)
#endif

/* Options of 6.15 and later. */
#ifndef TCP_RTO_MAX_MS
#define TCP_RTO_MAX_MS		44
#define TCP_RTO_MIN_US		45
#define TCP_DELACK_MAX_US	46
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP		43
#endif

#ifndef timer_container_of
#define timer_container_of(var, timer, field) from_timer(var, timer, field)
#endif

#ifndef XTCP_HAVE_TIMER_DELETE
#define timer_delete_sync(timer)	del_timer_sync(timer)
#define timer_delete(timer)		del_timer(timer)
#endif

#ifndef XTCP_HAVE_TIMER_SHUTDOWN
/* nobody arms it again by then, so deleting it is enough */
#define timer_shutdown_sync(timer)	timer_delete_sync(timer)
#endif

#ifndef XTCP_HAVE_SK_UID
static inline kuid_t sk_uid(const struct sock *sk)
{
	return READ_ONCE(sk->sk_uid);
}
#endif

#ifndef XTCP_HAVE_NET_SYSCTL_SZ
#define register_net_sysctl_sz(net, path, table, size) \
	register_net_sysctl(net, path, table)
#endif

/*
 * A cache of entries of the connection table. Memory of one that is free stays of
 * the type, and its link must not be where a reader still looks: in @field, where
 * that can be said, and otherwise behind the entry.
 */
#ifdef XTCP_HAVE_CACHE_FREEPTR
#define xtcp_entry_cache(name, type, field)				\
	kmem_cache_create(name, sizeof(type), (&(struct kmem_cache_args){ \
				.use_freeptr_offset = true,		\
				.freeptr_offset = offsetof(type, field), \
			  }), SLAB_TYPESAFE_BY_RCU | SLAB_ACCOUNT)
#else
#define xtcp_entry_cache(name, type, field)				\
	kmem_cache_create(name, sizeof(type), 0,			\
			  SLAB_TYPESAFE_BY_RCU | SLAB_ACCOUNT, NULL)
#endif

/*
 * sk_protocol is compared with IPPROTO_TCP by code that then casts to struct
 * tcp_sock, while its low byte goes into the IP header.  Where the headers know
 * custom socket options, any number will do; 6.1 lets only MPTCP's have
 * SO_REUSEPORT.
 */
#ifdef XTCP_HAVE_SOCK_CUSTOM_SOCKOPT
#define XTCP_SK_PROTOCOL	518
#else
#define XTCP_SK_PROTOCOL	262
#endif

/*
 * Linux 7 lets receive buffers grow less where the RTT is below a millisecond: for
 * the cache's sake, at the cost of smaller bursts.  As the kernel beside us.
 */
#ifdef XTCP_HAVE_RCVBUF_LOW_RTT
#define XTCP_RCVBUF_LOW_RTT_US	USEC_PER_MSEC
#else
#define XTCP_RCVBUF_LOW_RTT_US	0
#endif

/*
 * setsockopt() of SOL_SOCKET comes to us first.  Where that is no flag, our number
 * is taken for MPTCP's.
 */
static inline void xtcp_own_socket_options(struct socket *sock)
{
#ifdef XTCP_HAVE_SOCK_CUSTOM_SOCKOPT
	set_bit(SOCK_CUSTOM_SOCKOPT, &sock->flags);
#endif
}

/* Addresses of struct proto's calls. */
#ifdef XTCP_HAVE_SOCKADDR_UNSIZED
#define XTCP_SOCKADDR	struct sockaddr_unsized
#else
#define XTCP_SOCKADDR	struct sockaddr
#endif

/* BPF programs of the control group that see connect()'s address. */
#ifdef XTCP_HAVE_BPF_CONNECT_LEN
#define xtcp_bpf_connect4(sk, addr, len) BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, addr, len)
#define xtcp_bpf_connect6(sk, addr, len) BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, addr, len)
#else
#define xtcp_bpf_connect4(sk, addr, len) BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, addr)
#define xtcp_bpf_connect6(sk, addr, len) BPF_CGROUP_RUN_PROG_INET6_CONNECT(sk, addr)
#endif

/* recvmsg() with MSG_ERRQUEUE. */
static inline int xtcp_recv_error(struct sock *sk, struct msghdr *msg, int len)
{
#ifdef XTCP_HAVE_RECV_ERROR_ADDRLEN
	int addrlen = 0, ret = inet_recv_error(sk, msg, len, &addrlen);

	if (ret >= 0)
		msg->msg_namelen = addrlen;
	return ret;
#else
	return inet_recv_error(sk, msg, len);
#endif
}

/* What a sysctl handler gets. */
#ifdef XTCP_HAVE_CONST_CTL_TABLE
#define XTCP_CTL_TABLE	const struct ctl_table
#else
#define XTCP_CTL_TABLE	struct ctl_table
#endif

/* Where struct proto.ioctl puts its result. */
#ifdef XTCP_HAVE_IOCTL_KARG
#define XTCP_IOCTL_ARG	int *
#else
#define XTCP_IOCTL_ARG	unsigned long
#endif

/* A copy of a listener that nobody else knows. */
static inline struct sock *xtcp_sk_clone(const struct sock *sk, gfp_t gfp)
{
#ifdef XTCP_HAVE_SK_CLONE
	return sk_clone(sk, gfp, false);
#else
	struct sock *copy = sk_clone_lock(sk, gfp);

	if (copy) {
		__acquire(&copy->sk_lock.slock);
		bh_unlock_sock(copy);
	}
	return copy;
#endif
}

/* A start for the IP identification of a connection. */
static inline void xtcp_inet_new_id(struct inet_sock *inet)
{
	atomic_set(&inet->inet_id, get_random_u16());
}

/* struct inet_sock's flags were bit-fields once. */
static inline void xtcp_inet_set_mc_defaults(struct inet_sock *inet, bool all)
{
#ifdef inet_set_bit
	__set_bit(INET_FLAGS_MC_LOOP, &inet->inet_flags);
	__assign_bit(INET_FLAGS_MC_ALL, &inet->inet_flags, all);
#else
	inet->mc_loop = 1;
	inet->mc_all = all;
#endif
}

/* One of them. */
#ifdef inet_test_bit
#define xtcp_inet_bit(sk, flag, field)	inet_test_bit(flag, sk)
#else
#define xtcp_inet_bit(sk, flag, field)	(inet_sk(sk)->field)
#endif

/* The same of those of IPv6. */
#ifdef inet6_test_bit
#define xtcp_inet6_bit(sk, flag, field)	inet6_test_bit(flag, sk)
#define xtcp_inet6_assign(sk, flag, field, on)	inet6_assign_bit(flag, sk, on)
#else
#define xtcp_inet6_bit(sk, flag, field)	(inet6_sk(sk)->field)
#define xtcp_inet6_assign(sk, flag, field, on)	(inet6_sk(sk)->field = (on))
#endif

/* No flow labels of its own (IPV6_FLOWLABEL_MGR): the list has moved once. */
#if IS_ENABLED(CONFIG_IPV6)
static inline void xtcp_inet6_no_labels(struct sock *sk)
{
#ifdef XTCP_HAVE_INET_FL_LIST
	RCU_INIT_POINTER(inet_sk(sk)->ipv6_fl_list, NULL);
#else
	RCU_INIT_POINTER(inet6_sk(sk)->ipv6_fl_list, NULL);
#endif
}
#endif

/* connect() has not sent a SYN: it waits for the first write. */
static inline bool xtcp_inet_connect_deferred(const struct sock *sk)
{
#ifdef inet_set_bit
	return test_bit(INET_FLAGS_DEFER_CONNECT, &inet_sk(sk)->inet_flags);
#else
	return inet_sk(sk)->defer_connect;
#endif
}

static inline void xtcp_inet_defer_connect(struct sock *sk, bool on)
{
#ifdef inet_set_bit
	assign_bit(INET_FLAGS_DEFER_CONNECT, &inet_sk(sk)->inet_flags, on);
#else
	inet_sk(sk)->defer_connect = on;
#endif
}

/* The type of service of a socket's packets, for routing. */
static inline void xtcp_flow4_set_tos(struct flowi4 *fl4, const struct sock *sk)
{
#ifdef XTCP_HAVE_FLOWI4_DSCP
	fl4->flowi4_dscp = inet_sk_dscp(inet_sk(sk));
#elif defined(XTCP_HAVE_IP_SOCK_RT_TOS)
	fl4->flowi4_tos = ip_sock_rt_tos(sk);
#else
	fl4->flowi4_tos = RT_CONN_FLAGS(sk);
#endif
}

static inline void xtcp_hrtimer_setup(struct hrtimer *timer,
				      enum hrtimer_restart (*fired)(struct hrtimer *),
				      clockid_t clock, enum hrtimer_mode mode)
{
#ifdef XTCP_HAVE_HRTIMER_SETUP
	hrtimer_setup(timer, fired, clock, mode);
#else
	hrtimer_init(timer, clock, mode);
	timer->function = fired;
#endif
}

/* When a packet leaves, by the monotonic clock, nanoseconds. */
static inline void xtcp_skb_set_departure(struct sk_buff *skb, u64 ns)
{
#ifdef XTCP_HAVE_SKB_CLOCK
	skb_set_delivery_time(skb, ns_to_ktime(ns), SKB_CLOCK_MONOTONIC);
#else
	skb_set_delivery_time(skb, ns_to_ktime(ns), true);
#endif
}

/* MSG_ZEROCOPY: who will be told about the pages; @tail: of the last buffer. */
static inline struct ubuf_info *xtcp_zerocopy_open(struct sock *sk, size_t size,
						   struct ubuf_info *tail)
{
#ifdef XTCP_HAVE_ZEROCOPY_DEVMEM
	return msg_zerocopy_realloc(sk, size, tail, false);
#else
	return msg_zerocopy_realloc(sk, size, tail);
#endif
}

/* Append the user's pages to a buffer, and charge them to the socket. */
static inline int xtcp_zerocopy_fill(struct sock *sk, struct sk_buff *skb,
				     struct msghdr *msg, int len, struct ubuf_info *uarg)
{
#ifdef XTCP_HAVE_ZEROCOPY_DEVMEM
	return skb_zerocopy_iter_stream(sk, skb, msg, len, uarg, NULL);
#else
	return skb_zerocopy_iter_stream(sk, skb, msg, len, uarg);
#endif
}

/* Append the pages of a file or a pipe. */
#ifndef MSG_SPLICE_PAGES
#define MSG_SPLICE_PAGES	0x8000000
#endif
static inline int xtcp_splice_fill(struct sk_buff *skb, struct iov_iter *from, u32 len)
{
#if defined(XTCP_HAVE_SPLICE_GFP)
	int n = skb_splice_from_iter(skb, from, len, GFP_KERNEL);
#elif !defined(XTCP_HAVE_SENDPAGE)
	int n = skb_splice_from_iter(skb, from, len);
#else
	int i = skb_shinfo(skb)->nr_frags, n;
	struct page *page;
	size_t offset;

	if (i >= MAX_SKB_FRAGS)
		return -EMSGSIZE;
	n = iov_iter_get_pages2(from, &page, len, 1, &offset);
	if (n <= 0)
		return -EIO;
	skb_zcopy_downgrade_managed(skb);
	skb_fill_page_desc(skb, i, page, offset, n);
	skb_len_add(skb, n);
#endif

	/* their owner may change them while they wait */
	if (n > 0)
		skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	return n;
}

#endif /* XTCP_COMPAT_H */
