// SPDX-License-Identifier: GPL-2.0
/*
 * How connections begin: RFC 9293 3.5 and 3.10.7.2 to 3.10.7.4.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <netinet/tcp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(handshake)

/* ---- active opens -------------------------------------------------------- */

TEST_F(handshake, active__three_segments)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	ASSERT_STATE(fd, TCP_SYN_SENT);
	EXPECT_EQ(0, fd_poll(fd, POLLOUT | POLLIN, 0));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT | POLLIN, 0));
	EXPECT_EQ(0, fd_error(fd));
	packets(p, "quiet 50");
}

/* The peer learns our MSS, SACK, timestamps and scale in the order of Linux. */
TEST_F(handshake, active__options_as_linux)
{
	struct peer *p = &self->p;

	start_connect(p);
	packets(p, "> S 0:0(0) win 64240 <mss 1460,sackOK,TS val * ecr 0,nop,wscale *>");
}

TEST_F(handshake, active__no_timestamps_no_scale)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("timestamps", "0"));
	start_connect(p);
	packets(p, "> S 0:0(0) <mss 1460,nop,nop,sackOK,nop,wscale *>");
}

TEST_F(handshake, active__no_window_scaling)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("window_scaling", "0"));
	start_connect(p);
	packets(p, "> S 0:0(0) <mss 1460,sackOK,TS val * ecr 0>");
}

/* What both offered is used from the third segment on. */
TEST_F(handshake, active__timestamps_agreed)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 700 ecr last,nop,wscale 7>",
		   ">  . 1:1(0) ack 1 <nop,nop,TS val * ecr 700>");
	p->ts = true;
	p->tsval = 701;
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 <nop,nop,TS val * ecr 700>");
}

/* A peer that refuses an option must not be sent it. */
TEST_F(handshake, active__timestamps_refused)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1 <>");
}

/* RFC 7323 2.2: the window of a SYN is never scaled, all later ones are. */
TEST_F(handshake, active__windows_are_scaled)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0) win 64240",
		   "< S. 0:0(0) ack 1 win 500 <mss 500,nop,wscale 2>",
		   ">  . 1:1(0) ack 1");
	/* 500 bytes fit into the unscaled window: a second segment does not. */
	put_pattern(fd, 0, 1000);
	packets(p, "> * 1:501(500) ack 1",
		   "quiet 50",
		   "< . 1:1(0) ack 501 win 2000",
		   "> P. 501:1001(500) ack 1");
}

/* RFC 9293 3.7.1: segments have the size that the peer asked for. */
TEST_F(handshake, active__mss_of_the_peer)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 700>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 1500);
	packets(p, ">  . 1:701(700) ack 1",
		   "> *  701:1401(700) ack 1",	/* P. if it ends a burst */
		   "> P. 1401:1501(100) ack 1");
}

/* RFC 9293 3.7.1: without the option it is 536, over IPv6 1220. */
TEST_F(handshake, active__mss_default)
{
	int mss = siit_mode() == SIIT_6 ? 1220 : 536;
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, mss + 64);
	packets(p, fmt(">  . 1:%d(%d) ack 1", 1 + mss, mss),
		   fmt("> P. %d:%d(64) ack 1", 1 + mss, 1 + mss + 64));
}

TEST_F(handshake, active__maxseg_is_announced)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_MAXSEG, 600));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(&self->p, "> S 0:0(0) <mss 600,sackOK,TS *,nop,wscale *>");
}

/* RFC 6298 2.1: one second, then two, then four. */
TEST_F(handshake, active__syn_is_retransmitted)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	/* newer kernels wait one second four times, unless told otherwise */
	conf_set("syn_linear_timeouts", "0");
	packets(p, "> S 0:0(0)",
		   "+1 > S 0:0(0)",
		   "+2 > S 0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   "> . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

TEST_F(handshake, active__refused)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< R. 0:0(0) ack 1");
	EXPECT_EQ(POLLIN | POLLOUT | POLLHUP | POLLERR,
		  fd_poll(fd, POLLIN | POLLOUT, PATIENCE_MS));
	EXPECT_EQ(ECONNREFUSED, fd_error(fd));
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	packets(p, "quiet 50");
}

