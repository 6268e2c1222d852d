// SPDX-License-Identifier: GPL-2.0
/*
 * Socket options, compared with AF_INET (lib/story.h): each one with values around
 * every limit, then every number there is, in every state of a socket.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>

#include "lib/story.h"

STORIES(options)

/* ---- values around the limits ---------------------------------------------- */

struct opt {
	int level, name;
	const char *text;
};

static void try_values(struct story *s, const struct opt *o, int connected)
{
	static const int values[] = { 0, 1, 2, 3, 9, 10, 100, 127, 128, 1000, 32767,
				      32768, 65536, 300000, -1, -1000, 0x7fffffff };
	unsigned int i;
	int pair[2] = { -1, -1 }, fd;

	if (connected) {
		story_pair(s, pair);
		fd = pair[0];
	} else {
		fd = story_socket(s);
	}
	/* how far a buffer has grown by itself is chance */
	if (!connected || o->name != SO_SNDBUF)
		tell_text(s, "%s: %d\n", o->text, get_int(fd, o->level, o->name));
	for (i = 0; i < ARRAY_SIZE(values); i++) {
		int rc, err;

		/* kernels differ: signed before 6.13 or so, unsigned since */
		if (o->name == TCP_WINDOW_CLAMP && o->level == IPPROTO_TCP && values[i] < 0)
			continue;
		rc = set_int(fd, o->level, o->name, values[i]);
		err = rc ? errno : 0;
		tell_text(s, "%s = %d: %d %s, then %d\n", o->text, values[i], rc,
			  err ? strerrorname_np(err) : "",
			  get_int(fd, o->level, o->name));
	}
	close(fd);
	close(pair[1]);
}

/* Each option with the values around every limit, before and after connect(). */
#define OPTION_STORY(name, level, option)				\
	STORY(options, value__##name)					\
	{								\
		const struct opt o = { level, option, #option };	\
									\
		try_values(s, &o, 0);					\
		try_values(s, &o, 1);					\
	}

OPTION_STORY(rcvbuf, SOL_SOCKET, SO_RCVBUF)
OPTION_STORY(sndbuf, SOL_SOCKET, SO_SNDBUF)
OPTION_STORY(rcvlowat, SOL_SOCKET, SO_RCVLOWAT)
OPTION_STORY(reuseaddr, SOL_SOCKET, SO_REUSEADDR)
OPTION_STORY(keepalive, SOL_SOCKET, SO_KEEPALIVE)
OPTION_STORY(oobinline, SOL_SOCKET, SO_OOBINLINE)
OPTION_STORY(priority, SOL_SOCKET, SO_PRIORITY)
OPTION_STORY(mark, SOL_SOCKET, SO_MARK)
OPTION_STORY(type, SOL_SOCKET, SO_TYPE)
OPTION_STORY(error, SOL_SOCKET, SO_ERROR)
OPTION_STORY(acceptconn, SOL_SOCKET, SO_ACCEPTCONN)
OPTION_STORY(nodelay, IPPROTO_TCP, TCP_NODELAY)
OPTION_STORY(cork, IPPROTO_TCP, TCP_CORK)
OPTION_STORY(maxseg, IPPROTO_TCP, TCP_MAXSEG)
OPTION_STORY(keepidle, IPPROTO_TCP, TCP_KEEPIDLE)
OPTION_STORY(keepintvl, IPPROTO_TCP, TCP_KEEPINTVL)
OPTION_STORY(keepcnt, IPPROTO_TCP, TCP_KEEPCNT)
OPTION_STORY(syncnt, IPPROTO_TCP, TCP_SYNCNT)
OPTION_STORY(linger2, IPPROTO_TCP, TCP_LINGER2)
OPTION_STORY(quickack, IPPROTO_TCP, TCP_QUICKACK)
OPTION_STORY(user_timeout, IPPROTO_TCP, TCP_USER_TIMEOUT)
OPTION_STORY(window_clamp, IPPROTO_TCP, TCP_WINDOW_CLAMP)
OPTION_STORY(notsent_lowat, IPPROTO_TCP, TCP_NOTSENT_LOWAT)
OPTION_STORY(defer_accept, IPPROTO_TCP, TCP_DEFER_ACCEPT)
OPTION_STORY(no_such, IPPROTO_TCP, 250)
OPTION_STORY(tos, IPPROTO_IP, IP_TOS)
OPTION_STORY(ttl, IPPROTO_IP, IP_TTL)
OPTION_STORY(mtu_discover, IPPROTO_IP, IP_MTU_DISCOVER)
OPTION_STORY(mtu, IPPROTO_IP, IP_MTU)
OPTION_STORY(no_such_level, 99, 1)

STORY(options, wrong_arguments)
{
	int fd = story_socket(s), value = 1;
	socklen_t len;

	tell(s, setsockopt(-1, IPPROTO_TCP, TCP_NODELAY, &value, sizeof(value)));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, sizeof(value)));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 0));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, 3));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, -1));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, &value, sizeof(value)));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, (void *)8, sizeof(value)));
	tell(s, setsockopt(fd, IPPROTO_TCP, TCP_MD5SIG, (void *)8, 3));
	tell(s, setsockopt(fd, SOL_SOCKET, SO_LINGER, &value, sizeof(value)));
	tell(s, setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &value, sizeof(value)));
	len = sizeof(value);
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, NULL, &len));
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, NULL));
	len = 1;
	value = 0;
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	tell(s, len);
	len = 100;
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	tell(s, len);
	len = -1;
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
	len = 0;
	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &value, &len));
}

