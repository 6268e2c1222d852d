// SPDX-License-Identifier: GPL-2.0
/*
 * Sending and receiving: flags, vectors, files and pipes, compared with AF_INET
 * (lib/story.h); what leaves when, on the wire; and that no byte is lost.
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lib/story.h"

STORIES(data)

/* ---- wrong arguments ----------------------------------------------------- */

STORY(data, send__wrong_arguments)
{
	struct sockaddr_in sin = loopback(5000);
	int fd = story_socket(s), pair[2];

	tell(s, send(fd, "x", 1, MSG_NOSIGNAL));
	tell(s, send(fd, "x", 0, MSG_NOSIGNAL));
	tell(s, sendto(fd, "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, sizeof(sin)));
	story_pair(s, pair);
	tell(s, send(pair[0], NULL, 10, MSG_NOSIGNAL));
	tell(s, send(pair[0], "x", 0, 0));
	tell(s, send(pair[0], NULL, 0, 0));
	/* the address of a connected socket's send() is ignored */
	tell(s, sendto(pair[0], "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin,
		       sizeof(sin)));
	tell(s, sendto(pair[0], "x", 1, MSG_NOSIGNAL, (struct sockaddr *)&sin, 1));
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
}

STORY(data, recv__wrong_arguments)
{
	int fd = story_socket(s), listener = story_listener(s, 5000), pair[2];
	char buf[10];

	tell(s, recv(fd, buf, 1, 0));
	tell(s, recv(listener, buf, 1, 0));
	story_pair(s, pair);
	tell(s, recv(pair[0], buf, 0, MSG_DONTWAIT));
	tell(s, recv(pair[0], buf, 1, MSG_DONTWAIT));
	tell(s, recv(pair[0], buf, 1, MSG_OOB));
	tell(s, recv(pair[0], buf, 1, MSG_ERRQUEUE));
	tell(s, send(pair[1], "hello", 5, 0));
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], NULL, 5, 0));
	tell(s, recv(pair[0], buf, 5, MSG_DONTWAIT));
}

/* Who waits for nothing has it as soon as the wait is over. */
STORY(data, recv__nothing)
{
	const struct timeval t = { .tv_usec = 10000 };
	int pair[2];
	char buf[1];

	story_pair(s, pair);
	tell(s, setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	tell(s, recv(pair[0], buf, 0, 0));
	tell(s, recv(pair[0], buf, 0, MSG_PEEK));
	tell(s, recv(pair[0], buf, 0, MSG_WAITALL));
	tell(s, recv(pair[0], buf, 1, 0));
	tell(s, send(pair[1], "x", 1, 0));
	tell(s, recv(pair[0], buf, 0, 0));
	tell(s, recv(pair[0], buf, 1, 0));
}

/* ---- flags --------------------------------------------------------------- */

STORY(data, recv__peek)
{
	char buf[10] = "";
	int pair[2];

	story_pair(s, pair);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 3, MSG_PEEK));
	tell(s, recv(pair[1], buf, sizeof(buf), MSG_PEEK));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
	tell_text(s, "%s\n", buf);
	tell(s, recv(pair[1], buf, sizeof(buf), MSG_PEEK | MSG_DONTWAIT));
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, sizeof(buf), MSG_PEEK));
}

