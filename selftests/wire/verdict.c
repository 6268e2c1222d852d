// SPDX-License-Identifier: GPL-2.0
/*
 * What xtcpstat says of what can go wrong: each situation is made on the wire, and the answer
 * is read, that of people and that of programs.  With XTCP_SCREENS=FILE the answers become
 * a page ("make screens").
 *
 * That the rules are right is tried in the simulator (selftests/sim/why.c): here they are
 * asked of the kernel.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h and lib/sender.h explain the rest.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "answer.h"
#include "lib/fixture.h"
#include "lib/sender.h"

WIRE_FIXTURE_TIMERS(verdict)

/* Timers with which a peer that waits for a processor is not late. */
#define PATIENT		true
/* Those that there are: somebody has to be late. */
#define USUAL		false

static void wait_long(void)
{
	wire_long_rto();
	conf_set("rto_min_us", "100000000");
}

/**
 * SITUATION - define a test: what is so, and what xtcpstat has to say of it
 * @name: of the test
 * @story: for people
 * @patient: PATIENT or USUAL
 * @args: what xtcpstat is asked
 * @cause: of tools/xtcpstat_cause.h, a text; NULL: this command tells none
 * @evidence: a part of the sentence
 *
 * The body that follows makes it, with the peer p.
 */
#define SITUATION(name, story, patient, args, cause, evidence)			\
	static void name##_made(struct peer *p);				\
	TEST_F(verdict, name)							\
	{									\
		XTCP_ONLY();							\
		if (xtcpstat_missing())						\
			SKIP(return, "%s", xtcpstat_missing());			\
		proc_write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001"); \
		if (patient)							\
			wait_long();						\
		name##_made(&self->p);						\
		/* some wait for a timer, which a slow machine makes longer */	\
		ASSERT_TRUE(await_ms(xtcpstat_says(args, cause, evidence), 60000)) { \
			TH_LOG("%s", xtcpstat(args));				\
		}								\
		screen_add(#name, story, args);					\
	}									\
	static void name##_made(struct peer *p)

/* ---- who has to close --------------------------------------------------------- */

SITUATION(close_wait__leak, "The peer has closed, and our program has not.", PATIENT,
	  "why -n", "NOT_CLOSED", "; the program never read; the program never wrote")
{
	open_active(p);
	packets(p, "< F. 1:1(0) ack 1",
		   "> .  1:1(0) ack 2");
}

SITUATION(fin_wait2__peer_is_open, "We have closed, and the peer has not.", PATIENT,
	  "why -n", "PEER_OPEN", "we closed")
{
	int fd = open_active(p);

	shutdown(fd, SHUT_WR);
	packets(p, "> F. 1:1(0) ack 1",
		   "< .  1:1(0) ack 2");
}

/* ---- nobody answers ------------------------------------------------------------- */

SITUATION(firewall__drops_silently, "A firewall drops our SYNs and says nothing.", USUAL,
	  "why -n", "SYN_LOST", "the SYN was not answered for")
{
	start_connect(p);
}

SITUATION(dead_peer, "The peer's host lost its power.", USUAL,
	  "why -n", "DEAD_PEER", "; nothing new came for")
{
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1",
		   "> P. 1:101(100) ack 1");
}

SITUATION(one_way__black_hole, "What we send is lost, and the peer's arrives.", USUAL,
	  "why -n", "ONE_WAY", "what the peer sends comes again and again")
{
	int fd = open_sender(p, SENDER_SACK);

	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 101",
		   "> P. 1:101(100) ack 101",
		   "> P. 1:101(100) ack 101",
		   "< P. 1:101(100) ack 1",
		   "> .  101:101(0) ack 101 <nop,nop,sack 1:101>");
}

SITUATION(pmtu__black_hole, "A tunnel drops large packets, and ICMP does not come through.", USUAL,
	  "why -n", "BLACK_HOLE", "in segments of 1460")
{
	int fd = open_active(p);

	put_pattern(fd, 0, WIRE_MSS);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "> P. 1:1461(1460) ack 1",
		   "< P. 1:101(100) ack 1",
		   "> .  1461:1461(0) ack 101");
}

SITUATION(keepalive__unanswered, "An idle connection's peer is gone.", PATIENT,
	  "why -n", "KEEPALIVE", "probe 1 of 5")
{
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 3600);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 5);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	packets(p, "> . 0:0(0) ack 1");
}

