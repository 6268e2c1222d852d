// SPDX-License-Identifier: GPL-2.0
/*
 * What the kernel's headers offer, found by compiling a use of it.  Distribution
 * kernels backport, so a version number says nothing.
 *
 * probe.mk compiles this file once, as no object, and probe.awk reads what the
 * compiler complains about: a probe without a complaint defines XTCP_HAVE_NAME.
 * So each probe is one line, and what one calls no other does: compilers tell of
 * a function without a declaration only once.
 */
#include <crypto/md5.h>
#include <linux/bpf-cgroup.h>
#include <linux/hrtimer.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/sock_diag.h>
#include <linux/sysctl.h>
#include <linux/timer.h>
#include <net/flow.h>
#include <net/genetlink.h>
#include <net/inet_common.h>
#include <net/inet_hashtables.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <net/sock.h>
#include <uapi/linux/tcp.h>

/* headers that were parts of <net/sock.h>; without one its probe fails */
#if __has_include(<net/rps.h>)
#include <net/rps.h>
#define HAS_NET_RPS_H
#else
#define HAS_NET_RPS_H	no_such_header;
#endif
#if __has_include(<net/proto_memory.h>)
#include <net/proto_memory.h>
#define HAS_NET_PROTO_MEMORY_H
#else
#define HAS_NET_PROTO_MEMORY_H	no_such_header;
#endif