STORY(options, linger)
{
	struct linger l = { 1, 3 };
	socklen_t len = sizeof(l);
	int fd = story_socket(s);

	tell(s, setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	tell(s, getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
	tell(s, l.l_onoff * 1000 + l.l_linger);
	l = (struct linger){ 0, 9 };
	tell(s, setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	tell(s, getsockopt(fd, SOL_SOCKET, SO_LINGER, &l, &len));
	tell(s, l.l_onoff);
}

/* What does not depend on time and chance. */
STORY(options, tcp_info)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);
	int pair[2], i;

	story_pair(s, pair);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, recv(pair[1], &i, 4, MSG_WAITALL));
	for (i = 0; i < 2; i++) {
		memset(&info, 0, sizeof(info));
		tell(s, getsockopt(pair[i], IPPROTO_TCP, TCP_INFO, &info, &len));
		tell(s, info.tcpi_state);
		tell(s, info.tcpi_ca_state);
		tell(s, info.tcpi_retransmits);
		tell(s, info.tcpi_probes);
		tell(s, info.tcpi_backoff);
		tell(s, info.tcpi_options & (TCPI_OPT_TIMESTAMPS | TCPI_OPT_WSCALE));
		tell(s, info.tcpi_snd_wscale > 0);
		tell(s, info.tcpi_rcv_wscale > 0);
		tell(s, info.tcpi_rto > 0);
		tell(s, info.tcpi_snd_mss);
		tell(s, info.tcpi_advmss);
		tell(s, info.tcpi_pmtu);
		tell(s, info.tcpi_unacked);
		tell(s, info.tcpi_retrans);
		tell(s, info.tcpi_reordering);
		tell(s, info.tcpi_snd_cwnd);
		tell(s, info.tcpi_total_retrans);
		tell(s, info.tcpi_snd_ssthresh);
	}
}

/* A socket that begins to connect; with @small segments or as it is. */
static int story_connecting(struct story *s, const struct sockaddr_in *to, bool small)
{
	int fd = story_socket(s);

	if (small)
		set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 500);
	set_nonblock(fd, true);
	tell(s, connect(fd, (const struct sockaddr *)to, sizeof(*to)));
	return fd;
}

