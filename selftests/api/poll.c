// SPDX-License-Identifier: GPL-2.0
/*
 * poll(), epoll and blocking: what a socket says and when it wakes somebody,
 * through the life of a connection, compared with AF_INET (lib/story.h).
 */
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "lib/story.h"

STORIES(poll)

#define SA(sin)	((struct sockaddr *)&(sin))

/* ---- poll() -------------------------------------------------------------- */

STORY(poll, life__before_the_connection)
{
	struct sockaddr_in sin = loopback(5000);
	int fd = story_socket(s), listener, client;

	tell(s, revents(fd));
	tell(s, bind(fd, SA(sin), sizeof(sin)));
	tell(s, revents(fd));
	tell(s, listen(fd, 1));
	listener = fd;
	tell(s, revents(listener));
	client = story_socket(s);
	tell(s, connect(client, SA(sin), sizeof(sin)));
	tell(s, revents(listener));
	tell(s, revents(client));
	tell_fd(s, fd = accept(listener, NULL, NULL));
	tell(s, revents(listener));
	tell(s, revents(fd));
}

STORY(poll, life__data)
{
	char buf[3];
	int pair[2];

	story_pair(s, pair);
	tell(s, send(pair[0], "hello", 5, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 3, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 3, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 3, MSG_DONTWAIT));
}

/* SO_RCVLOWAT: readable when that much is there. */
STORY(poll, life__rcvlowat)
{
	char buf[8];
	int pair[2];

	story_pair(s, pair);
	tell(s, set_int(pair[1], SOL_SOCKET, SO_RCVLOWAT, 5));
	tell(s, send(pair[0], "abcd", 4, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, 2, MSG_DONTWAIT));
	tell(s, send(pair[0], "efgh", 4, 0));
	tell(s, revents(pair[1]));
	tell(s, recv(pair[1], buf, sizeof(buf), 0));
}

STORY(poll, life__peer_closes)
{
	int pair[2], i;

	story_pair(s, pair);
	close(pair[1]);
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], &i, 1, 0));
	tell(s, revents(pair[0]));
	/* it is answered with a RST, so the second fails */
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, revents(pair[0]));
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], &i, 1, 0));
	tell(s, fd_error(pair[0]));
}

STORY(poll, life__both_close)
{
	int pair[2];

	story_pair(s, pair);
	tell(s, shutdown(pair[0], SHUT_WR));
	tell(s, revents(pair[0]));
	tell(s, revents(pair[1]));
	tell(s, shutdown(pair[1], SHUT_WR));
	tell(s, revents(pair[0]));
	tell(s, revents(pair[1]));
	tell(s, settled_state(pair[0]));
	tell(s, settled_state(pair[1]));
}

STORY(poll, life__reset)
{
	int pair[2], i;

	story_pair(s, pair);
	set_linger(pair[1], 0);
	close(pair[1]);
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], &i, 1, 0));
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], &i, 1, 0));
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, fd_error(pair[0]));
}

/*
 * Text that comes when nobody can read it any more is lost: it is answered with a reset,
 * and who still has the descriptor learns of it.
 */
STORY(poll, life__text_after_both_shut)
{
	int pair[2], how;
	char byte;

	for (how = 0; how < 3; how++) {
		story_pair(s, pair);
		tell(s, shutdown(pair[0], SHUT_RDWR));
		tell(s, settled_state(pair[0]));
		if (how == 2)
			tell(s, shutdown(pair[1], SHUT_WR));
		tell(s, send(pair[1], "late", 4, MSG_NOSIGNAL));
		tell(s, settled_state(pair[0]));
		tell(s, revents(pair[0]));
		if (how)
			tell(s, fd_error(pair[0]));
		tell(s, recv(pair[0], &byte, 1, MSG_DONTWAIT));
		tell(s, recv(pair[0], &byte, 1, MSG_DONTWAIT));
		tell(s, send(pair[0], &byte, 1, MSG_NOSIGNAL));
		tell(s, revents(pair[0]));
		tell(s, revents(pair[1]));
		tell(s, recv(pair[1], &byte, 1, MSG_DONTWAIT));
		close(pair[0]);
		close(pair[1]);
	}
}

