// SPDX-License-Identifier: GPL-2.0
/*
 * What goes beside the bytes: control messages of sendmsg() and recvmsg(), and the
 * error queue with its timestamps and notices of MSG_ZEROCOPY.  All is compared
 * with AF_INET (lib/story.h).
 */
#include <time.h>

#include <linux/errqueue.h>
#include <libmnl/libmnl.h>
#include <linux/net_tstamp.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "lib/story.h"

#ifndef TCP_INQ
#define TCP_INQ		36
#endif
#ifndef SO_ZEROCOPY
#define SO_ZEROCOPY	60
#endif
#ifndef MSG_ZEROCOPY
#define MSG_ZEROCOPY	0x4000000
#endif
/* The C library has one of these names for the one that fits its time_t. */
#define TIMESTAMP_OLD		29
#define TIMESTAMPNS_OLD		35
#define TIMESTAMPING_OLD	37
#define TIMESTAMP_NEW		63
#define TIMESTAMPNS_NEW		64
#define TIMESTAMPING_NEW	65

STORIES(cmsg)

/* ---- sendmsg() ----------------------------------------------------------- */

static long send_with(int fd, int level, int type, const void *data, size_t len)
{
	union {
		char buf[CMSG_SPACE(64)];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = CMSG_SPACE(len),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = level;
	cmsg->cmsg_type = type;
	cmsg->cmsg_len = CMSG_LEN(len);
	memcpy(CMSG_DATA(cmsg), data, len);
	return sendmsg(fd, &msg, MSG_NOSIGNAL);
}

STORY(cmsg, send__right_and_wrong)
{
	static const int zero, huge = 0x7fffffff, stamp = SOF_TIMESTAMPING_TX_SOFTWARE;
	long long soon = 0;
	int pair[2];

	story_pair(s, pair);
	tell(s, send_with(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, &stamp, sizeof(stamp)));
	tell(s, send_with(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, &huge, sizeof(huge)));
	tell(s, send_with(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, &zero, 1));
	tell(s, send_with(pair[0], SOL_SOCKET, SO_MARK, &zero, sizeof(zero)));
	tell(s, send_with(pair[0], SOL_SOCKET, 61 /* SCM_TXTIME */, &soon, sizeof(soon)));
	tell(s, send_with(pair[0], SOL_SOCKET, SCM_RIGHTS, &zero, sizeof(zero)));
	tell(s, send_with(pair[0], SOL_SOCKET, 1000, &zero, sizeof(zero)));
	tell(s, send_with(pair[0], IPPROTO_IP, IP_TOS, &zero, sizeof(zero)));
	tell(s, send_with(pair[0], IPPROTO_TCP, 1, &zero, sizeof(zero)));
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
}

/* ---- recvmsg() ----------------------------------------------------------- */

/* Receive up to @len bytes and tell the control messages, not their times. */
static long recv_and_tell(struct story *s, int fd, size_t len, int flags)
{
	char buf[65536], control[512];
	struct iovec iov = { buf, len };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(fd, &msg, flags | MSG_DONTWAIT);
	struct cmsghdr *cmsg;

	if (n < 0)
		return -errno;
	tell_text(s, "flags %x\n", msg.msg_flags);
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		tell_text(s, "level %d type %d, %zu bytes", cmsg->cmsg_level,
			  cmsg->cmsg_type, (size_t)cmsg->cmsg_len);
		if (cmsg->cmsg_level == IPPROTO_TCP) {
			int value;

			memcpy(&value, CMSG_DATA(cmsg), sizeof(value));
			tell_text(s, ": %d", value);
		}
		tell_text(s, "\n");
	}
	return n;
}