static struct tcp_info story_info(struct story *s, int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	tell(s, getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	return info;
}

/* What a SYN tells nobody has agreed on yet; nobody answers. */
STORY(options, tcp_info__syn_sent)
{
	struct sockaddr_in sin = loopback(5000);
	struct tcp_info info;
	int i;

	sin.sin_addr.s_addr = inet_addr(WIRE_REMOTE);
	for (i = 0; i < 2; i++) {
		info = story_info(s, story_connecting(s, &sin, i));
		tell(s, info.tcpi_state);
		tell(s, info.tcpi_options);
		tell(s, info.tcpi_snd_wscale);
		tell(s, info.tcpi_rcv_wscale);
		tell(s, info.tcpi_snd_mss);
		tell(s, info.tcpi_advmss);
		tell(s, info.tcpi_pmtu);
		tell(s, info.tcpi_unacked);
		tell(s, info.tcpi_sacked);
		tell(s, info.tcpi_lost);
		tell(s, info.tcpi_retrans);
		tell(s, info.tcpi_snd_cwnd);
		tell(s, info.tcpi_snd_ssthresh);
		tell(s, info.tcpi_rto);
		tell(s, info.tcpi_total_retrans);
	}
}

/* Nor when it was refused; and disconnecting forgets less than one would think. */
STORY(options, tcp_info__refused)
{
	struct sockaddr_in sin = loopback(5000);
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct tcp_info info;
	int i, fd, pair[2];

	for (i = 0; i < 2; i++) {
		fd = story_connecting(s, &sin, i);
		tell(s, fd_poll(fd, POLLHUP, PATIENCE_MS));
		info = story_info(s, fd);
		tell(s, info.tcpi_state);
		tell(s, info.tcpi_options);
		tell(s, info.tcpi_snd_wscale);
		tell(s, info.tcpi_snd_mss);
		tell(s, info.tcpi_unacked);
		tell(s, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
		/* too late for the connection that was */
		tell(s, set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 400));
		info = story_info(s, fd);
		tell(s, info.tcpi_snd_mss);
		tell(s, connect(fd, &unspec, sizeof(unspec)));
		tell(s, get_int(fd, IPPROTO_TCP, TCP_MAXSEG));
	}
	story_pair(s, pair);
	tell(s, connect(pair[0], &unspec, sizeof(unspec)));
	tell(s, get_int(pair[0], IPPROTO_TCP, TCP_MAXSEG));
}

/* A listener has no queue of bytes; the mark is another matter. */
STORY(options, ioctl__of_a_listener)
{
	static const int requests[] = { SIOCATMARK, FIONREAD, TIOCOUTQ, 0x894b, 0x1234 };
	int fd = story_listener(s, 5000), value, i;

	for (i = 0; i < (int)ARRAY_SIZE(requests); i++) {
		value = 7;
		tell(s, ioctl(fd, requests[i], &value));
		tell(s, value);
	}
}

/* What a connection would send to a group it would send as its peer's SYN came. */
STORY(options, multicast__of_a_child)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, get_int(pair[1], IPPROTO_IP, IP_MULTICAST_TTL));
	tell(s, get_int(pair[0], IPPROTO_IP, IP_MULTICAST_TTL));
}

/* The connections of a listener are whole, whatever failed before it was one. */
TEST_F(options, shutdown__before_listen)
{
	struct sockaddr_in sin = loopback(5000);
	int listener, fd, child;

	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	bring_up_loopback();
	listener = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(shutdown(listener, SHUT_RDWR), -1);
	ASSERT_EQ(errno, ENOTCONN);
	ASSERT_EQ(bind(listener, (struct sockaddr *)&sin, sizeof(sin)), 0);
	ASSERT_EQ(listen(listener, 1), 0);
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	child = accept(listener, NULL, NULL);
	ASSERT_GE(child, 0);
	ASSERT_EQ(revents(child), POLLOUT | POLLWRNORM);
	ASSERT_EQ(send(child, "hello", 5, MSG_NOSIGNAL), 5);
	ASSERT_EQ(send(fd, "hello", 5, MSG_NOSIGNAL), 5);
	ASSERT_EQ(recv(child, &sin, 5, MSG_WAITALL), 5);
}

/* What is set at a listener is that of its connections; what is read is compared. */
STORY(options, inherited)
{
	static const struct { int name, value; } set[] = {
		{ TCP_NODELAY, 1 }, { TCP_CORK, 1 }, { TCP_MAXSEG, 700 }, { TCP_KEEPIDLE, 71 },
		{ TCP_KEEPINTVL, 72 }, { TCP_KEEPCNT, 73 }, { TCP_SYNCNT, 9 },
		{ TCP_LINGER2, 7 }, { TCP_DEFER_ACCEPT, 0 }, { TCP_WINDOW_CLAMP, 20000 },
		{ TCP_USER_TIMEOUT, 76000 }, { TCP_NOTSENT_LOWAT, 7700 },
		{ TCP_SAVE_SYN, 1 }, { TCP_THIN_LINEAR_TIMEOUTS, 1 },
		{ 30 /* TCP_FASTOPEN_CONNECT */, 1 }, { 34 /* TCP_FASTOPEN_NO_COOKIE */, 1 },
		{ 36 /* TCP_INQ */, 1 },
	};
	struct sockaddr_in sin = loopback(5000);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(set); i++) {
		int listener = story_socket(s), fd = story_socket(s), child;

		sin = loopback(5000 + i);
		tell_text(s, "%d\n", set[i].name);
		tell(s, set_int(listener, IPPROTO_TCP, set[i].name, set[i].value));
		tell(s, bind(listener, (struct sockaddr *)&sin, sizeof(sin)));
		tell(s, listen(listener, 1));
		tell(s, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		child = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		/* limited by what the connection's window can say */
		if (set[i].name != TCP_WINDOW_CLAMP)
			tell(s, get_int(child, IPPROTO_TCP, set[i].name));
		close(child);
		close(fd);
		close(listener);
	}
}