/* RFC 9293 3.10.7.3, first and second: a RST counts only with our SYN ACKed. */
TEST_F(handshake, active__rst_without_ack_is_ignored)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< R  0:0(0)",
		   "quiet 50",
		   "< R. 0:0(0) ack 2");
	/* the SYN leaves again, see active__syn_again_after_a_bad_ack */
	packets(p, "> S  0:0(0)");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* RFC 9293 3.10.7.3, first: it answers something we never sent. */
TEST_F(handshake, active__bad_ack_is_reset)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 12345 <mss 1460>",
		   "> R  12345:12345(0)");
	peer_settle(p, 100);
	packets(p, "< . 0:0(0) ack 0",
		   "> R  0:0(0)");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
}

/*
 * RFC 9293 3.5.1, figure 9: an old connection of the peer's answered, which our
 * RST ended. The SYN goes out again at once, not a second later.
 */
TEST_F(handshake, active__syn_again_after_a_bad_ack)
{
	bool at_once = false;
	int i;

	/* a machine may stand still for as long, but not each time */
	for (i = 0; i < 5 && !at_once; i++) {
		struct peer p;
		uint64_t start;
		int fd;

		peer_clone(&p, &self->p, 3000 + i);
		start = now_ns();
		fd = start_connect(&p);
		packets(&p, "> S  0:0(0)",
			    "<  . 1000:1000(0) ack 77",
			    "> R  77:77(0)",
			    "> S  0:0(0)");
		at_once = now_ns() - start < 500000000;
		packets(&p, "< S. 0:0(0) ack 1 <mss 1460>",
			    ">  . 1:1(0) ack 1");
		ASSERT_STATE(fd, TCP_ESTABLISHED);
	}
	EXPECT_TRUE(at_once);
}

/* An ACK of our SYN without the peer's SYN is no answer: 3.10.7.3, fifth. */
TEST_F(handshake, active__lone_ack_is_ignored)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S 0:0(0)",
		   "< . 1:1(0) ack 1",
		   "< F. 1:1(0) ack 1",
		   /* neither has an answer */
		   "> S 0:0(0)");
	EXPECT_EQ(TCP_SYN_SENT, fd_state(fd));
}

TEST_F(handshake, active__timeout)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	conf_set("syn_linear_timeouts", "0");
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(&self->p, "> S 0:0(0)",
			  "+1 > S 0:0(0)");
	ASSERT_TRUE(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLERR);
	EXPECT_EQ(ETIMEDOUT, fd_error(fd));
	packets(&self->p, "quiet 10");
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
}

TEST_F(handshake, active__timeout_blocking)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int fd = wire_socket(&self->w, 0);

	conf_set("syn_linear_timeouts", "0");
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_SYNCNT, 1));
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(ETIMEDOUT, errno);
}

/* A connect() that failed can be tried again, with a new ISS. */
TEST_F(handshake, active__again_after_refusal)
{
	struct peer *p = &self->p, again;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< R. 0:0(0) ack 1");
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(ECONNREFUSED, errno);
	peer_init(&again, &self->w);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(EINPROGRESS, errno);
	packets(&again, "> S  0:0(0)",
			"< S. 0:0(0) ack 1 <mss 1460>",
			">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* Data may ride on the SYN,ACK's successor at once. */
TEST_F(handshake, active__data_after_syn_ack)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1",
		   "< P. 1:201(200) ack 1",
		   ">  . 1:1(0) ack 201");
	get_pattern(fd, 0, 200);
}

/* The final ACK was lost: the peer's SYN,ACK comes again and is ACKed again. */
TEST_F(handshake, active__syn_ack_again)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
}

/* ---- passive opens ------------------------------------------------------- */

