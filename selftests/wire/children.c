// SPDX-License-Identifier: GPL-2.0
/*
 * Children in an accept queue: nobody has a descriptor yet, but a table has them, so
 * others find them.  Here those are ended and looked at (sock_diag) while their
 * listener closes, and it is seen what becomes of a child that nobody can have.
 *
 * XTCP_SEED=number chooses another course of the races.
 */
#include <net/route.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

#include "diag.h"
#include "dice.h"

#define CHILDREN	24
#define HELPERS		2

/* What the threads share: where the listener and its clients are, network order. */
static uint16_t server_port, client_port[CHILDREN];
static bool over;
static unsigned long helped;

static struct sockaddr_in at(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static uint16_t port_of(int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);

	return getsockname(fd, (struct sockaddr *)&sin, &len) ? 0 : sin.sin_port;
}

static int listen_anywhere(void)
{
	struct sockaddr_in sin = at(0);
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) || listen(fd, 2 * CHILDREN))
		abort();
	return fd;
}

static int dial(uint16_t port)
{
	struct sockaddr_in sin = at(port);
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	connect(fd, (struct sockaddr *)&sin, sizeof(sin));
	return fd;
}

FIXTURE(children) {
	pthread_t	helper[HELPERS];
	uint64_t	end;
	unsigned long	rounds;
};

FIXTURE_SETUP(children)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	bring_up_loopback();
	dice_seed(env_number("XTCP_SEED", 1));
	self->end = now_ns() + race_seconds(3) * 1000000000ULL;
}

FIXTURE_TEARDOWN(children)
{
	/* the namespace goes with all that is left in it */
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	if (test_inet())
		return;
	EXPECT_TRUE(await(memory_pages() <= most_spare_pages())) {
		TH_LOG("%ld pages of buffers are left", memory_pages());
	}
}

/* ---- races ----------------------------------------------------------------- */

static bool is_over(void)
{
	return __atomic_load_n(&over, __ATOMIC_RELAXED);
}

static void did_help(void)
{
	__atomic_add_fetch(&helped, 1, __ATOMIC_RELAXED);
}

static uint16_t load(const uint16_t *port)
{
	return __atomic_load_n(port, __ATOMIC_RELAXED);
}

static void *destroy_children(void *arg)
{
	struct sockaddr_in local, remote;
	int i;

	while (!is_over()) {
		for (i = 0; i < CHILDREN; i++) {
			local = at(load(&server_port));
			remote = at(load(&client_port[i]));
			if (remote.sin_port && !diag_destroy(&local, &remote))
				did_help();
		}
	}
	return NULL;
}

/* Return: whether there were any. */
static bool dump_all(int fd)
{
	const struct diag_request msg = diag_request(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, NULL,
						     NULL);
	static __thread char buf[65536];
	const struct nlmsghdr *nlh;
	bool any = false;
	int n;

	if (send(fd, &msg, sizeof(msg), 0) < 0)
		return false;
	while ((n = recv(fd, buf, sizeof(buf), 0)) > 0) {
		for (nlh = (void *)buf; NLMSG_OK(nlh, n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_type == NLMSG_DONE || nlh->nlmsg_type == NLMSG_ERROR)
				return any;
			any = true;
		}
	}
	return any;
}

static void *look_at_children(void *arg)
{
	int fd = diag_open();

	while (!is_over())
		if (dump_all(fd))
			did_help();
	close(fd);
	return NULL;
}

/* A listener gets a queue full of children, and closes. */
static void queue_and_close(void)
{
	int listener = listen_anywhere(), client[CHILDREN], i;

	__atomic_store_n(&server_port, port_of(listener), __ATOMIC_RELAXED);
	for (i = 0; i < CHILDREN; i++) {
		client[i] = dial(server_port);
		__atomic_store_n(&client_port[i], port_of(client[i]), __ATOMIC_RELAXED);
		if (roll(2))
			send(client[i], "hello", 5, MSG_NOSIGNAL);
	}
	/* one has a user already, perhaps */
	if (roll(2))
		close(accept(listener, NULL, NULL));
	usleep(roll(1500));
	close(listener);
	for (i = 0; i < CHILDREN; i++) {
		set_linger(client[i], 0);
		close(client[i]);
	}
}

