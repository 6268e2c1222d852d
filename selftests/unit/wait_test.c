// SPDX-License-Identifier: GPL-2.0
/*
 * What a connection waits for in each direction, its evidence, and clocks of that.
 *
 * That each wait is true is shown by endpoint_output.c after each push of every test and
 * simulation: without what the wait names, the segment would leave.
 */
#include "script.h"
#include "wait.h"

static struct xtcp_wait_info look(void)
{
	struct xtcp_wait_info info;

	xtcp_wait_look(&ep.t, 0, now, &info);
	return info;
}

#define CHECK_SEND(wait)	CHECK_EQ(look().sending, XTCP_SEND_##wait)
#define CHECK_RECV(wait)	CHECK_EQ(look().receiving, XTCP_RECV_##wait)

TEST(send__nothing)
{
	given(ESTABLISHED);
	CHECK_SEND(NOTHING);
}

TEST(send__handshake)
{
	given(CLOSE);
	usr_connect();
	expect("S 0 mss 1000");
	CHECK_SEND(HANDSHAKE);
	advance(1000);
	expect("S 0 mss 1000");
	CHECK_EQ(look().attempts, 1);
	CHECK_EQ(look().limit, 10);
	CHECK(look().sent_ms <= 1000);
	CHECK_EQ(look().heard_ms, U32_MAX);
	/* 127 seconds are what six doubled timeouts take; one is over, by a coarse clock */
	CHECK_EQ(look().left_ms / 1000, 125);
}

TEST(send__network)
{
	given(ESTABLISHED);
	usr_write(1000);
	ignore_output();
	CHECK_SEND(NETWORK);
	CHECK_EQ(look().unacked, 1000);
	rcv(". 1 ack 1001");
	CHECK_SEND(NOTHING);
}

/* The host knows of a writer who waits, and of memory that there is not. */
TEST(send__room)
{
	given(ESTABLISHED);
	CHECK_EQ(xtcp_send_wait(&ep.t, XTCP_HELD_ROOM), XTCP_SEND_SNDBUF);
	usr_write(1000);
	ignore_output();
	CHECK_EQ(xtcp_send_wait(&ep.t, XTCP_HELD_ROOM), XTCP_SEND_SNDBUF);
	CHECK_EQ(xtcp_send_wait(&ep.t, 0), XTCP_SEND_NETWORK);
}

/* The clock that tells when data was sent goes round in 71 minutes. */
TEST(send__long_ago)
{
	given(ESTABLISHED);
	usr_write(1000);
	ignore_output();
	rcv("P. 1:101(100) ack 1001");
	ignore_output();
	expect_read(100);
	advance(10000000);
	CHECK_EQ(look().sent_ms / 1000, 10000);
	CHECK_EQ(look().got_ms / 1000, 10000);
}

TEST(send__cwnd)
{
	given(ESTABLISHED);
	usr_write(20000);
	CHECK_EQ(ignore_output(), 10);
	CHECK_SEND(CWND);
	CHECK_EQ(look().in_flight, 10);
	CHECK_EQ(look().unsent, 10000);
}

TEST(send__window)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	usr_write(1000);
	expect_nothing();
	CHECK_SEND(WINDOW);
	CHECK_EQ(look().flags & XTCP_WAIT_PERSIST, XTCP_WAIT_PERSIST);
	CHECK_EQ(look().limit, 15);
	advance(1000);
	ignore_output();
	CHECK_SEND(WINDOW);
	CHECK_EQ(look().attempts, 1);
	rcv(". 1 ack 1 win 10000");
	ignore_output();
	CHECK_SEND(NETWORK);
}

TEST(send__window_too_small_for_a_segment)
{
	given(ESTABLISHED);
	rcv("P. 1:2(1) ack 1");
	ignore_output();
	rcv(". 2 ack 1 win 1400");
	usr_write(2000);
	expect(". 1:1001(1000) ack 2");
	expect_nothing();
	CHECK_SEND(WINDOW);
	CHECK_EQ(look().peer_window, 400);
}