/* ---- somebody does not read ------------------------------------------------------ */

SITUATION(zero_window__peer, "The peer's program does not read.", PATIENT,
	  "why -n", "PEER_WINDOW", "the peer's window has 0 bytes, and 100 wait")
{
	int fd = open_active(p);

	packets(p, "< . 1:1(0) ack 1 win 0");
	put_pattern(fd, 0, 100);
}

/* Segments come until our window is too small for another. */
SITUATION(zero_window__ours, "Our program does not read, and its buffer is full.", PATIENT,
	  "why -n", "OUR_WINDOW", "bytes were not read")
{
	int at = 1;

	conf_set("rmem", "4096 8192 8192");
	open_active(p);
	do {
		packets(p, fmt("< P. %d:%d(1000) ack 1", at, at + 1000),
			   fmt("> .  1:1(0) ack %d", at + 1000));
		at += 1000;
	} while (p->rcv_win >= 1000);
}

SITUATION(slow_reader, "Our program is slow to read.", PATIENT,
	  "why -n", "SLOW_READER", "; the program never read")
{
	open_active(p);
	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
}

/* ---- why is it slow ---------------------------------------------------------------- */

SITUATION(nagle__delayed_ack, "Two small writes, and a peer that acknowledges late.", PATIENT,
	  "why -n", "NAGLE", "100 bytes do not fill a segment of 1460, and 100 before them")
{
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	put_pattern(fd, 100, 100);
}

SITUATION(cork, "TCP_CORK was set, and forgotten.", PATIENT,
	  "why -n", "CORK", "100 bytes do not fill a segment of 1460")
{
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_CORK, 1);
	put_pattern(fd, 0, 100);
}

SITUATION(send_buffer__small, "SO_SNDBUF is smaller than the path.", PATIENT,
	  "why -n", "SNDBUF", "is in flight")
{
	static const char text[1000];
	int fd = open_active(p);

	p->no_verify = true;
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	set_int(fd, SOL_SOCKET, SO_SNDBUF, 1);
	while (send(fd, text, sizeof(text), MSG_NOSIGNAL) > 0)
		;
}

SITUATION(cwnd__limits, "More is to be sent than the congestion window takes.", PATIENT,
	  "why -n", "CWND", "10 of 10 segments are in flight")
{
	int fd = open_active(p);

	set_int(fd, SOL_SOCKET, SO_SNDBUF, 200000);
	put_pattern(fd, 0, 20 * WIRE_MSS);
}

SITUATION(paced, "Somebody set a rate.", PATIENT,
	  "why -n", "PACING", "bytes wait, and")
{
	int fd = open_active(p), acked = 0, n;

	/* a segment in four seconds, but for the first, which may leave at once */
	set_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE, WIRE_MSS / 4);
	put_pattern(fd, 0, 30 * WIRE_MSS);
	while ((n = info_of(fd).tcpi_unacked)) {
		acked += n * WIRE_MSS;
		packets(p, fmt("< . 1:1(0) ack %d", 1 + acked));
	}
}

SITUATION(own_queue__full, "The queue of this host's device has no room.", PATIENT,
	  "why -n", "QUEUE", "100 bytes wait, and 0 of")
{
	int fd = open_sender(p, SENDER_SACK);

	wire_queue(0);
	put_pattern(fd, 0, 100);
}

/* ---- the network --------------------------------------------------------------------- */

SITUATION(loss, "The network loses packets.", PATIENT,
	  "why -n", "LOSS", " segments were sent again, of which the peer had 0")
{
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, CWND, 1);
}

SITUATION(reordering, "The network changes the order of packets.", PATIENT,
	  "why -n", "REORDERING", "reordering was seen 1 times")
{
	int fd = open_sender_rtt(p, SENDER_SACK, 100);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:2001>",
		   "< . 1:1(0) ack 2001",
		   "< . 1:1(0) ack 10001");
	send_segs(p, fd, CWND, 1);
}

SITUATION(spurious__retransmission, "What was sent again had arrived.", PATIENT,
	  "why -n", "SPURIOUS", " segments were sent again, of which the peer had 1")
{
	int fd = open_sender(p, SENDER_SACK);

	send_segs(p, fd, 0, CWND);
	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
		   "> . 1:1001(1000) ack 1",
		   "< . 1:1(0) ack 10001 <nop,nop,sack 1:1001>");
	send_segs(p, fd, CWND, 1);
}