TEST_F(handshake, passive__three_segments)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;
	int fd;

	p->lport = WIRE_PORT;
	p->port = 40000;
	EXPECT_EQ(TCP_LISTEN, fd_state(listener));
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(TCP_SYN_RECV, peer_state(p));
	EXPECT_EQ(0, fd_poll(listener, POLLIN, 0));
	packets(p, "<  . 1:1(0) ack 1",
		   "quiet 50");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_EQ(TCP_LISTEN, fd_state(listener));
}

/* The answer has what the SYN offered, in the order of Linux. */
TEST_F(handshake, passive__options_as_linux)
{
	/* The window is 64 KB in whole segments, which timestamps make shorter. */
	static const char *const offers[][2] = {
		{ "<mss 1460,sackOK,TS val 10 ecr 0,nop,wscale 7>",
		  "win 65160 <mss 1460,sackOK,TS val * ecr 10,nop,wscale *>" },
		{ "<mss 1460,nop,nop,sackOK,nop,wscale 7>",
		  "win 64240 <mss 1460,nop,nop,sackOK,nop,wscale *>" },
		{ "<mss 1460,nop,nop,TS val 10 ecr 0,nop,wscale 7>",
		  "win 65160 <mss 1460,nop,nop,TS val * ecr 10,nop,wscale *>" },
		{ "<mss 1460,sackOK,TS val 10 ecr 0>",
		  "win 65160 <mss 1460,sackOK,TS val * ecr 10>" },
		{ "<mss 1460,nop,wscale 7>",
		  "win 64240 <mss 1460,nop,wscale *>" },
		{ "<mss 1460,nop,nop,sackOK>",
		  "win 64240 <mss 1460,nop,nop,sackOK>" },
		{ "<mss 1460>", "win 64240 <mss 1460>" },
		{ "<>", "<mss 1460>" },
	};
	unsigned int i;

	start_listen(&self->w, 64);
	for (i = 0; i < ARRAY_SIZE(offers); i++) {
		struct peer p;

		peer_clone(&p, &self->p, 40000 + i);
		p.lport = WIRE_PORT;
		packets(&p, fmt("< S  0:0(0) win 65535 %s", offers[i][0]),
			    fmt("> S. 0:0(0) ack 1 %s", offers[i][1]),
			    "< R 1:1(0)");
	}
}

/* A buffer of a size that the user chose will not grow: its window needs no shift. */
TEST_F(handshake, passive__window_of_a_fixed_buffer)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	set_int(listener, SOL_SOCKET, SO_RCVBUF, 20000);
	packets(p, "< S  0:0(0) <mss 1460,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 <mss 1460,nop,wscale 0>");
}

TEST_F(handshake, passive__window_clamp_of_the_listener)
{
	int listener = start_listen(&self->w, 8), fd;
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	set_int(listener, IPPROTO_TCP, TCP_WINDOW_CLAMP, 5000);
	packets(p, "< S  0:0(0) <mss 1460,nop,wscale 7>",
		   "> S. 0:0(0) ack 1 win 4380 <mss 1460,nop,wscale 0>",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	packets(p, "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 101");
	EXPECT_GE(5000, p->rcv_win);
	close(fd);
}

/* For peers that take the window for a signed number. */
TEST_F(handshake, signed_windows__of_both_opens)
{
	struct peer *p = &self->p, client;

	ASSERT_TRUE(conf_set("workaround_signed_windows", "1"));
	start_connect(p);
	packets(p, "> S  0:0(0) win 32767");
	start_listen(&self->w, 8);
	peer_clone(&client, p, 5000);
	client.lport = WIRE_PORT;
	packets(&client, "< S  0:0(0) <mss 1460,nop,wscale 7>",
			 "> S. 0:0(0) ack 1 win 32767");
}

/* RFC 6298: one second, then two. */
TEST_F(handshake, passive__syn_ack_is_retransmitted)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "+1 > S. 0:0(0) ack 1",
		   "+2 > S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* A SYN that comes again is answered at once, with the same ISS. */
TEST_F(handshake, passive__syn_again)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* The peer has a timer, too: the SYN,ACK that answers its SYN is not doubled by ours. */
TEST_F(handshake, passive__syn_again_restarts_the_timer)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "quiet 600",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "+1 > S. 0:0(0) ack 1");
}