/* Writable again when a third of the buffer is free. */
STORY(poll, life__send_buffer_full)
{
	char buf[4096] = { 0 };
	int pair[2], n;

	story_pair(s, pair);
	set_nonblock(pair[0], true);
	tell(s, set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 20000));
	do {
		while ((n = send(pair[0], buf, sizeof(buf), MSG_NOSIGNAL)) > 0)
			;
	} while (fd_poll(pair[0], POLLOUT, 500));
	tell(s, revents(pair[0]));
	tell(s, revents(pair[1]));
	tell(s, await((drain(pair[1]), fd_poll(pair[0], POLLOUT, 0))));
	tell(s, revents(pair[0]));
}

STORY(poll, life__refused)
{
	struct sockaddr_in sin = loopback(5000);
	int fd = story_socket(s);

	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, revents(fd));
	tell(s, fd_error(fd));
	tell(s, revents(fd));
	tell(s, fd_error(fd));
}

/* ---- epoll --------------------------------------------------------------- */

static int event_within(int ep, int ms)
{
	struct epoll_event ev = { .events = 0 };

	return epoll_wait(ep, &ev, 1, ms) > 0 ? ev.events : 0;
}

/* The next event, 0: none within 50 ms. */
static int next_event(int ep)
{
	return event_within(ep, 50);
}

static int watch(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events };
	int ep = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
	return ep;
}

STORY(poll, epoll__level_triggered)
{
	int pair[2], ep, i;

	story_pair(s, pair);
	ep = watch(pair[1], EPOLLIN | EPOLLRDHUP);
	tell(s, next_event(ep));
	tell(s, send(pair[0], "ab", 2, 0));
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	tell(s, recv(pair[1], &i, 1, 0));
	tell(s, next_event(ep));
	tell(s, recv(pair[1], &i, 1, 0));
	tell(s, next_event(ep));
	tell(s, shutdown(pair[0], SHUT_WR));
	tell(s, next_event(ep));
	tell(s, next_event(ep));
}

/* One event for each arrival, whether or not it was read. */
STORY(poll, epoll__edge_triggered)
{
	int pair[2], ep;

	story_pair(s, pair);
	ep = watch(pair[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	tell(s, send(pair[0], "ab", 2, 0));
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	tell(s, send(pair[0], "cd", 2, 0));
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	close(pair[0]);
	tell(s, next_event(ep));
	tell(s, next_event(ep));
}

/* Writability, edge-triggered: an event when there is room again. */
STORY(poll, epoll__edge_of_room)
{
	char buf[4096] = { 0 };
	int pair[2], ep;

	story_pair(s, pair);
	set_nonblock(pair[0], true);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 20000);
	ep = watch(pair[0], EPOLLOUT | EPOLLET);
	do {
		while (send(pair[0], buf, sizeof(buf), MSG_NOSIGNAL) > 0)
			;
	} while (event_within(ep, 500));
	tell(s, next_event(ep));
	tell(s, await((drain(pair[1]), next_event(ep))));
}

STORY(poll, epoll__oneshot)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLONESHOT };
	int pair[2], ep;

	story_pair(s, pair);
	ep = watch(pair[1], EPOLLIN | EPOLLONESHOT);
	tell(s, send(pair[0], "ab", 2, 0));
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	tell(s, epoll_ctl(ep, EPOLL_CTL_MOD, pair[1], &ev));
	tell(s, next_event(ep));
}

/* connect() that does not wait: success, refusal. */
STORY(poll, epoll__connect)
{
	struct sockaddr_in sin = loopback(5000);
	int listener = story_listener(s, 5000), fd = story_socket(s), ep;

	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)) && errno != EINPROGRESS);
	ep = watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);
	tell(s, next_event(ep));
	tell(s, fd_error(fd));
	ep = watch(listener, EPOLLIN | EPOLLET);
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	close(listener);
	close(fd);
	fd = story_socket(s);
	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	ep = watch(fd, EPOLLIN | EPOLLOUT);
	tell(s, next_event(ep));
	tell(s, fd_error(fd));
	tell(s, next_event(ep));
}

