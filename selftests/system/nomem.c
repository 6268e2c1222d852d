// SPDX-License-Identifier: GPL-2.0
/*
 * What happens when memory cannot be had, at each place in turn.
 *
 * Deeds are short sequences of calls. In the first test the n-th allocation of the
 * calling thread fails (/proc/PID/fail-nth), for n from 1 until a deed ends before
 * it comes to its n-th. Softirq is not counted there; so in the second one
 * whatever is allocated below one function of the module fails, again and again,
 * for each function in turn. Whether a deed succeeds does not matter: the kernel
 * complains of what breaks, nothing may be left, and without failures all must work
 * again.
 *
 * Both need a kernel with fault injection, as the rig's debug kernel is.
 *
 * XTCP_ATTACK=seconds and XTCP_SEED=number choose.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness.h"

#include "diag.h"
#include "dice.h"
#include "user.h"
#include "util.h"

#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		7000
#define MS		20	/* what does not come soon does not come */

static int family;
static int home;	/* namespace */
static char room[65536];

/* ---- deeds ---------------------------------------------------------------- */

static struct sockaddr_in server_addr(int port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int make_socket(void)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int make_listener(int port)
{
	struct sockaddr_in a = server_addr(port);
	int fd = make_socket();

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	bind(fd, (struct sockaddr *)&a, sizeof(a));
	listen(fd, 8);
	return fd;
}

/**
 * struct link - two sockets and the listener between them
 * @listener: it
 * @fd: who connects and who is accepted; -1: that failed
 */
struct link {
	int listener;
	int fd[2];
};

static bool link_up(struct link *l)
{
	struct sockaddr_in a = server_addr(PORT);

	l->listener = make_listener(PORT);
	l->fd[0] = make_socket();
	connect(l->fd[0], (struct sockaddr *)&a, sizeof(a));
	fd_poll(l->listener, POLLIN, MS);
	l->fd[1] = accept4(l->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	return l->fd[1] >= 0;
}

static void link_down(struct link *l)
{
	set_linger(l->fd[0], 0);
	close(l->fd[0]);
	close(l->fd[1]);
	close(l->listener);
}

/* Return: bytes that came. */
static int transfer(struct link *l, int from, int len)
{
	int to = l->fd[!from], n = 0, got;

	send(l->fd[from], room, len, MSG_NOSIGNAL);
	while (n < len && fd_poll(to, POLLIN, MS) & POLLIN &&
	       (got = recv(to, room, sizeof(room), 0)) > 0)
		n += got;
	return n;
}

static bool do_socket(void)
{
	int fd = make_socket();

	return !close(fd);
}

static bool do_bind(void)
{
	struct sockaddr_in a = server_addr(0);
	int fd = make_socket();
	bool ok = !bind(fd, (struct sockaddr *)&a, sizeof(a));

	close(fd);
	return ok;
}

static bool do_listen(void)
{
	int a = make_listener(PORT), b = make_listener(PORT);
	bool ok = fd_state(a) == TCP_LISTEN && fd_state(b) == TCP_LISTEN;

	shutdown(a, SHUT_RD);
	listen(a, 1);
	close(a);
	close(b);
	return ok;
}

static bool do_refused(void)
{
	struct sockaddr_in a = server_addr(1);
	int fd = make_socket();

	connect(fd, (struct sockaddr *)&a, sizeof(a));
	fd_poll(fd, POLLOUT, MS);
	return !close(fd);
}

static bool do_transfer(void)
{
	struct link l;
	bool ok = link_up(&l) && transfer(&l, 0, 20000) == 20000 &&
		  transfer(&l, 1, 1) == 1 && transfer(&l, 1, 20000) == 20000;

	link_down(&l);
	return ok;
}

/* All the way to TIME_WAIT. */
static bool do_close(void)
{
	struct link l;
	bool ok = link_up(&l);

	transfer(&l, 0, 10);
	shutdown(l.fd[0], SHUT_WR);
	fd_poll(l.fd[1], POLLIN, MS);
	close(l.fd[1]);
	fd_poll(l.fd[0], POLLHUP, MS);
	close(l.fd[0]);
	close(l.listener);
	return ok;
}

/* With children that nobody accepts. */
static bool do_close_listener(void)
{
	struct sockaddr_in a = server_addr(PORT);
	int listener = make_listener(PORT), fd[4], i;

	for (i = 0; i < 4; i++) {
		fd[i] = make_socket();
		connect(fd[i], (struct sockaddr *)&a, sizeof(a));
	}
	close(listener);
	for (i = 0; i < 4; i++)
		close(fd[i]);
	return true;
}

static bool do_disconnect(void)
{
	struct sockaddr unspec = { .sa_family = AF_UNSPEC };
	struct link l;
	bool ok = link_up(&l);

	send(l.fd[0], room, 3000, MSG_NOSIGNAL);
	connect(l.fd[0], &unspec, sizeof(unspec));
	connect(l.fd[1], &unspec, sizeof(unspec));
	link_down(&l);
	return ok;
}

/* The first asks for a cookie. */
static bool do_fast_open(void)
{
	struct sockaddr_in a = server_addr(PORT);
	int listener = make_listener(PORT), i, fd, child;
	bool ok = false;

	set_int(listener, IPPROTO_TCP, TCP_FASTOPEN, 4);
	for (i = 0; i < 2; i++) {
		fd = make_socket();
		sendto(fd, room, 100, MSG_FASTOPEN | MSG_NOSIGNAL, (struct sockaddr *)&a,
		       sizeof(a));
		fd_poll(listener, POLLIN, MS);
		child = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		ok = child >= 0;
		set_linger(fd, 0);
		close(fd);
		close(child);
	}
	close(listener);
	return ok;
}

static bool do_urgent(void)
{
	struct link l;
	bool ok = link_up(&l);

	send(l.fd[0], room, 2, MSG_OOB | MSG_NOSIGNAL);
	fd_poll(l.fd[1], POLLPRI, MS);
	recv(l.fd[1], room, 1, MSG_OOB);
	link_down(&l);
	return ok;
}

static bool do_zerocopy(void)
{
	char control[128];
	struct msghdr m = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct link l;
	bool ok = link_up(&l);

	set_int(l.fd[0], SOL_SOCKET, SO_ZEROCOPY, 1);
	send(l.fd[0], room, 20000, MSG_ZEROCOPY | MSG_NOSIGNAL);
	fd_poll(l.fd[1], POLLIN, MS);
	recv(l.fd[1], room, sizeof(room), 0);
	recvmsg(l.fd[0], &m, MSG_ERRQUEUE);
	link_down(&l);
	return ok;
}

static bool do_splice(void)
{
	int pipes[2] = { -1, -1 }, file = memfd_create("file", MFD_CLOEXEC);
	struct link l;
	bool ok = link_up(&l);

	(void)!ftruncate(file, 10000);
	(void)!pipe2(pipes, O_CLOEXEC | O_NONBLOCK);
	sendfile(l.fd[0], file, NULL, 10000);
	fd_poll(l.fd[1], POLLIN, MS);
	splice(l.fd[1], NULL, pipes[1], NULL, 10000, SPLICE_F_NONBLOCK);
	splice(pipes[0], NULL, l.fd[1], NULL, 10000, SPLICE_F_NONBLOCK);
	close(pipes[0]);
	close(pipes[1]);
	close(file);
	link_down(&l);
	return ok;
}

static bool do_options(void)
{
	struct sock_filter code = { BPF_RET | BPF_K, 0, 0, 0xffff };
	struct sock_fprog prog = { .len = 1, .filter = &code };
	static const char options[] = { 7, 7, 4, 0, 0, 0, 0, 0 };
	socklen_t len = sizeof(room);
	struct link l;
	bool ok = link_up(&l);
	int i, fd;

	for (i = 0; i < 3; i++) {
		fd = i < 2 ? l.fd[i] : l.listener;
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog));
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "bbr", 3);
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5);
		setsockopt(fd, IPPROTO_IP, IP_OPTIONS, options, sizeof(options));
		set_int(fd, SOL_SOCKET, SO_MAX_PACING_RATE, 1000000);
		set_int(fd, SOL_SOCKET, SO_TIMESTAMPING, 0x7f);
		set_int(fd, IPPROTO_TCP, TCP_SAVE_SYN, 1);
		set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 1);
		set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
		getsockopt(fd, IPPROTO_TCP, TCP_INFO, room, &len);
		getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, room, &len);
	}
	transfer(&l, 0, 3000);
	link_down(&l);
	return ok;
}

