// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_ZEROCOPY_RECEIVE: pages of the receive queue in a program's memory, compared with AF_INET
 * (lib/story.h).
 *
 * Whole pages come where a pipe's pages are spliced into the other end.
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lib/story.h"

#define PAGE	4096
#define PAGES	16

FIXTURE(zcrecv) { int unused; };

FIXTURE_SETUP(zcrecv)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (kernel_before(6, 3))
		SKIP(return, "Linux before 6.3 does not let modules take out pages");
}

FIXTURE_TEARDOWN(zcrecv)
{
}

/* So many bytes in pages of their own, which begin with byte @first of the pattern. */
static void send_pages(int fd, size_t first, size_t n)
{
	char buf[PAGE];
	int pipes[2];
	size_t i;

	if (pipe(pipes))
		abort();
	while (n) {
		size_t len = n < PAGE ? n : PAGE;

		for (i = 0; i < len; i++)
			buf[i] = wire_pattern(first + i);
		if (write(pipes[1], buf, len) != (ssize_t)len ||
		    splice(pipes[0], NULL, fd, NULL, len, n > len ? SPLICE_F_MORE : 0) !=
		    (ssize_t)len)
			abort();
		first += len;
		n -= len;
	}
	close(pipes[0]);
	close(pipes[1]);
}

static void *map_socket(int fd, size_t size)
{
	return mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
}

static struct tcp_zerocopy_receive request(void *at, uint32_t length)
{
	return (struct tcp_zerocopy_receive){ .address = (uintptr_t)at, .length = length };
}

static int take(int fd, struct tcp_zerocopy_receive *zc)
{
	socklen_t len = sizeof(*zc);

	return getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, zc, &len);
}

/* How many bytes there are not those of the pattern. */
static size_t wrong(const void *at, size_t first, size_t n)
{
	const unsigned char *p = at;
	size_t i, sum = 0;

	for (i = 0; i < n; i++)
		sum += p[i] != wire_pattern(first + i);
	return sum;
}

static void tell_answer(struct story *s, const struct tcp_zerocopy_receive *zc)
{
	tell(s, zc->length);
	tell(s, zc->recv_skip_hint);
	tell(s, zc->inq);
	tell(s, zc->err);
	tell(s, zc->copybuf_len);
	tell(s, zc->flags);
	tell(s, zc->msg_controllen);
	tell(s, zc->msg_flags);
}

/* Everything that was sent is there to be read. */
static void arrived(int fd, size_t n)
{
	int inq;

	await(ioctl(fd, FIONREAD, &inq) || inq >= (int)n);
}

STORY(zcrecv, pages__are_mapped)
{
	size_t mapped = 0;
	char *at;
	int pair[2], round;

	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	tell(s, at != MAP_FAILED);
	/* the second time something is there already */
	for (round = 0; round < 3; round++) {
		struct tcp_zerocopy_receive zc = request(at, PAGES * PAGE);

		send_pages(pair[0], round, PAGES * PAGE);
		arrived(pair[1], PAGES * PAGE);
		zc.flags = round == 2 ? TCP_RECEIVE_ZEROCOPY_FLAG_TLB_CLEAN_HINT : 0;
		tell(s, take(pair[1], &zc));
		tell_answer(s, &zc);
		mapped = zc.length;
		tell(s, wrong(at, round, mapped));
		tell(s, drain(pair[1]));
	}
	/* what is mapped stays when the socket goes */
	close(pair[1]);
	tell(s, wrong(at, 2, mapped));
	tell(s, munmap(at, PAGES * PAGE));
}

STORY(zcrecv, pages__fewer_than_there_are)
{
	struct tcp_zerocopy_receive zc;
	int pair[2];
	char *at;

	story_pair(s, pair);
	at = map_socket(pair[1], 4 * PAGE);
	send_pages(pair[0], 0, PAGES * PAGE);
	arrived(pair[1], PAGES * PAGE);
	/* as many as are asked for, and as the area has */
	zc = request(at, 2 * PAGE + 10);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, wrong(at, 0, 2 * PAGE));
	zc = request(at + PAGE, 100 * PAGE);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, wrong(at + PAGE, 2 * PAGE, 3 * PAGE));
	zc = request(at, 10);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, drain(pair[1]));
}

/* A small write is in the way, at each place. */
STORY(zcrecv, gap__in_front)
{
	struct tcp_zerocopy_receive zc;
	char small[100], buf[200];
	int pair[2];
	char *at;

	memset(small, 'x', sizeof(small));
	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	tell(s, send(pair[0], small, sizeof(small), 0));
	arrived(pair[1], sizeof(small));
	send_pages(pair[0], 0, 2 * PAGE);
	arrived(pair[1], sizeof(small) + 2 * PAGE);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell(s, zc.length);
	tell(s, zc.recv_skip_hint);
	tell(s, zc.inq);
	tell(s, recv(pair[1], buf, sizeof(small), 0));
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, wrong(at, 0, zc.length));
}

STORY(zcrecv, gap__behind)
{
	struct tcp_zerocopy_receive zc;
	char buf[200];
	int pair[2];
	char *at;

	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	send_pages(pair[0], 0, 2 * PAGE + 100);
	arrived(pair[1], 2 * PAGE + 100);
	zc = request(at, PAGES * PAGE);
	zc.copybuf_address = (uintptr_t)buf;
	zc.copybuf_len = 40;
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, wrong(at, 0, zc.length));
	tell(s, zc.copybuf_len > 0 ? wrong(buf, 2 * PAGE, zc.copybuf_len) : 0);
	tell(s, drain(pair[1]));
}

