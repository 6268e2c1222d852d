// SPDX-License-Identifier: GPL-2.0
/*
 * io_uring: requests that wait, go on, time out and are given up, compared with
 * AF_INET's (lib/story.h).
 */
#include <arpa/inet.h>
#include <linux/time_types.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/syscall.h>

#include "lib/ring.h"
#include "lib/story.h"

#define SA(sin)	((struct sockaddr *)&(sin))

static struct ring ring;

static struct io_uring_sqe *request(int op, int fd, const void *addr, unsigned int len,
				    uint64_t number)
{
	return ring_request(&ring, op, fd, addr, len, number);
}

static int submit(void)
{
	return ring_submit(&ring);
}

static bool completed(void)
{
	return ring_completed(&ring);
}

static bool next_completion(struct io_uring_cqe *cqe)
{
	if (!await(completed()))
		return false;
	*cqe = *ring_take(&ring);
	return true;
}

/* What the next completions say, in the order of their numbers.  Descriptors are 0. */
static void tell_completions(struct story *s, int n, int is_fd)
{
	struct io_uring_cqe cqe[RING_ENTRIES] = { };
	int i, j;

	for (i = 0; i < n && next_completion(&cqe[i]); i++)
		;
	if (i < n)
		tell_text(s, "%d completions of %d\n", i, n);
	for (j = 0; j < RING_ENTRIES; j++) {
		for (i = 0; i < n; i++) {
			if (cqe[i].user_data != j)
				continue;
			tell_text(s, "request %d: %d, flags %#x\n", j,
				  is_fd && cqe[i].res > 0 ? 0 : cqe[i].res, cqe[i].flags);
		}
	}
	tell_text(s, "more: %d\n", completed());
}

/* Exactly so much. */
static int receive(int fd, char *buf, int len)
{
	int got = 0, n;

	while (got < len && fd_poll(fd, POLLIN, PATIENCE_MS) & POLLIN &&
	       (n = recv(fd, buf + got, len - got, MSG_DONTWAIT)) > 0)
		got += n;
	return got;
}

FIXTURE(uring) { int unused; };
FIXTURE_SETUP(uring)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (!ring_open(&ring))
		SKIP(return, "no io_uring: %s", strerror(errno));
}
FIXTURE_TEARDOWN(uring)
{
}

STORY(uring, accept__goes_on)
{
	struct sockaddr_in sin = loopback(5000);
	int listener = story_listener(s, 5000), i;

	ring_open(&ring);
	request(IORING_OP_ACCEPT, listener, NULL, 0, 1)->ioprio = IORING_ACCEPT_MULTISHOT;
	tell(s, submit());
	for (i = 0; i < 3; i++) {
		tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
		tell_completions(s, 1, true);
	}
	tell(s, shutdown(listener, SHUT_RD));
	tell_completions(s, 1, true);
}

/* Answered, refused, answered by nobody. */
STORY(uring, connect)
{
	struct sockaddr_in sin = loopback(5000), refused = loopback(1);
	struct __kernel_timespec soon = { .tv_nsec = 50000000 };
	struct sockaddr_in silent = wire_sockaddr(9);
	struct io_uring_sqe *sqe;
	int fd = story_socket(s);

	story_listener(s, 5000);
	silent.sin_addr.s_addr = inet_addr(WIRE_REMOTE);
	ring_open(&ring);
	request(IORING_OP_CONNECT, fd, &sin, 0, 1)->off = sizeof(sin);
	tell(s, submit());
	tell_completions(s, 1, false);
	tell(s, send(fd, "x", 1, MSG_NOSIGNAL));
	request(IORING_OP_CONNECT, fd, &sin, 0, 1)->off = sizeof(sin);
	tell(s, submit());
	tell_completions(s, 1, false);
	request(IORING_OP_CONNECT, story_socket(s), &refused, 0, 1)->off = sizeof(sin);
	tell(s, submit());
	tell_completions(s, 1, false);
	fd = story_socket(s);
	sqe = request(IORING_OP_CONNECT, fd, &silent, 0, 1);
	sqe->off = sizeof(silent);
	sqe->flags = IOSQE_IO_LINK;
	request(IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 2);
	tell(s, submit());
	tell_completions(s, 2, false);
	tell(s, fd_state(fd));
}