TEST_F(handshake, passive__gives_up)
{
	struct peer *p = &self->p;

	ASSERT_TRUE(conf_set("synack_retries", "1"));
	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "+1 > S. 0:0(0) ack 1");
	ASSERT_PEER_STATE(p, TCP_CLOSE);
	/* The listener knows nothing of it any more. */
	packets(p, "< . 1:1(0) ack 1",
		   "> R 1:1(0)");
}

/* Request and final ACK in one segment. */
TEST_F(handshake, passive__data_with_ack)
{
	int listener = start_listen(&self->w, 8), fd;
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< P. 1:301(300) ack 1",
		   ">  . 1:1(0) ack 301");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 300);
}

/* Request, final ACK and FIN in one segment: two edges. */
TEST_F(handshake, passive__data_and_fin_with_ack)
{
	int listener = start_listen(&self->w, 8), fd;
	struct peer *p = &self->p;
	char byte;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< FP. 1:301(300) ack 1",
		   ">  . 1:1(0) ack 302");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(TCP_CLOSE_WAIT, fd_state(fd));
	get_pattern(fd, 0, 300);
	EXPECT_EQ(0, recv(fd, &byte, 1, 0));
}

/* The final ACK was lost and data comes: it has the ACK, too. */
TEST_F(handshake, passive__final_ack_lost)
{
	int listener = start_listen(&self->w, 8), fd;
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< P. 101:201(100) ack 1",
		   ">  . 1:1(0) ack 1",
		   "< P. 1:101(100) ack 1",
		   ">  . 1:1(0) ack 201");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 200);
}

/* RFC 9293 3.10.7.4, fifth: SYN_RECV, and the ACK is not of our SYN. */
TEST_F(handshake, passive__bad_ack_is_reset)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 2",
		   "> R  2:2(0)",
		   "<  . 1:1(0) ack 0",
		   "> R  0:0(0)",
		   /* 3.5.2, 2: wherever the segment is */
		   "<  . 100000:100000(0) ack 2",
		   "> R  2:2(0)",
		   /* and the right one still counts */
		   "<  . 1:1(0) ack 1");
	close(do_accept(&self->w, listener));
}

/* RFC 9293 3.10.7.4, second: back to LISTEN. */
TEST_F(handshake, passive__rst)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;

	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< R  1:1(0)",
		   "quiet 50");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	EXPECT_EQ(0, fd_poll(listener, POLLIN, 0));
	/* and the listener listens */
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. *:*(0) ack 1");
}

/* RFC 9293 3.10.7.4, fourth: back to LISTEN, and the peer may try once more. */
TEST_F(handshake, passive__another_syn)
{
	struct peer *p = &self->p, again;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< S  100:100(0) <mss 1460>",
		   "> R. =0:=0(0) ack 101");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	peer_clone(&again, p, p->port);
	again.iss = p->iss + 100;
	packets(&again, "< S  0:0(0) <mss 1460>",
			"> S. 0:0(0) ack 1");
}

/* RFC 9293 3.10.7.2, second: an ACK for a listener is a mistake. */
TEST_F(handshake, listen__ack_is_reset)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "<  . 1:1(0) ack 77",
		   "> R  77:77(0)",
		   "< S. 0:0(0) ack 77",
		   "> R  77:77(0)",
		   "< F. 1:1(0) ack 77",
		   "> R  77:77(0)");
}

/* 3.10.7.2, first and fourth: dropped in silence. */
TEST_F(handshake, listen__silence)
{
	struct peer *p = &self->p;

	start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	packets(p, "< R  0:0(0)",
		   "< R. 0:0(0) ack 1",
		   "< P  1:11(10)",
		   "< F  1:1(0)",
		   "< SF 0:0(0)",
		   "< SR 0:0(0)",
		   "quiet 50");
}

