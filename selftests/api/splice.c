// SPDX-License-Identifier: GPL-2.0
/*
 * Bytes that are not copied on their way: sendfile(), splice() into a socket and out
 * of one, compared with AF_INET (lib/story.h).
 */
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "lib/story.h"

STORIES(splice)

/* A file in memory with the pattern. */
static int pattern_file(size_t size)
{
	int fd = memfd_create("pattern", MFD_CLOEXEC);
	char *buf = malloc(size);
	size_t i;

	for (i = 0; i < size; i++)
		buf[i] = wire_pattern(i);
	if (write(fd, buf, size) != (ssize_t)size)
		abort();
	free(buf);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Read all that is there, and that will come while @more is sent; count errors. */
static void tell_pattern(struct story *s, int fd, size_t expected)
{
	unsigned char buf[65536];
	size_t seen = 0;
	int wrong = 0;
	ssize_t n, i;

	while (seen < expected && (n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (i = 0; i < n; i++)
			wrong += buf[i] != wire_pattern(seen + i);
		seen += n;
	}
	tell(s, seen);
	tell(s, wrong);
}

/* ---- into a socket ------------------------------------------------------- */

STORY(splice, sendfile__arrives)
{
	int pair[2], file = pattern_file(50000);
	off_t offset = 10;

	story_pair(s, pair);
	tell(s, sendfile(pair[0], file, NULL, 20000));
	tell(s, sendfile(pair[0], file, NULL, 30000));
	tell(s, sendfile(pair[0], file, NULL, 1));
	tell_pattern(s, pair[1], 50000);
	tell(s, sendfile(pair[0], file, &offset, 100));
	tell(s, offset);
	tell(s, drain(pair[1]));
	/* the file is shorter than that: what there is does not wait for more */
	offset = 49000;
	tell(s, sendfile(pair[0], file, &offset, 100000));
	tell(s, (ioctl(pair[0], SIOCOUTQNSD, &offset), (int)offset));
	tell(s, revents(pair[1]));
	tell(s, drain(pair[1]));
}

STORY(splice, sendfile__errors)
{
	int pair[2], file = pattern_file(1000), fd = story_socket(s);
	int listener = story_listener(s, 5000);

	signal(SIGPIPE, SIG_IGN);
	tell(s, sendfile(fd, file, NULL, 10));
	tell(s, sendfile(listener, file, NULL, 10));
	story_pair(s, pair);
	tell(s, sendfile(file, pair[0], NULL, 10));
	set_nonblock(pair[0], true);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 4608);
	await(send(pair[0], &file, sizeof(file), MSG_DONTWAIT) < 0);
	tell(s, sendfile(pair[0], file, NULL, 10));
	shutdown(pair[0], SHUT_WR);
	tell(s, sendfile(pair[0], file, NULL, 10));
}

/* No copy was made: what has not left changes with the file. */
STORY(splice, sendfile__shares_pages)
{
	const size_t size = 400000;
	char *buf = malloc(size), *c;
	int pair[2], file = pattern_file(size);
	size_t changed = 0, seen = 0;
	ssize_t sent, n;

	story_pair(s, pair);
	set_nonblock(pair[0], true);
	set_int(pair[1], SOL_SOCKET, SO_RCVBUF, 5000);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, size);
	sent = sendfile(pair[0], file, NULL, size);
	tell(s, sent > 0);
	memset(buf, '!', size);
	tell(s, pwrite(file, buf, size, 0));
	while (seen < (size_t)sent && (n = recv(pair[1], buf, size, 0)) > 0) {
		for (c = buf; c < buf + n; c++)
			changed += *c == '!';
		seen += n;
	}
	/* the pattern has some of its own */
	tell(s, changed > (size_t)sent / 2);
	free(buf);
}

STORY(splice, from_a_pipe)
{
	int pair[2], pipes[2], i;
	char buf[10000];

	for (i = 0; i < (int)sizeof(buf); i++)
		buf[i] = wire_pattern(i);
	tell(s, pipe(pipes));
	story_pair(s, pair);
	tell(s, write(pipes[1], buf, sizeof(buf)));
	tell(s, splice(pipes[0], NULL, pair[0], NULL, 3000, SPLICE_F_MORE));
	tell(s, splice(pipes[0], NULL, pair[0], NULL, 7000, 0));
	tell_pattern(s, pair[1], sizeof(buf));
	tell(s, splice(pipes[0], NULL, pair[0], NULL, 1, SPLICE_F_NONBLOCK));
}

/* ---- out of a socket ----------------------------------------------------- */

STORY(splice, to_a_pipe)
{
	int pair[2], pipes[2], file = pattern_file(100000), out;
	size_t moved = 0;
	ssize_t n;

	tell(s, pipe(pipes));
	story_pair(s, pair);
	set_nonblock(pair[0], true);
	while (moved < 100000) {
		sendfile(pair[0], file, NULL, 100000);
		n = splice(pair[1], NULL, pipes[1], NULL, 10000, SPLICE_F_NONBLOCK);
		if (n <= 0) {
			fd_poll(pair[1], POLLIN, 1);
			continue;
		}
		out = open("/dev/null", O_WRONLY | O_CLOEXEC);
		tell_text(s, "%s", splice(pipes[0], NULL, out, NULL, n, 0) == n ? "" : "short\n");
		close(out);
		moved += n;
	}
	tell(s, moved);
}

