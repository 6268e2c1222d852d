// SPDX-License-Identifier: GPL-2.0
/* The user's calls: RFC 9293 3.10.1 to 3.10.5, in every state. */
#include "script.h"

/* ---- OPEN: 3.10.1 ------------------------------------------------------- */

TEST(open__passive)
{
	given(CLOSE);
	usr_listen();
	expect_state(LISTEN);
	expect_edge(CLOSE__PASSIVE_OPEN);
	expect_why(LISTEN);
}

TEST(open__active)
{
	given(CLOSE);
	usr_connect();
	expect("S 0:0(0) win 65000 mss 1000");
	expect_state(SYN_SENT);
	expect_edge(CLOSE__ACTIVE_OPEN);
	expect_why(CONNECT);
	CHECK_EQ(due_ms(XTCP_TIMER_REXMIT), 1000);
	CHECK_EQ(ep.t.snd_una, our(0));
	CHECK_EQ(ep.t.snd_nxt, our(1));
}

/* ---- SEND in LISTEN: 3.10.2, the edge that others dropped --------------- */

TEST(send__in_listen_opens)
{
	given(LISTEN);
	endpoint_send_from_listen(&ep);
	expect("S 0 mss 1000");
	expect_state(SYN_SENT);
	expect_edge(LISTEN__SEND);
	rcv("S. 0 ack 1 win 65535 mss 1000");
	expect(". 1 ack 1");
	expect_state(ESTABLISHED);
}

/* ---- CLOSE: 3.10.4 ------------------------------------------------------ */

TEST(close__in_listen)
{
	struct xtcp_actions a;

	given(LISTEN);
	xtcp_actions_init(&a);
	xtcp_on_user(&ep.listener, XTCP_CALL_CLOSE, XTCP_WHY_USER_CLOSE, now, &a);
	CHECK_EQ(ep.listener.state, XTCP_CLOSE);
	CHECK_EQ(a.edges[0], XTCP_EDGE_LISTEN__CLOSE);
	CHECK(a.orders & XTCP_ACT_DEAD);
}

TEST(close__of_a_listener_resets_what_is_in_syn_recv)
{
	given(SYN_RECV);
	endpoint_unlisten(&ep);
	expect("R. 1 ack 1");
	expect_state(CLOSE);
	expect_edge(SYN_RECV__ABORT);
	expect_edge(LISTEN__CLOSE);
	expect_why(USER_CLOSE);
}

TEST(close__in_syn_sent)
{
	given(SYN_SENT);
	usr_close();
	expect_state(CLOSE);
	expect_edge(SYN_SENT__CLOSE);
	expect_error(0);
	CHECK_EQ(endpoint_due(&ep), 0);
}

TEST(close__in_syn_recv)
{
	given_active(SYN_RECV);
	usr_close();
	expect("F. 1 ack 1");
	expect_state(FIN_WAIT1);
	expect_edge(SYN_RECV__CLOSE);
}

TEST(close__in_established)
{
	given(ESTABLISHED);
	usr_close();
	expect("F. 1 ack 1");
	expect_state(FIN_WAIT1);
	expect_edge(ESTABLISHED__CLOSE);
	expect_why(USER_CLOSE);
}

TEST(close__behind_data_that_waits)
{
	given(ESTABLISHED);
	ep.t.cwnd = 1;
	usr_write(2500);
	expect(". 1:1001(1000) ack 1");
	usr_close();
	expect_state(FIN_WAIT1);
	expect_nothing();
	rcv(". 1 ack 1001");
	expect(". 1001:2001(1000) ack 1");
	expect("FP. 2001:2501(500) ack 1");
	rcv(". 1 ack 2502");
	expect_state(FIN_WAIT2);
}

TEST(close__with_unread_data_is_a_reset)
{
	given(ESTABLISHED);
	rcv("P. 1:11(10) ack 1");
	expect(". 1 ack 11");
	usr_close();
	expect("R. 1 ack 11");
	expect_state(CLOSE);
	expect_edge(ESTABLISHED__ABORT);
	expect_why(UNREAD_DATA);
}

TEST(close__in_close_wait)
{
	given(CLOSE_WAIT);
	usr_close();
	expect("F. 1 ack 2");
	expect_state(LAST_ACK);
	expect_edge(CLOSE_WAIT__CLOSE);
}

TEST(close__again_means_nothing)
{
	given(FIN_WAIT1);
	usr_close();
	usr_shutdown();
	expect_state(FIN_WAIT1);
	given(FIN_WAIT2);
	usr_shutdown();
	expect_state(FIN_WAIT2);
	given(CLOSING);
	usr_close();
	expect_state(CLOSING);
	given(LAST_ACK);
	usr_shutdown();
	expect_state(LAST_ACK);
	expect_nothing();
}

