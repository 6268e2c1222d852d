// SPDX-License-Identifier: GPL-2.0
/*
 * ACKs that wait for the reader.
 */
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(acks)

/* How often an ACK was sent because its timer fired. */
static long long delayed_acks(void)
{
	char names[8192], values[8192], *n, *v, *ns, *vs;
	long long found = -1;
	FILE *f;

	if (!test_inet())
		return counter("DelayedACKs");
	f = fopen("/proc/net/netstat", "re");
	if (!f || !fgets(names, sizeof(names), f) || !fgets(values, sizeof(values), f))
		return -1;
	fclose(f);
	n = strtok_r(names, " \n", &ns);
	v = strtok_r(values, " \n", &vs);
	for (; n && v; n = strtok_r(NULL, " \n", &ns), v = strtok_r(NULL, " \n", &vs))
		if (!strcmp(n, "DelayedACKs"))
			found = strtoll(v, NULL, 10);
	return found;
}

/*
 * In a dialogue one write is acknowledged with the answer to it. The second has no
 * answer to wait for: it is acknowledged when it is read. The machine may be too
 * slow to read within 40 ms, but not always.
 */
TEST_F(acks, read__two_writes_of_the_peer)
{
	struct peer *p = &self->p;
	int fd = open_active(p), i, n = 0;

	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	ASSERT_LE(0, delayed_acks());
	for (i = 0; i < 10; i++) {
		long long before = delayed_acks();
		int at = 1 + 200 * i;

		packets(p, fmt("< P. %d:%d(100) ack 1", at, at + 100),
			   fmt("< P. %d:%d(100) ack 1", at + 100, at + 200));
		get_pattern(fd, at - 1, 200);
		/* one that the timer sent may come in two parts */
		while (delayed_acks() == before && !peer_hears(p, 0))
			poll_pause();
		n += delayed_acks() == before;
		peer_settle(p, 5);
		set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 0);
	}
	EXPECT_LT(0, n) {
		TH_LOG("each ACK waited for its timer");
	}
	close(fd);
}

/*
 * At the start ACKs leave at once, so that the peer's window grows; but not where
 * the reader is so late that they could not open it.
 */
TEST_F(acks, start__the_reader_is_late)
{
	struct peer *p = &self->p;
	struct sockaddr_in sin = peer_sockaddr(p);
	int fd = wire_socket(&self->w, SOCK_NONBLOCK);

	set_int(fd, SOL_SOCKET, SO_RCVBUF, 20000);
	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 <mss 1460>",
		   ">  . 1:1(0) ack 1",
		   "<  . 1:4001(4000) ack 1",	/* as GRO merges them */
		   ">  . 1:1(0) ack 4001",
		   "<  . 4001:16001(12000) ack 1",
		   "quiet 15",
		   ">  . 1:1(0) ack 16001");
	close(fd);
}

TEST_HARNESS_MAIN
