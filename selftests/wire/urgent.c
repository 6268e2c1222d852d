// SPDX-License-Identifier: GPL-2.0
/*
 * Urgent data, on the wire and in the socket calls: RFC 9293 3.8.5, RFC 6093.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(urgent)

static int at_mark(int fd)
{
	int answer = -1;

	ioctl(fd, SIOCATMARK, &answer);
	return answer;
}

static int readable(int fd)
{
	int answer = -1;

	ioctl(fd, SIOCINQ, &answer);
	return answer;
}

/* ---- sending ------------------------------------------------------------- */

TEST_F(urgent, send__points_behind_the_last_byte)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char text[5];

	for (int i = 0; i < 5; i++)
		text[i] = wire_pattern(i);
	ASSERT_EQ(5, send(fd, text, 5, MSG_OOB));
	packets(p, "> PU. 1:6(5) ack 1 urg 5",
		   /* until it is acknowledged */
		   "> PU. 1:6(5) ack 1 urg 5",
		   "< . 1:1(0) ack 6");
	put_pattern(fd, 5, 5);
	packets(p, "> P. 6:11(5) ack 1");
}

/* What was queued before it points to it as well, packet by packet. */
TEST_F(urgent, send__after_other_data)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char byte = wire_pattern(2 * WIRE_MSS);

	packets(p, "< . 1:1(0) ack 1 win 0");
	put_pattern(fd, 0, 2 * WIRE_MSS);
	ASSERT_EQ(1, send(fd, &byte, 1, MSG_OOB));
	packets(p, "< . 1:1(0) ack 1 win 65535",
		   "> * 1:1461(1460) ack 1 urg 2921",
		   "> * 1461:2921(1460) ack 1 urg 1461",
		   "> * 2921:2922(1) ack 1 urg 1");
}

/* ---- receiving ----------------------------------------------------------- */

TEST_F(urgent, receive__out_of_the_stream)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char c;

	EXPECT_EQ(-1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	packets(p, "< PU. 1:11(10) ack 1 urg 10",
		   "> . 1:1(0) ack 11");
	EXPECT_EQ(POLLIN | POLLPRI, fd_poll(fd, POLLIN | POLLPRI, PATIENCE_MS));
	EXPECT_EQ(0, at_mark(fd));
	EXPECT_EQ(9, readable(fd));
	EXPECT_EQ(1, recv(fd, &c, 1, MSG_OOB | MSG_PEEK));
	EXPECT_EQ(wire_pattern(9), (unsigned char)c);
	EXPECT_EQ(1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(wire_pattern(9), (unsigned char)c);
	/* once */
	EXPECT_EQ(-1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, fd_poll(fd, POLLPRI, 0));
	get_pattern(fd, 0, 9);
	EXPECT_EQ(1, at_mark(fd));
	set_nonblock(fd, true);
	EXPECT_EQ(0, fd_poll(fd, POLLIN, 0));
	EXPECT_EQ(-1, recv(fd, &c, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	packets(p, "< P. 11:21(10) ack 1",
		   "> . 1:1(0) ack 21");
	get_pattern(fd, 10, 10);
	EXPECT_EQ(0, at_mark(fd));
}

/* A read ends at the mark, even one that wants more. */
TEST_F(urgent, receive__stops_at_the_mark)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char buf[100];

	packets(p, "< PU. 1:21(20) ack 1 urg 10",
		   "> . 1:1(0) ack 21");
	EXPECT_EQ(9, recv(fd, buf, sizeof(buf), MSG_PEEK));
	EXPECT_EQ(9, recv(fd, buf, sizeof(buf), MSG_WAITALL));
	EXPECT_EQ(1, at_mark(fd));
	/* what follows the byte, which stays out */
	EXPECT_EQ(10, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(wire_pattern(10), (unsigned char)buf[0]);
	EXPECT_EQ(0, at_mark(fd));
	EXPECT_EQ(-1, recv(fd, buf, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
}

TEST_F(urgent, receive__inline)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char buf[100];

	ASSERT_EQ(0, set_int(fd, SOL_SOCKET, SO_OOBINLINE, 1));
	packets(p, "< PU. 1:21(20) ack 1 urg 10",
		   "> . 1:1(0) ack 21");
	EXPECT_TRUE(fd_poll(fd, POLLPRI, PATIENCE_MS) & POLLPRI);
	EXPECT_EQ(20, readable(fd));
	EXPECT_EQ(-1, recv(fd, buf, 1, MSG_OOB));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(9, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(1, at_mark(fd));
	EXPECT_EQ(11, recv(fd, buf, sizeof(buf), 0));
	EXPECT_EQ(wire_pattern(9), (unsigned char)buf[0]);
	EXPECT_EQ(0, at_mark(fd));
}

/* The pointer may come before what it points to. */
TEST_F(urgent, receive__announced)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char c;

	packets(p, "< U. 1:1(0) ack 1 urg 15",
		   "quiet 20");
	set_nonblock(fd, true);
	EXPECT_EQ(-1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_EQ(0, fd_poll(fd, POLLPRI, 0));
	packets(p, "< U. 1:11(10) ack 1 urg 15",
		   "> . 1:1(0) ack 11",
		   "< P. 11:21(10) ack 1",
		   "> . 1:1(0) ack 21");
	EXPECT_TRUE(fd_poll(fd, POLLPRI, PATIENCE_MS) & POLLPRI);
	EXPECT_EQ(1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(wire_pattern(14), (unsigned char)c);
}

TEST_F(urgent, receive__stdurg)
{
	struct peer *p = &self->p;
	int fd;
	char c;

	ASSERT_TRUE(conf_set("stdurg", "1"));
	fd = open_active(p);
	packets(p, "< PU. 1:21(20) ack 1 urg 9",
		   "> . 1:1(0) ack 21");
	EXPECT_EQ(1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(wire_pattern(9), (unsigned char)c);
}

static volatile sig_atomic_t signals;

static void count_signal(int nr)
{
	signals++;
}

TEST_F(urgent, receive__sigurg)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	signals = 0;
	signal(SIGURG, count_signal);
	ASSERT_EQ(0, fcntl(fd, F_SETOWN, getpid()));
	packets(p, "< PU. 1:11(10) ack 1 urg 10",
		   "> . 1:1(0) ack 11");
	ASSERT_TRUE(await(signals == 1));
	/* the same mark again is no news */
	packets(p, "< PU. 1:11(10) ack 1 urg 10",
		   "> . 1:1(0) ack 11");
	EXPECT_EQ(1, signals);
}

/* The urgent byte that nobody fetched is lost when a later one comes. */
TEST_F(urgent, receive__the_last_one_counts)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	char c;

	packets(p, "< PU. 1:11(10) ack 1 urg 5",
		   "> . 1:1(0) ack 11",
		   "< PU. 11:21(10) ack 1 urg 5",
		   "> . 1:1(0) ack 21");
	EXPECT_EQ(1, recv(fd, &c, 1, MSG_OOB));
	EXPECT_EQ(wire_pattern(14), (unsigned char)c);
	/* and is an ordinary byte then */
	get_pattern(fd, 0, 14);
	EXPECT_EQ(1, at_mark(fd));
	get_pattern(fd, 15, 5);
}

TEST_HARNESS_MAIN