STORY(splice, to_a_pipe__contents)
{
	unsigned char buf[5000];
	int pair[2], pipes[2], i, wrong = 0;

	tell(s, pipe(pipes));
	story_pair(s, pair);
	put_pattern(pair[0], 0, sizeof(buf));
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 1, 0));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 1999, 0));
	tell(s, ioctl(pair[1], SIOCINQ, &i));
	tell(s, i);
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100000, 0));
	tell(s, read(pipes[0], buf, sizeof(buf)));
	for (i = 0; i < (int)sizeof(buf); i++)
		wrong += buf[i] != wire_pattern(i);
	tell(s, wrong);
	set_nonblock(pair[1], true);
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 1, 0));
	tell(s, send(pair[0], "last", 4, 0));
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100, 0));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100, 0));
}

STORY(splice, to_a_pipe__errors)
{
	int pair[2], pipes[2], fd = story_socket(s), listener = story_listener(s, 5000);
	loff_t offset = 1;

	tell(s, pipe(pipes));
	tell(s, splice(fd, NULL, pipes[1], NULL, 10, 0));
	tell(s, splice(listener, NULL, pipes[1], NULL, 10, SPLICE_F_NONBLOCK));
	story_pair(s, pair);
	tell(s, splice(pair[1], &offset, pipes[1], NULL, 10, 0));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 0, 0));
	set_linger(pair[0], 0);
	close(pair[0]);
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 10, 0));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 10, 0));
}

/* It waits for the first byte, and no longer. */
STORY(splice, to_a_pipe__waits)
{
	struct timeval tv = { .tv_usec = 50000 };
	int pair[2], pipes[2];

	tell(s, pipe(pipes));
	story_pair(s, pair);
	setsockopt(pair[1], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 10, 0));
	tell(s, send(pair[0], "abc", 3, 0));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 10, 0));
}

/* The pipe is full before the socket is empty. */
STORY(splice, to_a_pipe__full)
{
	int pair[2], pipes[2], i;
	ssize_t n;

	tell(s, pipe(pipes));
	story_pair(s, pair);
	for (i = 0; i < 40; i++)
		if (write(pipes[1], "x", 1) != 1)
			break;
	put_pattern(pair[0], 0, 20000);
	tell(s, revents(pair[1]));
	set_nonblock(pair[1], true);
	do {
		n = splice(pair[1], NULL, pipes[1], NULL, 1, SPLICE_F_NONBLOCK);
	} while (n == 1);
	tell(s, n < 0 ? -errno : n);
}

/* What is marked urgent is left out, and ends it. */
STORY(splice, to_a_pipe__urgent)
{
	int pair[2], pipes[2];
	char buf[20];

	tell(s, pipe(pipes));
	story_pair(s, pair);
	tell(s, send(pair[0], "abc", 3, 0));
	tell(s, send(pair[0], "U", 1, MSG_OOB));
	tell(s, send(pair[0], "def", 3, 0));
	tell(s, revents(pair[1]));
	set_nonblock(pair[1], true);
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100, 0));
	tell(s, recv(pair[1], buf, 1, MSG_OOB));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100, 0));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
}

/* Who reads into nowhere has stepped over the urgent byte, and what is left is behind it. */
STORY(splice, urgent__read_into_nowhere)
{
	int pair[2], left;

	story_pair(s, pair);
	tell(s, send(pair[0], "U", 1, MSG_OOB));
	tell(s, send(pair[0], "def", 3, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], (void *)8, 3, MSG_DONTWAIT));
	tell(s, ioctl(pair[1], SIOCINQ, &left));
	tell(s, left);
	tell(s, ioctl(pair[1], SIOCATMARK, &left));
	tell(s, left);
	tell(s, revents(pair[1]));
}

/* Who stands before the urgent byte and asks for nothing, stays there. */
STORY(splice, to_a_pipe__to_the_mark)
{
	int pair[2], pipes[2], mark;
	char buf[20];

	tell(s, pipe(pipes));
	story_pair(s, pair);
	tell(s, send(pair[0], "abc", 3, 0));
	tell(s, send(pair[0], "U", 1, MSG_OOB));
	tell(s, send(pair[0], "def", 3, 0));
	tell(s, revents(pair[1]));
	tell(s, splice(pair[1], NULL, pipes[1], NULL, 100, SPLICE_F_NONBLOCK));
	tell(s, recv(pair[1], buf, 0, MSG_DONTWAIT));
	tell(s, recv(pair[1], buf, 0, MSG_DONTWAIT | MSG_PEEK));
	tell(s, ioctl(pair[1], SIOCATMARK, &mark));
	tell(s, mark);
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 1, MSG_OOB));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
}

TEST_HARNESS_MAIN