/* A port without an owner is the kernel's: RFC 9293 3.10.7.1. */
TEST_F(handshake, closed_port__reset)
{
	struct peer *p = &self->p;

	p->lport = WIRE_PORT + 1;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> R. 0:0(0) ack 1",
		   "< . 1:1(0) ack 99",
		   "> R  99:99(0)");
}

/* Clients 0 and 1 are in the accept queue, 2 and 3 have sent their SYN. */
static void crowd(struct peer *p, const struct peer *from, int nr)
{
	int i;

	for (i = 0; i < nr; i++) {
		peer_clone(&p[i], from, 40000 + i);
		p[i].lport = WIRE_PORT;
	}
	for (i = 0; i < 4; i++) {
		packets(&p[i], "< S  0:0(0) <mss 1460>",
			       "> S. 0:0(0) ack 1");
		if (i < 2)
			packets(&p[i], "< . 1:1(0) ack 1");
	}
}

/*
 * listen(fd, 2) means three in the accept queue, as in Linux: a fourth
 * client's last ACK is dropped, and it is let in when accept() made room.
 */
TEST_F(handshake, listen__backlog_overflow)
{
	struct peer p[5];
	int listener;

	proc_write("/proc/sys/net/ipv4/tcp_syncookies", "0");
	listener = start_listen(&self->w, 2);
	crowd(p, &self->p, 5);
	packets(&p[2], "< . 1:1(0) ack 1");
	packets(&p[3], "< . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, peer_state(&p[2]));
	EXPECT_EQ(TCP_SYN_RECV, peer_state(&p[3]));
	/* No more SYNs are taken while it is full. */
	packets(&p[4], "< S 0:0(0) <mss 1460>",
		       "quiet 50");
	close(do_accept(&self->w, listener));
	/* The SYN,ACK comes again, and this time there is room. */
	packets(&p[3], "> S. 0:0(0) ack 1",
		       "< . 1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, peer_state(&p[3]));
	if (!test_inet())
		EXPECT_LT(0, counter("ListenOverflows"));
}

/* net.ipv4.tcp_abort_on_overflow. */
TEST_F(handshake, listen__abort_on_overflow)
{
	struct peer p[4];

	proc_write("/proc/sys/net/ipv4/tcp_syncookies", "0");
	ASSERT_TRUE(conf_set("abort_on_overflow", "1"));
	start_listen(&self->w, 2);
	crowd(p, &self->p, 4);
	packets(&p[2], "< . 1:1(0) ack 1");
	packets(&p[3], "< . 1:1(0) ack 1",
		       "> R 1:1(0)");
	EXPECT_EQ(TCP_CLOSE, peer_state(&p[3]));
}

/* Children that nobody accepted are reset when the listener goes. */
TEST_F(handshake, listen__close_resets_children)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p, half;

	p->lport = WIRE_PORT;
	peer_clone(&half, p, 40000);
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	packets(&half, "< S  0:0(0) <mss 1460>",
		       "> S. 0:0(0) ack 1");
	close(listener);
	packets(p, "> R. 1:1(0) ack 1");
	EXPECT_EQ(TCP_CLOSE, peer_state(p));
	/* Linux lets those in SYN_RECV time out. */
	if (test_inet())
		return;
	packets(&half, "> * 1:1(0)");
	EXPECT_EQ(TCP_CLOSE, peer_state(&half));
}

/* ---- calls on a listener ------------------------------------------------- */

/*
 * RFC 9293 MUST-41, MUST-42: one can LISTEN where connections are, in whatever
 * state, and they do not notice.
 */
TEST_F(handshake, listen__beside_connections_of_its_port)
{
	struct sockaddr_in local = wire_sockaddr(WIRE_PORT), remote;
	int fd = wire_socket(&self->w, SOCK_NONBLOCK), listener;
	struct peer *p = &self->p, q, r;

	/* one in SYN-SENT */
	peer_init(&q, &self->w);
	q.port = 7000;
	remote = peer_sockaddr(&q);
	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&local, sizeof(local)));
	connect(fd, (struct sockaddr *)&remote, sizeof(remote));
	packets(&q, "> S  0:0(0)");

	listener = start_listen(&self->w, 8);
	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	close(listener);
	peer_settle(p, 20);	/* a RST, but not from Linux */
	packets(&q, "< S. 0:0(0) ack 1 <mss 1460>",
		    "> .  1:1(0) ack 1");
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));

	/* one in ESTABLISHED */
	listener = start_listen(&self->w, 8);
	peer_clone(&r, p, 40001);
	packets(&r, "< S  0:0(0) <mss 1460>",
		    "> S. 0:0(0) ack 1",
		    "< .  1:1(0) ack 1");
	do_accept(&self->w, listener);
	put_pattern(fd, 0, 10);
	packets(&q, "> P. 1:11(10) ack 1");
}

