// SPDX-License-Identifier: GPL-2.0
/*
 * One thread waits in a call, another gives the socket a new connection: the call ends
 * with the connection that it began with.  Compared with AF_INET (lib/story.h); and a
 * race, in which nobody may ever get bytes of two connections.
 *
 * XTCP_ATTACK=seconds makes the race that long, XTCP_SEED=number chooses.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "lib/dice.h"
#include "lib/story.h"

STORIES(reconnect)

#define SA(sin)	((struct sockaddr *)&(sin))
#define PORT	5000
/* What a call gets that waits for ever. */
#define PATIENCE { .tv_sec = PATIENCE_MS / 1000 }

static const struct sockaddr none = { .sa_family = AF_UNSPEC };

/* A call that sleeps, of a thread of its own. */
struct sleeper {
	long	(*call)(int fd, char *buf);
	int	fd;
	char	buf[64];
	long	result;
	int	err;
	pid_t	tid;
};

static void *sleeper_run(void *arg)
{
	struct sleeper *z = arg;

	__atomic_store_n(&z->tid, gettid(), __ATOMIC_SEQ_CST);
	errno = 0;
	z->result = z->call(z->fd, z->buf);
	z->err = errno;
	return NULL;
}

/* It sleeps: the kernel says so. */
static bool is_asleep(struct sleeper *z)
{
	pid_t tid = __atomic_load_n(&z->tid, __ATOMIC_SEQ_CST);
	char path[64], line[256] = "";
	const char *end;
	FILE *f;

	if (!tid)
		return false;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(line, sizeof(line), f))
		line[0] = 0;
	fclose(f);
	end = strrchr(line, ')');
	return end && !strncmp(end, ") S", 3);
}

static long call_recv(int fd, char *buf) { return recv(fd, buf, 60, 0); }
static long call_recv_all(int fd, char *buf) { return recv(fd, buf, 6, MSG_WAITALL); }
static long call_peek(int fd, char *buf) { return recv(fd, buf, 60, MSG_PEEK); }

static long call_splice(int fd, char *buf)
{
	int pipes[2], err;
	long n;

	if (pipe2(pipes, O_CLOEXEC))
		return -2;
	n = splice(fd, NULL, pipes[1], NULL, 60, 0);
	err = errno;
	if (n > 0)
		n = read(pipes[0], buf, 60);
	close(pipes[0]);
	close(pipes[1]);
	errno = err;
	return n;
}

static char much[8 << 20];

static long call_send(int fd, char *buf)
{
	/* how much fits is chance: only that it was less than all */
	long n = send(fd, much, sizeof(much), MSG_NOSIGNAL | MSG_MORE);

	return n > 0 ? n < (long)sizeof(much) : n;
}

static void tell_sleeper(struct story *s, const struct sleeper *z, const char *name)
{
	tell_text(s, "%s: %ld %s '%.*s'\n", name, z->result,
		  z->result < 0 ? strerrorname_np(z->err) : "",
		  z->result > 0 ? (int)z->result : 0, z->buf);
}

