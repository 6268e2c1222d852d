// SPDX-License-Identifier: GPL-2.0
/*
 * RSTs that come and go: who looks on is told for whom each is, why, what becomes of it,
 * and how it compares with the peer's earlier segments.
 *
 * The list of verdicts in <linux/xtcp_reason.h> makes the tests; a verdict without a
 * scenario here does not compile.
 */
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "event.h"
#include "lib/fixture.h"

WIRE_FIXTURE(reset)

/* ---- one came: where it is for somebody in which state, and by how much it is off ------ */

struct came {
	uint8_t	state;
	bool	awaited;	/* some sequence number was */
	int32_t	ahead;		/* the RST's from that */
};

#define VERDICT(name) \
	static struct came name##_given(struct peer *p)

VERDICT(ACCEPTED)
{
	open_active(p);
	packets(p, "< R 1:1(0)");
	return (struct came) { XTCP_ESTABLISHED, true, 0 };
}

VERDICT(CHALLENGED)
{
	open_active(p);
	packets(p, "< R 101:101(0)",
		   "> . 1:1(0) ack 1");
	return (struct came) { XTCP_ESTABLISHED, true, 100 };
}

/* The one before it was answered just now: net.xtcp.invalid_ratelimit. */
VERDICT(NOT_ASKED)
{
	conf_set("invalid_ratelimit", "60000");
	open_active(p);
	packets(p, "< S 1:1(0)",
		   "> . 1:1(0) ack 1",
		   "< R 101:101(0)");
	return (struct came) { XTCP_ESTABLISHED, true, 100 };
}

VERDICT(OUT_OF_WINDOW)
{
	open_active(p);
	packets(p, "< R 1000001:1000001(0)");
	return (struct came) { XTCP_ESTABLISHED, true, 1000000 };
}

VERDICT(NOT_OF_SYN)
{
	start_connect(p);
	packets(p, "> S 0:0(0)",
		   "< R 0:0(0)");
	return (struct came) { XTCP_SYN_SENT, false, 0 };
}

VERDICT(OF_TIME_WAIT)
{
	int fd = open_active(p);

	conf_set("rfc1337", "1");
	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2",
		   "< R  2:2(0)");
	return (struct came) { XTCP_TIME_WAIT, true, 0 };
}

VERDICT(OF_LISTENER)
{
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< R 1:1(0)");
	return (struct came) { XTCP_LISTEN, false, 0 };
}