/* ---- shutdown() --------------------------------------------------------- */

TEST(shutdown__of_writing_leaves_reading)
{
	given(ESTABLISHED);
	usr_shutdown();
	expect("F. 1 ack 1");
	rcv(". 1 ack 2");
	rcv("P. 1:11(10) ack 2");
	expect(". 2 ack 11");
	expect_read(10);
	CHECK_EQ(endpoint_write(&ep, 10), 0);
}

TEST(shutdown__of_reading_sends_nothing)
{
	given(ESTABLISHED);
	endpoint_call(&ep, XTCP_CALL_SHUT_RD);
	expect_nothing();
	expect_state(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
}

TEST(shutdown__in_syn_sent)
{
	given(SYN_SENT);
	usr_shutdown();
	expect_state(CLOSE);
	expect_edge(SYN_SENT__CLOSE);
}

TEST(close_wait__may_still_send)
{
	given(CLOSE_WAIT);
	usr_write(10);
	expect("P. 1:11(10) ack 2");
	rcv(". 2 ack 11");
	usr_shutdown();
	expect("F. 11 ack 2");
	rcv(". 2 ack 12");
	expect_state(CLOSE);
}

/* ---- ABORT: 3.10.5 ------------------------------------------------------ */

TEST(abort__in_listen)
{
	struct xtcp_actions a;

	given(LISTEN);
	xtcp_actions_init(&a);
	xtcp_on_user(&ep.listener, XTCP_CALL_ABORT, XTCP_WHY_KILLED, now, &a);
	CHECK_EQ(ep.listener.state, XTCP_CLOSE);
	CHECK(!(a.orders & XTCP_ACT_SEND_RST));
}

TEST(abort__in_syn_sent)
{
	given(SYN_SENT);
	usr_abort();
	expect_nothing();
	expect_edge(SYN_SENT__ABORT);
}

TEST(abort__with_a_reset)
{
	given_active(SYN_RECV);
	usr_abort();
	expect("R. 1 ack 1");
	expect_edge(SYN_RECV__ABORT);
	given(ESTABLISHED);
	usr_write(10);
	expect("P. 1:11(10) ack 1");
	usr_abort();
	expect("R. 11 ack 1");
	expect_edge(ESTABLISHED__ABORT);
	expect_why(KILLED);
	CHECK_EQ(endpoint_due(&ep), 0);
	given(FIN_WAIT1);
	usr_abort();
	expect("R. 2 ack 1");
	expect_edge(FIN_WAIT1__ABORT);
	given(FIN_WAIT2);
	usr_abort();
	expect("R. 2 ack 1");
	expect_edge(FIN_WAIT2__ABORT);
	given(CLOSE_WAIT);
	usr_abort();
	expect("R. 1 ack 2");
	expect_edge(CLOSE_WAIT__ABORT);
}

TEST(abort__without)
{
	given(CLOSING);
	usr_abort();
	expect_edge(CLOSING__ABORT);
	given(LAST_ACK);
	usr_abort();
	expect_edge(LAST_ACK__ABORT);
	given(TIME_WAIT);
	endpoint_abort_timewait(&ep);
	expect_edge(TIME_WAIT__ABORT);
	expect_state(CLOSE);
	given(CLOSE);
	usr_abort();
	expect_nothing();
}

/* RFC 2525 2.17: in any state */
TEST(abort__unread_text_in_last_ack)
{
	given(ESTABLISHED);
	rcv("FP. 1:11(10) ack 1");
	usr_shutdown();
	expect("F. 1 ack 12");
	expect_state(LAST_ACK);
	usr_abort();
	expect("R. 2 ack 12");
	expect_edge(LAST_ACK__ABORT);
}

/* our FIN waits for the window: to the peer it is CLOSE_WAIT */
TEST(abort__unsent_text_in_last_ack)
{
	given(CLOSE_WAIT);
	rcv(". 2 ack 1 win 0");
	usr_write(10);
	usr_shutdown();
	expect_state(LAST_ACK);
	usr_abort();
	expect("R. 1 ack 2");
	expect_edge(LAST_ACK__ABORT);
}

TEST(abort__forgets_what_was_queued)
{
	given(ESTABLISHED);
	usr_write(50000);
	ignore_output();
	rcv(". 101:201(100) ack 1");
	ignore_output();
	usr_abort();
	ignore_output();
	CHECK(!ep.sendq);
	CHECK(RB_EMPTY_ROOT(&ep.t.rtx));
	CHECK(RB_EMPTY_ROOT(&ep.t.ooo));
}

TESTS_MAIN