/* An event while connect() is under way on the wire. */
STORY(poll, epoll__connect_on_the_wire)
{
	struct sockaddr_in sin;
	struct peer p;
	int fd = story_socket(s), ep = watch(fd, EPOLLIN | EPOLLOUT | EPOLLET);

	peer_init(&p, &s->w);
	sin = peer_sockaddr(&p);
	set_nonblock(fd, true);
	tell(s, next_event(ep));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, next_event(ep));
	packets(&p, "> S  0:0(0)",
		    "< S. 0:0(0) ack 1 <mss 1460>",
		    ">  . 1:1(0) ack 1");
	tell(s, next_event(ep));
	tell(s, next_event(ep));
	packets(&p, "< P. 1:101(100) ack 1");
	tell(s, next_event(ep));
	packets(&p, ">  . 1:1(0) ack 101",
		    "< F. 101:101(0) ack 1");
	tell(s, next_event(ep));
	packets(&p, ">  . 1:1(0) ack 102",
		    "< R  102:102(0)");
	tell(s, next_event(ep));
	tell(s, next_event(ep));
}

/* ---- calls that wait ----------------------------------------------------- */

struct waiter {
	pthread_t thread;
	int fd;
	int call;
	long result;
	int err;
	int done;
};

enum { ACCEPT, RECV, SEND_ALL, POLL };

static void *wait_for_it(void *arg)
{
	static char buf[4 << 20];
	struct waiter *w = arg;

	errno = 0;
	switch (w->call) {
	case ACCEPT:
		w->result = accept(w->fd, NULL, NULL);
		if (w->result >= 0)
			w->result = 0;
		break;
	case RECV:
		w->result = recv(w->fd, buf, 100, 0);
		break;
	case SEND_ALL:
		w->result = send(w->fd, buf, sizeof(buf), MSG_NOSIGNAL);
		break;
	case POLL:
		w->result = fd_poll(w->fd, POLLIN | POLLRDHUP, PATIENCE_MS);
		break;
	}
	w->err = w->result < 0 ? errno : 0;
	__atomic_store_n(&w->done, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Start a call in a thread, which is asleep in it when this returns. */
static void begin(struct waiter *w, int fd, int call)
{
	*w = (struct waiter){ .fd = fd, .call = call };
	pthread_create(&w->thread, NULL, wait_for_it, w);
	await_ms(__atomic_load_n(&w->done, __ATOMIC_ACQUIRE), 50);
}

#define tell_waiter(s, w)						\
	do {								\
		tell(s, await((w)->done));				\
		pthread_join((w)->thread, NULL);			\
		tell_value(s, "waited", (w)->result, (w)->err);		\
	} while (0)

STORY(poll, blocking__accept)
{
	struct sockaddr_in sin = loopback(5000);
	int listener = story_listener(s, 5000);
	struct waiter w;

	begin(&w, listener, ACCEPT);
	tell(s, w.done);
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	tell_waiter(s, &w);
	begin(&w, listener, ACCEPT);
	tell(s, shutdown(listener, SHUT_RD));
	tell_waiter(s, &w);
}

STORY(poll, blocking__recv)
{
	struct waiter w;
	int pair[2];

	story_pair(s, pair);
	begin(&w, pair[1], RECV);
	tell(s, w.done);
	tell(s, send(pair[0], "hello", 5, 0));
	tell_waiter(s, &w);
	begin(&w, pair[1], RECV);
	tell(s, shutdown(pair[0], SHUT_WR));
	tell_waiter(s, &w);
	begin(&w, pair[0], RECV);
	tell(s, shutdown(pair[0], SHUT_RD));
	tell_waiter(s, &w);
}

STORY(poll, blocking__recv_is_reset)
{
	struct waiter w;
	int pair[2];

	story_pair(s, pair);
	begin(&w, pair[1], RECV);
	set_linger(pair[0], 0);
	close(pair[0]);
	tell_waiter(s, &w);
}

STORY(poll, blocking__poll)
{
	struct waiter w;
	int pair[2];

	story_pair(s, pair);
	begin(&w, pair[1], POLL);
	tell(s, send(pair[0], "x", 1, 0));
	tell_waiter(s, &w);
	tell(s, drain(pair[1]));
	begin(&w, pair[1], POLL);
	tell(s, shutdown(pair[0], SHUT_WR));
	tell_waiter(s, &w);
}

/* send() of more than fits sleeps until all of it is in the buffer. */
STORY(poll, blocking__send)
{
	struct waiter w;
	int pair[2], total = 0;

	story_pair(s, pair);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 20000);
	begin(&w, pair[0], SEND_ALL);
	tell(s, w.done);
	tell(s, await((total += drain(pair[1]), w.done)));
	tell_waiter(s, &w);
	tell(s, await((total += drain(pair[1]), total == 4 << 20)));
}

/* What was sent counts, the error comes with the next call. */
STORY(poll, blocking__send_is_reset)
{
	struct waiter w;
	int pair[2];

	story_pair(s, pair);
	begin(&w, pair[0], SEND_ALL);
	/* asleep it may have been on its way there, too */
	tell(s, fd_poll(pair[1], POLLIN, PATIENCE_MS));
	set_linger(pair[1], 0);
	close(pair[1]);
	tell(s, await(w.done));
	pthread_join(w.thread, NULL);
	tell(s, w.result > 0 && w.result < 4 << 20);
	tell(s, fd_error(pair[0]));
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
}

STORY(poll, blocking__timeouts)
{
	struct timeval tv = { .tv_usec = 50000 };
	static char buf[4 << 20];
	int pair[2], listener = story_listener(s, 5000);
	uint64_t start;
	ssize_t sent;

	story_pair(s, pair);
	tell(s, setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	tell(s, setsockopt(pair[0], SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof(tv)));
	tell(s, setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	start = now_ns();
	tell(s, recv(pair[0], buf, 1, 0));
	tell(s, now_ns() - start >= 40000000);
	start = now_ns();
	tell(s, accept(listener, NULL, NULL));
	tell(s, now_ns() - start >= 40000000);
	set_int(pair[0], SOL_SOCKET, SO_SNDBUF, 20000);
	/* the first that waits in vain; with the next there may be room again */
	do {
		sent = send(pair[0], buf, sizeof(buf), MSG_NOSIGNAL);
	} while (sent > 0);
	tell_value(s, "send", sent, errno);
}

static volatile sig_atomic_t caught;

static void on_signal(int sig)
{
	caught = sig;
}

/* A signal ends a call that waits with EINTR, or restarts it. */
static void interrupt_soon(int flags)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = flags };
	struct itimerval it = { .it_value.tv_usec = 50000 };

	caught = 0;
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &it, NULL);
}

