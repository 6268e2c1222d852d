// SPDX-License-Identifier: GPL-2.0
/* The table, by itself. */
#include "fsm.h"
#include "script.h"

static bool has_edge(u8 from, u8 to, u8 event)
{
	unsigned int i;

	for (i = 0; i < XTCP_EDGE_NR; i++) {
		if (xtcp_edges[i].from == from && xtcp_edges[i].event == event)
			return xtcp_edges[i].to == to;
	}
	return false;
}

TEST(fsm__states_are_numbered_as_in_proc_net_tcp)
{
	CHECK_EQ(XTCP_ESTABLISHED, 1);
	CHECK_EQ(XTCP_SYN_SENT, 2);
	CHECK_EQ(XTCP_SYN_RECV, 3);
	CHECK_EQ(XTCP_FIN_WAIT1, 4);
	CHECK_EQ(XTCP_FIN_WAIT2, 5);
	CHECK_EQ(XTCP_TIME_WAIT, 6);
	CHECK_EQ(XTCP_CLOSE, 7);
	CHECK_EQ(XTCP_CLOSE_WAIT, 8);
	CHECK_EQ(XTCP_LAST_ACK, 9);
	CHECK_EQ(XTCP_LISTEN, 10);
	CHECK_EQ(XTCP_CLOSING, 11);
	CHECK_EQ(XTCP_STATE_NR, 12);
}

TEST(fsm__names)
{
	CHECK(!strcmp(xtcp_state_name(XTCP_SYN_RECV), "SYN_RECV"));
	CHECK(!strcmp(xtcp_state_name(XTCP_CLOSING), "CLOSING"));
	CHECK(!strcmp(xtcp_state_name(0), "?"));
	CHECK(!strcmp(xtcp_state_name(XTCP_STATE_NR), "?"));
	CHECK(!strcmp(xtcp_state_name(U32_MAX), "?"));
	CHECK(!strcmp(xtcp_event_name(XTCP_EV_RCV_FIN), "rcv FIN"));
	CHECK(!strcmp(xtcp_event_name(XTCP_EVENT_NR), "?"));
	CHECK(!strcmp(xtcp_edges[XTCP_EDGE_SYN_SENT__RCV_SYN].name, "SYN_SENT__RCV_SYN"));
}

TEST(fsm__every_row_is_found_and_taken)
{
	unsigned int i;

	for (i = 0; i < XTCP_EDGE_NR; i++) {
		u8 state = xtcp_edges[i].from;

		CHECK_EQ(xtcp_fsm_edge(state, xtcp_edges[i].event), i);
		CHECK_EQ(xtcp_fsm_step(&state, xtcp_edges[i].event), i);
		CHECK_EQ(state, xtcp_edges[i].to);
		CHECK(xtcp_edges[i].name && xtcp_edges[i].action && xtcp_edges[i].clause);
	}
}

TEST(fsm__an_event_that_the_table_lacks_changes_nothing)
{
	unsigned int s, e, found = 0;

	for (s = 0; s < XTCP_STATE_NR + 2; s++) {
		for (e = 0; e < XTCP_EVENT_NR + 2; e++) {
			int edge = xtcp_fsm_edge(s, e);
			u8 state = s;

			if (edge != XTCP_EDGE_NONE) {
				found++;
				continue;
			}
			CHECK_EQ(xtcp_fsm_step(&state, e), XTCP_EDGE_NONE);
			CHECK_EQ(state, s);
		}
	}
	CHECK_EQ(found, XTCP_EDGE_NR);
}