/* A receiver that goes on, into buffers that the kernel chooses. */
STORY(uring, recv__goes_on)
{
	static char memory[4][16];
	struct io_uring_sqe *sqe;
	int pair[2];

	story_pair(s, pair);
	memset(memory, 0, sizeof(memory));
	ring_open(&ring);
	request(IORING_OP_PROVIDE_BUFFERS, 4, memory, sizeof(memory[0]), 1)->buf_group = 7;
	tell(s, submit());
	tell_completions(s, 1, false);
	sqe = request(IORING_OP_RECV, pair[1], NULL, 0, 2);
	sqe->flags = IOSQE_BUFFER_SELECT;
	sqe->buf_group = 7;
	sqe->ioprio = IORING_RECV_MULTISHOT;
	tell(s, submit());
	tell(s, completed());
	tell(s, send(pair[0], "hello", 5, 0));
	tell_completions(s, 1, false);
	/* one and a half buffers */
	tell(s, send(pair[0], "0123456789abcdefghijklmn", 24, 0));
	tell_completions(s, 2, false);
	tell(s, send(pair[0], "world", 5, 0));
	tell_completions(s, 1, false);
	/* no buffer is left */
	tell(s, send(pair[0], "!", 1, 0));
	tell_completions(s, 1, false);
	tell_text(s, "%.16s %.16s %.16s %.16s\n", memory[0], memory[1], memory[2], memory[3]);
	tell(s, drain(pair[1]));
}

STORY(uring, recv__ends)
{
	static char buf[64];
	int pair[2];

	story_pair(s, pair);
	ring_open(&ring);
	request(IORING_OP_RECV, pair[1], buf, sizeof(buf), 1);
	tell(s, submit());
	tell(s, completed());
	tell(s, send(pair[0], "hello", 5, 0));
	tell_completions(s, 1, false);
	/* what is left over is told */
	tell(s, send(pair[0], "0123456789", 10, 0));
	tell(s, revents(pair[1]));
	request(IORING_OP_RECV, pair[1], buf, 4, 1);
	request(IORING_OP_RECV, pair[1], buf, 6, 2)->ioprio = IORING_RECVSEND_POLL_FIRST;
	tell(s, submit());
	tell_completions(s, 2, false);
	request(IORING_OP_RECV, pair[1], buf, sizeof(buf), 1)->msg_flags = MSG_WAITALL;
	tell(s, submit());
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, completed());
	tell(s, shutdown(pair[0], SHUT_WR));
	tell_completions(s, 1, false);
	request(IORING_OP_RECV, pair[1], buf, sizeof(buf), 1);
	tell(s, submit());
	tell_completions(s, 1, false);
	request(IORING_OP_RECV, pair[0], buf, sizeof(buf), 1);
	tell(s, submit());
	set_linger(pair[1], 0);
	close(pair[1]);
	tell_completions(s, 1, false);
}

STORY(uring, recv__is_given_up)
{
	struct __kernel_timespec soon = { .tv_nsec = 50000000 };
	static char buf[64];
	int pair[2];

	story_pair(s, pair);
	ring_open(&ring);
	request(IORING_OP_RECV, pair[1], buf, sizeof(buf), 1)->flags = IOSQE_IO_LINK;
	request(IORING_OP_LINK_TIMEOUT, -1, &soon, 1, 2);
	tell(s, submit());
	tell_completions(s, 2, false);
	request(IORING_OP_RECV, pair[1], buf, sizeof(buf), 1);
	tell(s, submit());
	request(IORING_OP_ASYNC_CANCEL, -1, (void *)1, 0, 2);
	tell(s, submit());
	tell_completions(s, 2, false);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
}

