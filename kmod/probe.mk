# SPDX-License-Identifier: GPL-2.0
# What the kernel's headers offer, found by compiling a use of it.
#
# $(call xtcp_probe,NAME,includes,code) defines XTCP_HAVE_NAME when a file with
# these includes and this code in a function compiles.  Distribution kernels
# backport, so a version number says nothing.

xtcp_hash := \#
xtcp_comma := ,
xtcp_probe = $(shell printf '%b' '$(foreach h,$(2),\n$(xtcp_hash)include <$(h)>)\nint xtcp_probe(void *p);\nint xtcp_probe(void *p) { $(3) return 0; }\n' | \
	$(CC) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-DKBUILD_MODNAME='"xtcp"' -DKBUILD_BASENAME='"xtcp"' -Werror -x c -c -o /dev/null - \
	2>/dev/null && echo -DXTCP_HAVE_$(1))

ifndef XTCP_PROBED
# proto_ops.accept takes a struct proto_accept_arg
XTCP_PROBED := $(call xtcp_probe,PROTO_ACCEPT_ARG,net/sock.h,struct proto_accept_arg *a = p; (void)a->flags;)
# proto.ioctl takes an int in kernel memory
XTCP_PROBED += $(call xtcp_probe,IOCTL_KARG,net/sock.h,struct proto *q = p; int k; q->ioctl(NULL$(xtcp_comma) 0$(xtcp_comma) &k);)
# proto_ops.sendpage still exists, for what is sendmsg() with MSG_SPLICE_PAGES since
XTCP_PROBED += $(call xtcp_probe,SENDPAGE,linux/net.h,struct proto_ops *q = p; q->sendpage = NULL;)
# proto_ops.splice_eof came with its end, and was brought to older kernels
XTCP_PROBED += $(call xtcp_probe,SPLICE_EOF,linux/net.h,struct proto_ops *q = p; q->splice_eof = NULL;)
# timer_delete_sync() and timer_shutdown_sync() replaced del_timer_sync()
XTCP_PROBED += $(call xtcp_probe,TIMER_DELETE,linux/timer.h,timer_delete_sync(p);)
XTCP_PROBED += $(call xtcp_probe,TIMER_SHUTDOWN,linux/timer.h,timer_shutdown_sync(p);)
# sk_uid() hides how a socket's owner is read
XTCP_PROBED += $(call xtcp_probe,SK_UID,net/sock.h,kuid_t u = sk_uid(p); (void)u;)
# register_net_sysctl_sz() wants the size of the table
XTCP_PROBED += $(call xtcp_probe,NET_SYSCTL_SZ,net/net_namespace.h linux/sysctl.h,register_net_sysctl_sz(NULL$(xtcp_comma) ""$(xtcp_comma) p$(xtcp_comma) 1);)
# connect() and bind() of struct proto take an unsized address
XTCP_PROBED += $(call xtcp_probe,SOCKADDR_UNSIZED,net/sock.h,struct sockaddr_unsized *q = p; struct proto *r = p; r->connect(NULL$(xtcp_comma) q$(xtcp_comma) 0);)
# where an object of a type-safe cache is linked while it is free can be chosen
XTCP_PROBED += $(call xtcp_probe,CACHE_FREEPTR,linux/slab.h,struct kmem_cache_args *a = p; (void)a->use_freeptr_offset;)
# skb_splice_from_iter() is told how to allocate
XTCP_PROBED += $(call xtcp_probe,SPLICE_GFP,linux/skbuff.h,return skb_splice_from_iter(p$(xtcp_comma) p$(xtcp_comma) 0$(xtcp_comma) GFP_KERNEL);)
# pages of MSG_ZEROCOPY may be a device's
XTCP_PROBED += $(call xtcp_probe,ZEROCOPY_DEVMEM,linux/skbuff.h,msg_zerocopy_realloc(p$(xtcp_comma) 0$(xtcp_comma) p$(xtcp_comma) false);)
# struct flowi4 has a dscp_t
XTCP_PROBED += $(call xtcp_probe,FLOWI4_DSCP,net/flow.h net/inet_sock.h,struct flowi4 *f = p; f->flowi4_dscp = inet_sk_dscp(p);)
# sk_clone() replaced sk_clone_lock()
XTCP_PROBED += $(call xtcp_probe,SK_CLONE,net/sock.h,struct sock *s = sk_clone(p$(xtcp_comma) GFP_ATOMIC$(xtcp_comma) true); (void)s;)
# struct sock_diag_handler has an owner
XTCP_PROBED += $(call xtcp_probe,SOCK_DIAG_OWNER,linux/sock_diag.h,struct sock_diag_handler *h = p; (void)h->owner;)
# bind buckets list their owners by address
XTCP_PROBED += $(call xtcp_probe,BIND_BUCKET_BHASH2,net/inet_hashtables.h,struct inet_bind_bucket *b = p; (void)b->bhash2.first;)
# and each address has the flags of its own
XTCP_PROBED += $(call xtcp_probe,BIND2_FASTREUSE,net/inet_hashtables.h,struct inet_bind2_bucket *b = p; (void)b->fastreuse;)
# struct tcp_info goes on with the receive window
XTCP_PROBED += $(call xtcp_probe,TCPI_RCV_WND,uapi/linux/tcp.h,struct tcp_info *i = p; (void)i->tcpi_rcv_wnd; (void)i->tcpi_rehash;)
# and with timeouts
XTCP_PROBED += $(call xtcp_probe,TCPI_TOTAL_RTO,uapi/linux/tcp.h,struct tcp_info *i = p; (void)i->tcpi_total_rto;)
# sysctl handlers take a constant table
XTCP_PROBED += $(call xtcp_probe,CONST_CTL_TABLE,linux/sysctl.h,proc_handler *h = p; const struct ctl_table *t = p; h(t$(xtcp_comma) 0$(xtcp_comma) NULL$(xtcp_comma) NULL$(xtcp_comma) NULL);)
# headers that were parts of <net/sock.h>
XTCP_PROBED += $(call xtcp_probe,NET_RPS,net/rps.h,sock_rps_record_flow(p);)
XTCP_PROBED += $(call xtcp_probe,NET_PROTO_MEMORY,net/proto_memory.h,return sk_memory_allocated(p);)
# inet_recv_error() wants to tell the length of an address
XTCP_PROBED += $(call xtcp_probe,RECV_ERROR_ADDRLEN,net/inet_common.h,return inet_recv_error(p$(xtcp_comma) p$(xtcp_comma) 0$(xtcp_comma) p);)
# lookups in the kernel's TCP tables name the tables
XTCP_PROBED += $(call xtcp_probe,LOOKUP_HASHINFO,net/inet_hashtables.h,__inet_lookup_established(p$(xtcp_comma) (struct inet_hashinfo *)p$(xtcp_comma) 0$(xtcp_comma) 0$(xtcp_comma) 0$(xtcp_comma) 0$(xtcp_comma) 0$(xtcp_comma) 0);)
# sockets may ask for SOL_SOCKET options themselves (a macro, then an enumerator)
XTCP_PROBED += $(call xtcp_probe,SOCK_CUSTOM_SOCKOPT,linux/net.h,return SOCK_CUSTOM_SOCKOPT;)
# ip_sock_rt_tos() replaced RT_CONN_FLAGS()
XTCP_PROBED += $(call xtcp_probe,IP_SOCK_RT_TOS,net/route.h,return ip_sock_rt_tos(p);)
# BPF programs may change the length of connect()'s address
XTCP_PROBED += $(call xtcp_probe,BPF_CONNECT_LEN,linux/bpf-cgroup.h net/sock.h,struct sock *sk = p; int len; return BPF_CGROUP_RUN_PROG_INET4_CONNECT(sk$(xtcp_comma) p$(xtcp_comma) &len);)
# an object is charged to a control group after it was allocated
XTCP_PROBED += $(call xtcp_probe,KMEM_CACHE_CHARGE,linux/slab.h,return kmem_cache_charge(p$(xtcp_comma) GFP_KERNEL);)
# hrtimer_setup() replaced hrtimer_init()
XTCP_PROBED += $(call xtcp_probe,HRTIMER_SETUP,linux/hrtimer.h,hrtimer_setup(p$(xtcp_comma) NULL$(xtcp_comma) 0$(xtcp_comma) 0);)
# the kind of a departure time has a number (there was only the one)
XTCP_PROBED += $(call xtcp_probe,SKB_CLOCK,linux/skbuff.h,return SKB_CLOCK_MONOTONIC;)
# receive buffers grow less on short paths
XTCP_PROBED += $(call xtcp_probe,RCVBUF_LOW_RTT,net/net_namespace.h,struct net *n = p; return n->ipv4.sysctl_tcp_rcvbuf_low_rtt;)
export XTCP_PROBED
endif

ccflags-y += $(XTCP_PROBED)