/* MSG_TRUNC throws away. */
/* SO_PEEK_OFF: each MSG_PEEK goes on where the last one ended. */
STORY(data, recv__peek_goes_on)
{
	int pair[2];
	char buf[20];

	/* the kernel's own TCP has it since 6.9 */
	if (set_int(socket(AF_INET, SOCK_STREAM, 0), SOL_SOCKET, SO_PEEK_OFF, 0))
		return;
	story_pair(s, pair);
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	tell(s, set_int(pair[1], SOL_SOCKET, SO_PEEK_OFF, 2));
	tell(s, recv(pair[1], buf, 3, MSG_PEEK));
	tell(s, buf[0]);
	tell(s, get_int(pair[1], SOL_SOCKET, SO_PEEK_OFF));
	tell(s, recv(pair[1], buf, 3, MSG_PEEK));
	tell(s, buf[0]);
	/* what is read for good takes it back */
	tell(s, recv(pair[1], buf, 4, 0));
	tell(s, buf[0]);
	tell(s, get_int(pair[1], SOL_SOCKET, SO_PEEK_OFF));
	tell(s, recv(pair[1], buf, 20, MSG_PEEK));
	tell(s, buf[0]);
	tell(s, recv(pair[1], buf, 20, MSG_PEEK | MSG_DONTWAIT));
	tell(s, send(pair[0], "ab", 2, 0));
	tell(s, recv(pair[1], buf, 20, MSG_PEEK));
	tell(s, buf[0]);
	tell(s, recv(pair[1], buf, 20, MSG_TRUNC));
	tell(s, get_int(pair[1], SOL_SOCKET, SO_PEEK_OFF));
	tell(s, set_int(pair[1], SOL_SOCKET, SO_PEEK_OFF, -1));
	tell(s, send(pair[0], "ab", 2, 0));
	tell(s, recv(pair[1], buf, 20, MSG_PEEK));
	tell(s, recv(pair[1], buf, 20, MSG_PEEK));
	close(pair[0]);
}

STORY(data, recv__trunc)
{
	char buf[10] = "";
	int pair[2];

	story_pair(s, pair);
	tell(s, send(pair[0], "hello world", 11, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], NULL, 6, MSG_TRUNC));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
	tell_text(s, "%s\n", buf);
}

STORY(data, recv__waitall)
{
	char buf[20] = "";
	int pair[2];
	pid_t pid;

	story_pair(s, pair);
	pid = must_fork();
	if (!pid) {
		send(pair[0], "hello ", 6, 0);
		revents(pair[1]);
		send(pair[0], "world", 5, 0);
		_exit(0);
	}
	tell(s, recv(pair[1], buf, 11, MSG_WAITALL));
	tell_text(s, "%s\n", buf);
	waitpid(pid, NULL, 0);
	/* the end of the stream ends it, too */
	tell(s, send(pair[0], "abc", 3, 0));
	tell(s, shutdown(pair[0], SHUT_WR));
	tell(s, recv(pair[1], buf, 10, MSG_WAITALL));
	tell(s, recv(pair[1], buf, 10, MSG_WAITALL));
}

STORY(data, recv__waitall_peek)
{
	char buf[20];
	int pair[2];

	story_pair(s, pair);
	tell(s, send(pair[0], "abc", 3, 0));
	tell(s, shutdown(pair[0], SHUT_WR));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 3, MSG_WAITALL | MSG_PEEK));
	tell(s, recv(pair[1], buf, 3, MSG_WAITALL | MSG_DONTWAIT));
}

STORY(data, recvmsg__name_and_flags)
{
	struct sockaddr_in from = { .sin_family = 99 };
	char buf[10], control[100];
	struct iovec iov[2] = { { buf, 2 }, { buf + 2, 8 } };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from),
		.msg_iov = iov, .msg_iovlen = 2,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	int pair[2];

	story_pair(s, pair);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, revents(pair[1]));
	tell(s, recvmsg(pair[1], &msg, 0));
	tell(s, msg.msg_namelen);
	tell(s, msg.msg_flags);
	tell(s, msg.msg_controllen);
	tell(s, from.sin_family);
	tell_text(s, "%.5s\n", buf);
}

/* ---- vectors, files, pipes ----------------------------------------------- */

STORY(data, vectors)
{
	char a[3] = "", b[100] = "";
	struct iovec out[3] = { { "he", 2 }, { "", 0 }, { "llo world", 9 } };
	struct iovec in[2] = { { a, 2 }, { b, sizeof(b) } };
	int pair[2];

	story_pair(s, pair);
	tell(s, writev(pair[0], out, 3));
	tell(s, revents(pair[1]));
	tell(s, readv(pair[1], in, 2));
	tell_text(s, "%s|%s\n", a, b);
	tell(s, pwrite(pair[0], "x", 1, 0));
	tell(s, pread(pair[0], a, 1, 0));
	tell(s, lseek(pair[0], 0, SEEK_SET));
	tell(s, write(pair[0], "", 0));
	tell(s, read(pair[1], a, 0));
}

