// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of a connection in TIME_WAIT: whom it answers, and who is asked when a
 * SYN ends it (RFC 6191).  How it comes to be there is the matter of teardown.c, and
 * connect() to where it is that of reopen.c.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "event.h"
#include "lib/fixture.h"

WIRE_FIXTURE(timewait)

#ifndef IP_MINTTL
#define IP_MINTTL	21
#endif

/* A connection of a listener that goes on; the server closes it. */
static int enter_timewait(struct peer *p, int minttl)
{
	int listener = start_listen(p->w, 8), fd;

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	if (minttl && set_int(fd, IPPROTO_IP, IP_MINTTL, minttl))
		abort();
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> . 2:2(0) ack 2");
	if (!await(peer_state(p) == XTCP_TIME_WAIT))
		wire_fail(p->w, "no TIME_WAIT");
	return listener;
}

/* A retransmitted FIN is answered: it is there, and nobody minds. */
#define ANSWERS(p)	packets(p, "< F. 1:1(0) ack 2",			\
				   "> . 2:2(0) ack 2")
#define IS_SILENT(p)	packets(p, "< F. 1:1(0) ack 2",			\
				   "quiet 20")

static void drop_all(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		abort();
}

/* ---- who is answered ----------------------------------------------------- */

TEST_F(timewait, segment__ipsec_policy)
{
	const char *ends = siit_mode() == SIIT_6 ?
			   "src 2001:db8::192.0.2.2/128 dst 2001:db8::192.0.2.1/128" :
			   "src 192.0.2.2/32 dst 192.0.2.1/32";
	struct peer *p = &self->p;

	enter_timewait(p, 0);
	ANSWERS(p);
	if (system(fmt("ip xfrm policy add dir in %s action block", ends)))
		SKIP(return, "no IPsec");
	IS_SILENT(p);
	EXPECT_EQ(0, system(fmt("ip xfrm policy delete dir in %s", ends)));
	ANSWERS(p);
}

/* RFC 5082: the peer is known to be near, and this is somebody else. */
TEST_F(timewait, segment__min_ttl)
{
	struct peer *p = &self->p;

	/* the kernel's TCP forgets it with the socket */
	XTCP_ONLY();
	enter_timewait(p, 64);
	ANSWERS(p);
	p->ttl = 63;
	IS_SILENT(p);
	packets(p, "< R. 2:2(0) ack 2",
		   "quiet 20");
	EXPECT_EQ(XTCP_TIME_WAIT, peer_state(p));
	p->ttl = 64;
	ANSWERS(p);
}

/* ---- how it begins ------------------------------------------------------- */

#define TRACE	"/sys/kernel/tracing/instances/xtcp-timewait"

/* Which states the stack saw sockets come to, from here on; false: it cannot tell. */
static bool watch_states(void)
{
	if (mkdir(TRACE, 0700) && errno != EEXIST)
		return false;
	/*
	 * Else the names of processes are recorded by code that is patched into the scheduler,
	 * while it runs on another processor: an emulated one may not see it and die of it.
	 */
	return proc_write(TRACE "/options/record-cmd", "0") && proc_write(TRACE "/trace", "") &&
	       proc_write(TRACE "/events/sock/inet_sock_set_state/enable", "1");
}

/* How often they came to a state since watch_states(). */
static int states_seen(const char *state)
{
	FILE *f = fopen(TRACE "/trace", "re");
	char line[512], want[64];
	int n = 0;

	snprintf(want, sizeof(want), "newstate=%s", state);
	while (f && fgets(line, sizeof(line), f))
		n += line[0] != '#' && strstr(line, want);
	if (f)
		fclose(f);
	return n;
}

/*
 * Whatever the way there, the stack never sees a socket in TIME_WAIT: it would take
 * it for an entry, and count references where a socket has something else.
 */