static void ask_diag(int type, int flags, const struct sockaddr_in *a,
		     const struct sockaddr_in *b)
{
	const struct diag_request msg = diag_request(type, flags, a, b);
	int fd = diag_open();

	send(fd, &msg, sizeof(msg), MSG_DONTWAIT);
	while (recv(fd, room, sizeof(room), MSG_DONTWAIT) > 0)
		;
	close(fd);
}

static bool do_diag(void)
{
	struct sockaddr_in a = { }, b = { };
	socklen_t len = sizeof(a);
	struct link l;
	bool ok = link_up(&l);

	getsockname(l.fd[0], (struct sockaddr *)&a, &len);
	len = sizeof(b);
	getpeername(l.fd[0], (struct sockaddr *)&b, &len);
	ask_diag(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &a, &b);
	ask_diag(SOCK_DIAG_BY_FAMILY, NLM_F_ACK, &a, &b);
	ask_diag(SOCK_DESTROY, NLM_F_ACK, &a, &b);
	link_down(&l);
	return ok;
}

static bool do_proc(void)
{
	static const char *const files[] = { "xtcp", "xtcp_netstat", "xtcp_edges", "xtcp_reasons" };
	struct link l;
	char path[64];
	bool ok = link_up(&l);
	int i, fd;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/proc/net/%s", files[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		while (read(fd, room, sizeof(room)) > 0)
			;
		close(fd);
	}
	link_down(&l);
	return ok;
}