static int pattern_file(size_t size)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	uint8_t buf[4096];
	size_t at, i;

	for (at = 0; at < size; at += sizeof(buf)) {
		for (i = 0; i < sizeof(buf); i++)
			buf[i] = wire_pattern(at + i);
		if (write(fd, buf, sizeof(buf)) != sizeof(buf))
			abort();
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

STORY(data, sendfile)
{
	int pair[2], file = pattern_file(65536), n;
	off_t at = 1000;

	story_pair(s, pair);
	tell(s, sendfile(pair[0], file, &at, 5000));
	tell(s, at);
	tell(s, lseek(file, 0, SEEK_CUR));
	get_pattern(pair[1], 1000, 5000);
	tell(s, sendfile(pair[0], file, NULL, 65536));
	get_pattern(pair[1], 0, 65536);
	tell(s, sendfile(pair[0], file, NULL, 1));
	/* not from a socket */
	tell(s, sendfile(file, pair[1], NULL, 1));
	for (n = 0; n < 8; n++) {
		at = 4096 * n;
		sendfile(pair[0], file, &at, 4096);
	}
	get_pattern(pair[1], 0, 32768);
	/* MSG_MORE is implied between pages, not at the end */
	tell(s, revents(pair[1]));
}

STORY(data, splice)
{
	int pair[2], back[2], p[2], file = pattern_file(32768);
	loff_t at = 0;

	story_pair(s, pair);
	story_pair(s, back);
	if (pipe(p))
		abort();
	/* file to pipe to socket, socket to pipe to another socket */
	tell(s, splice(file, &at, p[1], NULL, 16384, 0));
	tell(s, splice(p[0], NULL, pair[0], NULL, 16384, SPLICE_F_MORE));
	tell(s, send(pair[0], "end", 3, 0));
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, p[1], NULL, 16384, 0));
	tell(s, splice(p[0], NULL, back[0], NULL, 16384, 0));
	get_pattern(back[1], 0, 16384);
	tell(s, drain(pair[1]));
	set_nonblock(pair[1], true);
	tell(s, splice(pair[1], NULL, p[1], NULL, 1, 0));
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, p[1], NULL, 1, 0));
}

/* A page that was given away must not be read when the writer changes it. */
STORY(data, vmsplice)
{
	static char page[4096] __attribute__((aligned(4096)));
	struct iovec iov = { page, sizeof(page) };
	int pair[2], p[2];
	size_t i;

	story_pair(s, pair);
	if (pipe(p))
		abort();
	for (i = 0; i < sizeof(page); i++)
		page[i] = wire_pattern(i);
	tell(s, vmsplice(p[1], &iov, 1, 0));
	tell(s, splice(p[0], NULL, pair[0], NULL, sizeof(page), 0));
	get_pattern(pair[1], 0, sizeof(page));
}

/* ---- descriptors --------------------------------------------------------- */

STORY(data, descriptors__dup)
{
	int pair[2], copy;

	story_pair(s, pair);
	tell_fd(s, copy = dup(pair[0]));
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, send(copy, "x", 1, 0));
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
	close(copy);
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
}

/* A child has it, too; the FIN goes when both have closed. */
STORY(data, descriptors__fork)
{
	int pair[2], go[2], status;
	char c;
	pid_t pid;

	story_pair(s, pair);
	if (pipe(go))
		abort();
	pid = must_fork();
	if (!pid) {
		close(go[1]);
		if (read(go[0], &c, 1) < 0)
			_exit(1);
		_exit(send(pair[0], "child", 5, 0) != 5);
	}
	close(pair[0]);
	tell(s, revents(pair[1]));
	close(go[1]);
	waitpid(pid, &status, 0);
	tell(s, status);
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
}

/* shutdown() is for the connection, not for the descriptor. */
STORY(data, descriptors__shutdown_in_a_copy)
{
	int pair[2], copy;

	story_pair(s, pair);
	copy = dup(pair[0]);
	tell(s, shutdown(copy, SHUT_WR));
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, revents(pair[1]));
}