/* ---- listeners ----------------------------------------------------------------------- */

/* Clients that send a SYN, and acknowledge the answer, or do not. */
static void clients(struct peer *p, int nr, bool answer)
{
	struct peer client;
	int i;

	for (i = 0; i < nr; i++) {
		peer_clone(&client, p, 41000 + i);
		client.lport = WIRE_PORT;
		packets(&client, "< S  0:0(0) <mss 1460>",
				 "> S. 0:0(0) ack 1");
		if (answer)
			packets(&client, "< . 1:1(0) ack 1");
	}
}

SITUATION(accept_queue__full, "Our program does not call accept().", PATIENT,
	  "why -n listener 8080", "ACCEPT_QUEUE_FULL", "3 of 2 wait for accept()")
{
	start_listen(p->w, 2);
	clients(p, 3, true);
}

SITUATION(syn__flood, "SYNs come, and nobody answers ours.", PATIENT,
	  "why -n listener 8080", "SYN_FLOOD", "; 1 cookies were sent")
{
	start_listen(p->w, 2);
	clients(p, 4, false);
}

/* ---- ports ----------------------------------------------------------------------------- */

/* Somebody else wants the port. */
static int bind_again(struct peer *p)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);

	return bind(wire_socket(p->w, 0), (struct sockaddr *)&sin, sizeof(sin)) ? errno : 0;
}

SITUATION(port__is_ours, "bind() says EADDRINUSE: another program has the port.", PATIENT,
	  "why -n port 8080", NULL, "a listener has it: bind() says EADDRINUSE")
{
	start_listen(p->w, 2);
	if (bind_again(p) != EADDRINUSE)
		wire_fail(p->w, "bind() succeeds");
}

SITUATION(port__is_the_kernels, "bind() says EADDRINUSE: a socket of the kernel's TCP has it.",
	  PATIENT, "why -n port 8080", NULL, "a listener has it: bind() says EADDRINUSE")
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 2) ||
	    bind_again(p) != EADDRINUSE)
		wire_fail(p->w, "bind() succeeds");
}

SITUATION(port__is_in_time_wait, "Our server was started again, and bind() says EADDRINUSE.",
	  PATIENT, "why -n port 8080", NULL, "only TIME_WAIT has it, the last for")
{
	/* however long it takes to ask */
	conf_set("timewait_len", "3600");
	close(open_passive(p));
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	if (bind_again(p) != EADDRINUSE)
		wire_fail(p->w, "bind() succeeds");
}

SITUATION(ports__all_in_use, "connect() says EADDRNOTAVAIL.", PATIENT,
	  "why -n dest 192.0.2.2", NULL, "2 of 2 local ports are in use, by 2 connections")
{
	struct sockaddr_in sin = peer_sockaddr(p);
	struct peer second;

	peer_clone(&second, p, p->port);
	open_active(p);
	open_active(&second);
	if (!connect(wire_socket(p->w, SOCK_NONBLOCK), (struct sockaddr *)&sin, sizeof(sin)) ||
	    errno != EADDRNOTAVAIL)
		wire_fail(p->w, "connect() finds a port");
}

/* ---- how it ended ------------------------------------------------------------------------ */

/**
 * ENDING - define a test: a connection ends, and "xtcpstat life" tells how
 * @name: of the test
 * @story: for people
 * @reason: of enum xtcp_reason
 *
 * The body that follows ends it, with the peer p.
 */
#define ENDING(name, story, reason)						\
	static void name##_made(struct peer *p);				\
	TEST_F(verdict, name)							\
	{									\
		struct reports people, programs;				\
										\
		XTCP_ONLY();							\
		if (xtcpstat_missing())						\
			SKIP(return, "%s", xtcpstat_missing());			\
		proc_write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001"); \
		reports_start(&people, "life -n");				\
		reports_start(&programs, "life --json");			\
		name##_made(&self->p);						\
		EXPECT_TRUE(await_ms(reports_have(&programs, "\"reason\":\"" #reason "\""), \
				     60000)) {					\
			TH_LOG("%s", reports_text(&programs));			\
		}								\
		EXPECT_TRUE(await(reports_have(&people, "192.0.2.2")));		\
		screen_reports(#name, story, &people);				\
		reports_end(&people);						\
		reports_end(&programs);						\
	}									\
	static void name##_made(struct peer *p)