TEST_F(timewait, begin__no_socket_shows_it)
{
	struct peer *p = &self->p, other;
	int fd;

	if (!watch_states())
		SKIP(return, "this kernel cannot trace states of sockets");
	/* by FIN_WAIT2 */
	enter_timewait(p, 0);
	/* by CLOSING */
	peer_clone(&other, p, 40001);
	other.lport = 0;
	fd = open_active(&other);
	close(fd);
	packets(&other, "> F. 1:1(0) ack 1",
			"< F. 1:1(0) ack 1",
			"> .  2:2(0) ack 2",
			"< .  2:2(0) ack 2");
	EXPECT_TRUE(await(peer_state(&other) == XTCP_TIME_WAIT));
	/* by neither */
	peer_clone(&other, p, 40002);
	other.lport = 0;
	fd = open_active(&other);
	close(fd);
	packets(&other, "> F. 1:1(0) ack 1",
			"< F. 1:1(0) ack 2",
			"> .  2:2(0) ack 2");
	EXPECT_TRUE(await(peer_state(&other) == XTCP_TIME_WAIT));
	proc_write(TRACE "/events/sock/inet_sock_set_state/enable", "0");
	EXPECT_LE(3, states_seen("TCP_FIN_WAIT1"));
	EXPECT_LE(3, states_seen("TCP_CLOSE\n"));
	EXPECT_EQ(0, states_seen("TCP_TIME_WAIT"));
	rmdir(TRACE);
}

/* ---- its end ------------------------------------------------------------- */

#define MANY	500

/* A server on the loopback device.  Return: -1: it failed. */
static int start_local(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(WIRE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);

	return bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 8) ? -1 : fd;
}

/* A connection over the loopback device; the client's end stays in TIME_WAIT. */
static bool come_and_go(int listener, uint16_t *port)
{
	int client = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0), server;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	char byte;
	bool ok;

	if (getsockname(listener, (struct sockaddr *)&sin, &len) ||
	    connect(client, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(client, (struct sockaddr *)&sin, &len))
		return false;
	*port = ntohs(sin.sin_port);
	server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ok = !close(client) && !recv(server, &byte, 1, 0);
	return !close(server) && ok;
}

/* May a server of the kernel's TCP have the port? */
static bool is_free(uint16_t port)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = !bind(fd, (struct sockaddr *)&sin, sizeof(sin));

	close(fd);
	return ok;
}

/* Not before 2MSL and not long after, and nothing stays behind. */
TEST_F(timewait, end__of_many)
{
	static uint16_t port[MANY];
	int listener = start_local(), i, taken = 0;
	uint64_t began;

	XTCP_ONLY();	/* the kernel's TCP waits for a minute */
	ASSERT_TRUE(conf_set("timewait_len", "2"));
	ASSERT_TRUE(conf_set("tw_reuse", "0"));
	ASSERT_LE(0, listener);
	for (i = 0; i < MANY - 1; i++)
		ASSERT_TRUE(come_and_go(listener, &port[i]));
	began = now_ns();
	ASSERT_TRUE(come_and_go(listener, &port[i]));
	EXPECT_FALSE(is_free(port[i]) && now_ns() - began < 1900000000);
	close(listener);
	ASSERT_TRUE(await(!conns_in_state(0)));
	EXPECT_LE(1900000000, now_ns() - began);
	TH_LOG("%d entries were gone %u ms after the last began", MANY,
	       (unsigned int)((now_ns() - began) / 1000000));
	/* a row goes before the edge is counted and the port is given back */
	EXPECT_TRUE(await(edge_count(XTCP_EDGE_TIME_WAIT__TIMEOUT_2MSL) >= MANY));
	EXPECT_EQ(MANY, edge_count(XTCP_EDGE_TIME_WAIT__TIMEOUT_2MSL));
	for (i = 0; i < MANY; i++)
		taken += !await_ms(is_free(port[i]), 1000);
	EXPECT_EQ(0, taken);
	EXPECT_TRUE(await(is_free(WIRE_PORT)));
	EXPECT_EQ(0, counter("NoEdge"));
}

/* More than are ended at once. */
#define TOLD	100

/* Of how many entries that are over the module has told by now. */
static int ends_told(struct events *events)
{
	struct event e;
	int n = 0;

	while (events_next(events, &e))
		n += !e.is_reset && e.edge == XTCP_EDGE_TIME_WAIT__TIMEOUT_2MSL &&
		     e.why == XTCP_WHY_TIME_WAIT_OVER && e.cause == BY_TIMER &&
		     e.timer == XTCP_BY_TIME_WAIT;
	return n;
}