/* ---- what leaves when ---------------------------------------------------- */

WIRE_FIXTURE_TIMERS(wire)

/* Something to send. */
static char page[18 * 8192];

/* RFC 9293 3.7.4, Nagle: one small segment at a time. */
TEST_F(wire, nagle__small_writes_wait)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 10);
	put_pattern(fd, 10, 10);
	put_pattern(fd, 20, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "quiet 50",
		   "<  . 1:1(0) ack 11",
		   "> P. 11:31(20) ack 1");
}

TEST_F(wire, nagle__full_segments_do_not)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1460);
	put_pattern(fd, 1460, 1460);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1461:2921(1460) ack 1");
}

/* What leaves in one piece ends with a PSH, whatever is queued behind it. */
TEST_F(wire, push__ends_a_burst)
{
	struct peer *p = &self->p;
	int fd, i;

	/* how long a piece is does not depend on the RTT */
	conf_set("min_tso_segs", "10");
	fd = open_active(p);
	put_pattern(fd, 0, 30000);
	for (i = 0; i < 9; i++)
		packets(p, fmt("> * %d:%d(1460) ack 1", 1 + i * 1460, 1461 + i * 1460));
	packets(p, "> P. 13141:14601(1460) ack 1",
		   "quiet 20");
}

/*
 * What is written is kept in buffers of half the peer's window at most: when there
 * is no room for another one the last, though full, says PSH.
 */
TEST_F(wire, push__no_room_for_more)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 2000 <mss 1000>",
		   "> .  1:1(0) ack 1");
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_SNDBUF, 1));
	p->no_verify = true;
	ASSERT_GT(10000, send(fd, page, 10000, MSG_DONTWAIT));
	packets(p, "> .  1:1001(1000) ack 1",
		   "> P. 1001:2001(1000) ack 1",
		   "quiet 20");
}

/*
 * The first buffer leaves as soon as it is full: what the windows do not let pass
 * of it has room for more of the same write, when there is none for another buffer.
 */
TEST_F(wire, push__the_first_buffer_at_once)
{
	struct peer *p = &self->p;
	int fd, i;

	conf_set("min_tso_segs", "64");
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 65535 <mss 1000,nop,wscale 7>",
		   "> .  1:1(0) ack 1",
		   "< .  1:1(0) ack 1 win 10000");
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	p->no_verify = true;
	/* a buffer is full with 64 or 65 segments, of which ten leave, in two bursts */
	i = send(fd, page, 100000, MSG_DONTWAIT);
	EXPECT_LE(74000, i);
	EXPECT_GE(75000, i);
	for (i = 0; i < 10; i++)
		packets(p, fmt("> * %d:%d(1000) ack 1", 1 + i * 1000, 1001 + i * 1000));
}

/*
 * A buffer of small segments leaves whole, though it may be more than one record can
 * stand for: so nothing is left of it that has room for more.
 */
TEST_F(wire, push__the_first_buffer_of_small_segments)
{
	struct peer *p = &self->p;
	int fd, n, i, at = 1;

	wire_long_rto();
	conf_set("min_tso_segs", "70");
	if (!conf_set("congestion_control", "reno"))
		wire_fail(p->w, "no Reno");
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 65535 <mss 1000,nop,wscale 7>",
		   "> .  1:1(0) ack 1",
		   "< .  1:1(0) ack 1 win 10000");
	p->no_verify = true;
	for (n = 10; n <= 80; n *= 2) {
		ASSERT_EQ(n * 1000, send(fd, page, n * 1000, MSG_DONTWAIT));
		for (i = 0; i < n; i++, at += 1000)
			packets(p, fmt("> * %d:%d(1000) ack 1", at, at + 1000));
		packets(p, fmt("< . 1:1(0) ack %d win 10000", at));
	}
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_SNDBUF, 30000));
	n = send(fd, page, 100000, MSG_DONTWAIT);
	EXPECT_LE(64000, n);
	EXPECT_GE(65000, n);
	for (i = 0; i < n / 1000; i++, at += 1000)
		packets(p, fmt("> * %d:%d(1000) ack 1", at, at + 1000));
}

