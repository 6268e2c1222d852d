// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_TX_DELAY: each segment of a socket departs that much later, where fq is the queue of
 * the device.  Both stacks play each test.  A machine that is slow makes a segment later
 * still: so times have a lower bound and no upper.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"
#include "lib/sender.h"

#define DELAY_US	100000

FIXTURE(txdelay) {
	struct wire w;
	struct peer p;
};

FIXTURE_VARIANT(txdelay) {
	const char *family;
};

FIXTURE_VARIANT_ADD(txdelay, inet) { .family = "inet" };
FIXTURE_VARIANT_ADD(txdelay, xtcp) { .family = "xtcp" };

/* Does a command of the shell succeed? */
static bool run(const char *command)
{
	return system(command) == 0;
}

FIXTURE_SETUP(txdelay)
{
	const char *missing;

	setenv("WIRE_FAMILY", variant->family, 1);
	missing = wire_open(&self->w);
	if (missing)
		SKIP(return, "%s", missing);
	run("modprobe -q sch_fq 2>/dev/null");
	if (!run("tc qdisc replace dev wire root fq 2>/dev/null"))
		SKIP(return, "this kernel has no fq");
	peer_init(&self->p, &self->w);
	wire_long_rto();
}

FIXTURE_TEARDOWN(txdelay)
{
	wire_close(&self->w);
}

static int delay(int fd, int us)
{
	return set_int(fd, IPPROTO_TCP, TCP_TX_DELAY, us);
}

static int delay_of(int fd)
{
	return get_int(fd, IPPROTO_TCP, TCP_TX_DELAY);
}

/* Nothing of what @statement lets leave is here before its time. */
#define EXPECT_LATER(statement)							\
	do {									\
		uint64_t began = now_ns();					\
										\
		statement;							\
		EXPECT_LE(DELAY_US * 1000ULL, now_ns() - began);		\
	} while (0)

TEST_F(txdelay, active__each_segment)
{
	struct peer *p = &self->p;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, delay(fd, DELAY_US));
	EXPECT_EQ(DELAY_US, delay_of(fd));
	EXPECT_LATER(({
		connect(fd, (struct sockaddr *)&sin, sizeof(sin));
		packets(p, "> S 0:0(0)");
	}));
	EXPECT_LATER(packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
				"> .  1:1(0) ack 1"));
	EXPECT_LATER(({
		put_pattern(fd, 0, 100);
		packets(p, "> P. 1:101(100) ack 1");
	}));
	/* and what it answers */
	EXPECT_LATER(packets(p, "< P. 1:101(100) ack 101",
				">  . 101:101(0) ack 101"));
	set_linger(fd, 0);
	EXPECT_LATER(({
		close(fd);
		packets(p, "> R. 101:101(0) ack 101");
	}));
}

/* A listener's SYN,ACK, and its children. */
TEST_F(txdelay, passive__children_inherit)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8), fd;

	ASSERT_EQ(0, delay(listener, DELAY_US));
	p->lport = WIRE_PORT;
	p->port = 40000;
	EXPECT_LATER(packets(p, "< S  0:0(0) <mss 1460>",
				"> S. 0:0(0) ack 1"));
	packets(p, "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	EXPECT_EQ(DELAY_US, delay_of(fd));
	EXPECT_LATER(({
		put_pattern(fd, 0, 100);
		packets(p, "> P. 1:101(100) ack 1");
	}));
}

TEST_F(txdelay, timewait__its_acks)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	ASSERT_EQ(0, delay(fd, DELAY_US));
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	ASSERT_PEER_STATE(p, XTCP_TIME_WAIT);
	EXPECT_LATER(packets(p, "< F. 1:1(0) ack 2",
				">  . 2:2(0) ack 2"));
}

/* The estimate of the RTT moves at once: what waits here is not taken for lost. */
TEST_F(txdelay, rtt__moves_with_it)
{
	struct peer *p = &self->p;
	int fd = open_active(p);
	uint32_t rtt = info_of(fd).tcpi_rtt;

	if (test_inet() && kernel_before(7, 0))
		SKIP(return, "its RTT learns of it later");
	ASSERT_EQ(0, delay(fd, DELAY_US));
	EXPECT_EQ(rtt + DELAY_US, info_of(fd).tcpi_rtt);
	EXPECT_LE(rtt + DELAY_US + 200000, info_of(fd).tcpi_rto);
	ASSERT_EQ(0, delay(fd, 0));
	EXPECT_EQ(rtt, info_of(fd).tcpi_rtt);
}

TEST_F(txdelay, value__bounds)
{
	int fd = wire_socket(self->p.w, 0);

	if (test_inet() && kernel_before(7, 0))
		SKIP(return, "takes any number");
	EXPECT_EQ(0, delay_of(fd));
	EXPECT_EQ(0, delay(fd, 0));
	EXPECT_EQ(-1, delay(fd, -1));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(0, delay(fd, (1 << 28) - 1));
	EXPECT_EQ((1 << 28) - 1, delay_of(fd));
	EXPECT_EQ(-1, delay(fd, 1 << 28));
	EXPECT_EQ(EINVAL, errno);
}

TEST_HARNESS_MAIN