/* Half of them wait, one that is closed is among them. */
static bool do_poll(void)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT };
	int epoll = epoll_create1(EPOLL_CLOEXEC), i;
	struct link l;
	bool ok = link_up(&l);

	for (i = 0; i < 2; i++)
		epoll_ctl(epoll, EPOLL_CTL_ADD, l.fd[i], &e);
	epoll_ctl(epoll, EPOLL_CTL_ADD, l.listener, &e);
	epoll_wait(epoll, &e, 1, 1);
	link_down(&l);
	close(epoll);
	return ok;
}

/* The namespace goes with what is in it. */
static bool do_namespace(void)
{
	struct link l;
	bool ok;

	if (unshare(CLONE_NEWNET))
		return false;
	bring_up_loopback();
	ok = link_up(&l);
	send(l.fd[0], room, 1000, MSG_NOSIGNAL);
	close(l.fd[0]);
	close(l.fd[1]);
	close(l.listener);
	return !setns(home, CLONE_NEWNET) && ok;
}

#define DEED(name)	{ #name, do_##name }
static const struct deed {
	const char *name;
	bool (*fn)(void);
} deeds[] = {
	DEED(socket), DEED(bind), DEED(listen), DEED(refused), DEED(transfer), DEED(close),
	DEED(close_listener), DEED(disconnect), DEED(fast_open), DEED(urgent),
	DEED(zerocopy), DEED(splice), DEED(options), DEED(diag), DEED(proc), DEED(poll),
	DEED(namespace),
};

#define DEEDS	ARRAY_SIZE(deeds)

/* ---- the n-th allocation of this thread ----------------------------------- */

static void fail_nth(int fd, int n)
{
	char text[16];

	(void)!pwrite(fd, text, snprintf(text, sizeof(text), "%d", n), 0);
}

/* Return: was the n-th never reached? */
static bool unused(int fd)
{
	char text[16] = "";

	/* what fails now is the question itself */
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return false;
	return atoi(text) > 0;
}

/* Return: how many allocations failed: all that are counted, if there is time. */
static int fail_in_turn(const struct deed *d, int fd, uint64_t end)
{
	bool done = false;
	int n = 0;

	while (!done && now_ns() < end) {
		fail_nth(fd, ++n);
		d->fn();
		done = unused(fd);
		fail_nth(fd, 0);
		/* a deed that ended where it should not be goes home */
		setns(home, CLONE_NEWNET);
	}
	return n - done;
}

FIXTURE(nomem) {
};

FIXTURE_SETUP(nomem)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	if (test_inet())
		SKIP(return, "about the module");
	if (access("/proc/self/fail-nth", W_OK) || access("/sys/kernel/debug/failslab", R_OK))
		SKIP(return, "the kernel has no fault injection");
	family = test_family();
	signal(SIGPIPE, SIG_IGN);
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	bring_up_loopback();
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, home);
	proc_write("/proc/sys/net/xtcp/timewait_len", "1");
	proc_write("/proc/sys/net/xtcp/fastopen", "3");
	dice_seed(env_number("XTCP_SEED", 1));
}