/* Seventeen pieces of memory fill a buffer as well. */
TEST_F(wire, push__no_room_for_more_pieces)
{
	struct iovec iov[18];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 18 };
	struct peer *p = &self->p;
	int fd = open_active(p), i;

	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_ZEROCOPY, 1));
	/* each byte counts as a page */
	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_SNDBUF, 1 << 20));
	for (i = 0; i < 18; i++) {
		iov[i].iov_base = page + i * 8192;
		iov[i].iov_len = 1;
	}
	p->no_verify = true;
	ASSERT_EQ(18, sendmsg(fd, &msg, MSG_ZEROCOPY));
	packets(p, "> P. 1:18(17) ack 1",
		   "< .  1:1(0) ack 18",
		   "> P. 18:19(1) ack 1");
}

/* MSG_EOR: what follows begins a segment of its own. */
TEST_F(wire, eor__ends_a_segment)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	/* something in flight, so that writes gather */
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1");
	p->no_verify = true;
	ASSERT_EQ(send(fd, "0123456789", 10, MSG_EOR), 10);
	ASSERT_EQ(send(fd, "0123456789", 10, 0), 10);
	ASSERT_EQ(send(fd, "0123456789", 10, MSG_EOR | MSG_MORE), 10);
	ASSERT_EQ(send(fd, "0123456789", 10, 0), 10);
	packets(p, "< . 1:1(0) ack 11",
		   "> P. 11:21(10) ack 1",
		   "< . 1:1(0) ack 21",
		   ">  . 21:41(20) ack 1",	/* there is more */
		   "< . 1:1(0) ack 41",
		   "> P. 41:51(10) ack 1");
}

TEST_F(wire, nodelay__each_write_at_once)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1));
	put_pattern(fd, 0, 10);
	put_pattern(fd, 10, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "> P. 11:21(10) ack 1");
}

/* Setting TCP_NODELAY sends what Nagle held back. */
TEST_F(wire, nodelay__pushes)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 10);
	put_pattern(fd, 10, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "quiet 20");
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	packets(p, "> P. 11:21(10) ack 1");
}

TEST_F(wire, cork__holds_until_pulled)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	put_pattern(fd, 0, 10);
	put_pattern(fd, 10, 10);
	packets(p, "quiet 50");
	set_int(fd, IPPROTO_TCP, TCP_CORK, 0);
	packets(p, "> P. 1:21(20) ack 1");
}

/* TCP_NODELAY lets go what the cork holds, and the cork stays. */
TEST_F(wire, cork__is_pulled_once_by_nodelay)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	put_pattern(fd, 0, 10);
	packets(p, "quiet 50");
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	packets(p, "> P. 1:11(10) ack 1",
		   "< . 1:1(0) ack 11");
	put_pattern(fd, 10, 10);
	packets(p, "quiet 50");
}

/* Two hundred milliseconds is the longest that a cork holds. */
TEST_F(wire, cork__not_for_ever)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	put_pattern(fd, 0, 10);
	packets(p, "quiet 50",
		   "> P. 1:11(10) ack 1");
}

TEST_F(wire, msg_more__with_the_next)
{
	struct peer *p = &self->p;
	char a[2] = { wire_pattern(0), wire_pattern(1) }, b = wire_pattern(2);
	int fd = open_active(p);

	ASSERT_EQ(2, send(fd, a, 2, MSG_MORE));
	packets(p, "quiet 20");
	ASSERT_EQ(1, send(fd, &b, 1, 0));
	packets(p, "> P. 1:4(3) ack 1");
}

/* Question and answer, until the socket sees that it is a conversation. */
static void converse(struct peer *p, int fd, int rounds)
{
	int i, at = 1;

	for (i = 0; i < rounds; i++, at += 10) {
		packets(p, fmt("< P. %d:%d(10) ack %d", at, at + 10, at));
		put_pattern(fd, at - 1, 10);
		peer_settle(p, 5);
	}
}

