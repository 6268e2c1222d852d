// SPDX-License-Identifier: GPL-2.0
/*
 * The numbers behind the names in scripts.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "pkt.h"

#ifndef SO_EE_CODE_ZEROCOPY_COPIED
#define SO_EE_CODE_ZEROCOPY_COPIED 1
#endif

#define N(x) { #x, x }
#define AS(x, value) { x, value }

static const struct name {
	const char	*name;
	long long	value;
} names[] = {
	AS("NULL", 0),
	N(AF_UNSPEC), N(AF_INET), N(AF_INET6),
	N(SOCK_STREAM), N(SOCK_NONBLOCK), N(SOCK_CLOEXEC), N(IPPROTO_TCP),
	N(SOL_SOCKET), AS("SOL_TCP", IPPROTO_TCP), AS("SOL_IP", IPPROTO_IP),
	AS("SOL_IPV6", IPPROTO_IPV6),
	N(SO_REUSEADDR), N(SO_SNDBUF), N(SO_RCVBUF), N(SO_ERROR), N(SO_ZEROCOPY),
	N(SO_TIMESTAMPING), N(SO_MARK), N(SO_LINGER), N(SO_KEEPALIVE),
	N(TCP_NODELAY), N(TCP_CORK), N(TCP_INQ), N(TCP_CM_INQ), N(TCP_FASTOPEN),
	N(TCP_FASTOPEN_CONNECT), N(TCP_FASTOPEN_KEY), N(TCP_USER_TIMEOUT), N(TCP_MAXSEG),
	N(TCP_DEFER_ACCEPT), N(TCP_QUICKACK), N(TCP_NOTSENT_LOWAT), N(TCP_CONGESTION),
	N(TCP_KEEPIDLE), N(TCP_KEEPINTVL), N(TCP_KEEPCNT), N(TCP_LINGER2),
	N(IP_TOS), N(IP_MTU_DISCOVER), N(IP_PMTUDISC_DONT), N(IP_PMTUDISC_DO),
	N(IP_FREEBIND), N(IP_RECVERR), N(IPV6_RECVERR), N(IPV6_TCLASS), N(IPV6_V6ONLY),
	N(MSG_ERRQUEUE), N(MSG_ZEROCOPY), N(MSG_EOR), N(MSG_MORE), N(MSG_TRUNC),
	N(MSG_FASTOPEN), N(MSG_DONTWAIT), N(MSG_PEEK), N(MSG_OOB), N(MSG_WAITALL),
	N(MSG_NOSIGNAL), N(MSG_CTRUNC),
	N(F_SETFL), N(F_GETFL), N(O_RDWR), N(O_RDONLY), N(O_WRONLY), N(O_NONBLOCK),
	N(O_CREAT), N(SHUT_RD), N(SHUT_WR), N(SHUT_RDWR), N(SIOCINQ), N(SIOCOUTQ),
	N(EPOLLIN), N(EPOLLOUT), N(EPOLLERR), N(EPOLLHUP), N(EPOLLRDHUP), N(EPOLLET),
	N(EPOLLONESHOT), N(EPOLLEXCLUSIVE),
	N(EPOLL_CTL_ADD), N(EPOLL_CTL_MOD), N(EPOLL_CTL_DEL),
	N(SOF_TIMESTAMPING_TX_SCHED), N(SOF_TIMESTAMPING_TX_SOFTWARE),
	N(SOF_TIMESTAMPING_TX_ACK), N(SOF_TIMESTAMPING_SOFTWARE), N(SOF_TIMESTAMPING_OPT_ID),
	N(SOF_TIMESTAMPING_OPT_TSONLY), N(SCM_TIMESTAMPING),
	N(SCM_TSTAMP_SCHED), N(SCM_TSTAMP_SND), N(SCM_TSTAMP_ACK),
	N(SO_EE_ORIGIN_TIMESTAMPING), N(SO_EE_ORIGIN_ZEROCOPY), N(SO_EE_CODE_ZEROCOPY_COPIED),
	N(TCP_CA_Open), N(TCP_CA_Disorder), N(TCP_CA_CWR), N(TCP_CA_Recovery), N(TCP_CA_Loss),
	AS("TCP_ESTABLISHED", 1), AS("TCP_SYN_SENT", 2), AS("TCP_SYN_RECV", 3),
	AS("TCP_FIN_WAIT1", 4), AS("TCP_FIN_WAIT2", 5), AS("TCP_TIME_WAIT", 6),
	AS("TCP_CLOSE", 7), AS("TCP_CLOSE_WAIT", 8), AS("TCP_LAST_ACK", 9),
	AS("TCP_LISTEN", 10), AS("TCP_CLOSING", 11),
	N(TCPI_OPT_TIMESTAMPS), N(TCPI_OPT_SACK), N(TCPI_OPT_WSCALE), N(TCPI_OPT_ECN),
	N(TCPI_OPT_ECN_SEEN), N(TCPI_OPT_SYN_DATA),
}, errors[] = {
	N(EAGAIN), N(EBADF), N(ECONNREFUSED), N(ECONNRESET), N(EFAULT), N(EHOSTUNREACH),
	N(EINPROGRESS), N(EINVAL), N(ENOMSG), N(ENOTCONN), N(EPIPE), N(ETIMEDOUT),
	N(ENOBUFS), N(EINTR), N(EISCONN), N(EALREADY), N(EADDRINUSE), N(EMSGSIZE),
	N(ENETUNREACH), N(EOPNOTSUPP), N(ENOPROTOOPT), N(EADDRNOTAVAIL), N(EPROTO),
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

bool name_value(const char *name, long long *value)
{
	bool v6 = world.form != IPV4;

	/* what the header of an error in the queue belongs to */
	if (!strcmp(name, "CMSG_LEVEL_IP")) {
		*value = v6 ? IPPROTO_IPV6 : IPPROTO_IP;
		return true;
	}
	if (!strcmp(name, "CMSG_TYPE_RECVERR")) {
		*value = v6 ? IPV6_RECVERR : IP_RECVERR;
		return true;
	}
	for (size_t i = 0; i < COUNT(names); i++)
		if (!strcmp(names[i].name, name)) {
			*value = names[i].value;
			return true;
		}
	for (size_t i = 0; i < COUNT(errors); i++)
		if (!strcmp(errors[i].name, name)) {
			*value = errors[i].value;
			return true;
		}
	return false;
}

const char *error_name(int error)
{
	for (size_t i = 0; i < COUNT(errors); i++)
		if (errors[i].value == error)
			return errors[i].name;
	return strerror(error);
}