STORY(poll, blocking__signals)
{
	struct timeval tv = { .tv_sec = PATIENCE_MS / 1000 };
	struct sockaddr_in sin;
	struct peer p;
	int pair[2], listener = story_listener(s, 5000), fd = story_socket(s);

	story_pair(s, pair);
	interrupt_soon(0);
	tell(s, recv(pair[0], &fd, 1, 0));
	interrupt_soon(0);
	tell(s, accept(listener, NULL, NULL));
	peer_init(&p, &s->w);
	sin = peer_sockaddr(&p);
	interrupt_soon(0);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	set_nonblock(fd, true);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	/* with SO_RCVTIMEO a call is not restarted */
	tell(s, setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)));
	interrupt_soon(SA_RESTART);
	tell(s, recv(pair[0], &fd, 1, 0));
}

/* SIGPIPE, once per write and not at all with MSG_NOSIGNAL. */
STORY(poll, sigpipe)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int pair[2];

	sigaction(SIGPIPE, &sa, NULL);
	story_pair(s, pair);
	tell(s, shutdown(pair[0], SHUT_WR));
	caught = 0;
	tell(s, send(pair[0], "x", 1, MSG_NOSIGNAL));
	tell(s, caught);
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, caught == SIGPIPE);
	caught = 0;
	tell(s, write(pair[0], "x", 1));
	tell(s, caught == SIGPIPE);
}

/* SIGIO for those who ask. */
STORY(poll, sigio)
{
	struct sigaction sa = { .sa_handler = on_signal };
	int pair[2];

	sigaction(SIGIO, &sa, NULL);
	story_pair(s, pair);
	tell(s, fcntl(pair[1], F_SETOWN, getpid()));
	tell(s, fcntl(pair[1], F_SETFL, O_ASYNC | O_NONBLOCK));
	caught = 0;
	tell(s, send(pair[0], "x", 1, 0));
	tell(s, await(caught == SIGIO));
}

TEST_HARNESS_MAIN