TEST(send__nagle)
{
	given(ESTABLISHED);
	usr_write(100);
	ignore_output();
	usr_write(100);
	expect_nothing();
	CHECK_SEND(NAGLE);
	CHECK_EQ(look().flags & XTCP_WAIT_CORKED, 0);
}

TEST(send__cork)
{
	given(ESTABLISHED);
	endpoint_set(&ep, XTCP_F_CORK, 0);
	usr_write(100);
	expect_nothing();
	CHECK_SEND(NAGLE);
	CHECK_EQ(look().flags & XTCP_WAIT_CORKED, XTCP_WAIT_CORKED);
}

TEST(send__timeout)
{
	given(ESTABLISHED);
	usr_write(1000);
	ignore_output();
	advance(1000);
	ignore_output();
	CHECK_SEND(TIMEOUT);
	CHECK_EQ(look().attempts, 1);
	CHECK_EQ(look().limit, 15);
	/* 924.6 seconds are what fifteen doublings of 200 ms take */
	CHECK_EQ(look().left_ms / 1000, 924);
	rcv(". 1 ack 1001");
	CHECK_SEND(NOTHING);
}

TEST(send__closed)
{
	given(ESTABLISHED);
	usr_shutdown();
	expect("F. 1 ack 1");
	CHECK_SEND(NETWORK);
	rcv(". 1 ack 2");
	CHECK_SEND(CLOSED);
}

TEST(recv__peer_and_reader)
{
	given(ESTABLISHED);
	CHECK_RECV(PEER);
	rcv("P. 1:101(100) ack 1");
	ignore_output();
	CHECK_RECV(READER);
	CHECK_EQ(look().unread, 100);
	expect_read(100);
	CHECK_RECV(PEER);
}

TEST(recv__gap)
{
	given(ESTABLISHED);
	rcv("P. 101:201(100) ack 1");
	ignore_output();
	CHECK_RECV(GAP);
	CHECK_EQ(look().gap, 100);
	rcv("P. 1:101(100) ack 1");
	ignore_output();
	CHECK_RECV(READER);
	CHECK_EQ(look().gap, 0);
}

TEST(recv__closed)
{
	given(ESTABLISHED);
	rcv("F. 1:101(100) ack 1");
	ignore_output();
	CHECK_RECV(READER);
	CHECK_EQ(look().flags & XTCP_WAIT_PEER_CLOSED, XTCP_WAIT_PEER_CLOSED);
	expect_read(100);
	CHECK_RECV(CLOSED);
}

/* Each moment is in one state, and in one wait of each direction. */
TEST(clocks__sum_to_the_time)
{
	struct xtcp_clock_info info;
	xtcp_usec_t begun;
	u64 states = 0, sends = 0, recvs = 0;
	unsigned int i;

	given(ESTABLISHED);
	begun = now;
	advance(10);
	usr_write(1000);
	ignore_output();
	advance(20);
	rcv("P. 1:101(100) ack 1001");
	ignore_output();
	advance(5);
	expect_read(100);
	advance(7);
	usr_shutdown();
	ignore_output();
	advance(3);
	xtcp_clocks_look(&ep.clocks, now, &info);
	CHECK_EQ(info.send_us[XTCP_SEND_NETWORK], 23000);
	CHECK_EQ(info.recv_us[XTCP_RECV_READER], 5000);
	CHECK_EQ(info.state_us[XTCP_FIN_WAIT1], 3000);
	CHECK_EQ(info.state_us[XTCP_ESTABLISHED], now - begun - 3000);
	for (i = 0; i < XTCP_STATE_NR; i++)
		states += info.state_us[i];
	for (i = 0; i < XTCP_SEND_WAIT_NR; i++)
		sends += info.send_us[i];
	for (i = 0; i < XTCP_RECV_WAIT_NR; i++)
		recvs += info.recv_us[i];
	CHECK_EQ(states, info.total_us);
	CHECK_EQ(sends, info.total_us);
	CHECK_EQ(recvs, info.total_us);
}

TESTS_MAIN