/* RFC 793 figure 6, arrow by arrow. */
TEST(fsm__figure_6)
{
	CHECK(has_edge(XTCP_CLOSE, XTCP_LISTEN, XTCP_EV_PASSIVE_OPEN));
	CHECK(has_edge(XTCP_CLOSE, XTCP_SYN_SENT, XTCP_EV_ACTIVE_OPEN));
	CHECK(has_edge(XTCP_LISTEN, XTCP_CLOSE, XTCP_EV_CLOSE));
	CHECK(has_edge(XTCP_LISTEN, XTCP_SYN_RECV, XTCP_EV_RCV_SYN));
	CHECK(has_edge(XTCP_LISTEN, XTCP_SYN_SENT, XTCP_EV_SEND));
	CHECK(has_edge(XTCP_SYN_SENT, XTCP_CLOSE, XTCP_EV_CLOSE));
	CHECK(has_edge(XTCP_SYN_SENT, XTCP_SYN_RECV, XTCP_EV_RCV_SYN));
	CHECK(has_edge(XTCP_SYN_SENT, XTCP_ESTABLISHED, XTCP_EV_RCV_SYN_ACK));
	CHECK(has_edge(XTCP_SYN_RECV, XTCP_ESTABLISHED, XTCP_EV_RCV_ACK_OF_SYN));
	CHECK(has_edge(XTCP_SYN_RECV, XTCP_FIN_WAIT1, XTCP_EV_CLOSE));
	CHECK(has_edge(XTCP_ESTABLISHED, XTCP_FIN_WAIT1, XTCP_EV_CLOSE));
	CHECK(has_edge(XTCP_ESTABLISHED, XTCP_CLOSE_WAIT, XTCP_EV_RCV_FIN));
	CHECK(has_edge(XTCP_FIN_WAIT1, XTCP_FIN_WAIT2, XTCP_EV_RCV_ACK_OF_FIN));
	CHECK(has_edge(XTCP_FIN_WAIT1, XTCP_CLOSING, XTCP_EV_RCV_FIN));
	CHECK(has_edge(XTCP_FIN_WAIT2, XTCP_TIME_WAIT, XTCP_EV_RCV_FIN));
	CHECK(has_edge(XTCP_CLOSING, XTCP_TIME_WAIT, XTCP_EV_RCV_ACK_OF_FIN));
	CHECK(has_edge(XTCP_CLOSE_WAIT, XTCP_LAST_ACK, XTCP_EV_CLOSE));
	CHECK(has_edge(XTCP_LAST_ACK, XTCP_CLOSE, XTCP_EV_RCV_ACK_OF_FIN));
	CHECK(has_edge(XTCP_TIME_WAIT, XTCP_CLOSE, XTCP_EV_TIMEOUT_2MSL));
}

/* RFC 9293 3.3.2 note 2 and the text: what the figure leaves out. */
TEST(fsm__beside_the_figure)
{
	u8 s;

	CHECK(has_edge(XTCP_FIN_WAIT1, XTCP_TIME_WAIT, XTCP_EV_RCV_FIN_ACK_OF_FIN));
	CHECK(has_edge(XTCP_SYN_RECV, XTCP_LISTEN, XTCP_EV_RCV_RST_PASSIVE));
	CHECK(has_edge(XTCP_TIME_WAIT, XTCP_SYN_RECV, XTCP_EV_RCV_SYN));
	for (s = 1; s < XTCP_STATE_NR; s++) {
		if (s == XTCP_CLOSE || s == XTCP_LISTEN)
			continue;
		/* whatever began can be aborted and reset, and times out */
		CHECK(has_edge(s, XTCP_CLOSE, XTCP_EV_ABORT));
		CHECK(has_edge(s, XTCP_CLOSE, XTCP_EV_RCV_RST));
		if (s != XTCP_TIME_WAIT)
			CHECK(has_edge(s, XTCP_CLOSE, XTCP_EV_TIMEOUT));
	}
}

TEST(fsm__sets_of_states)
{
	CHECK(XTCP_IN(XTCP_LAST_ACK, XTCP_SET_SYNCHRONISED));
	CHECK(!XTCP_IN(XTCP_SYN_RECV, XTCP_SET_SYNCHRONISED));
	CHECK(XTCP_IN(XTCP_CLOSE_WAIT, XTCP_SET_CAN_SEND));
	CHECK(!XTCP_IN(XTCP_FIN_WAIT1, XTCP_SET_CAN_SEND));
	CHECK(XTCP_IN(XTCP_FIN_WAIT2, XTCP_SET_CAN_RECEIVE));
	CHECK(!XTCP_IN(XTCP_CLOSE_WAIT, XTCP_SET_CAN_RECEIVE));
}

TESTS_MAIN