TEST_F(handshake, listen__connect_is_refused)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int listener = start_listen(&self->w, 8);

	EXPECT_EQ(-1, connect(listener, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(EISCONN, errno);
	EXPECT_EQ(TCP_LISTEN, fd_state(listener));
	packets(&self->p, "quiet 50");
}

TEST_F(handshake, listen__send_without_address)
{
	int listener = start_listen(&self->w, 8);

	EXPECT_EQ(-1, send(listener, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	EXPECT_EQ(TCP_LISTEN, fd_state(listener));
}

/* RFC 9293 3.10.2: SEND in LISTEN makes the passive open an active one. */
TEST_F(handshake, listen__send_connects)
{
	struct sockaddr_in sin = peer_sockaddr(&self->p);
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;
	ssize_t n;

	XTCP_ONLY();
	set_nonblock(listener, true);
	n = sendto(listener, "abc", 3, MSG_NOSIGNAL, (struct sockaddr *)&sin,
		   sizeof(sin));
	if (n < 0)
		ASSERT_TRUE(errno == EINPROGRESS || errno == EAGAIN);
	EXPECT_EQ(TCP_SYN_SENT, fd_state(listener));
	p->no_verify = true;
	packets(p, "> S  0:0(0)");
	EXPECT_EQ(WIRE_PORT, p->lport);
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(listener, TCP_ESTABLISHED);
	/* It is an ordinary connection now, and no listener any more. */
	if (n < 0)
		n = send(listener, "abc", 3, MSG_NOSIGNAL);
	EXPECT_EQ(3, n);
	packets(p, "> P. 1:4(3) ack 1",
		   "<  . 1:1(0) ack 4");
	EXPECT_EQ(0, conns_in_state(TCP_LISTEN));
	EXPECT_EQ(1, edge_count(XTCP_EDGE_LISTEN__SEND));
}

/* ---- simultaneous opens -------------------------------------------------- */

/* RFC 9293 figure 8. */
TEST_F(handshake, simultaneous__both_syns_cross)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	EXPECT_EQ(TCP_SYN_RECV, fd_state(fd));
	EXPECT_EQ(0, fd_poll(fd, POLLOUT, 0));
	packets(p, "< S. 0:0(0) ack 1 <mss 1460>");
	/* the figure has no ACK of it; a peer that goes by 3.10.7.4 waits for one */
	packets(p, "> . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 10);
	packets(p, "> P. 1:11(10) ack 1",
		   "< P. 1:11(10) ack 11",
		   ">  . 11:11(0) ack 11");
	get_pattern(fd, 0, 10);
}

/* What the SYN,ACK takes of the sequence space came before: RFC 2883. */
TEST_F(handshake, simultaneous__syn_ack_is_a_duplicate)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460,sackOK>",
		   "> S. 0:0(0) ack 1",
		   "< S. 0:0(0) ack 1 <mss 1460,sackOK>",
		   "> .  1:1(0) ack 1 <nop,nop,sack 0:1>");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* The peer may take our SYN,ACK for an answer and ACK it. */
TEST_F(handshake, simultaneous__plain_ack)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	packets(p, "quiet 50");
}

TEST_F(handshake, simultaneous__syn_ack_is_retransmitted)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* 3.10.7.4, second; Linux tells "refused" in SYN_SENT only. */
TEST_F(handshake, simultaneous__rst)
{
	struct peer *p = &self->p;
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< R  1:1(0)");
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(ECONNRESET, fd_error(fd));
}

/* A socket may connect to itself: RFC 793 3.4 has no objection. */
TEST_F(handshake, simultaneous__self_connect)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	int fd = wire_socket(&self->w, 0);
	char buf[4];

	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	EXPECT_EQ(4, send(fd, "echo", 4, 0));
	EXPECT_EQ(4, recv(fd, buf, 4, MSG_WAITALL));
}