/* SO_INCOMING_CPU of a listener is a wish; of a connection it is what was seen. */
STORY(options, incoming_cpu__of_a_listener)
{
	int listener = story_listener(s, 5000), fd = story_socket(s), i;
	struct sockaddr_in sin = loopback(5000);

	tell(s, set_int(listener, SOL_SOCKET, SO_INCOMING_CPU, 4321));
	tell(s, get_int(listener, SOL_SOCKET, SO_INCOMING_CPU));
	for (i = 0; i < 2; i++) {
		tell(s, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
		tell(s, get_int(listener, SOL_SOCKET, SO_INCOMING_CPU));
		tell(s, get_int(fd, SOL_SOCKET, SO_INCOMING_CPU) == 4321);
		close(fd);
		fd = story_socket(s);
	}
}

/* Can be set as there; to read it is refused (kmod/differences.md), so it stays listed. */
STORY(options, txrehash__set)
{
	const int txrehash = 74;	/* SO_TXREHASH */
	int fd = story_socket(s);

	tell(s, set_int(fd, SOL_SOCKET, txrehash, -1));
	tell(s, set_int(fd, SOL_SOCKET, txrehash, 0));
	tell(s, set_int(fd, SOL_SOCKET, txrehash, 1));
	tell(s, set_int(fd, SOL_SOCKET, txrehash, 2));
	tell(s, set_int(fd, SOL_SOCKET, txrehash, -2));
	tell(s, setsockopt(fd, SOL_SOCKET, txrehash, &fd, 3));
	tell(s, setsockopt(fd, SOL_SOCKET, txrehash, NULL, 4));
	close(fd);
}

/* ---- every number there is ----------------------------------------------- */

/* Beyond the last option that any kernel knows. */
#define OPTIONS_END	96

/* Where an option's value is chance, or documented to differ: do not tell it. */
static const struct opt values_vary[] = {
	{ SOL_SOCKET, SO_PROTOCOL, "differs" },
	{ SOL_SOCKET, SO_SNDBUF, "grows by itself" },
	{ SOL_SOCKET, SO_PEERCRED, "a process" },
	{ SOL_SOCKET, 49, "SO_INCOMING_CPU" },
	{ SOL_SOCKET, 55, "SO_MEMINFO" },
	{ SOL_SOCKET, 57, "SO_COOKIE" },
	{ SOL_SOCKET, 71, "SO_NETNS_COOKIE: each story has a namespace of its own" },
	{ IPPROTO_TCP, TCP_INFO, "has times" },
	{ IPPROTO_IP, 52, "IP_PROTOCOL: tells the port" },
	{ IPPROTO_TCP, 26, "TCP_CC_INFO: what CUBIC tells" },
};

/* What xtcp does not offer (kmod/differences.md). */
static const struct opt not_offered[] = {
	{ SOL_SOCKET, 74, "SO_TXREHASH" },
	{ SOL_SOCKET, 80, "SO_DEVMEM_DONTNEED" },
	{ IPPROTO_IPV6, 1, "IPV6_ADDRFORM" },
	{ IPPROTO_TCP, 19, "TCP_REPAIR" },
	{ IPPROTO_TCP, 20, "TCP_REPAIR_QUEUE" },
	{ IPPROTO_TCP, 21, "TCP_QUEUE_SEQ" },
	{ IPPROTO_TCP, 22, "TCP_REPAIR_OPTIONS" },
	{ IPPROTO_TCP, 24, "TCP_TIMESTAMP" },
	{ IPPROTO_TCP, 29, "TCP_REPAIR_WINDOW" },
	{ IPPROTO_TCP, 31, "TCP_ULP" },
	{ IPPROTO_TCP, 38, "TCP_AO_ADD_KEY" },
	{ IPPROTO_TCP, 39, "TCP_AO_DEL_KEY" },
	{ IPPROTO_TCP, 40, "TCP_AO_INFO" },
	{ IPPROTO_TCP, 41, "TCP_AO_GET_KEYS" },
	{ IPPROTO_TCP, 42, "TCP_AO_REPAIR" },
};

/* What xtcp has on kernels whose own TCP is too old for it. */
static const struct opt younger[] = {
	{ SOL_SOCKET, SO_PEEK_OFF, "6.9" },
	{ IPPROTO_TCP, 37, "TCP_TX_DELAY, its bounds: 7.0" },
	{ IPPROTO_TCP, 43, "TCP_IS_MPTCP, 6.7" },
	{ IPPROTO_TCP, 44, "TCP_RTO_MAX_MS, 6.15" },
	{ IPPROTO_TCP, 45, "TCP_RTO_MIN_US, 6.15" },
	{ IPPROTO_TCP, 46, "TCP_DELACK_MAX_US, 6.15" },
};

static bool is_among(const struct opt *list, unsigned int nr, int level, int name)
{
	while (nr--)
		if (list[nr].level == level && list[nr].name == name)
			return true;
	return false;
}

/* Can the two be compared? */
static bool comparable(int level, int name)
{
	int fd, value;
	bool known;

	if (is_among(not_offered, ARRAY_SIZE(not_offered), level, name))
		return false;
	/* where modules may not take out pages */
	if (level == IPPROTO_TCP && name == TCP_ZEROCOPY_RECEIVE && kernel_before(6, 3))
		return false;
	if (!is_among(younger, ARRAY_SIZE(younger), level, name))
		return true;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	known = !getsockopt(fd, level, name, &value, &(socklen_t){ sizeof(value) });
	close(fd);
	return known;
}

/* A value as far as it is certain: its length, and the number if it is one. */
static void tell_option(struct story *s, int fd, int level, int name)
{
	unsigned char buf[512] = { 0 };
	socklen_t len = sizeof(buf);
	int value;

	errno = 0;
	if (getsockopt(fd, level, name, buf, &len)) {
		tell_text(s, " %s", strerrorname_np(errno));
		return;
	}
	memcpy(&value, buf, sizeof(value));
	if (len > sizeof(value) ||
	    is_among(values_vary, ARRAY_SIZE(values_vary), level, name))
		tell_text(s, " (%u)", len);
	else
		tell_text(s, " %d(%u)", value, len);
}

enum state { FRESH, CONNECTED, LISTENING, AT_EOF };

static int socket_in(struct story *s, enum state state, int *other)
{
	static uint16_t port = 9000;
	int pair[2];

	*other = -1;
	if (state == FRESH)
		return story_socket(s);
	if (state == LISTENING)
		return story_listener(s, ++port);
	story_pair(s, pair);
	*other = pair[1];
	if (state == AT_EOF) {
		shutdown(*other, SHUT_WR);
		/* whether an ACK is still to leave is for no clock to say */
		if (!await(fd_state(*other) == XTCP_FIN_WAIT2))
			wire_fail(&s->w, "the FIN is not acknowledged");
		close(*other);
		*other = -1;
		revents(pair[0]);
	}
	return pair[0];
}

/* In what they make of a number below zero: window clamps are signed before 6.13 or so. */
static bool kernels_differ(int level, int name)
{
	return level == IPPROTO_TCP && (name == TCP_WINDOW_CLAMP ||
					(name == TCP_TX_DELAY && kernel_before(7, 0)));
}

static void try_all(struct story *s, int level, enum state state)
{
	static const int values[] = { 0, 1, 2, -1, 10, 1000 };
	int name, other, fd;
	unsigned int i;

	for (name = 1; name < OPTIONS_END; name++) {
		if (!comparable(level, name))
			continue;
		fd = socket_in(s, state, &other);
		tell_text(s, "%d:", name);
		tell_option(s, fd, level, name);
		for (i = 0; i < ARRAY_SIZE(values); i++) {
			if (values[i] < 0 && kernels_differ(level, name))
				continue;
			errno = 0;
			set_int(fd, level, name, values[i]);
			tell_text(s, ", %d%s%s", values[i], errno ? " " : "",
				  errno ? strerrorname_np(errno) : "");
			tell_option(s, fd, level, name);
		}
		tell_text(s, "\n");
		close(fd);
		if (other >= 0)
			close(other);
	}
}

STORY(options, all__socket_fresh) { try_all(s, SOL_SOCKET, FRESH); }
STORY(options, all__socket_connected) { try_all(s, SOL_SOCKET, CONNECTED); }
STORY(options, all__socket_listening) { try_all(s, SOL_SOCKET, LISTENING); }
STORY(options, all__tcp_fresh) { try_all(s, IPPROTO_TCP, FRESH); }
STORY(options, all__tcp_connected) { try_all(s, IPPROTO_TCP, CONNECTED); }
STORY(options, all__tcp_listening) { try_all(s, IPPROTO_TCP, LISTENING); }
STORY(options, all__tcp_at_eof) { try_all(s, IPPROTO_TCP, AT_EOF); }
STORY(options, all__ip_fresh) { try_all(s, IPPROTO_IP, FRESH); }
STORY(options, all__ip_connected) { try_all(s, IPPROTO_IP, CONNECTED); }
STORY(options, all__ip_listening) { try_all(s, IPPROTO_IP, LISTENING); }
STORY(options, all__ipv6) { try_all(s, IPPROTO_IPV6, CONNECTED); }

/* Room for less or more than the value. */
STORY(options, all__lengths)
{
	static const socklen_t lengths[] = { 0, 1, 3, 4, 5, 16, 400 };
	unsigned char buf[512] = { 0 };
	int name, other, fd = socket_in(s, CONNECTED, &other);
	unsigned int i;

	for (name = 1; name < OPTIONS_END; name++) {
		if (!comparable(IPPROTO_TCP, name))
			continue;
		tell_text(s, "%d:", name);
		for (i = 0; i < ARRAY_SIZE(lengths); i++) {
			socklen_t len = lengths[i];

			errno = 0;
			getsockopt(fd, IPPROTO_TCP, name, buf, &len);
			tell_text(s, " %u %s", len, errno ? strerrorname_np(errno) : "");
		}
		tell_text(s, "\n");
	}
}

/* IP options take room in each segment. */
STORY(options, ip_options__shrink_segments)
{
	static const unsigned char nops[8] = { 1, 1, 1, 1, 1, 1, 1, 0 };
	int pair[2], before;

	story_pair(s, pair);
	before = get_int(pair[0], IPPROTO_TCP, TCP_MAXSEG);
	tell(s, setsockopt(pair[0], IPPROTO_IP, IP_OPTIONS, nops, sizeof(nops)));
	tell(s, before - get_int(pair[0], IPPROTO_TCP, TCP_MAXSEG));
	tell(s, setsockopt(pair[0], IPPROTO_IP, IP_OPTIONS, NULL, 0));
	tell(s, before - get_int(pair[0], IPPROTO_TCP, TCP_MAXSEG));
}

/* IP_MINTTL: what has come too far is not taken. */
STORY(options, minttl__drops)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, set_int(pair[1], IPPROTO_IP, 21, 20));
	tell(s, set_int(pair[0], IPPROTO_IP, IP_TTL, 10));
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell(s, set_int(pair[0], IPPROTO_IP, IP_TTL, 64));
	tell(s, fd_poll(pair[1], POLLIN, PATIENCE_MS));
	tell(s, drain(pair[1]));
}

/* The count of timestamps begins where a connection is. */
STORY(options, timestamping__needs_a_connection)
{
	enum state state;
	int other, fd;

	for (state = FRESH; state <= AT_EOF; state++) {
		fd = socket_in(s, state, &other);
		tell(s, set_int(fd, SOL_SOCKET, 37, 1 << 7 /* OPT_ID */));
		tell(s, set_int(fd, SOL_SOCKET, 37, 1 << 7));
		tell(s, set_int(fd, SOL_SOCKET, 37, 0));
		tell(s, setsockopt(fd, SOL_SOCKET, 37, NULL, 4));
		tell(s, setsockopt(fd, SOL_SOCKET, 37, &state, 2));
	}
}

TEST_HARNESS_MAIN