/* @member is the last one of struct inet_@type */
#define LAST(type, member)							\
	static_assert(ALIGN(offsetofend(struct inet_##type, member), 8) ==	\
		      sizeof(struct inet_##type))

#define PROBE(name, ...)				\
	int probe_##name(void *p);			\
	int probe_##name(void *p) { __VA_ARGS__ return 0; }

/* Does this way of asking work at all? */
PROBE(POSSIBLE, return p != NULL;)
PROBE(IMPOSSIBLE, return xtcp_no_kernel_has_this(p);)

/* proto_ops.accept takes a struct proto_accept_arg */
PROBE(PROTO_ACCEPT_ARG, struct proto_accept_arg *a = p; (void)a->flags;)
/* proto.ioctl takes an int in kernel memory */
PROBE(IOCTL_KARG, struct proto *q = p; int k; q->ioctl(NULL, 0, &k);)
/* proto_ops.sendpage still exists, for what is sendmsg() with MSG_SPLICE_PAGES since */
PROBE(SENDPAGE, struct proto_ops *q = p; q->sendpage = NULL;)
/* proto_ops.splice_eof came with its end, and was brought to older kernels */
PROBE(SPLICE_EOF, struct proto_ops *q = p; q->splice_eof = NULL;)
/* timer_delete_sync() and timer_shutdown_sync() replaced del_timer_sync() */
PROBE(TIMER_DELETE, timer_delete_sync(p);)
PROBE(TIMER_SHUTDOWN, timer_shutdown_sync(p);)
/* sk_uid() hides how a socket's owner is read */
PROBE(SK_UID, kuid_t u = sk_uid(p); (void)u;)
/* register_net_sysctl_sz() wants the size of the table */
PROBE(NET_SYSCTL_SZ, register_net_sysctl_sz(NULL, "", p, 1);)
/* connect() and bind() of struct proto take an unsized address */
PROBE(SOCKADDR_UNSIZED, struct sockaddr_unsized *q = p; struct proto *r = p; r->connect(NULL, q, 0);)
/* where an object of a type-safe cache is linked while it is free can be chosen */
PROBE(CACHE_FREEPTR, struct kmem_cache_args *a = p; (void)a->use_freeptr_offset;)
/* skb_splice_from_iter() is told how to allocate */
PROBE(SPLICE_GFP, return skb_splice_from_iter(p, p, 0, GFP_KERNEL);)
/* pages of MSG_ZEROCOPY may be a device's */
PROBE(ZEROCOPY_DEVMEM, msg_zerocopy_realloc(p, 0, p, false);)
/* struct flowi4 has a dscp_t */
PROBE(FLOWI4_DSCP, struct flowi4 *f = p; f->flowi4_dscp = inet_sk_dscp(p);)
/* sk_clone() replaced sk_clone_lock() */
PROBE(SK_CLONE, struct sock *s = sk_clone(p, GFP_ATOMIC, true); (void)s;)
/* struct sock_diag_handler has an owner */
PROBE(SOCK_DIAG_OWNER, struct sock_diag_handler *h = p; (void)h->owner;)
/* bind buckets list their owners by address */
PROBE(BIND_BUCKET_BHASH2, struct inet_bind_bucket *b = p; (void)b->bhash2.first;)
/*
 * One of three lasts: what the two kinds of bind buckets end with, after which nothing comes
 * that we would not know.
 */
PROBE(BIND_ENDS_DEATHROW, LAST(bind_bucket, owners); LAST(bind2_bucket, deathrow);)
PROBE(BIND_ENDS_OWNERS, LAST(bind_bucket, bhash2); LAST(bind2_bucket, owners);)
PROBE(BIND_ENDS_RCU, LAST(bind_bucket, rcu); LAST(bind2_bucket, fastreuseport);)
/* and each address has the flags of its own */
PROBE(BIND2_FASTREUSE, struct inet_bind2_bucket *b = p; (void)b->fastreuse;)
/* struct tcp_info goes on with the receive window */
PROBE(TCPI_RCV_WND, struct tcp_info *i = p; (void)i->tcpi_rcv_wnd; (void)i->tcpi_rehash;)
/* and with timeouts */
PROBE(TCPI_TOTAL_RTO, struct tcp_info *i = p; (void)i->tcpi_total_rto;)
/* sysctl handlers take a constant table */
PROBE(CONST_CTL_TABLE, proc_handler *h = p; const struct ctl_table *t = p; h(t, 0, NULL, NULL, NULL);)
PROBE(NET_RPS, HAS_NET_RPS_H sock_rps_record_flow(p);)
PROBE(NET_PROTO_MEMORY, HAS_NET_PROTO_MEMORY_H return sk_memory_allocated(p);)
/* inet_recv_error() wants to tell the length of an address */
PROBE(RECV_ERROR_ADDRLEN, return inet_recv_error(p, p, 0, p);)
/* lookups in the kernel's TCP tables name the tables */
PROBE(LOOKUP_HASHINFO, __inet_lookup_established(p, (struct inet_hashinfo *)p, 0, 0, 0, 0, 0, 0);)
/* sockets may ask for SOL_SOCKET options themselves (a macro, then an enumerator) */
PROBE(SOCK_CUSTOM_SOCKOPT, return SOCK_CUSTOM_SOCKOPT;)
/* ip_sock_rt_tos() replaced RT_CONN_FLAGS() */
PROBE(IP_SOCK_RT_TOS, return ip_sock_rt_tos(p);)
/* BPF programs may change the length of connect()'s address */
PROBE(BPF_CONNECT_LEN, struct sock *sk = p; int len; return BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk, p, &len);)
/* an object is charged to a control group after it was allocated */
PROBE(KMEM_CACHE_CHARGE, return kmem_cache_charge(p, GFP_KERNEL);)
/* hrtimer_setup() replaced hrtimer_init() */
PROBE(HRTIMER_SETUP, hrtimer_setup(p, NULL, 0, 0);)
/* the kind of a departure time has a number (there was only the one) */
PROBE(SKB_CLOCK, return SKB_CLOCK_MONOTONIC;)
/* flow labels of a socket are listed where IPv4 has its own, too */
PROBE(INET_FL_LIST, struct inet_sock *inet = p; inet->ipv6_fl_list = NULL;)
/* a protocol says where its sockets have what IPv6 needs */
PROBE(PINFO_OFFSET, struct proto *q = p; q->ipv6_pinfo_offset = 0;)
/* receive buffers grow less on short paths */
PROBE(RCVBUF_LOW_RTT, struct net *n = p; return n->ipv4.sysctl_tcp_rcvbuf_low_rtt;)
/* buffers of IPv4 may be larger than 64 KB, too */
PROBE(GSO_IPV4_MAX, struct net_device *d = p; return d->gso_ipv4_max_size;)
/* a module may take pages out of an area of memory (6.1 declares it, but does not export it) */
PROBE(ZAP_SINGLE, struct vm_area_struct *v = p; vm_flags_set(v, 0); zap_page_range_single(v, 0, 0, NULL);)
/* its later name */
PROBE(ZAP_VMA_RANGE, zap_vma_range(p, 0, 0);)
/* MD5 is a library, and built */
PROBE(MD5_LIBRARY, char is[IS_ENABLED(CONFIG_CRYPTO_LIB_MD5) ? 1 : -1]; (void)is; md5_init(p);)
/* families of generic netlink are told when somebody joins a group */
PROBE(GENL_BIND, struct genl_family *f = p; f->bind = NULL;)