static unsigned long race(pthread_t *helper, void *(*help)(void *), uint64_t end)
{
	unsigned long rounds = 0;
	int i;

	over = false;
	helped = 0;
	for (i = 0; i < HELPERS; i++)
		if (pthread_create(&helper[i], NULL, help, NULL))
			abort();
	for (; now_ns() < end || !helped; rounds++)
		queue_and_close();
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < HELPERS; i++)
		pthread_join(helper[i], NULL);
	return rounds;
}

/*
 * Linux warns here by itself: who destroys a socket owns it, and its listener finds
 * that so.
 */
TEST_F_TIMEOUT(children, destroyed__while_the_listener_closes, RACE_TIMEOUT)
{
	XTCP_ONLY();
	self->rounds = race(self->helper, destroy_children, self->end);
	EXPECT_EQ(0, counter("NoEdge"));
	TH_LOG("%lu listeners, %lu children destroyed", self->rounds, helped);
}

TEST_F_TIMEOUT(children, seen__while_the_listener_closes, RACE_TIMEOUT)
{
	self->rounds = race(self->helper, look_at_children, self->end);
	TH_LOG("%lu listeners, %lu dumps", self->rounds, helped);
}

static int queue_fd;
static unsigned long impossible;

static void *read_fastopen(void *arg)
{
	while (!is_over()) {
		int value = get_int(queue_fd, IPPROTO_TCP, TCP_FASTOPEN);

		if (value && value != 5)
			__atomic_add_fetch(&impossible, 1, __ATOMIC_RELAXED);
		did_help();
	}
	return NULL;
}

/* What a listener has besides goes when it stops to be one. */
TEST_F_TIMEOUT(children, fastopen_queue__while_the_listener_stops, RACE_TIMEOUT)
{
	int i;

	queue_fd = listen_anywhere();
	over = false;
	helped = 0;
	for (i = 0; i < HELPERS; i++)
		ASSERT_EQ(0, pthread_create(&self->helper[i], NULL, read_fastopen, NULL));
	for (; now_ns() < self->end || !helped; self->rounds++) {
		ASSERT_EQ(0, shutdown(queue_fd, SHUT_RDWR));
		ASSERT_EQ(0, set_int(queue_fd, IPPROTO_TCP, TCP_FASTOPEN, 5));
		ASSERT_EQ(0, listen(queue_fd, 1));
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < HELPERS; i++)
		pthread_join(self->helper[i], NULL);
	EXPECT_EQ(0, impossible);
	TH_LOG("%lu listeners, read %lu times", self->rounds, helped);
	close(queue_fd);
}

/* ---- one after the other --------------------------------------------------- */

/* It stays in the queue, and who accepts it is told. */
TEST_F(children, destroyed__is_accepted_all_the_same)
{
	int listener = listen_anywhere(), client = dial(port_of(listener)), fd;
	struct sockaddr_in local = at(port_of(listener)), remote = at(port_of(client));
	char c;

	ASSERT_TRUE(await(fd_poll(listener, POLLIN, 0)));
	ASSERT_EQ(0, diag_destroy(&local, &remote));
	fd = accept(listener, NULL, NULL);
	ASSERT_LE(0, fd);
	EXPECT_EQ(TCP_CLOSE, fd_state(fd));
	EXPECT_EQ(-1, recv(fd, &c, 1, 0));
	EXPECT_EQ(ECONNABORTED, errno);
	EXPECT_EQ(-1, recv(client, &c, 1, 0));
	EXPECT_EQ(ECONNRESET, errno);
	close(fd);
	close(client);
	close(listener);
}

TEST_F(children, destroyed__goes_with_the_listener)
{
	int listener = listen_anywhere(), client = dial(port_of(listener));
	struct sockaddr_in local = at(port_of(listener)), remote = at(port_of(client));

	ASSERT_TRUE(await(fd_poll(listener, POLLIN, 0)));
	ASSERT_EQ(0, diag_destroy(&local, &remote));
	close(listener);
	EXPECT_EQ(TCP_CLOSE, conn_state(&local, &remote));
	close(client);
}

