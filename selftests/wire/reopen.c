// SPDX-License-Identifier: GPL-2.0
/*
 * connect() over a connection that is still in TIME_WAIT: RFC 1122 4.2.2.13,
 * RFC 7323 B.2, and tcp_tw_reuse.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(reopen)

/* The one ephemeral port there is. */
#define LPORT	40001

/* From the end of the old connection to the start of the new one. */
#define ISS_STEP	(2 + 65535 + 2)

/* connect() from where @from says, NULL: anywhere.  The descriptor, or -errno. */
static int try_connect(struct peer *p, const struct sockaddr_in *from)
{
	struct sockaddr_in to = peer_sockaddr(p);
	int fd = wire_socket(p->w, SOCK_NONBLOCK);
	int err;

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if ((!from || !bind(fd, (const struct sockaddr *)from, sizeof(*from))) &&
	    (!connect(fd, (struct sockaddr *)&to, sizeof(to)) || errno == EINPROGRESS))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/* A connection from LPORT that we close first, with timestamps or without. */
static void into_time_wait(struct peer *p, const struct sockaddr_in *from, bool ts)
{
	int fd;

	proc_write("/proc/sys/net/ipv4/ip_local_port_range", fmt("%d %d", LPORT, LPORT));
	fd = try_connect(p, from);
	if (fd < 0)
		wire_fail(p->w, "connect: %s", strerror(-fd));
	p->ts = ts;
	packets(p, "> S  0:0(0)",
		   ts ? "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 5000 ecr last>" :
			"< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1");
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   ">  . 2:2(0) ack 2");
	if (!await(peer_state(p) == TCP_TIME_WAIT))
		wire_fail(p->w, "state %d instead of TIME_WAIT", peer_state(p));
}

/* connect() until it is allowed to.  The descriptor, or -errno. */
static int connect_at_last(struct peer *p)
{
	int fd;

	await((fd = try_connect(p, NULL)) != -EADDRNOTAVAIL);
	return fd;
}

/* The SYN of a connection that follows @old. */
static void expect_to_follow(struct peer *new, const struct peer *old)
{
	new->ts = true;
	packets(new, "> S 0:0(0) <mss 1460,sackOK,TS val * ecr *,nop,wscale *>");
	if (new->irs != old->irs + ISS_STEP)
		wire_fail(new->w, "ISS %u does not follow %u", new->irs, old->irs);
	if (new->ts_recent - old->ts_recent > PATIENCE_MS)
		wire_fail(new->w, "TSval %u does not follow %u", new->ts_recent,
			  old->ts_recent);
}

/* By default it is for connections of a host with itself. */
TEST_F(reopen, default__not_to_other_hosts)
{
	into_time_wait(&self->p, NULL, true);
	usleep(1500000);
	EXPECT_EQ(-EADDRNOTAVAIL, try_connect(&self->p, NULL));
	packets(&self->p, "quiet 10");
	EXPECT_EQ(TCP_TIME_WAIT, peer_state(&self->p));
}

TEST_F(reopen, never)
{
	conf_set("tw_reuse", "0");
	into_time_wait(&self->p, NULL, true);
	usleep(1500000);
	EXPECT_EQ(-EADDRNOTAVAIL, try_connect(&self->p, NULL));
}