/*
 * Of the 40 ms that an ACK waits at least, so many may have passed for the test to know that
 * it waits.  A busy machine takes longer for a line or two, but not each time: then another
 * connection tries.
 */
#define DELACK_NS	30000000
#define DELACK_TRIES	50

/* RFC 9293 3.8.6.3: in a conversation the answer carries the ACK. */
TEST_F(wire, delayed_ack__rides_on_the_answer)
{
	bool in_time = false;
	int i;

	for (i = 0; i < DELACK_TRIES && !in_time; i++) {
		struct peer p;
		uint64_t began;
		bool early;
		int fd;

		peer_clone(&p, &self->p, 3000 + i);
		fd = open_active(&p);
		converse(&p, fd, 5);
		began = now_ns();
		packets(&p, "< P. 51:61(10) ack 51");
		early = peer_hears(&p, 10);
		put_pattern(fd, 50, 10);
		in_time = now_ns() - began < DELACK_NS;
		if (!in_time)
			continue;
		EXPECT_FALSE(early);
		packets(&p, "> P. 51:61(10) ack 61",
			    "<  . 61:61(0) ack 61",
			    "quiet 20");
	}
	EXPECT_TRUE(in_time);
}

/* and without an answer it does not wait long. */
TEST_F(wire, delayed_ack__comes_by_itself)
{
	bool in_time = false;
	int i;

	for (i = 0; i < DELACK_TRIES && !in_time; i++) {
		struct peer p;
		uint64_t began;
		bool early;

		peer_clone(&p, &self->p, 3000 + i);
		converse(&p, open_active(&p), 5);
		began = now_ns();
		packets(&p, "< P. 51:61(10) ack 51");
		early = peer_hears(&p, 10);
		in_time = now_ns() - began < DELACK_NS;
		if (!in_time)
			continue;
		EXPECT_FALSE(early);
		packets(&p, "> . 51:51(0) ack 61");
	}
	EXPECT_TRUE(in_time);
}

/* Two full segments are never left waiting. */
TEST_F(wire, delayed_ack__second_segment)
{
	bool in_time = false;
	int i;

	for (i = 0; i < DELACK_TRIES && !in_time; i++) {
		struct peer p;
		uint64_t began;

		peer_clone(&p, &self->p, 3000 + i);
		converse(&p, open_active(&p), 5);
		began = now_ns();
		packets(&p, "< . 51:1511(1460) ack 51",
			    "< . 1511:2971(1460) ack 51");
		in_time = now_ns() - began < DELACK_NS;
		if (in_time)
			packets(&p, "> . 51:51(0) ack 2971");
	}
	EXPECT_TRUE(in_time);
}

/* RFC 6298 5: the first retransmission comes after an RTO, the next after two. */
TEST_F(wire, retransmit__timer_doubles)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "+0.2 > P. 1:101(100) ack 1",
		   "+0.4 > P. 1:101(100) ack 1",
		   "+0.8 > P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101");
}

/* RFC 5681 3.2: three duplicate ACKs and no timer. */
TEST_F(wire, retransmit__three_duplicates)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1460 * 6);
	packets(p, "> * 1:1461(1460)",
		   "> * 1461:2921(1460)",
		   "> * 2921:4381(1460)",
		   "> * 4381:5841(1460)",
		   "> * 5841:7301(1460)",
		   "> * 7301:8761(1460)",
		   "< . 1:1(0) ack 1461",
		   "< . 1:1(0) ack 1461",
		   "< . 1:1(0) ack 1461",
		   "< . 1:1(0) ack 1461",
		   "> . 1461:2921(1460)",
		   "< . 1:1(0) ack 8761",
		   "quiet 20");
}

/* RFC 9293 3.8.6.1: a closed window is probed. */
TEST_F(wire, persist__probes)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101 win 0");
	put_pattern(fd, 100, 100);
	packets(p, "+0.2 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 0",
		   "+0.4 > . 100:100(0) ack 1",
		   "< . 1:1(0) ack 101 win 65535",
		   "> P. 101:201(100) ack 1");
}

