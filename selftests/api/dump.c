// SPDX-License-Identifier: GPL-2.0
/*
 * A list of many sockets (sock_diag): complete, each of them once, in as many pieces as the
 * reader likes, while others come and go; and when the table was resized under way, it says
 * that it may be neither.
 *
 * XTCP_SOCKETS is how many there are.
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "fixture.h"

#define PORT		7000
#define SOCKETS		1000
/* Connections that one address can have, of the 28,232 ports that are chosen from. */
#define PER_ADDRESS	10000
/* What is read at a time: a few answers, so that a dump is continued often. */
#define PIECE		8192

#ifndef SO_COOKIE
#define SO_COOKIE	57
#endif

/**
 * struct known - a socket that is there all the time
 * @cookie: which one
 * @fd: its descriptor
 * @seen: how often it was listed
 */
struct known {
	uint64_t cookie;
	int fd;
	int seen;
};

FIXTURE(dump) {
	struct known	*known;
	int		nr;
	int		listener[16];
	int		nr_listeners;
};

static int by_cookie(const void *a, const void *b)
{
	const struct known *ka = a, *kb = b;

	return (ka->cookie > kb->cookie) - (ka->cookie < kb->cookie);
}

static int add(FIXTURE_DATA(dump) *self, int fd)
{
	struct known *k = &self->known[self->nr++];
	socklen_t len = sizeof(k->cookie);

	k->fd = fd;
	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &k->cookie, &len);
}

static struct sockaddr_in address(int i)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK + i),
	};
}

static int listen_at(int i)
{
	struct sockaddr_in addr = address(i);
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && (bind(fd, (void *)&addr, sizeof(addr)) || listen(fd, 16)))
		return -1;
	return fd;
}

/* A connection over loopback: both of its sockets. */
static int connect_to(int listener, int i, int fd[2])
{
	struct sockaddr_in addr = address(i);

	fd[0] = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd[0] < 0 || connect(fd[0], (void *)&addr, sizeof(addr)))
		return -1;
	fd[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	return fd[1] < 0 ? -1 : 0;
}

/* So many more, half of them connections that were accepted. */
static int open_more(FIXTURE_DATA(dump) *self, int nr)
{
	int fd[2], i, last = self->nr + nr;

	while (self->nr < last) {
		i = self->nr / 2 / PER_ADDRESS;
		if (i == self->nr_listeners)
			self->listener[self->nr_listeners++] = listen_at(i);
		if (connect_to(self->listener[i], i, fd) || add(self, fd[0]) || add(self, fd[1]))
			return -1;
	}
	qsort(self->known, self->nr, sizeof(*self->known), by_cookie);
	return 0;
}

FIXTURE_SETUP(dump)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int nr = env_number("XTCP_SOCKETS", SOCKETS), fd;
	struct rlimit limit = { 3 * nr + 100, 3 * nr + 100 };
	const char *why = xtcp_missing();

	if (why)
		SKIP(return, "%s", why);
	ASSERT_LE(nr, 2 * 2 * PER_ADDRESS * 16);
	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(ioctl(fd, SIOCSIFFLAGS, &lo), 0);
	close(fd);
	/* some tests open as many again */
	self->known = calloc(2 * nr + 2, sizeof(*self->known));
	ASSERT_NE(self->known, NULL);
	ASSERT_EQ(open_more(self, nr), 0) {
		TH_LOG("%d sockets, then: %s", self->nr, strerror(errno));
	}
}

FIXTURE_TEARDOWN(dump)
{
	int i;

	for (i = 0; i < self->nr; i++)
		close(self->known[i].fd);
	for (i = 0; i < self->nr_listeners; i++)
		close(self->listener[i]);
	free(self->known);
}

/* ---- a dump, piece by piece ---- */

/**
 * struct reading - a dump under way
 * @fd: the netlink socket
 * @begun_ns: when it began
 * @answers: sockets and entries that were listed
 * @interrupted: it says that it need not be complete
 * @done: nothing more comes
 */
struct reading {
	int fd;
	uint64_t begun_ns;
	int answers;
	bool interrupted;
	bool done;
};

static bool reading_begin(struct reading *r)
{
	struct diag_request req = diag_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, NULL, NULL);

	memset(r, 0, sizeof(*r));
	req.req.idiag_ext = 0;
	r->fd = diag_open();
	r->begun_ns = now_ns();
	return r->fd >= 0 && send(r->fd, &req, sizeof(req), 0) == sizeof(req);
}

static void note(FIXTURE_DATA(dump) *self, const struct inet_diag_msg *msg)
{
	struct known *k, key = {
		.cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0],
	};

	k = bsearch(&key, self->known, self->nr, sizeof(key), by_cookie);
	if (k)
		k->seen++;
}