STORY(cmsg, inq__what_is_left)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, set_int(pair[1], IPPROTO_TCP, TCP_INQ, 1));
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 3, MSG_PEEK));
	tell(s, recv_and_tell(s, pair[1], 3, 0));
	tell(s, recv_and_tell(s, pair[1], 0, 0));
	tell(s, recv_and_tell(s, pair[1], 7, 0));
	tell(s, recv_and_tell(s, pair[1], 1, 0));
	tell(s, send(pair[0], "ab", 2, 0));
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 1, 0));
	/* after the last byte there is an end to read */
	tell(s, recv_and_tell(s, pair[1], 1, 0));
	tell(s, recv_and_tell(s, pair[1], 1, 0));
	tell(s, set_int(pair[1], IPPROTO_TCP, TCP_INQ, 0));
	tell(s, recv_and_tell(s, pair[1], 1, 0));
}

/* accept() hands it on. */
STORY(cmsg, inq__of_a_listener)
{
	struct sockaddr_in sin = loopback(5000);
	int listener = story_listener(s, 5000), fd = story_socket(s), child;

	set_int(listener, IPPROTO_TCP, TCP_INQ, 1);
	tell(s, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	tell_fd(s, child = accept(listener, NULL, NULL));
	tell(s, get_int(child, IPPROTO_TCP, TCP_INQ));
	tell(s, send(fd, "x", 1, 0));
	tell(s, revents(child));
	tell(s, recv_and_tell(s, child, 1, 0));
}

/* The kernel begins to stamp packets some time after the first socket asks. */
static void until_stamped(int fd[2])
{
	char control[256], c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg;

	await(({
		msg = (struct msghdr) {
			.msg_iov = &iov, .msg_iovlen = 1,
			.msg_control = control, .msg_controllen = sizeof(control),
		};
		send(fd[0], "x", 1, 0) == 1 && recvmsg(fd[1], &msg, 0) == 1 &&
			CMSG_FIRSTHDR(&msg);
	}));
}

static void tell_received(struct story *s, int name, int value)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, set_int(pair[1], SOL_SOCKET, name, value));
	until_stamped(pair);
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 3, MSG_PEEK));
	tell(s, recv_and_tell(s, pair[1], 3, MSG_TRUNC));
	tell(s, recv_and_tell(s, pair[1], 3, 0));
	/* of two segments the time of the later one; they may be one buffer */
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 14, 0));
	/* there was no more than that */
	tell(s, recv_and_tell(s, pair[1], 14, 0));
	tell(s, set_int(pair[1], SOL_SOCKET, name, 0));
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 1, 0));
}

STORY(cmsg, received__timestamp)
{
	tell_received(s, TIMESTAMP_OLD, 1);
	tell_received(s, TIMESTAMP_NEW, 1);
}

STORY(cmsg, received__timestampns)
{
	tell_received(s, TIMESTAMPNS_OLD, 1);
	tell_received(s, TIMESTAMPNS_NEW, 1);
}

STORY(cmsg, received__timestamping)
{
	const int rx = SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE;

	tell_received(s, TIMESTAMPING_OLD, rx);
	tell_received(s, TIMESTAMPING_NEW, rx);
}

/* It is the time at which the segment came, not that of the call. */
TEST_F(cmsg, received__when_it_came)
{
	char control[256], c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct timespec before, after, came;
	struct story s;
	int pair[2];

	memset(&s, 0, sizeof(s));
	ASSERT_NULL(wire_open(&s.w));
	s.family = test_family();
	story_pair(&s, pair);
	set_int(pair[1], SOL_SOCKET, TIMESTAMPNS_OLD, 1);
	until_stamped(pair);
	clock_gettime(CLOCK_REALTIME, &before);
	ASSERT_EQ(send(pair[0], "x", 1, 0), 1);
	ASSERT_TRUE(fd_poll(pair[1], POLLIN, PATIENCE_MS));
	clock_gettime(CLOCK_REALTIME, &after);
	poll_pause();
	ASSERT_EQ(recvmsg(pair[1], &msg, 0), 1);
	ASSERT_NE(CMSG_FIRSTHDR(&msg), NULL);
	memcpy(&came, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(came));
	EXPECT_GE(came.tv_sec * 1000000000LL + came.tv_nsec,
		  before.tv_sec * 1000000000LL + before.tv_nsec);
	EXPECT_LE(came.tv_sec * 1000000000LL + came.tv_nsec,
		  after.tv_sec * 1000000000LL + after.tv_nsec);
	wire_close(&s.w);
}

