// SPDX-License-Identifier: GPL-2.0
/* Socket options, read and set, and TCP_INFO. */
#include <asm/ioctls.h>
#include <linux/inet_diag.h>
#include <linux/sockios.h>
#include <linux/xtcp.h>
#include <net/ip.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "apply.h"
#include "buffer.h"
#include "clocks.h"
#include "conf.h"
#include "cong.h"
#include "core/chrono.h"
#include "core/offer.h"
#include "core/output.h"
#include "core/rate.h"
#include "core/urgent.h"
#include "core/user.h"
#include "core/window.h"
#include "fastopen.h"
#include "ip/ip.h"
#include "listen.h"
#include "md5sig.h"
#include "optstats.h"
#include "output.h"
#include "pace.h"
#include "recvmsg.h"
#include "sockopt.h"
#include "timer.h"
#include "tstamp.h"
#include "zcrecv.h"

/* TCP_MAXSEG: bounds of Linux. */
#define MAXSEG_MIN	TCP_MIN_MSS
#define MAXSEG_MAX	MAX_TCP_WINDOW

/* TCP_TX_DELAY: eight of them are an RTT of 31 bits (as Linux). */
#define TX_DELAY_MAX_US	((1 << 28) - 1)

/* Options that hold data back were lifted: let it go. */
static void flush(struct sock *sk)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	bool corked;

	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return;
	/* TCP_NODELAY pulls the cork once: for what is queued now */
	corked = xtcp_user_cork(t, false);
	xtcp_push(sk);
	xtcp_user_cork(t, corked);
	xtcp_timer_sync(sk);
}

/* TCP_QUICKACK: what waits is acknowledged now; even numbers mean only that. */
static void set_quickack(struct sock *sk, int val)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	xtcp_user_quick(t, val);
	if (!val || !(t->flags & XTCP_F_ACK_PENDING) ||
	    !((1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT)))
		return;
	xtcp_send_ack(sk, XTCP_WHY_ACK_ASKED);
	if (!(val & 1))
		xtcp_user_quick(t, false);
}

/* TCP_DEFER_ACCEPT is in seconds and kept in SYN,ACKs that are sent meanwhile. */
static u8 seconds_to_retries(int seconds)
{
	int period = 1, waited = 0;
	u8 retries = 0;

	while (waited < seconds && retries < U8_MAX) {
		waited += period;
		period = min_t(int, period << 1, TCP_RTO_MAX / HZ);
		retries++;
	}
	return retries;
}

static int retries_to_seconds(u8 retries)
{
	int period = 1, waited = 0;

	while (retries--) {
		waited += period;
		period = min_t(int, period << 1, TCP_RTO_MAX / HZ);
	}
	return waited;
}

/* TCP_RTO_MAX_MS, TCP_RTO_MIN_US, TCP_DELACK_MAX_US */
static int set_limit(struct sock *sk, int optname, int val)
{
	int least = jiffies_to_usecs(1) + 1, most = jiffies_to_usecs(TCP_RTO_MIN);
	struct xtcp_conf *conf;

	if (optname == TCP_RTO_MAX_MS) {
		least = MSEC_PER_SEC;
		most = 120 * MSEC_PER_SEC;
	} else if (optname == TCP_DELACK_MAX_US) {
		most = jiffies_to_usecs(TCP_DELACK_MAX);
	}
	if (val < least || val > most)
		return -EINVAL;
	conf = xtcp_conf_own(sk);
	if (!conf)
		return -ENOMEM;
	if (optname == TCP_RTO_MAX_MS)
		WRITE_ONCE(conf->rto_max_us, (u32)val * USEC_PER_MSEC);
	else if (optname == TCP_RTO_MIN_US)
		conf->rto_min_us = val;
	else
		conf->delack_max_us = val;
	return 0;
}

static int set_keepidle(struct sock *sk, int val)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;

	if (val < 1 || val > MAX_TCP_KEEPIDLE)
		return -EINVAL;
	xtcp_user_keep_idle(t, val);
	xtcp_user_call(sk, XTCP_CALL_KEEPALIVE, XTCP_WHY_NONE);
	return 0;
}

static int set_congestion(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	char name[TCP_CA_NAME_MAX] = { 0 };

	if (!optlen)
		return -EINVAL;
	if (strncpy_from_sockptr(name, optval,
				 min_t(long, TCP_CA_NAME_MAX - 1, optlen)) < 0)
		return -EFAULT;
	return xtcp_cong_set(sk, name, ns_capable(sock_net(sk)->user_ns, CAP_NET_ADMIN), true);
}