/* What the new connection brings must not reach who waits in the old one. */
static void tell_while(struct story *s, long (*call)(int fd, char *buf), const char *name,
		       const char *before)
{
	struct timeval patience = PATIENCE;
	int listener = story_listener(s, PORT), fd = story_socket(s), peer;
	struct sleeper z = { .call = call, .fd = fd };
	struct sockaddr_in sin = loopback(PORT);
	pthread_t thread;
	int waiting;
	char buf[16];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	tell(s, send(peer, before, strlen(before), MSG_NOSIGNAL));
	pthread_create(&thread, NULL, sleeper_run, &z);
	tell(s, await(is_asleep(&z)));
	/* what came before is taken */
	tell(s, await(!ioctl(fd, SIOCINQ, &waiting) && !waiting));
	tell(s, connect(fd, &none, sizeof(none)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	close(peer);
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	tell(s, send(peer, "XYZ", 3, MSG_NOSIGNAL));
	pthread_join(thread, NULL);
	tell_sleeper(s, &z, name);
	/* and what it brings is there, and nothing else */
	tell(s, fd_poll(fd, POLLIN, PATIENCE_MS));
	tell(s, recv(fd, buf, sizeof(buf), 0));
	tell_text(s, "%.3s\n", buf);
	tell(s, send(fd, "hello", 5, MSG_NOSIGNAL));
	tell(s, fd_poll(peer, POLLIN, PATIENCE_MS));
	tell(s, recv(peer, buf, sizeof(buf), 0));
	close(fd);
	close(peer);
	close(listener);
}

STORY(reconnect, recv__ends) { tell_while(s, call_recv, "recv", ""); }
STORY(reconnect, waitall__ends_with_what_it_has)
{
	tell_while(s, call_recv_all, "waitall", "abc");
}
STORY(reconnect, waitall__ends) { tell_while(s, call_recv_all, "waitall", ""); }
STORY(reconnect, peek__ends) { tell_while(s, call_peek, "peek", ""); }
STORY(reconnect, splice__ends) { tell_while(s, call_splice, "splice", ""); }
STORY(reconnect, send__ends) { tell_while(s, call_send, "send", ""); }

/* The same, and the socket stays as it is. */
static void tell_disconnect(struct story *s, long (*call)(int fd, char *buf),
			    const char *name)
{
	struct sleeper z = { .call = call };
	pthread_t thread;
	int pair[2];

	story_pair(s, pair);
	z.fd = pair[0];
	pthread_create(&thread, NULL, sleeper_run, &z);
	tell(s, await(is_asleep(&z)));
	tell(s, connect(pair[0], &none, sizeof(none)));
	pthread_join(thread, NULL);
	tell_sleeper(s, &z, name);
	tell(s, fd_state(pair[0]));
}

STORY(reconnect, unspec__under_recv) { tell_disconnect(s, call_recv, "recv"); }
STORY(reconnect, unspec__under_peek) { tell_disconnect(s, call_peek, "peek"); }
STORY(reconnect, unspec__under_splice) { tell_disconnect(s, call_splice, "splice"); }
STORY(reconnect, unspec__under_send) { tell_disconnect(s, call_send, "send"); }

/* While the connection is not there yet, to a host that does not answer. */
static void tell_opening(struct story *s, long (*call)(int fd, char *buf), const char *name,
			 bool shut)
{
	int fd = story_socket(s);
	struct sleeper z = { .call = call, .fd = fd };
	struct sockaddr_in sin = loopback(PORT);
	pthread_t thread;

	sin.sin_addr.s_addr = inet_addr(WIRE_REMOTE);
	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	set_nonblock(fd, false);
	pthread_create(&thread, NULL, sleeper_run, &z);
	tell(s, await(is_asleep(&z)));
	if (shut)
		tell(s, shutdown(fd, SHUT_RDWR));
	else
		tell(s, connect(fd, &none, sizeof(none)));
	pthread_join(thread, NULL);
	tell_sleeper(s, &z, name);
	tell(s, fd_state(fd));
	tell(s, fd_error(fd));
}

STORY(reconnect, opening__unspec_under_recv) { tell_opening(s, call_recv, "recv", false); }
STORY(reconnect, opening__unspec_under_send) { tell_opening(s, call_send, "send", false); }
STORY(reconnect, opening__shutdown_under_recv) { tell_opening(s, call_recv, "recv", true); }
STORY(reconnect, opening__shutdown_under_send) { tell_opening(s, call_send, "send", true); }

/* ---- what of the old connection a new one finds ------------------------------------ */

/* An error of the old one is not the new one's. */
STORY(reconnect, error__goes)
{
	int listener = story_listener(s, PORT), fd = story_socket(s), peer;
	struct sockaddr_in sin = loopback(PORT);
	char byte;

	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(fd, &none, sizeof(none)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	tell(s, revents(fd));
	tell(s, fd_error(fd));
	tell(s, send(peer, "a", 1, MSG_NOSIGNAL));
	tell(s, recv(fd, &byte, 1, 0));
}

/* SO_PEEK_OFF is a place in a stream that is no more. */
STORY(reconnect, peek_off__goes)
{
	int listener = story_listener(s, PORT), fd = story_socket(s), peer;
	struct sockaddr_in sin = loopback(PORT);
	char buf[8] = "";

	/* before 6.9 the kernel's TCP has none */
	if (set_int(socket(AF_INET, SOCK_STREAM, 0), SOL_SOCKET, SO_PEEK_OFF, 0))
		return;
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, set_int(fd, SOL_SOCKET, SO_PEEK_OFF, 2));
	tell(s, connect(fd, &none, sizeof(none)));
	tell(s, get_int(fd, SOL_SOCKET, SO_PEEK_OFF));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	close(accept4(listener, NULL, NULL, SOCK_CLOEXEC));
	peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	tell(s, send(peer, "hello", 5, MSG_NOSIGNAL));
	tell(s, fd_poll(fd, POLLIN, PATIENCE_MS));
	tell(s, recv(fd, buf, 5, MSG_PEEK));
	tell_text(s, "%s\n", buf);
}

/* ---- a race ------------------------------------------------------------------------- */

/*
 * A server fills each connection with one letter, which differs from that of the
 * connection before.  Threads read the one socket in all ways, while another gives it
 * connection after connection.
 */
struct race {
	int	family, fd, listener;
	bool	over;
	long	read, mixed;
};

static void *race_serve(void *arg)
{
	struct race *r = arg;
	static char text[3000];
	int letter = 'a', fd = -1;

	while (!__atomic_load_n(&r->over, __ATOMIC_RELAXED)) {
		int next;

		if (fd_poll(r->listener, POLLIN, 100) <= 0)
			continue;
		next = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (next < 0)
			continue;
		/* until now the one before was open, so that readers wait for more */
		close(fd);
		fd = next;
		memset(text, letter, sizeof(text));
		letter = letter == 'z' ? 'a' : letter + 1;
		send(fd, text, 700, MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

static bool all_alike(const char *buf, long n)
{
	long i;

	for (i = 1; i < n; i++)
		if (buf[i] != buf[0])
			return false;
	return true;
}

static void *race_read(void *arg)
{
	struct race *r = arg;
	int pipes[2], way = 0;
	char buf[2000];
	long n;

	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return NULL;
	while (!__atomic_load_n(&r->over, __ATOMIC_RELAXED)) {
		switch (way++ % 4) {
		case 0:
			n = recv(r->fd, buf, sizeof(buf), MSG_WAITALL);
			break;
		case 1:
			n = recv(r->fd, buf, sizeof(buf), 0);
			break;
		case 2:
			n = recv(r->fd, buf, sizeof(buf), MSG_PEEK | MSG_WAITALL);
			break;
		default:
			n = splice(r->fd, NULL, pipes[1], NULL, sizeof(buf), 0);
			if (n > 0)
				n = read(pipes[0], buf, sizeof(buf));
		}
		if (n <= 0)
			continue;
		__atomic_add_fetch(&r->read, n, __ATOMIC_RELAXED);
		if (!all_alike(buf, n))
			__atomic_add_fetch(&r->mixed, 1, __ATOMIC_RELAXED);
	}
	close(pipes[0]);
	close(pipes[1]);
	return NULL;
}

static void *race_write(void *arg)
{
	struct race *r = arg;

	while (!__atomic_load_n(&r->over, __ATOMIC_RELAXED))
		send(r->fd, much, 100000, MSG_NOSIGNAL | MSG_OOB);
	return NULL;
}

FIXTURE(race) {
	struct wire w;
};

FIXTURE_SETUP(race)
{
	const char *missing = wire_open(&self->w);

	if (missing)
		SKIP(return, "%s", missing);
}

FIXTURE_TEARDOWN(race)
{
	wire_close(&self->w);
}

TEST_F_TIMEOUT(race, reconnect__never_mixes, RACE_TIMEOUT)
{
	struct race r = { .family = self->w.family };
	struct sockaddr_in sin = loopback(PORT);
	struct timeval patience = { .tv_usec = 20000 };
	pthread_t thread[5];
	uint64_t end;
	int i;

	dice_seed(env_number("XTCP_SEED", 1));
	r.listener = socket(r.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ASSERT_EQ(0, bind(r.listener, SA(sin), sizeof(sin)));
	ASSERT_EQ(0, listen(r.listener, 64));
	r.fd = socket(r.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(r.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(r.fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	pthread_create(&thread[0], NULL, race_serve, &r);
	pthread_create(&thread[1], NULL, race_write, &r);
	for (i = 2; i < 5; i++)
		pthread_create(&thread[i], NULL, race_read, &r);
	end = now_ns() + race_seconds(3) * 1000000000ULL;
	while (now_ns() < end) {
		connect(r.fd, SA(sin), sizeof(sin));
		if (roll(2))
			fd_poll(r.fd, POLLIN, 2);
		if (!roll(4))
			shutdown(r.fd, SHUT_RDWR);
		else
			connect(r.fd, &none, sizeof(none));
	}
	__atomic_store_n(&r.over, true, __ATOMIC_RELAXED);
	for (i = 0; i < 5; i++)
		pthread_join(thread[i], NULL);
	TH_LOG("%ld bytes were read", r.read);
	EXPECT_LT(0, r.read);
	EXPECT_EQ(0, r.mixed);
	close(r.fd);
	close(r.listener);
}

TEST_HARNESS_MAIN