FIXTURE_TEARDOWN(nomem)
{
	fail_below(0, 0, 0);
}

/* Once more without failures: all works, and then nothing is left. */
static bool all_is_well(struct __test_metadata *_metadata)
{
	bool ok = true;
	size_t i;

	for (i = 0; i < DEEDS; i++) {
		if (!await(deeds[i].fn())) {
			TH_LOG("%s does not work any more", deeds[i].name);
			ok = false;
		}
	}
	return ok && !counter("NoEdge") && !unshare(CLONE_NEWNET) &&
	       await(memory_pages() <= most_spare_pages());
}

/* In the usual run as many of them as there is time for. */
TEST_F_TIMEOUT(nomem, call__each_allocation, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(20) * 1000000000ULL;
	int fd, sites = 0, n, at = roll(DEEDS);

	prepare_fault_injection();
	fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, fd);
	for (n = 0; n < DEEDS && now_ns() < end; n++)
		sites += fail_in_turn(&deeds[at++ % DEEDS], fd, end);
	TH_LOG("%d allocations failed, of %d deeds", sites, n);
	EXPECT_LT(0, sites);
	EXPECT_TRUE(all_is_well(_metadata));
}

/* ---- all below a function -------------------------------------------------- */

struct function {
	unsigned long	start;
	unsigned long	end;
	char		name[64];
};

static int by_address(const void *a, const void *b)
{
	const struct function *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

/* Those of the module; the last one has no end and is left out. */
static struct function *find_functions(int *n)
{
	FILE *f = fopen("/proc/kallsyms", "re");
	struct function *list = calloc(10000, sizeof(*list));
	char line[512], module[64], type;
	int i;

	*n = 0;
	while (f && *n < 10000 && fgets(line, sizeof(line), f)) {
		struct function *at = &list[*n];

		if (sscanf(line, "%lx %c %63s [%63[^]]", &at->start, &type, at->name,
			   module) == 4 &&
		    !strcmp(module, "xtcp") && (type == 't' || type == 'T') && at->start)
			(*n)++;
	}
	if (f)
		fclose(f);
	qsort(list, *n, sizeof(*list), by_address);
	for (i = 0; i + 1 < *n; i++)
		list[i].end = list[i + 1].start;
	if (*n)
		(*n)--;
	return list;
}

/* Functions that allocated in vain. */
static int failing;

/*
 * First one failure below any of the functions: if there is none, they allocate
 * nothing.  Otherwise each half of them, and in the end all below a single one.
 * A slow machine may not come to a single one in time, and goes on until it does.
 */
static void fail_below_each(const struct deed *d, const struct function *f, int n,
			    uint64_t end)
{
	int failed;

	if (failing && now_ns() > end)
		return;
	fail_below(f[0].start, f[n - 1].end, n == 1 ? 1000000 : 1);
	d->fn();
	failed = failures();
	fail_below(0, 0, 0);
	/* a deed that ended where it should not be goes home */
	setns(home, CLONE_NEWNET);
	if (n == 1)
		failing += failed > 0;
	if (!failed || n == 1)
		return;
	fail_below_each(d, f, n / 2, end);
	fail_below_each(d, f + n / 2, n - n / 2, end);
}

TEST_F_TIMEOUT(nomem, function__all_that_it_allocates, RACE_TIMEOUT)
{
	int n, i, at = roll(DEEDS);
	struct function *f = find_functions(&n);
	uint64_t end;

	ASSERT_LT(100, n) {
		TH_LOG("%d functions", n);
	}
	prepare_fault_injection();
	end = now_ns() + race_seconds(20) * 1000000000ULL;
	for (i = 0; i < DEEDS && (now_ns() < end || !failing); i++)
		fail_below_each(&deeds[at++ % DEEDS], f, n, end);
	TH_LOG("%d functions of %d allocated in vain, in %d deeds", failing, n, i);
	EXPECT_LT(0, failing);
	free(f);
	EXPECT_TRUE(all_is_well(_metadata));
}

TEST_HARNESS_MAIN