/* ---- ISS ----------------------------------------------------------------- */

/* RFC 6528: a third party cannot guess the next connection's ISS. */
TEST_F(handshake, iss__differs_between_connections)
{
	uint32_t before = 0, far = 0;
	int i;

	for (i = 0; i < 5; i++) {
		struct peer p;

		peer_clone(&p, &self->p, 1000 + i);
		start_connect(&p);
		packets(&p, "> S 0:0(0)");
		/*
		 * Two connections of one four-tuple would be a few million
		 * apart: the clock ticks every 64 ns. One near miss in forty
		 * is chance.
		 */
		if (i && p.irs - before + 50000000U > 100000000U)
			far++;
		before = p.irs;
	}
	EXPECT_LT(0, far);
}

/* RFC 9293 3.4.1: the next connection of the same four-tuple begins further on. */
TEST_F(handshake, iss__advances_with_the_clock)
{
	struct sockaddr_in local = wire_sockaddr(41000);
	uint32_t before = 0;
	int i;

	for (i = 0; i < 3; i++) {
		struct sockaddr_in remote = peer_sockaddr(&self->p);
		int fd = wire_socket(&self->w, SOCK_NONBLOCK);
		struct peer p;

		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_EQ(0, bind(fd, (struct sockaddr *)&local, sizeof(local)));
		ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&remote, sizeof(remote)));
		peer_init(&p, &self->w);
		packets(&p, "> S  0:0(0)",
			    "< R. 0:0(0) ack 1");
		ASSERT_STATE(fd, TCP_CLOSE);
		/* a tick is 64 ns: it takes more than two minutes to go half round */
		if (i)
			EXPECT_LT(0, (int32_t)(p.irs - before));
		before = p.irs;
		close(fd);
	}
}

/* ---- timestamps ---------------------------------------------------------- */

/*
 * RFC 7323 7.1, RFC 6191 3: the clock begins anywhere, but for the next connection
 * of the same addresses and ports it goes on.
 */
TEST_F(handshake, timestamps__offset_is_the_connections)
{
	struct sockaddr_in local = wire_sockaddr(41000);
	uint32_t first = 0, far = 0;
	int i;

	for (i = 0; i < 6; i++) {
		int fd = wire_socket(&self->w, SOCK_NONBLOCK);
		struct sockaddr_in remote;
		struct peer p;

		peer_init(&p, &self->w);
		p.addr = htonl(0xc0000202 + i / 2);	/* 192.0.2.2, .3, .4 */
		remote = peer_sockaddr(&p);
		set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		ASSERT_EQ(0, bind(fd, (struct sockaddr *)&local, sizeof(local)));
		ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&remote, sizeof(remote)));
		packets(&p, "> S  0:0(0)",
			    "< R. 0:0(0) ack 1");
		ASSERT_STATE(fd, TCP_CLOSE);
		close(fd);
		if (i % 2) {
			EXPECT_GT(60000, p.ts_recent - first);
			continue;
		}
		if (p.ts_recent - first + 1000000 > 2000000)
			far++;
		first = p.ts_recent;
	}
	EXPECT_LT(1, far);
}

TEST_HARNESS_MAIN