/* What is not worth a page is copied. */
STORY(zcrecv, copy__small)
{
	struct tcp_zerocopy_receive zc;
	char buf[300];
	int pair[2];
	char *at;

	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	send_pages(pair[0], 0, 200);
	arrived(pair[1], 200);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	zc = request(at, PAGES * PAGE);
	zc.copybuf_address = (uintptr_t)buf;
	zc.copybuf_len = 100;
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	zc = request(at, PAGES * PAGE);
	zc.copybuf_address = (uintptr_t)buf;
	zc.copybuf_len = sizeof(buf);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	tell(s, wrong(buf, 0, 200));
	send_pages(pair[0], 0, 200);
	arrived(pair[1], 200);
	/* nowhere */
	zc = request(at, PAGES * PAGE);
	zc.copybuf_address = 1;
	zc.copybuf_len = sizeof(buf);
	tell(s, take(pair[1], &zc));
	tell(s, drain(pair[1]));
}

/* A byte that is marked urgent, and stays in the stream, is a byte like others. */
STORY(zcrecv, urgent__in_line)
{
	struct tcp_zerocopy_receive zc;
	char buf[2 * PAGE];
	int pair[2], mark;
	char *at;

	story_pair(s, pair);
	set_int(pair[1], SOL_SOCKET, SO_OOBINLINE, 1);
	at = map_socket(pair[1], PAGES * PAGE);
	send_pages(pair[0], 0, 2 * PAGE);
	tell(s, send(pair[0], "u", 1, MSG_OOB));
	arrived(pair[1], 2 * PAGE + 1);
	send_pages(pair[0], 2 * PAGE, 2 * PAGE);
	arrived(pair[1], 4 * PAGE + 1);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell(s, zc.length);
	tell(s, wrong(at, 0, zc.length));
	tell(s, recv(pair[1], buf, sizeof(buf), MSG_PEEK));
	/* the mark is within what is copied */
	zc = request(at, PAGES * PAGE);
	zc.copybuf_address = (uintptr_t)buf;
	zc.copybuf_len = sizeof(buf);
	tell(s, take(pair[1], &zc));
	tell(s, zc.copybuf_len > 0);
	tell(s, buf[0]);
	tell(s, ioctl(pair[1], SIOCATMARK, &mark));
	tell(s, mark);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell(s, zc.length);
	tell(s, drain(pair[1]));
}

STORY(zcrecv, end__of_the_stream)
{
	struct tcp_zerocopy_receive zc;
	int pair[2];
	char *at;

	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	send_pages(pair[0], 0, PAGE);
	shutdown(pair[0], SHUT_WR);
	await(revents(pair[1]) & 0x2000);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
}

STORY(zcrecv, end__reset)
{
	struct linger linger = { .l_onoff = 1 };
	struct tcp_zerocopy_receive zc;
	int pair[2];
	char *at;

	story_pair(s, pair);
	at = map_socket(pair[1], PAGES * PAGE);
	setsockopt(pair[0], SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	close(pair[0]);
	await(revents(pair[1]) & 0x8);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell(s, zc.err);
	zc = request(at, PAGES * PAGE);
	tell(s, take(pair[1], &zc));
	tell(s, zc.err);
}

STORY(zcrecv, errors)
{
	struct tcp_zerocopy_receive zc;
	char big[sizeof(zc) + 8] = { 0 };
	int pair[2], listener = story_listener(s, 5000), fd = story_socket(s);
	socklen_t len;
	char *at, *anon;

	story_pair(s, pair);
	tell(s, mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, pair[1], 0) == MAP_FAILED);
	tell(s, errno);
	tell(s, mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, pair[1], 0) == MAP_FAILED);
	tell(s, errno);
	at = map_socket(pair[1], 4 * PAGE);
	tell(s, mprotect(at, PAGE, PROT_READ | PROT_WRITE));
	anon = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	send_pages(pair[0], 0, 2 * PAGE);
	arrived(pair[1], 2 * PAGE);
	zc = request(anon, PAGE);
	tell(s, take(pair[1], &zc));
	zc = request(at + 1, PAGE);
	tell(s, take(pair[1], &zc));
	zc = request(NULL, PAGE);
	tell(s, take(pair[1], &zc));
	zc = request(at, PAGE);
	zc.reserved = 1;
	tell(s, take(pair[1], &zc));
	zc = request(at, PAGE);
	zc.msg_flags = 1;
	tell(s, take(pair[1], &zc));
	zc = request(at, PAGE);
	zc.flags = ~0;
	tell(s, take(pair[1], &zc));
	zc = request(at, PAGE);
	tell(s, take(listener, &zc));
	tell(s, take(fd, &zc));
	zc = request(at, 0);
	tell(s, take(pair[1], &zc));
	tell_answer(s, &zc);
	/* each length of the structure */
	for (len = 0; len <= sizeof(big); len++) {
		socklen_t given = len;

		memset(big, 0, sizeof(big));
		zc = request(at, 0);
		memcpy(big, &zc, sizeof(zc));
		tell(s, getsockopt(pair[1], IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, big, &given));
		tell(s, given);
	}
	big[sizeof(zc)] = 1;
	tell(s, getsockopt(pair[1], IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, big, &len));
	tell(s, drain(pair[1]));
}

TEST_HARNESS_MAIN