/* What a connection sends from now on is signed, or not any more. */
static int set_md5sig(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	int err;

	lock_sock(sk);
	err = xtcp_md5_set(sk, optname, optval, optlen);
	if (!err && !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)) &&
	    xtcp_md5_reserve(sk))
		xtcp_sync_mss(sk);
	release_sock(sk);
	return err;
}

static int set_int(struct sock *sk, int optname, int val)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	struct xtcp_tcb *t = &xs->tcb;

	switch (optname) {
	case TCP_NODELAY:
		xtcp_user_flag(t, XTCP_F_NODELAY, val);
		if (val)
			flush(sk);
		return 0;
	case TCP_CORK:
		xtcp_user_flag(t, XTCP_F_CORK, val);
		if (!val)
			flush(sk);
		return 0;
	case TCP_MAXSEG:
		if (val && (val < MAXSEG_MIN || val > MAXSEG_MAX))
			return -EINVAL;
		xs->user_mss = val;
		return 0;
	case TCP_QUICKACK:
		set_quickack(sk, val);
		return 0;
	case TCP_KEEPIDLE:
		return set_keepidle(sk, val);
	case TCP_KEEPINTVL:
		if (val < 1 || val > MAX_TCP_KEEPINTVL)
			return -EINVAL;
		xtcp_user_keep_intvl(t, val);
		return 0;
	case TCP_KEEPCNT:
		if (val < 1 || val > MAX_TCP_KEEPCNT)
			return -EINVAL;
		xtcp_user_keep_probes(t, val);
		return 0;
	case TCP_SYNCNT:
		if (val < 1 || val > MAX_TCP_SYNCNT)
			return -EINVAL;
		xtcp_user_syn_retries(t, val);
		return 0;
	case TCP_USER_TIMEOUT:
		if (val < 0)
			return -EINVAL;
		xtcp_user_timeout(t, val);
		return 0;
	case TCP_LINGER2:
		xtcp_user_linger2(t, val < 0 ? XTCP_LINGER2_NONE :
				  min(val, TCP_FIN_TIMEOUT_MAX / HZ));
		return 0;
	case TCP_WINDOW_CLAMP:
		if (!val) {
			if (sk->sk_state != TCP_CLOSE)
				return -EINVAL;
			xtcp_window_unlimited(t);
			return 0;
		}
		xtcp_window_limit(t, max_t(int, val, SOCK_MIN_RCVBUF / 2));
		return 0;
	case TCP_NOTSENT_LOWAT:
		xtcp_user_notsent_lowat(t, val);
		sk->sk_write_space(sk);
		return 0;
	case TCP_DEFER_ACCEPT:
		xs->defer_accept = seconds_to_retries(val);
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
		if (val < 0 || val > 1)
			return -EINVAL;
		xtcp_user_flag(t, XTCP_F_THIN_LTO, val);
		return 0;
	case TCP_THIN_DUPACK:
		/* accepted for old programs, and means nothing (as Linux) */
		return val < 0 || val > 1 ? -EINVAL : 0;
	case TCP_RTO_MAX_MS:
	case TCP_RTO_MIN_US:
	case TCP_DELACK_MAX_US:
		return set_limit(sk, optname, val);
	case TCP_SAVE_SYN:
		if (val < 0 || val > XTCP_SAVE_SYN_ALL)
			return -EINVAL;
		xs->save_syn = val;
		return 0;
	case TCP_FASTOPEN:
		if (val < 0 || !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
			return -EINVAL;
		return xtcp_tfo_set_queue(sk, val);
	case TCP_FASTOPEN_CONNECT:
		if (val < 0 || val > 1)
			return -EINVAL;
		if (!(READ_ONCE(xtcp_sk_net(sk)->fastopen) & XTCP_TFO_CLIENT))
			return -EOPNOTSUPP;
		if (sk->sk_state != TCP_CLOSE)
			return -EINVAL;
		xs->tfo_connect = val;
		return 0;
	case TCP_FASTOPEN_NO_COOKIE:
		if (val < 0 || val > 1 ||
		    !((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
			return -EINVAL;
		xs->tfo_no_cookie = val;
		return 0;
	case TCP_INQ:
		if (val < 0 || val > 1)
			return -EINVAL;
		xs->inq = val;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

/* They take room in each segment. */
static void options_changed(struct sock *sk)
{
	lock_sock(sk);
	/* IPv6 has given up the route, which does not go through its stations */
	if (!((1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN)))
		xtcp_sync_mss(sk);
	release_sock(sk);
}

/* A stream hears no multicast; but its arguments are looked at first (as Linux). */
static int refuse_membership6(sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen >= sizeof(val) && !sockptr_is_null(optval) &&
	    copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	return optlen < sizeof(struct ipv6_mreq) ? -EINVAL : -EPROTO;
}

#if IS_ENABLED(CONFIG_IPV6)
/*
 * IPV6_FLOWLABEL_MGR: its user wants each segment answered with the segment's label, or no
 * longer.  IP lets nobody ask for that but protocol 6.
 */
static int reflect_labels(struct sock *sk, u8 action)
{
	int err = 0;

	if (action == IPV6_FL_A_GET &&
	    READ_ONCE(sock_net(sk)->ipv6.sysctl.flowlabel_consistency))
		return -EPERM;
	lock_sock(sk);
	if (action == IPV6_FL_A_GET) {
		xtcp_inet6_assign(sk, REPFLOW, repflow, 1);
	} else if (xtcp_inet6_bit(sk, REPFLOW, repflow)) {
		xtcp_inet6_assign(sk, REPFLOW, repflow, 0);
		WRITE_ONCE(inet6_sk(sk)->flow_label, 0);
	} else {
		err = -ESRCH;
	}
	release_sock(sk);
	return err;
}

static int set_labels(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct in6_flowlabel_req req;

	if (optlen < sizeof(req))
		return -EINVAL;
	if (copy_from_sockptr(&req, optval, sizeof(req)))
		return -EFAULT;
	if (req.flr_flags & IPV6_FL_F_REFLECT &&
	    (req.flr_action == IPV6_FL_A_GET || req.flr_action == IPV6_FL_A_PUT))
		return reflect_labels(sk, req.flr_action);
	return ipv6_setsockopt(sk, SOL_IPV6, IPV6_FLOWLABEL_MGR, optval, optlen);
}
#else
static int set_labels(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	return -ENOPROTOOPT;
}
#endif

static int set_ip6(struct sock *sk, int level, int optname, sockptr_t optval,
		   unsigned int optlen)
{
	int err;

	if (level == SOL_IPV6 &&
	    (optname == IPV6_ADD_MEMBERSHIP || optname == IPV6_DROP_MEMBERSHIP))
		return refuse_membership6(optval, optlen);
	if (level == SOL_IPV6 && optname == IPV6_FLOWLABEL_MGR)
		return set_labels(sk, optval, optlen);
	err = ipv6_setsockopt(sk, level, optname, optval, optlen);
	if (err || level != SOL_IPV6)
		return err;
	switch (optname) {
	case IPV6_HOPOPTS:
	case IPV6_RTHDR:
	case IPV6_RTHDRDSTOPTS:
	case IPV6_DSTOPTS:
	case IPV6_2292PKTOPTIONS:
		options_changed(sk);
	}
	return 0;
}

/* IP's, and no level at all. */
static int set_ip(struct sock *sk, int level, int optname, sockptr_t optval,
		  unsigned int optlen)
{
	int err;

	if (xtcp_sk_is6(sk) && level != SOL_IP)
		return set_ip6(sk, level, optname, optval, optlen);
	/* a stream hears no multicast */
	if (level == SOL_IP && (optname == IP_ADD_MEMBERSHIP || optname == IP_DROP_MEMBERSHIP))
		return -EPROTO;
	err = ip_setsockopt(sk, level, optname, optval, optlen);
	if (err || level != SOL_IP || optname != IP_OPTIONS)
		return err;
	options_changed(sk);
	return 0;
}

static int set_zerocopy(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < 0 || val > 1)
		return -EINVAL;
	lock_sock(sk);
	sock_valbool_flag(sk, SOCK_ZEROCOPY, val);
	release_sock(sk);
	return 0;
}

/* Whether timeouts look for another path; TCP_INFO's tcpi_rehash counts them. */
static int set_txrehash(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int val;

	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val < -1 || val > 1)
		return -EINVAL;
	/* -1: as the namespace has it (net.core.txrehash) */
	if (val < 0)
		val = READ_ONCE(sock_net(sk)->core.sysctl_txrehash);
	WRITE_ONCE(sk->sk_txrehash, val);
	return 0;
}

/**
 * xtcp_setsockopt_socket - setsockopt() of SOL_SOCKET
 * @sock: the socket
 * @optname: SO_*
 * @optval: value
 * @optlen: its length
 *
 * The generic code does it all, but for what it knows of the kernel's TCP only.
 *
 * Return: 0, or the errno of Linux's TCP.
 */
int xtcp_setsockopt_socket(struct socket *sock, int optname, sockptr_t optval,
			   unsigned int optlen)
{
	switch (optname) {
	case SO_ZEROCOPY:
		return set_zerocopy(sock->sk, optval, optlen);
	case SO_TXREHASH:
		return set_txrehash(sock->sk, optval, optlen);
	case SO_TIMESTAMPING_OLD:
	case SO_TIMESTAMPING_NEW:
		return xtcp_tstamp_set(sock, optname, optval, optlen);
	default:
		return sock_setsockopt(sock, SOL_SOCKET, optname, optval, optlen);
	}
}

/* Options that no other TCP has. */
static int set_own(struct sock *sk, int optname, sockptr_t optval, unsigned int optlen)
{
	int val, err;

	if (optname != XTCP_WATCH)
		return -ENOPROTOOPT;
	if (optlen < sizeof(val))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (val)
		xtcp_clocks_may_be_used();
	lock_sock(sk);
	err = xtcp_clocks_watch(sk, val);
	release_sock(sk);
	return err;
}

/**
 * xtcp_setsockopt - setsockopt() beyond SOL_SOCKET
 * @sk: the socket
 * @level: SOL_TCP, SOL_XTCP, or IP's
 * @optname: TCP_*, XTCP_*
 * @optval: value
 * @optlen: its length
 *
 * Return: 0, or the errno of Linux's TCP.
 */
int xtcp_setsockopt(struct sock *sk, int level, int optname, sockptr_t optval,
		    unsigned int optlen)
{
	int val, err;

	if (level == SOL_XTCP)
		return set_own(sk, optname, optval, optlen);
	if (level != SOL_TCP)
		return set_ip(sk, level, optname, optval, optlen);
	if (optname == TCP_CONGESTION)
		return set_congestion(sk, optval, optlen);
	if (optname == TCP_FASTOPEN_KEY) {
		lock_sock(sk);
		err = xtcp_tfo_set_keys(sk, optval, optlen);
		release_sock(sk);
		return err;
	}
	if (optlen < sizeof(int))
		return -EINVAL;
	if (copy_from_sockptr(&val, optval, sizeof(val)))
		return -EFAULT;
	if (optname == TCP_TX_DELAY)
		return val < 0 || val > TX_DELAY_MAX_US ? -EINVAL : xtcp_set_tx_delay(sk, val);
	if (optname == TCP_MD5SIG || optname == TCP_MD5SIG_EXT)
		return set_md5sig(sk, optname, optval, optlen);
	lock_sock(sk);
	err = set_int(sk, optname, val);
	release_sock(sk);
	return err;
}

static int to_seconds(u64 us)
{
	return (int)div_u64(us, XTCP_USEC_PER_SEC);
}

static int get_int(struct sock *sk, int optname, int *val)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_tcb *t = &xs->tcb;
	const struct xtcp_conf *conf = t->conf;

	xtcp_assert_locked(sk);
	switch (optname) {
	case TCP_MAXSEG:
		*val = xtcp_mss_told(sk);
		if (xs->user_mss && (1 << sk->sk_state) & (TCPF_CLOSE | TCPF_LISTEN))
			*val = xs->user_mss;
		return 0;
	case TCP_NODELAY:
		*val = !!(t->flags & XTCP_F_NODELAY);
		return 0;
	case TCP_CORK:
		*val = !!(t->flags & XTCP_F_CORK);
		return 0;
	case TCP_QUICKACK:
		*val = t->pingpong < conf->pingpong_thresh;
		return 0;
	case TCP_KEEPIDLE:
		*val = t->user.keep_idle_s ? t->user.keep_idle_s :
					to_seconds(READ_ONCE(conf->keepalive_time_us));
		return 0;
	case TCP_KEEPINTVL:
		*val = t->user.keep_intvl_s ? t->user.keep_intvl_s :
					 to_seconds(READ_ONCE(conf->keepalive_intvl_us));
		return 0;
	case TCP_KEEPCNT:
		*val = t->user.keep_probes ? : READ_ONCE(conf->keepalive_probes);
		return 0;
	case TCP_SYNCNT:
		*val = t->user.syn_retries ? : READ_ONCE(conf->syn_retries);
		return 0;
	case TCP_USER_TIMEOUT:
		*val = t->user.timeout_ms;
		return 0;
	case TCP_LINGER2:
		*val = t->user.linger2_s == XTCP_LINGER2_NONE ? -1 :
		       t->user.linger2_s ? : to_seconds(READ_ONCE(conf->fin_timeout_us));
		return 0;
	case TCP_WINDOW_CLAMP:
		*val = t->window_clamp;
		return 0;
	case TCP_NOTSENT_LOWAT:
		*val = t->user.notsent_lowat;
		return 0;
	case TCP_DEFER_ACCEPT:
		*val = retries_to_seconds(xs->defer_accept);
		return 0;
	case TCP_THIN_LINEAR_TIMEOUTS:
		*val = !!(t->flags & XTCP_F_THIN_LTO);
		return 0;
	case TCP_THIN_DUPACK:
		*val = 0;
		return 0;
	case TCP_RTO_MAX_MS:
		*val = READ_ONCE(conf->rto_max_us) / USEC_PER_MSEC;
		return 0;
	case TCP_RTO_MIN_US:
		*val = READ_ONCE(conf->rto_min_us);
		return 0;
	case TCP_DELACK_MAX_US:
		*val = READ_ONCE(conf->delack_max_us);
		return 0;
	case TCP_SAVE_SYN:
		*val = xs->save_syn;
		return 0;
	case TCP_FASTOPEN:
		*val = xtcp_tfo_get_queue(sk);
		return 0;
	case TCP_FASTOPEN_CONNECT:
		*val = xs->tfo_connect;
		return 0;
	case TCP_FASTOPEN_NO_COOKIE:
		*val = xs->tfo_no_cookie;
		return 0;
	case TCP_INQ:
		*val = xs->inq;
		return 0;
	case TCP_TX_DELAY:
		*val = xtcp_tx_delay(sk);
		return 0;
	case TCP_IS_MPTCP:
		*val = 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int put_value(const void *val, int size, char __user *optval,
		     int __user *optlen, int len)
{
	len = min(len, size);
	if (put_user(len, optlen) || copy_to_user(optval, val, len))
		return -EFAULT;
	return 0;
}

/* TCP_SAVED_SYN can be read once. */
static int get_saved_syn(struct sock *sk, char __user *optval, int __user *optlen, int len)
{
	struct xtcp_sock *xs = xtcp_sk(sk);
	unsigned int size = xs->has_opening ? xs->opening->syn_len : 0;
	int err;

	if (len < (int)size)
		return put_user(size, optlen) ? -EFAULT : -EINVAL;
	if (!size)
		return put_user(0, optlen);
	err = put_value(xs->opening->syn, size, optval, optlen, len);
	if (err)
		return err;
	xs->opening->syn_len = 0;
	if (!xs->tfo_pending)
		xtcp_opening_free(sk);
	return 0;
}

/* Options that no other TCP has. */
static int get_own(struct sock *sk, int optname, char __user *optval, int __user *optlen)
{
	struct xtcp_listener_info listener;
	struct xtcp_clock_info clocks;
	struct xtcp_wait_info wait;
	bool has, slow;
	int val, len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	switch (optname) {
	case XTCP_WATCH:
		slow = lock_sock_fast(sk);
		val = !!xtcp_clocks(sk);
		unlock_sock_fast(sk, slow);
		return put_value(&val, sizeof(val), optval, optlen, len);
	case XTCP_WAIT:
		slow = lock_sock_fast(sk);
		xtcp_wait_info(sk, &wait);
		unlock_sock_fast(sk, slow);
		return put_value(&wait, sizeof(wait), optval, optlen, len);
	case XTCP_CLOCKS:
		slow = lock_sock_fast(sk);
		has = xtcp_clocks_info(sk, &clocks);
		unlock_sock_fast(sk, slow);
		return has ? put_value(&clocks, sizeof(clocks), optval, optlen, len) :
			     -ENODATA;
	case XTCP_LISTENER:
		slow = lock_sock_fast(sk);
		has = xtcp_listener_info(sk, &listener);
		unlock_sock_fast(sk, slow);
		return has ? put_value(&listener, sizeof(listener), optval, optlen, len) :
			     -EINVAL;
	default:
		return -ENOPROTOOPT;
	}
}

/**
 * xtcp_getsockopt - getsockopt() beyond SOL_SOCKET
 * @sk: the socket
 * @level: SOL_TCP, SOL_XTCP, or IP's
 * @optname: TCP_*, XTCP_*
 * @optval: where the value goes
 * @optlen: room there; out: its length
 *
 * Return: 0, or the errno of Linux's TCP.
 */
int xtcp_getsockopt(struct sock *sk, int level, int optname, char __user *optval,
		    int __user *optlen)
{
	union tcp_cc_info cc_info;
	struct tcp_info info;
	int val, len, err, cc_attr;
	bool slow;

	if (level == SOL_XTCP)
		return get_own(sk, optname, optval, optlen);
	if (level != SOL_TCP && level != SOL_IP && xtcp_sk_is6(sk))
		return ipv6_getsockopt(sk, level, optname, optval, optlen);
	if (level != SOL_TCP)
		return ip_getsockopt(sk, level, optname, optval, optlen);
	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	switch (optname) {
	case TCP_INFO:
		slow = lock_sock_fast(sk);
		xtcp_get_info(sk, &info);
		unlock_sock_fast(sk, slow);
		return put_value(&info, sizeof(info), optval, optlen, len);
	case TCP_ZEROCOPY_RECEIVE:
		return xtcp_zcrecv(sk, optval, optlen, len);
	case TCP_SAVED_SYN:
		lock_sock(sk);
		err = get_saved_syn(sk, optval, optlen, len);
		release_sock(sk);
		return err;
	case TCP_FASTOPEN_KEY: {
		u8 key[XTCP_TFO_KEYS * XTCP_TFO_KEY_LEN];
		unsigned int nr;

		slow = lock_sock_fast(sk);
		nr = xtcp_tfo_get_keys(sk, key);
		unlock_sock_fast(sk, slow);
		return put_value(key, nr * XTCP_TFO_KEY_LEN, optval, optlen, len);
	}
	case TCP_CONGESTION: {
		char name[TCP_CA_NAME_MAX] = "";

		xtcp_cong_name(sk, name);
		return put_value(name, sizeof(name), optval, optlen, len);
	}
	case TCP_CC_INFO:
		slow = lock_sock_fast(sk);
		val = xtcp_cong_info(sk, &cc_attr, &cc_info);
		unlock_sock_fast(sk, slow);
		return put_value(&cc_info, val, optval, optlen, len);
	}
	slow = lock_sock_fast(sk);
	err = get_int(sk, optname, &val);
	unlock_sock_fast(sk, slow);
	return err ? err : put_value(&val, sizeof(val), optval, optlen, len);
}

/**
 * xtcp_keepalive - SO_KEEPALIVE changed
 * @sk: the socket, locked
 * @on: whether it is set now
 */
void xtcp_keepalive(struct sock *sk, int on)
{
	xtcp_assert_locked(sk);
	xtcp_user_flag(&xtcp_sk(sk)->tcb, XTCP_F_KEEPALIVE, on);
	xtcp_user_call(sk, XTCP_CALL_KEEPALIVE, XTCP_WHY_NONE);
}

/* SIOCINQ, SIOCATMARK, SIOCOUTQ, SIOCOUTQNSD */
static int queue_length(struct sock *sk, int cmd, int *answer)
{
	const struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	bool connected = !((1 << sk->sk_state) & (TCPF_SYN_SENT | TCPF_SYN_RECV));

	*answer = 0;
	/* a listener has no queue of bytes, but it may ask for the mark (as Linux) */
	if (sk->sk_state == TCP_LISTEN &&
	    (cmd == SIOCINQ || cmd == SIOCOUTQ || cmd == SIOCOUTQNSD))
		return -EINVAL;
	switch (cmd) {
	case SIOCINQ:
		*answer = xtcp_readable(sk);
		return 0;
	case SIOCATMARK:
		*answer = xtcp_urg_at_mark(t);
		return 0;
	case SIOCOUTQ:
		if (connected)
			*answer = t->write_seq - t->snd_una;
		return 0;
	case SIOCOUTQNSD:
		if (connected)
			*answer = t->write_seq - t->snd_nxt;
		return 0;
	default:
		return -ENOIOCTLCMD;
	}
}

/**
 * xtcp_ioctl - ioctl() of a socket
 * @sk: the socket
 * @cmd: SIOCINQ, SIOCATMARK, SIOCOUTQ, SIOCOUTQNSD
 * @karg: where the answer goes
 *
 * Return: 0, -EINVAL for a listener (but for the mark), -ENOIOCTLCMD.
 */
int xtcp_ioctl(struct sock *sk, int cmd, XTCP_IOCTL_ARG karg)
{
	int answer, err;

	lock_sock(sk);
	err = queue_length(sk, cmd, &answer);
	release_sock(sk);
	if (err)
		return err;
#ifdef XTCP_HAVE_IOCTL_KARG
	*karg = answer;
	return 0;
#else
	return put_user(answer, (int __user *)karg);
#endif
}

/* What a sender spent its time with. */
static void chrono_info(const struct xtcp_tcb *t, xtcp_usec_t now,
			struct tcp_info *info)
{
	u64 rwnd, sndbuf;

	rwnd = xtcp_chrono_spent(t, XTCP_CHRONO_RWND, now);
	sndbuf = xtcp_chrono_spent(t, XTCP_CHRONO_SNDBUF, now);
	info->tcpi_busy_time = (xtcp_chrono_spent(t, XTCP_CHRONO_BUSY, now) + rwnd +
				sndbuf) << XTCP_COARSE_SHIFT;
	info->tcpi_rwnd_limited = rwnd << XTCP_COARSE_SHIFT;
	info->tcpi_sndbuf_limited = sndbuf << XTCP_COARSE_SHIFT;
}

#ifdef XTCP_HAVE_TCPI_TOTAL_RTO
static void timeout_info(const struct xtcp_tcb *t, xtcp_usec_t now,
			 struct tcp_info *info)
{
	u32 spent = t->info.rto_time;

	if (t->rec & XTCP_R_TIMED_OUT)
		spent += xtcp_coarse(now);
	info->tcpi_total_rto = t->info.total_rto;
	info->tcpi_total_rto_recoveries = t->info.rto_recoveries;
	info->tcpi_total_rto_time = ((u64)spent << XTCP_COARSE_SHIFT) / XTCP_USEC_PER_MSEC;
}
#endif

/* What the two hosts agreed on, with their SYNs. */
static void agreed_info(const struct xtcp_tcb *t, struct tcp_info *info)
{
	if (t->flags & XTCP_F_TS_OK)
		info->tcpi_options |= TCPI_OPT_TIMESTAMPS;
	if (t->flags & XTCP_F_SACK_OK)
		info->tcpi_options |= TCPI_OPT_SACK;
	if (t->flags & XTCP_F_ECN_OK)
		info->tcpi_options |= TCPI_OPT_ECN;
	if (t->flags & XTCP_F_ECN_SEEN)
		info->tcpi_options |= TCPI_OPT_ECN_SEEN;
	if (t->flags & XTCP_F_WSCALE_OK) {
		info->tcpi_options |= TCPI_OPT_WSCALE;
		info->tcpi_snd_wscale = t->snd_wscale;
		info->tcpi_rcv_wscale = t->rcv_wscale;
	}
	if (t->syn_data_acked)
		info->tcpi_options |= TCPI_OPT_SYN_DATA;
}

/* The SYN of an active open: no record stands for it.  It may wait for text. */
static bool syn_unacked(const struct xtcp_tcb *t)
{
	return (t->flags & (XTCP_F_SYN_OUT | XTCP_F_PASSIVE)) == XTCP_F_SYN_OUT &&
	       t->state != XTCP_CLOSE && t->retrans_stamp;
}

/**
 * xtcp_get_info - TCP_INFO
 * @sk: the socket, locked
 * @info: out
 */
void xtcp_get_info(const struct sock *sk, struct tcp_info *info)
{
	const struct xtcp_sock *xs = xtcp_sk(sk);
	const struct xtcp_tcb *t = &xs->tcb;
	xtcp_usec_t time = xtcp_now();
	u32 now = xtcp_stamp(time);
	unsigned long rate;

	xtcp_assert_locked(sk);
	memset(info, 0, sizeof(*info));
	info->tcpi_state = sk->sk_state;
	info->tcpi_snd_cwnd = t->cwnd;
	info->tcpi_reordering = t->reordering;
	/* sk_pacing_rate is that of the last push */
	info->tcpi_pacing_rate = xtcp_pace_rate(sk);
	rate = READ_ONCE(sk->sk_max_pacing_rate);
	info->tcpi_max_pacing_rate = rate == ULONG_MAX ? ~0ULL : rate;
	if (sk->sk_state == TCP_LISTEN) {
		info->tcpi_unacked = READ_ONCE(sk->sk_ack_backlog);
		info->tcpi_sacked = READ_ONCE(sk->sk_max_ack_backlog);
		return;
	}
	info->tcpi_ca_state = t->ca_state;
	info->tcpi_retransmits = t->retransmits;
	info->tcpi_probes = t->probes_out;
	info->tcpi_backoff = t->backoff;
	if (!xtcp_syn_unanswered(t))
		agreed_info(t, info);
	info->tcpi_fastopen_client_fail = xs->tfo_fail;
	info->tcpi_rto = xtcp_rto_backed_off(t);
	info->tcpi_ato = t->ato_us;
	info->tcpi_snd_mss = xtcp_mss_told(sk);
	info->tcpi_rcv_mss = t->rcv_mss;
	info->tcpi_unacked = t->packets_out + syn_unacked(t);
	info->tcpi_sacked = t->sacked_out;
	info->tcpi_lost = t->lost_out;
	info->tcpi_retrans = t->retrans_out;
	info->tcpi_last_data_sent = (now - t->lsndtime) / XTCP_USEC_PER_MSEC;
	info->tcpi_last_data_recv = (now - t->lrcvtime) / XTCP_USEC_PER_MSEC;
	info->tcpi_last_ack_recv = ((u64)(xtcp_coarse(time) - t->heard) << XTCP_COARSE_SHIFT) /
				   XTCP_USEC_PER_MSEC;
	info->tcpi_pmtu = xs->mtu;
	info->tcpi_rcv_ssthresh = t->rcv_ssthresh;
	info->tcpi_rtt = t->srtt_us >> 3;
	info->tcpi_rttvar = t->mdev_us >> 2;
	info->tcpi_snd_ssthresh = min_t(u32, t->ssthresh, S32_MAX);
	info->tcpi_delivered_ce = t->delivered_ce;
	info->tcpi_advmss = t->advmss;
	info->tcpi_reord_seen = t->recovery.reord_seen;
	info->tcpi_dsack_dups = t->info.dsack_dups;
	info->tcpi_min_rtt = t->min_rtt_us ? t->min_rtt_us : U32_MAX;
	info->tcpi_delivered = t->delivered;
	info->tcpi_rcv_rtt = t->tune.rtt_us >> 3;
	info->tcpi_rcv_space = t->tune.space_bytes;
	info->tcpi_total_retrans = t->info.total_retrans;
	/* as in Linux: a FIN counts, and the SYN of an active open */
	info->tcpi_bytes_acked = xtcp_acked(t) - (t->flags & XTCP_F_PASSIVE &&
						  t->snd_una != t->iss);
	info->tcpi_bytes_received = xtcp_received(t) - (t->rcv_nxt != t->irs);
	info->tcpi_bytes_sent = xtcp_bytes_sent(t);
	info->tcpi_bytes_retrans = t->info.bytes_retrans;
	info->tcpi_segs_out = t->info.segs_out;
	info->tcpi_segs_in = t->info.segs_in;
	info->tcpi_data_segs_out = t->info.data_segs_out;
	info->tcpi_data_segs_in = t->info.data_segs_in;
	chrono_info(t, time, info);
	info->tcpi_notsent_bytes = max_t(int, 0, t->write_seq - t->snd_nxt);
	info->tcpi_snd_wnd = t->snd_wnd;
	info->tcpi_delivery_rate = xtcp_rate_delivery(t);
	info->tcpi_delivery_rate_app_limited = !(t->flags & XTCP_F_RATE_FULL);
	info->tcpi_rcv_ooopack = t->info.rcv_ooopack;
#ifdef XTCP_HAVE_TCPI_RCV_WND
	info->tcpi_rcv_wnd = t->rcv_wnd;
	info->tcpi_rehash = t->info.rehash;
#endif
#ifdef XTCP_HAVE_TCPI_TOTAL_RTO
	timeout_info(t, time, info);
#endif
}