ENDING(ends__peer_reset, "The peer sent a RST.", PEER_RESET)
{
	open_active(p);
	packets(p, "< R 1:1(0)");
}

ENDING(ends__peer_refused, "The peer has no such port.", PEER_REFUSED)
{
	start_connect(p);
	packets(p, "> S 0:0(0)",
		   "< R. 0:0(0) ack 1");
}

ENDING(ends__unread_data, "We sent a RST: our program closed without reading.", UNREAD_DATA)
{
	int fd = open_active(p);

	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	close(fd);
	packets(p, "> R. 1:1(0) ack 101");
}

ENDING(ends__linger_zero, "We sent a RST: our program wanted that.", LINGER_ZERO)
{
	int fd = open_active(p);

	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 1");
}

ENDING(ends__keepalive, "Probes of an idle connection were not answered.", KEEPALIVE_UNANSWERED)
{
	int fd = open_active(p);

	set_int(fd, IPPROTO_TCP, TCP_KEEPIDLE, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
	set_int(fd, IPPROTO_TCP, TCP_KEEPCNT, 1);
	set_int(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	packets(p, "> . 0:0(0) ack 1");
}

ENDING(ends__orphan_out_of_resources, "Too many connections without a user: max_orphans.",
	TOO_MANY_ORPHANS)
{
	int fd = open_active(p);

	conf_set("max_orphans", "0");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "> R. 2:2(0) ack 1");
}

/* ---- memory -------------------------------------------------------------------------------- */

#define MEMORY	"/proc/sys/net/xtcp/mem"

/* It is the whole machine's, so it is set in the first namespace. */
static bool set_memory(const char *value)
{
	int status = -1, fd;
	pid_t pid = must_fork();

	if (!pid) {
		fd = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
		_exit(fd < 0 || setns(fd, CLONE_NEWNET) || !proc_write(MEMORY, value));
	}
	waitpid(pid, &status, 0);
	return !status;
}

/* The most that a processor may take before the others know of it is 1 MB. */
#define HOG	(4 << 20)

/*
 * One connection has all the memory, and the writer of another waits.  What there may be has
 * to be set back, whatever happens.
 */
static int short_of_memory(struct peer *p)
{
	static const char text[1000];
	struct peer other;
	pid_t writer;
	int hog, fd;

	proc_write("/proc/sys/net/ipv4/ip_local_port_range", "40000 40001");
	wait_long();
	p->no_verify = true;
	hog = open_active(p);
	set_int(hog, SOL_SOCKET, SO_SNDBUFFORCE, HOG);
	if (!set_memory("0 0 0"))
		return 1;
	while (send(hog, text, sizeof(text), MSG_NOSIGNAL) > 0)
		;
	peer_clone(&other, p, p->port + 1);
	other.no_verify = true;
	fd = open_active(&other);
	set_nonblock(fd, false);
	writer = must_fork();
	if (!writer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		send(fd, text, sizeof(text), MSG_NOSIGNAL);
		_exit(0);
	}
	if (!await_ms(xtcpstat_says("why -n", "MEMORY", "buffers get no more memory"), 60000)) {
		fprintf(stderr, "# %s\n", xtcpstat("why -n"));
		return 1;
	}
	screen_add("memory__short", "All buffers together may not have more: net.xtcp.mem.",
		   "why -n");
	return 0;
}

TEST_F(verdict, memory__short)
{
	char before[64] = "";
	int status = -1;
	FILE *f;
	pid_t pid;

	XTCP_ONLY();
	if (xtcpstat_missing())
		SKIP(return, "%s", xtcpstat_missing());
	f = fopen(MEMORY, "re");
	ASSERT_TRUE(f && fgets(before, sizeof(before), f));
	fclose(f);
	pid = must_fork();
	if (!pid)
		_exit(short_of_memory(&self->p));
	waitpid(pid, &status, 0);
	ASSERT_TRUE(set_memory(before));
	EXPECT_EQ(0, status);
}

TEST_HARNESS_MAIN