static bool reading_piece(FIXTURE_DATA(dump) *self, struct reading *r)
{
	static char buf[PIECE] __attribute__((aligned(8)));
	int len = recv(r->fd, buf, sizeof(buf), MSG_TRUNC);
	const struct nlmsghdr *nlh = (void *)buf;

	if (len <= 0 || len > PIECE)
		return false;
	for (; NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		r->interrupted |= nlh->nlmsg_flags & NLM_F_DUMP_INTR;
		if (nlh->nlmsg_type == NLMSG_ERROR)
			return false;
		if (nlh->nlmsg_type == NLMSG_DONE)
			r->done = true;
		else
			note(self, NLMSG_DATA(nlh));
		r->answers += nlh->nlmsg_type == SOCK_DIAG_BY_FAMILY;
	}
	return true;
}

static bool reading_end(FIXTURE_DATA(dump) *self, struct reading *r)
{
	bool ok = true;

	while (ok && !r->done)
		ok = reading_piece(self, r);
	close(r->fd);
	return ok;
}

static void forget(FIXTURE_DATA(dump) *self)
{
	int i;

	for (i = 0; i < self->nr; i++)
		self->known[i].seen = 0;
}

/* How many were listed less, or more, often than that. */
static int missing(const FIXTURE_DATA(dump) *self)
{
	int i, nr = 0;

	for (i = 0; i < self->nr; i++)
		nr += !self->known[i].seen;
	return nr;
}

static int repeated(const FIXTURE_DATA(dump) *self)
{
	int i, nr = 0;

	for (i = 0; i < self->nr; i++)
		nr += self->known[i].seen > 1;
	return nr;
}

/* A whole dump.  Return: whether it says that it is complete. */
static bool read_all(FIXTURE_DATA(dump) *self, struct reading *r)
{
	forget(self);
	return reading_begin(r) && reading_end(self, r) && !r->interrupted;
}

/* ---- the tests ---- */

/* A table that has just grown may still be resized: some dump is not interrupted. */
TEST_F_TIMEOUT(dump, dump__has_all_of_them_once, RACE_TIMEOUT)
{
	struct reading r;

	ASSERT_TRUE(await(read_all(self, &r)));
	EXPECT_EQ(missing(self), 0);
	EXPECT_EQ(repeated(self), 0);
	EXPECT_EQ(r.answers, self->nr + self->nr_listeners);
	TH_LOG("%d sockets in %.3f s", self->nr, (now_ns() - r.begun_ns) / 1e9);
}

static bool stop;

/* Connections, one after the other, each gone at once. */
static void *come_and_go(void *arg)
{
	const FIXTURE_DATA(dump) *self = arg;
	struct linger reset = { .l_onoff = 1 };
	int fd[2], i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		if (connect_to(self->listener[0], 0, fd))
			break;
		for (i = 0; i < 2; i++) {
			setsockopt(fd[i], SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
			close(fd[i]);
		}
	}
	return NULL;
}

/* Who stays is listed, whoever else goes between two pieces. */
TEST_F_TIMEOUT(dump, dump__while_others_come_and_go, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(2) * 1000000000ULL;
	int dumps = 0, doubled = 0, interrupted = 0;
	struct reading r;
	pthread_t others;

	XTCP_ONLY();
	stop = false;
	ASSERT_EQ(pthread_create(&others, NULL, come_and_go, self), 0);
	do {
		forget(self);
		ASSERT_TRUE(reading_begin(&r));
		ASSERT_TRUE(reading_end(self, &r));
		if (!r.interrupted)
			EXPECT_EQ(missing(self), 0);
		doubled += repeated(self);
		interrupted += r.interrupted;
		dumps++;
	} while (now_ns() < end);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(others, NULL);
	TH_LOG("%d dumps, %d sockets listed twice, %d dumps interrupted", dumps, doubled,
	       interrupted);
}

/* So many come while the reader waits that the table grows. */
TEST_F_TIMEOUT(dump, dump__while_the_table_grows, RACE_TIMEOUT)
{
	int before = self->nr;
	struct reading r;

	XTCP_ONLY();
	ASSERT_TRUE(reading_begin(&r));
	ASSERT_TRUE(reading_piece(self, &r));
	forget(self);
	ASSERT_EQ(open_more(self, before), 0);
	ASSERT_TRUE(reading_end(self, &r));
	TH_LOG("%d answers, %d listed twice, %sinterrupted", r.answers, repeated(self),
	       r.interrupted ? "" : "not ");
	if (!r.interrupted)
		EXPECT_EQ(repeated(self), 0);
	/* the next one is complete again */
	ASSERT_TRUE(await(read_all(self, &r)));
	EXPECT_EQ(missing(self), 0);
	EXPECT_EQ(repeated(self), 0);
}

TEST_HARNESS_MAIN