/* ---- the error queue ----------------------------------------------------- */

struct report {
	struct sock_extended_err ee;
	ssize_t len;
	int stamps;
};

static int by_number_and_kind(const void *a, const void *b)
{
	const struct report *x = a, *y = b;

	return x->ee.ee_data != y->ee.ee_data ?
	       (x->ee.ee_data > y->ee.ee_data) - (x->ee.ee_data < y->ee.ee_data) :
	       (int)x->ee.ee_info - (int)y->ee.ee_info;
}

static bool read_report(int fd, struct report *r)
{
	char buf[65536], control[512];
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg;

	memset(r, 0, sizeof(*r));
	r->len = recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT);
	if (r->len < 0)
		return false;
	for (cmsg = CMSG_FIRSTHDR(&msg); cmsg; cmsg = CMSG_NXTHDR(&msg, cmsg)) {
		if (cmsg->cmsg_level == SOL_SOCKET)
			r->stamps++;
		else if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
			 (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR))
			memcpy(&r->ee, CMSG_DATA(cmsg), sizeof(r->ee));
	}
	return true;
}

/* Tell @nr reports in the order of what they are about, and that no more came. */
static void tell_reports(struct story *s, int fd, int nr)
{
	struct report r[64];
	int i, got = 0;

	await(({
		while (got < nr && read_report(fd, &r[got]))
			got++;
		got == nr;
	}));
	qsort(r, got, sizeof(*r), by_number_and_kind);
	for (i = 0; i < got; i++)
		tell_text(s, "%zd bytes, errno %u origin %u kind %u data %u code %u, %d stamps\n",
			  r[i].len, r[i].ee.ee_errno, r[i].ee.ee_origin, r[i].ee.ee_info,
			  r[i].ee.ee_data, r[i].ee.ee_code, r[i].stamps);
	tell(s, revents(fd));
	tell(s, read_report(fd, &r[0]));
}

#define SENT_ALL	(SOF_TIMESTAMPING_TX_SCHED | SOF_TIMESTAMPING_TX_SOFTWARE | \
			 SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE)