/* ---- children that nobody can have ------------------------------------------- */

WIRE_FIXTURE_TIMERS(child);

/* A route to the peer that says: unreachable. */
static bool no_way(const struct peer *p, int request)
{
	struct rtentry rt = { .rt_flags = RTF_UP | RTF_HOST | RTF_REJECT };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;
	struct sockaddr_in sin = peer_sockaddr(p);

	sin.sin_port = 0;
	memcpy(&rt.rt_dst, &sin, sizeof(sin));
	err = ioctl(fd, request, &rt);
	close(fd);
	return !err;
}

/*
 * There is no way back when the handshake is complete: the child that was begun is
 * freed, and the next ACK makes another.
 */
TEST_F(child, no_route__handshake_waits)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 4), fd;

	IPV4_ONLY("its route is");
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	ASSERT_TRUE(no_way(p, SIOCADDRT));
	packets(p, "< .  1:1(0) ack 1",
		   "< P. 1:11(10) ack 1");
	EXPECT_EQ(TCP_SYN_RECV, peer_state(p));
	EXPECT_EQ(0, fd_poll(listener, POLLIN, 0));
	ASSERT_TRUE(no_way(p, SIOCDELRT));
	packets(p, "< P. 1:11(10) ack 1");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(fd));
	get_pattern(fd, 0, 10);
}

/* connect() to the peer from the listener's own port, again and again. */
static void *take_key(void *arg)
{
	const struct peer *p = arg;
	struct sockaddr_in local = wire_sockaddr(WIRE_PORT), remote = peer_sockaddr(p);

	while (!is_over()) {
		int fd = socket(p->w->family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		set_linger(fd, 0);
		if (bind(fd, (struct sockaddr *)&local, sizeof(local)))
			abort();
		if (connect(fd, (struct sockaddr *)&remote, sizeof(remote)) &&
		    errno == EINPROGRESS)
			did_help();
		close(fd);
	}
	return NULL;
}

/* Segments that are read before the next ACK is sent. */
#define HEARD_AT_ONCE	64

/* One cookie, as long as it is good.  Return: how often it came back. */
static unsigned long fight_for_key(struct peer *p, int listener)
{
	uint64_t end = now_ns() + 500 * 1000000ULL;
	unsigned long acks = 0;
	pthread_t thread;
	int fd, i;

	packets(p, "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1");
	over = false;
	if (pthread_create(&thread, NULL, take_key, p))
		abort();
	for (; now_ns() < end; acks++) {
		packets(p, "< .  1:1(0) ack 1",
			   "< R  1:1(0)");
		while ((fd = accept(listener, NULL, NULL)) >= 0)
			close(fd);
		/* not all: SYNs may leave faster than they are read here */
		for (i = 0; i < HEARD_AT_ONCE && peer_hears(p, 0); i++)
			;
		/* what came last is enough to read */
		p->w->trace_len = 0;
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	peer_settle(p, 0);
	return acks;
}

/*
 * A cookie comes back while somebody connects to where it came from: one of the two
 * has the key, and the other's socket goes.
 */
TEST_F_TIMEOUT(child, cookie__another_has_its_key, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	struct sockaddr_in local = wire_sockaddr(WIRE_PORT);
	int listener, port = 20000;
	unsigned long acks = 0;

	listener = wire_socket(&self->w, SOCK_STREAM | SOCK_NONBLOCK);
	set_int(listener, SOL_SOCKET, SO_REUSEPORT, 1);
	ASSERT_EQ(0, bind(listener, (struct sockaddr *)&local, sizeof(local)));
	ASSERT_EQ(0, listen(listener, 1000));
	ASSERT_TRUE(conf_set("syncookies", "2"));
	self->p.lport = WIRE_PORT;
	for (helped = 0; now_ns() < end || !helped; port++) {
		struct peer other;

		peer_clone(&other, &self->p, port);
		acks += fight_for_key(&other, listener);
	}
	TH_LOG("%lu cookies, %lu connections", acks, helped);
}

TEST_HARNESS_MAIN