/* Sequence numbers and timestamps go on, so that nothing old fits. */
TEST_F(reopen, always__after_a_second)
{
	struct peer *p = &self->p, again;
	long long before;
	uint64_t start;
	int fd;

	conf_set("tw_reuse", "1");
	start = now_ns();
	into_time_wait(p, NULL, true);
	before = stat_counter("TWRecycled");
	EXPECT_EQ(-EADDRNOTAVAIL, try_connect(p, NULL));
	fd = connect_at_last(p);
	ASSERT_LE(0, fd);
	/* before Linux 6.13 they were whole seconds of the clock */
	if (!test_inet())
		EXPECT_LT(900000000, now_ns() - start);
	EXPECT_EQ(before + 1, stat_counter("TWRecycled"));
	peer_clone(&again, p, p->port);
	expect_to_follow(&again, p);
	packets(&again, "< S. 0:0(0) ack 1 <mss 1460,sackOK,TS val 9000 ecr last>",
			">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	/* what waits for the old connection finds the new one, and is outside */
	again.tsval = 9001;
	packets(&again, "< . 1:1(0) ack 1");
	put_pattern(fd, 0, 10);
	packets(&again, "> P. 1:11(10) ack 1",
			"<  . 1:1(0) ack 11");
}

/* Without timestamps nothing would tell old segments from new ones. */
TEST_F(reopen, always__not_without_timestamps)
{
	conf_set("tw_reuse", "1");
	into_time_wait(&self->p, NULL, false);
	usleep(1500000);
	EXPECT_EQ(-EADDRNOTAVAIL, try_connect(&self->p, NULL));
}

TEST_F(reopen, always__delay)
{
	uint64_t start;

	conf_set("tw_reuse", "1");
	if (!conf_set("tw_reuse_delay", "2000"))
		SKIP(return, "an older kernel has a second, always");
	EXPECT_FALSE(conf_set("tw_reuse_delay", "0"));
	EXPECT_FALSE(conf_set("tw_reuse_delay", "60001"));
	start = now_ns();
	into_time_wait(&self->p, NULL, true);
	EXPECT_LE(0, connect_at_last(&self->p));
	EXPECT_LT(1900000000, now_ns() - start);
}

/* Who binds the port means it: at once, and whatever tw_reuse says. */
TEST_F(reopen, bound__at_once)
{
	struct sockaddr_in from = wire_sockaddr(LPORT);
	struct peer *p = &self->p, again;

	conf_set("tw_reuse", "0");
	into_time_wait(p, &from, true);
	ASSERT_LE(0, try_connect(p, &from));
	peer_clone(&again, p, p->port);
	expect_to_follow(&again, p);
}

TEST_F(reopen, bound__not_without_timestamps)
{
	struct sockaddr_in from = wire_sockaddr(LPORT);

	into_time_wait(&self->p, &from, false);
	EXPECT_EQ(-EADDRNOTAVAIL, try_connect(&self->p, &from));
	packets(&self->p, "quiet 10");
}

/* An old SYN of the peer's is no simultaneous open: RFC 7323 5.3. */
TEST_F(reopen, bound__old_syn)
{
	struct sockaddr_in from = wire_sockaddr(LPORT);
	struct peer *p = &self->p, again;

	into_time_wait(p, &from, true);
	ASSERT_LE(0, try_connect(p, &from));
	peer_clone(&again, p, p->port);
	expect_to_follow(&again, p);
	packets(&again, "< S  0:0(0) <mss 1460,sackOK,TS val 4000 ecr 0>",
			"quiet 50",
			"< S  0:0(0) <mss 1460,sackOK,TS val 9000 ecr 0>",
			"> S. 0:0(0) ack 1");
}

/* ---- a host with itself --------------------------------------------------- */

/* A client's connection that it closes first.  0, or an errno. */
static int one_connection(int family, int listener, const struct sockaddr_in *to)
{
	int client = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int server;

	if (connect(client, (const struct sockaddr *)to, sizeof(*to))) {
		int err = errno;

		close(client);
		return err;
	}
	server = accept(listener, NULL, NULL);
	close(client);
	fd_poll(server, POLLIN, PATIENCE_MS);
	close(server);
	return 0;
}

/* More connections than there are ports, to one server. */
TEST_F(reopen, default__more_connections_than_ports)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(WIRE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = wire_socket(&self->w, 0);
	int ports = 32, rounds = 3, err, i;

	proc_write("/proc/sys/net/ipv4/ip_local_port_range",
		   fmt("%d %d", LPORT, LPORT + ports - 1));
	if (conf_set("tw_reuse_delay", "100"))
		rounds = 20;
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&to, sizeof(to)));
	ASSERT_EQ(0, listen(listener, 8));
	for (i = 0; i < rounds * ports; i++) {
		await((err = one_connection(self->w.family, listener, &to)) !=
		      EADDRNOTAVAIL);
		ASSERT_EQ(0, err) { TH_LOG("connection %d", i); }
	}
}

TEST_HARNESS_MAIN