static void tell_sent(struct story *s, int flags, int nr)
{
	char *bulk = calloc(1, 30000);
	int pair[2];

	story_pair(s, pair);
	set_int(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
	tell(s, send(pair[0], "before", 6, 0));
	tell(s, revents(pair[1]));
	tell(s, set_int(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, flags));
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	tell(s, send(pair[0], bulk, 30000, 0));
	tell(s, drain(pair[1]) > 0);
	tell_reports(s, pair[0], nr);
	free(bulk);
}

STORY(cmsg, sent__ack)
{
	tell_sent(s, SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_SOFTWARE |
		  SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY, 3);
}

STORY(cmsg, sent__all_with_numbers)
{
	tell_sent(s, SENT_ALL | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY, 9);
}

/* Since 6.2 the count can begin with what is written next. */
STORY(cmsg, sent__numbers_of_what_is_written)
{
	tell_sent(s, SENT_ALL | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY |
		  1 << 16 /* SOF_TIMESTAMPING_OPT_ID_TCP */, 9);
}

STORY(cmsg, sent__without_numbers)
{
	tell_sent(s, SENT_ALL | SOF_TIMESTAMPING_OPT_TSONLY, 9);
}

/* The packet comes back with it. */
STORY(cmsg, sent__with_the_packet)
{
	tell_sent(s, SENT_ALL | SOF_TIMESTAMPING_OPT_ID, 9);
}

STORY(cmsg, sent__none_wanted)
{
	tell_sent(s, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID, 0);
}

/* One write wants them, others do not. */
STORY(cmsg, sent__by_control_message)
{
	int flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SOFTWARE, pair[2];

	story_pair(s, pair);
	set_int(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
	tell(s, set_int(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, SOF_TIMESTAMPING_SOFTWARE |
			SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY));
	tell(s, send(pair[0], "no", 2, 0));
	tell(s, revents(pair[1]));
	tell(s, send_with(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, &flags, sizeof(flags)));
	tell(s, revents(pair[1]));
	tell(s, send(pair[0], "no", 2, 0));
	tell_reports(s, pair[0], 2);
}

/* ---- statistics beside a timestamp ---------------------------------------- */

#ifndef SCM_TIMESTAMPING_OPT_STATS
#define SCM_TIMESTAMPING_OPT_STATS	54
#endif

/* Attributes of <linux/tcp.h>, which does not go with the C library's. */
enum {
	NLA_TOTAL_RETRANS = 5, NLA_REORDERING = 9, NLA_RECUR_RETRANS = 11, NLA_CA_STATE = 14,
	NLA_SND_SSTHRESH, NLA_DELIVERED_CE = 17, NLA_BYTES_RETRANS = 19, NLA_DSACK_DUPS,
	NLA_REORD_SEEN, NLA_BYTES_NOTSENT = 24, NLA_TTL = 26, NLA_REHASH,
};

/* Attributes of one report: which there are, and those whose value is no chance. */
static void tell_stats(struct story *s, const struct cmsghdr *cmsg)
{
	const struct nlattr *a = (const void *)CMSG_DATA(cmsg);
	int left = cmsg->cmsg_len - CMSG_LEN(0);

	for (; mnl_attr_ok(a, left); left -= NLA_ALIGN(a->nla_len), a = mnl_attr_next(a)) {
		int type = mnl_attr_get_type(a), len = mnl_attr_get_payload_len(a);

		/* a younger one, which xtcp has everywhere */
		if (type == NLA_REHASH && kernel_before(6, 2))
			continue;
		tell_text(s, " %d/%d", type, len);
		switch (type) {
		case NLA_TOTAL_RETRANS:
		case NLA_BYTES_RETRANS:
			tell_text(s, "=%llu", (unsigned long long)mnl_attr_get_u64(a));
			break;
		case NLA_RECUR_RETRANS:
		case NLA_CA_STATE:
		case NLA_TTL:
			tell_text(s, "=%u", mnl_attr_get_u8(a));
			break;
		case NLA_DELIVERED_CE:
		case NLA_SND_SSTHRESH:
		case NLA_DSACK_DUPS:
		case NLA_REORD_SEEN:
		case NLA_REORDERING:
		case NLA_BYTES_NOTSENT:
			tell_text(s, "=%u", mnl_attr_get_u32(a));
			break;
		}
	}
	tell_text(s, ", %d bytes behind them\n", left);
}

struct stats_report {
	union {
		char	control[1024];
		struct cmsghdr align;
	};
	struct msghdr	msg;
	uint32_t	kind;
	bool		has_stats;
};

static bool read_stats(int fd, struct stats_report *r)
{
	static char buf[1024];
	static struct iovec iov = { buf, sizeof(buf) };
	struct sock_extended_err ee;
	struct cmsghdr *cmsg;

	r->msg = (struct msghdr) {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = r->control, .msg_controllen = sizeof(r->control),
	};
	if (recvmsg(fd, &r->msg, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
		return false;
	for (cmsg = CMSG_FIRSTHDR(&r->msg); cmsg; cmsg = CMSG_NXTHDR(&r->msg, cmsg)) {
		if ((cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_RECVERR) ||
		    (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_RECVERR)) {
			memcpy(&ee, CMSG_DATA(cmsg), sizeof(ee));
			r->kind = ee.ee_info;
		}
		r->has_stats |= cmsg->cmsg_level == SOL_SOCKET &&
				cmsg->cmsg_type == SCM_TIMESTAMPING_OPT_STATS;
	}
	return true;
}

/* One of each kind, in the order of kinds. */
static void tell_all_stats(struct story *s, int fd, int kinds)
{
	struct stats_report r[3] = { 0 };
	struct cmsghdr *cmsg;
	int got = 0, kind, i;

	await(({
		while (got < kinds && read_stats(fd, &r[got]))
			got++;
		got == kinds;
	}));
	for (kind = SCM_TSTAMP_SND; kind <= SCM_TSTAMP_ACK; kind++)
		for (i = 0; i < got; i++) {
			if (r[i].kind != kind)
				continue;
			tell_text(s, "kind %d:", kind);
			for (cmsg = CMSG_FIRSTHDR(&r[i].msg); cmsg;
			     cmsg = CMSG_NXTHDR(&r[i].msg, cmsg))
				if (cmsg->cmsg_level == SOL_SOCKET &&
				    cmsg->cmsg_type == SCM_TIMESTAMPING_OPT_STATS)
					tell_stats(s, cmsg);
		}
	tell(s, got);
	tell(s, read_stats(fd, &r[0]));
}

STORY(cmsg, sent__stats)
{
	int flags = SENT_ALL | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY, pair[2];

	story_pair(s, pair);
	set_int(pair[0], IPPROTO_TCP, TCP_NODELAY, 1);
	tell(s, set_int(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, SENT_ALL |
			SOF_TIMESTAMPING_OPT_STATS));
	tell(s, set_int(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, flags |
			SOF_TIMESTAMPING_OPT_STATS));
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell_all_stats(s, pair[0], 3);
	/* none is wanted any more */
	tell(s, set_int(pair[0], SOL_SOCKET, TIMESTAMPING_OLD, flags));
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell_all_stats(s, pair[0], 3);
}

/* A write of many packets: the stamps are those of its last byte. */
TEST_F(cmsg, sent__last_byte_on_the_wire)
{
	const int flags = SOF_TIMESTAMPING_TX_ACK | SOF_TIMESTAMPING_TX_SOFTWARE |
			  SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID |
			  SOF_TIMESTAMPING_OPT_TSONLY;
	struct report r;
	struct peer peer, *p = &peer;
	struct wire w;
	int fd;

	ASSERT_NULL(wire_open(&w));
	peer_init(p, &w);
	fd = open_active(p);
	ASSERT_EQ(set_int(fd, SOL_SOCKET, TIMESTAMPING_OLD, flags), 0);
	put_pattern(fd, 0, 2 * WIRE_MSS);
	packets(p, ">  . 1:1461(1460) ack 1",
		   "> P. 1461:2921(1460) ack 1");
	ASSERT_TRUE(await(read_report(fd, &r)));
	EXPECT_EQ(r.ee.ee_info, SCM_TSTAMP_SND);
	EXPECT_EQ(r.ee.ee_data, 2 * WIRE_MSS - 1);
	/* half of it is not all of it */
	packets(p, "<  . 1:1(0) ack 1461", "quiet 20");
	EXPECT_FALSE(read_report(fd, &r));
	packets(p, "<  . 1:1(0) ack 2921");
	ASSERT_TRUE(await(read_report(fd, &r)));
	EXPECT_EQ(r.ee.ee_info, SCM_TSTAMP_ACK);
	EXPECT_EQ(r.ee.ee_data, 2 * WIRE_MSS - 1);
	wire_close(&w);
}

/* ---- MSG_ZEROCOPY -------------------------------------------------------- */

/* Tell that numbers 0 to @last were done with; how many at a time is chance. */
static void tell_done(struct story *s, int fd, uint32_t last)
{
	struct report r;
	uint32_t next = 0;
	int wrong = 0, code = -1;

	await(({
		while (next <= last && read_report(fd, &r)) {
			wrong += r.ee.ee_origin != SO_EE_ORIGIN_ZEROCOPY ||
				 r.ee.ee_errno || r.ee.ee_info != next;
			next = r.ee.ee_data + 1;
			code = r.ee.ee_code;
		}
		next == last + 1;
	}));
	tell_text(s, "up to %u, %d wrong, code %d\n", next, wrong, code);
	tell(s, read_report(fd, &r));
}

STORY(cmsg, zerocopy__notices)
{
	const size_t size = 300000;
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	int pair[2], i;
	struct report r;

	memset(pages, 'z', size);
	story_pair(s, pair);
	/* without the option the flag means nothing */
	tell(s, send(pair[0], pages, 10000, MSG_ZEROCOPY));
	tell(s, read_report(pair[0], &r));
	tell(s, set_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1));
	tell(s, send(pair[0], pages, 0, MSG_ZEROCOPY));
	for (i = 0; i < 5; i++)
		tell(s, send(pair[0], pages + 77, 1000 * i + 1, MSG_ZEROCOPY));
	tell(s, send(pair[0], pages, 100, 0));
	tell(s, send(pair[0], pages, 20000, MSG_ZEROCOPY | MSG_MORE));
	tell(s, send(pair[0], "end", 3, 0));
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
	tell_done(s, pair[0], 5);
	/* more than fits at once */
	set_nonblock(pair[0], true);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 50000);
	tell(s, send(pair[0], pages, size, MSG_ZEROCOPY) > 0);
	tell(s, drain(pair[1]) > 0);
	tell_done(s, pair[0], 6);
	tell(s, send(pair[0], NULL, 100, MSG_ZEROCOPY));
	shutdown(pair[0], SHUT_WR);
	tell(s, send(pair[0], pages, 100, MSG_ZEROCOPY | MSG_NOSIGNAL));
	tell(s, read_report(pair[0], &r));
	munmap(pages, size);
}

/* What arrives is what was sent, whatever the mixture. */
STORY(cmsg, zerocopy__contents)
{
	static unsigned char pages[200000] __attribute__((aligned(4096)));
	unsigned char got[4096];
	size_t sent = 0, seen = 0, i;
	int pair[2], wrong = 0;

	for (i = 0; i < sizeof(pages); i++)
		pages[i] = wire_pattern(i);
	story_pair(s, pair);
	set_int(pair[0], SOL_SOCKET, SO_ZEROCOPY, 1);
	set_nonblock(pair[0], true);
	set_nonblock(pair[1], true);
	while (seen < sizeof(pages)) {
		size_t some = sent % 7777 + 1;
		ssize_t n = 0;

		if (some > sizeof(pages) - sent)
			some = sizeof(pages) - sent;
		if (some)
			n = send(pair[0], pages + sent, some, some % 3 ? MSG_ZEROCOPY : 0);
		if (n > 0)
			sent += n;
		n = recv(pair[1], got, sizeof(got), 0);
		for (i = 0; (ssize_t)i < n; i++)
			wrong += got[i] != wire_pattern(seen + i);
		if (n > 0)
			seen += n;
		else
			fd_poll(pair[1], POLLIN, 1);
	}
	tell(s, seen);
	tell(s, wrong);
}

/* ---- where it came from -------------------------------------------------- */

/* On loopback a segment is processed where it was sent. */
STORY(cmsg, incoming_cpu)
{
	int last = sysconf(_SC_NPROCESSORS_ONLN) - 1, pair[2];
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(last, &set);
	tell(s, sched_setaffinity(0, sizeof(set), &set));
	story_pair(s, pair);
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, revents(pair[1]));
	tell(s, get_int(pair[0], SOL_SOCKET, 49 /* SO_INCOMING_CPU */) == last);
	tell(s, get_int(pair[1], SOL_SOCKET, 49) == last);
}

/* Who asks for no byte still learns when the next one came. */
STORY(cmsg, timestamp__of_nothing)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, set_int(pair[1], SOL_SOCKET, SO_TIMESTAMP, 1));
	tell(s, recv_and_tell(s, pair[1], 0, 0));
	until_stamped(pair);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, revents(pair[1]));
	tell(s, recv_and_tell(s, pair[1], 0, 0));
	tell(s, recv_and_tell(s, pair[1], 0, MSG_PEEK));
	tell(s, recv_and_tell(s, pair[1], 5, 0));
	tell(s, recv_and_tell(s, pair[1], 0, 0));
}

TEST_HARNESS_MAIN
