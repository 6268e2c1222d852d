// SPDX-License-Identifier: GPL-2.0
/* Urgent data: RFC 9293 3.8.5, RFC 6093. */
#include "script.h"
#include "urgent.h"

#define CHECK_MARK(seq, what)						\
	do {								\
		CHECK(ep.t.flags & XTCP_F_URG);				\
		CHECK_EQ(ep.t.urg_seq, peers(seq));			\
		CHECK_EQ(ep.t.urg_state, XTCP_URG_##what);		\
	} while (0)

/* ---- receiving ---------------------------------------------------------- */

/* The pointer points behind the byte that is meant (RFC 6093 3.1). */
TEST(receive__the_last_byte)
{
	given(ESTABLISHED);
	rcv("P.U 1:11(10) ack 1 urg 10");
	expect(". 1 ack 11");
	CHECK(ep.last.orders & XTCP_ACT_URGENT);
	CHECK(ep.last.orders & XTCP_ACT_URG_BYTE);
	CHECK_EQ(ep.last.urg_off, 9);
	CHECK_MARK(10, HERE);
	CHECK(!xtcp_urg_at_mark(&ep.t));
	endpoint_read(&ep, 9);
	CHECK(xtcp_urg_at_mark(&ep.t));
	endpoint_read(&ep, 1);
	CHECK(!(ep.t.flags & XTCP_F_URG));
}

TEST(receive__stdurg)
{
	conf.core.stdurg = true;
	given(ESTABLISHED);
	rcv("P.U 1:11(10) ack 1 urg 9");
	expect(". 1 ack 11");
	CHECK_EQ(ep.last.urg_off, 9);
	CHECK_MARK(10, HERE);
}

/* RFC 9293 3.8.5: the pointer may be ahead of the text. */
TEST(receive__announced_before_it_comes)
{
	given(ESTABLISHED);
	rcv(".U 1 ack 1 urg 150");
	CHECK(ep.last.orders & XTCP_ACT_URGENT);
	CHECK(!(ep.last.orders & XTCP_ACT_URG_BYTE));
	CHECK_MARK(150, AWAITED);
	rcv(".U 1:101(100) ack 1 urg 150");
	expect(". 1 ack 101");
	/* it is the same one: one signal */
	CHECK(!(ep.last.orders & XTCP_ACT_URGENT));
	CHECK_MARK(150, AWAITED);
	rcv(". 101:201(100) ack 1");
	expect(". 1 ack 201");
	CHECK_EQ(ep.last.urg_off, 49);
	CHECK_MARK(150, HERE);
}

TEST(receive__a_later_one_replaces_it)
{
	given(ESTABLISHED);
	rcv("P.U 1:11(10) ack 1 urg 10");
	rcv("P.U 11:21(10) ack 1 urg 10");
	ignore_output();
	CHECK_MARK(20, HERE);
	/* and an earlier one does not */
	rcv(".U 21:31(10) ack 1 urg 0");
	ignore_output();
	CHECK_MARK(21, HERE);
	rcv(".U 31 ack 1 urg 0");
	ignore_output();
	CHECK_MARK(31, AWAITED);
}

/* What was read, or came already, is not marked. */
TEST(receive__old_pointers)
{
	given(ESTABLISHED);
	rcv(". 1:101(100) ack 1");
	expect(". 1 ack 101");
	rcv(".U 101 ack 1 urg 0");
	CHECK_MARK(101, AWAITED);
	given(ESTABLISHED);
	rcv(". 1:101(100) ack 1");
	ignore_output();
	rcv(".U 51:101(50) ack 1 urg 20");
	ignore_output();
	CHECK(!(ep.t.flags & XTCP_F_URG));
}

/* The reader stands at a mark that a newer one replaces: the byte stays out. */
TEST(receive__reader_at_the_mark)
{
	given(ESTABLISHED);
	rcv("P.U 1:11(10) ack 1 urg 5");
	ignore_output();
	endpoint_read(&ep, 4);
	CHECK(xtcp_urg_at_mark(&ep.t));
	ep.conf.mute = true;	/* a byte of the stream is left out */
	rcv("P.U 11:21(10) ack 1 urg 10");
	ignore_output();
	CHECK_EQ(ep.t.copied_seq, peers(6));
	CHECK_MARK(20, HERE);
}

TEST(receive__after_the_peers_fin)
{
	given(CLOSE_WAIT);
	rcv(".U 2 ack 1 urg 100");
	CHECK(!(ep.t.flags & XTCP_F_URG));
}

/* Any pointer: the state stays what it can be. */
TEST(receive__extremes)
{
	static const u32 pointers[] = { 0, 1, 2, 1000, 65534, 65535 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pointers); i++) {
		given(ESTABLISHED);
		ep.conf.mute = true;
		rcvf(".U 1:11(10) ack 1 urg %u", pointers[i]);
		rcvf(".U 11:21(10) ack 1 urg %u", pointers[i]);
		CHECK(endpoint_read(&ep, 20) >= 19);
		CHECK_EQ(ep.t.copied_seq, peers(21));
		ignore_output();
	}
}

/* ---- sending ------------------------------------------------------------ */

TEST(send__points_behind_the_last_byte)
{
	given(ESTABLISHED);
	ep.t.snd_up = ep.t.write_seq + 5;
	ep.t.flags |= XTCP_F_URG_OUT;
	usr_write(5);
	expect("P.U 1:6(5) ack 1 urg 5");
	/* until it is acknowledged */
	advance(due_ms(XTCP_TIMER_REXMIT));
	expect("P.U 1:6(5) ack 1 urg 5");
	rcv(". 1 ack 6");
	usr_write(5);
	expect("P. 6:11(5) ack 1");
	CHECK(!(ep.t.flags & XTCP_F_URG_OUT));
}

/* Each packet has a pointer of its own, and Nagle does not hold it. */
TEST(send__packets_one_by_one)
{
	given(ESTABLISHED);
	ep.t.snd_up = ep.t.write_seq + 2500;
	ep.t.flags |= XTCP_F_URG_OUT;
	usr_write(2500);
	expect(".U 1:1001(1000) ack 1 urg 2500");
	expect(".U 1001:2001(1000) ack 1 urg 1500");
	expect("P.U 2001:2501(500) ack 1 urg 500");
	usr_write(100);
	expect("P. 2501:2601(100) ack 1");
}

/* 3.8.5: a window that is closed does not keep the news back. */
TEST(send__announced_through_a_closed_window)
{
	given(ESTABLISHED);
	rcv(". 1 ack 1 win 0");
	ep.t.snd_up = ep.t.write_seq + 100;
	ep.t.flags |= XTCP_F_URG_OUT;
	usr_write(100);
	expect_nothing();
	rcv("P. 1:11(10) ack 1");
	expect(".U 1 ack 11 urg 100");
}

TEST(send__too_far_for_the_field)
{
	given(ESTABLISHED);
	ep.t.snd_up = ep.t.snd_nxt + 100000;
	ep.t.flags |= XTCP_F_URG_OUT;
	CHECK_EQ(xtcp_urg_pointer(&ep.t, ep.t.snd_nxt), 65535);
	CHECK_EQ(xtcp_urg_pointer(&ep.t, ep.t.snd_up - 65535), 65535);
	CHECK_EQ(xtcp_urg_pointer(&ep.t, ep.t.snd_up - 1), 1);
	CHECK_EQ(xtcp_urg_pointer(&ep.t, ep.t.snd_up), 0);
	ep.t.flags &= ~XTCP_F_URG_OUT;
}

TESTS_MAIN