STORY(uring, poll__goes_on)
{
	int pair[2];

	story_pair(s, pair);
	ring_open(&ring);
	request(IORING_OP_POLL_ADD, pair[1], NULL, IORING_POLL_ADD_MULTI, 1)->poll32_events =
		POLLIN | POLLRDHUP;
	tell(s, submit());
	tell(s, completed());
	tell(s, send(pair[0], "a", 1, 0));
	tell_completions(s, 1, false);
	tell(s, drain(pair[1]));
	tell(s, send(pair[0], "b", 1, 0));
	tell_completions(s, 1, false);
	tell(s, shutdown(pair[0], SHUT_WR));
	tell_completions(s, 1, false);
}

/* More than the buffer holds: all of it, once there is room. */
STORY(uring, send__waits_for_room)
{
	static char buf[4 << 20];
	int pair[2], total = 0;

	story_pair(s, pair);
	tell(s, set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 20000));
	ring_open(&ring);
	request(IORING_OP_SEND, pair[0], buf, sizeof(buf), 1)->msg_flags = MSG_WAITALL;
	tell(s, submit());
	tell(s, completed());
	tell(s, await((total += drain(pair[1]), completed())));
	tell_completions(s, 1, false);
	tell(s, await((total += drain(pair[1]), total == sizeof(buf))));
	request(IORING_OP_SHUTDOWN, pair[0], NULL, SHUT_WR, 1);
	tell(s, submit());
	tell_completions(s, 1, false);
	tell(s, settled_state(pair[0]));
	request(IORING_OP_SEND, pair[0], buf, 1, 1)->msg_flags = MSG_NOSIGNAL;
	tell(s, submit());
	tell_completions(s, 1, false);
}

/* The sender's own pages: it is told twice, of the bytes and of the pages. */
STORY(uring, send__without_a_copy)
{
	static char sent[100000], got[100000];
	int pair[2], i;

	story_pair(s, pair);
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + (i >> 8);
	ring_open(&ring);
	request(IORING_OP_SEND_ZC, pair[0], sent, sizeof(sent), 1)->msg_flags = MSG_WAITALL;
	tell(s, submit());
	tell(s, receive(pair[1], got, sizeof(got)));
	tell(s, memcmp(sent, got, sizeof(sent)));
	tell_completions(s, 2, false);
	shutdown(pair[0], SHUT_WR);
	request(IORING_OP_SEND_ZC, pair[0], sent, 10, 1)->msg_flags = MSG_NOSIGNAL;
	tell(s, submit());
	tell_completions(s, 2, false);
}

/* In one segment with what is copied, and of a buffer that stays pinned. */
STORY(uring, send__without_a_copy_among_others)
{
	static char sent[4096], got[4096];
	struct iovec iov = { sent, sizeof(sent) };
	struct io_uring_sqe *sqe;
	int pair[2], i;

	story_pair(s, pair);
	for (i = 0; i < sizeof(sent); i++)
		sent[i] = i * 7 + (i >> 8);
	ring_open(&ring);
	tell(s, syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_BUFFERS, &iov, 1));
	tell(s, set_int(pair[0], IPPROTO_TCP, TCP_CORK, 1));
	for (i = 0; i < 4; i++) {
		sqe = request(IORING_OP_SEND_ZC, pair[0], sent + 300 * i, 200, i);
		if (i & 1)
			sqe->ioprio = IORING_RECVSEND_FIXED_BUF;
		tell(s, submit());
		tell(s, send(pair[0], sent + 300 * i + 200, 100, 0));
	}
	tell(s, set_int(pair[0], IPPROTO_TCP, TCP_CORK, 0));
	tell(s, receive(pair[1], got, 1200));
	tell(s, memcmp(sent, got, 1200));
	tell_completions(s, 8, false);
}

TEST_HARNESS_MAIN