TEST_F(wire, keepalive__probes_and_gives_up)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 2);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	packets(p, "+1 > . 0:0(0) ack 1",
		   "< . 1:1(0) ack 1",
		   "+1 > . 0:0(0) ack 1",
		   "+1 > . 0:0(0) ack 1",
		   "+1 > R. 1:1(0) ack 1");
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
}

/* ---- streams ------------------------------------------------------------- */

#define STREAM_BYTES	(8 << 20)

struct stream {
	int fd;
	uint32_t seed;
	const char *failure;
};

static uint32_t chance(uint32_t *seed, uint32_t below)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % below;
}

static void *write_stream(void *arg)
{
	static uint8_t pattern[65536 + 65536];	/* the pattern repeats: 65536 */
	struct stream *st = arg;
	size_t at = 0, i;

	for (i = 0; i < sizeof(pattern); i++)
		pattern[i] = wire_pattern(i);
	while (at < STREAM_BYTES) {
		size_t len = 1 + chance(&st->seed, 65536);
		ssize_t n;

		if (len > STREAM_BYTES - at)
			len = STREAM_BYTES - at;
		n = send(st->fd, pattern + at % 65536, len,
			 MSG_NOSIGNAL | (chance(&st->seed, 4) ? 0 : MSG_MORE));
		if (n <= 0) {
			st->failure = "send() failed";
			break;
		}
		at += n;
	}
	shutdown(st->fd, SHUT_WR);
	return NULL;
}

static void *read_stream(void *arg)
{
	struct stream *st = arg;
	uint8_t *buf = malloc(131072);
	size_t at = 0, i;
	ssize_t n;

	while ((n = recv(st->fd, buf, 1 + chance(&st->seed, 131072), 0)) > 0) {
		for (i = 0; i < (size_t)n; i++) {
			if (buf[i] != wire_pattern(at + i)) {
				st->failure = "a byte is wrong";
				break;
			}
		}
		at += n;
	}
	if (n < 0)
		st->failure = "recv() failed";
	else if (at != STREAM_BYTES && !st->failure)
		st->failure = "the length is wrong";
	free(buf);
	return NULL;
}

/* Both directions at once, in pieces of any size. */
static void both_ways(struct story *s, int rcvbuf, int sndbuf)
{
	struct stream st[4];
	pthread_t thread[4];
	int pair[2], i;

	story_pair(s, pair);
	for (i = 0; i < 2; i++) {
		if (rcvbuf)
			set_int(pair[i], SOL_SOCKET, SO_RCVBUF, rcvbuf);
		if (sndbuf)
			set_int(pair[i], SOL_SOCKET, SO_SNDBUF, sndbuf);
	}
	for (i = 0; i < 4; i++) {
		st[i] = (struct stream){ .fd = pair[i % 2], .seed = i + 1 };
		pthread_create(&thread[i], NULL, i < 2 ? write_stream : read_stream,
			       &st[i]);
	}
	for (i = 0; i < 4; i++) {
		pthread_join(thread[i], NULL);
		tell_text(s, "%d: %s\n", i, st[i].failure ? st[i].failure : "well");
	}
	close(pair[0]);
	close(pair[1]);
}

STORY(data, stream__both_ways)
{
	both_ways(s, 0, 0);
}

STORY(data, stream__small_buffers)
{
	both_ways(s, 150000, 20000);
}

/* Many connections that live for one question. */
STORY(data, stream__short_connections)
{
	struct sockaddr_in sin = loopback(5000);
	int listener = story_listener(s, 5000), i, good = 0;

	for (i = 0; i < 500; i++) {
		int client = story_socket(s), server;
		char buf[8];

		if (connect(client, (struct sockaddr *)&sin, sizeof(sin)))
			break;
		server = accept(listener, NULL, NULL);
		good += send(client, "ask", 3, 0) == 3 &&
			recv(server, buf, sizeof(buf), 0) == 3 &&
			send(server, "answer", 6, 0) == 6 &&
			recv(client, buf, 6, MSG_WAITALL) == 6;
		close(i % 2 ? client : server);
		close(i % 2 ? server : client);
	}
	tell(s, good);
}

TEST_HARNESS_MAIN