/* Who listens hears of each, though they end together. */
TEST_F(timewait, end__each_is_told)
{
	int listener = start_local(), room = 8 << 20, told = 0, i;
	struct events events;
	uint16_t port;

	XTCP_ONLY();
	ASSERT_LE(0, listener);
	ASSERT_TRUE(conf_set("timewait_len", "1"));
	ASSERT_TRUE(conf_set("tw_reuse", "0"));
	ASSERT_TRUE(events_open(&events));
	ASSERT_EQ(0, setsockopt(mnl_socket_get_fd(events.nl), SOL_SOCKET, SO_RCVBUFFORCE,
				&room, sizeof(room)));
	for (i = 0; i < TOLD; i++) {
		ASSERT_TRUE(come_and_go(listener, &port));
		told += ends_told(&events);
	}
	EXPECT_TRUE(await((told += ends_told(&events)) >= TOLD));
	EXPECT_EQ(TOLD, told);
	EXPECT_EQ(TOLD, edge_count(XTCP_EDGE_TIME_WAIT__TIMEOUT_2MSL));
	EXPECT_EQ(0, counter("EventLost"));
	events_close(&events);
	close(listener);
}

/* FIN_WAIT1, TIME_WAIT */
static void end_first(struct peer *p)
{
	close(open_active(p));
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> .  2:2(0) ack 2");
}

/* Two entries, and the first one's FIN comes again.  Return: the second ends first. */
static bool second_ends_first(struct peer *first, struct peer *second)
{
	end_first(first);
	end_first(second);
	packets(first, "quiet 1000");
	ANSWERS(first);
	if (!await(peer_state(second) == TCP_CLOSE))
		return false;
	return peer_state(first) == XTCP_TIME_WAIT;
}

/*
 * A FIN that comes again restarts one entry's time, and who began after it does not
 * wait for that.
 */
TEST_F(timewait, end__in_order)
{
	struct peer first, second;
	bool in_order = false;
	cpu_set_t one;
	int i;

	XTCP_ONLY();
	/* entries of one processor stand in one queue */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	ASSERT_EQ(0, sched_setaffinity(0, sizeof(one), &one));
	ASSERT_TRUE(conf_set("timewait_len", "2"));
	/* a machine that stands still for a second sees them end together */
	for (i = 0; i < 3 && !in_order; i++) {
		peer_clone(&first, &self->p, 40000 + 2 * i);
		peer_clone(&second, &self->p, 40001 + 2 * i);
		in_order = second_ends_first(&first, &second);
	}
	EXPECT_TRUE(in_order);
}

/* ---- a SYN that ends it -------------------------------------------------- */

#define SYN	"< S 100000:100000(0) <mss 1460>"

TEST_F(timewait, syn__to_the_listener)
{
	struct peer *p = &self->p;

	enter_timewait(p, 0);
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
	EXPECT_EQ(XTCP_SYN_RECV, peer_state(p));
}

TEST_F(timewait, syn__listeners_filter)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p, 0);

	drop_all(listener);
	packets(p, SYN,
		   "quiet 20");
	ASSERT_EQ(0, set_int(listener, SOL_SOCKET, SO_DETACH_FILTER, 0));
	if (!test_inet())
		ANSWERS(p);	/* the kernel's TCP has ended the entry by then */
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
}

TEST_F(timewait, syn__listeners_min_ttl)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p, 0);

	ASSERT_EQ(0, set_int(listener, IPPROTO_IP, IP_MINTTL, 65));
	packets(p, SYN,
		   "quiet 20");
	ASSERT_EQ(0, set_int(listener, IPPROTO_IP, IP_MINTTL, 64));
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
}

/* Nobody accepts it: the peer hears of the old connection. */
TEST_F(timewait, syn__without_a_listener)
{
	struct peer *p = &self->p;

	close(enter_timewait(p, 0));
	packets(p, SYN,
		   "> . 2:2(0) ack 2",
		   "< R 2:2(0)",
		   SYN,
		   "> R. =0:=0(0) ack 100001");
}

TEST_HARNESS_MAIN