static struct came (*const scenarios[])(struct peer *p) = {
#define SCENARIO(name, text, clause) \
	[XTCP_RST_##name] = name##_given,
	XTCP_RST_VERDICTS(SCENARIO)
};

_Static_assert(ARRAY_SIZE(scenarios) == XTCP_RST_NR, "a verdict lacks its scenario");

/* One that came, and not one of ours. */
static bool find_came(struct events *events, struct event *rst)
{
	while (events_find_rst(events, rst)) {
		if (rst->verdict)
			return true;
	}
	return false;
}

#define VERDICT_TEST(name, text, clause)				\
TEST_F(reset, came__##name)						\
{									\
	struct events events;						\
	struct came came;						\
	struct event rst;						\
									\
	XTCP_ONLY();							\
	ASSERT_TRUE(events_open(&events));				\
	came = scenarios[XTCP_RST_##name](&self->p);			\
	ASSERT_TRUE(await(find_came(&events, &rst)));			\
	EXPECT_EQ(XTCP_RST_##name, rst.verdict);			\
	EXPECT_EQ(came.state, rst.from);				\
	EXPECT_EQ(self->p.ttl, rst.hop_limit);				\
	EXPECT_EQ(came.awaited, rst.rcv_nxt != 0);			\
	if (came.awaited)						\
		EXPECT_EQ(came.ahead, (int32_t)(rst.seq - rst.rcv_nxt)); \
	events_close(&events);						\
}
XTCP_RST_VERDICTS(VERDICT_TEST)

/* An entry in SYN_RECV awaits one, too. */
TEST_F(reset, came__for_an_entry)
{
	struct peer *p = &self->p;
	struct events events;
	struct event rst;

	XTCP_ONLY();
	ASSERT_TRUE(events_open(&events));
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< R  1:1(0)");
	ASSERT_TRUE(await(find_came(&events, &rst)));
	EXPECT_EQ(XTCP_RST_ACCEPTED, rst.verdict);
	EXPECT_EQ(XTCP_SYN_RECV, rst.from);
	EXPECT_EQ(rst.rcv_nxt, rst.seq);
	ASSERT_TRUE(await(events_find(&events, XTCP_WHY_PEER_RESET, &rst)));
	EXPECT_EQ(BY_SEGMENT, rst.cause);
	events_close(&events);
}

/*
 * A box on the way resets the connection: its RST is exact, but has not come as far as the
 * peer's segments.
 */
TEST_F(reset, came__from_another_host)
{
	struct peer *p = &self->p;
	struct events events;
	struct event rst;

	XTCP_ONLY();
	ASSERT_TRUE(events_open(&events));
	p->ttl = 57;
	open_active(p);
	/* a forged one does not count as the peer's */
	p->ttl = 200;
	packets(p, "< . 2000001:2000001(0) ack 1",
		   "> . 1:1(0) ack 1");
	p->ttl = 64;
	packets(p, "< R 1:1(0)");
	ASSERT_TRUE(await(find_came(&events, &rst)));
	EXPECT_EQ(XTCP_RST_ACCEPTED, rst.verdict);
	EXPECT_EQ(64, rst.hop_limit);
	EXPECT_EQ(57, rst.peer_hop_limit);
	/* the transition says so as well */
	ASSERT_TRUE(await(events_find(&events, XTCP_WHY_PEER_RESET, &rst)));
	EXPECT_EQ(64, rst.hop_limit);
	EXPECT_EQ(57, rst.peer_hop_limit);
	events_close(&events);
}

/* ---- one is sent ------------------------------------------------------------------------ */

TEST_F(reset, sent__by_a_call)
{
	struct peer *p = &self->p;
	struct events events;
	struct event rst;
	int fd;

	XTCP_ONLY();
	ASSERT_TRUE(events_open(&events));
	fd = open_active(p);
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 1");
	ASSERT_TRUE(await(events_find_rst(&events, &rst)));
	EXPECT_EQ(XTCP_RST_NONE, rst.verdict);
	EXPECT_EQ(XTCP_WHY_LINGER_ZERO, rst.why);
	EXPECT_EQ(XTCP_ESTABLISHED, rst.from);
	EXPECT_EQ(getpid(), rst.pid);
	events_close(&events);
}

TEST_F(reset, sent__by_a_listener)
{
	struct peer *p = &self->p;
	struct events events;
	struct event rst;

	XTCP_ONLY();
	ASSERT_TRUE(events_open(&events));
	start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	p->ttl = 33;
	packets(p, "< . 1:1(0) ack 1",
		   "> R 1:1(0)");
	ASSERT_TRUE(await(events_find_rst(&events, &rst)));
	EXPECT_EQ(XTCP_RST_NONE, rst.verdict);
	EXPECT_EQ(XTCP_WHY_NO_CONNECTION, rst.why);
	EXPECT_EQ(XTCP_LISTEN, rst.from);
	EXPECT_EQ(33, rst.peer_hop_limit);
	events_close(&events);
}

/* For an entry, and what goes with it. */
TEST_F(reset, sent__for_an_entry)
{
	struct peer *p = &self->p;
	struct events events;
	struct event rst;
	int listener;

	XTCP_ONLY();
	ASSERT_TRUE(events_open(&events));
	listener = start_listen(p->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	close(listener);
	packets(p, "> R. 1:1(0) ack 1");
	ASSERT_TRUE(await(events_find_rst(&events, &rst)));
	EXPECT_EQ(XTCP_WHY_LISTENER_CLOSED, rst.why);
	EXPECT_EQ(XTCP_SYN_RECV, rst.from);
	events_close(&events);
}

TEST_HARNESS_MAIN
