// SPDX-License-Identifier: GPL-2.0
/*
 * Any system call with any argument, from many threads and processes at once.
 *
 * Processes of several threads share sockets: by threads, by fork() and by messages
 * (SCM_RIGHTS).  Each thread calls what the dice say, most of the time with
 * arguments that make sense, so that connections come to every state; all that
 * blocks is interrupted.  The processes are killed in the middle of it.  Nothing is
 * expected of a call; the kernel complains of what breaks, in the rig's debug
 * kernel the module asks itself after every event (kmod/watch/verify.c), allocations
 * fail there, and in the end nothing may be left.
 *
 * Root in a network namespace does so, an unprivileged user in the same, and an
 * unprivileged user who is root in namespaces of his own.
 *
 * XTCP_ATTACK=seconds and XTCP_SEED=number choose.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <dirent.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/sockios.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

#include "diag.h"
#include "dice.h"
#include "ring.h"
#include "user.h"
#include "util.h"

#pragma GCC diagnostic ignored "-Wclobbered"

#define PORT		7000
#define PORTS		8
#define PROCESSES	4
#define THREADS		3
#define SLOTS		24	/* descriptors that a process knows */
#define NOBODY		65534
#define ROOM		65536

/* Who calls. */
enum caller { ROOT, UNPRIVILEGED, OWNER };

static int family;
static int slot[SLOTS];		/* of all threads; -1: none */
static int mail[2];		/* between processes, for descriptors */
static int file;		/* something to send */
static int home = -1;		/* the namespace that all began in */
static bool forked;

static __thread char room[ROOM];
static __thread int pipes[2];
static __thread struct ring ring;
static __thread bool has_ring;

/* ---- arguments ------------------------------------------------------------ */

static int pick(void)
{
	return __atomic_load_n(&slot[roll(SLOTS)], __ATOMIC_RELAXED);
}

/* A descriptor takes the place of another. */
static void keep(int fd)
{
	if (fd < 0)
		return;
	fd = __atomic_exchange_n(&slot[roll(SLOTS)], fd, __ATOMIC_RELAXED);
	if (fd >= 0)
		close(fd);
}

/* Numbers near to where something ends. */
static int number(void)
{
	switch (roll(8)) {
	case 0 ... 2:
		return roll(4);
	case 3:
		return -(int)roll(3);
	case 4:
		return (1u << roll(32)) - roll(2);
	case 5:
		return roll(2) ? INT_MAX : INT_MIN;
	case 6:
		return roll(65536);
	default:
		return roll(300);
	}
}

static size_t length(void)
{
	return roll(4) ? roll(1000) : roll(ROOM);
}

/* Memory, or what is none. */
static void *memory(void)
{
	return roll(30) ? room : roll(2) ? NULL : (void *)16;
}

static socklen_t address(struct sockaddr_in *a)
{
	*a = (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(roll(30) ? PORT + roll(PORTS) : 0),
		.sin_addr.s_addr = htonl(roll(8) ? INADDR_LOOPBACK + roll(3) : INADDR_ANY),
	};
	switch (roll(24)) {
	case 0:
		a->sin_family = AF_UNSPEC;
		break;
	case 1:
		a->sin_family = roll(2) ? family : number();
		break;
	case 2:
		a->sin_addr.s_addr = htonl(roll(2) ? 0xe0000001 : 0xffffffff);
		break;
	case 3:
		return roll(2 * sizeof(*a));
	}
	return sizeof(*a);
}

/* Flags of send and receive calls: one or two, seldom all of them. */
static int flags(void)
{
	int f = roll(3) ? MSG_DONTWAIT : 0;

	if (roll(2))
		f |= 1 << roll(32);
	if (!roll(4))
		f |= 1 << roll(32);
	return roll(40) ? f : number();
}

/* ---- connections ---------------------------------------------------------- */

static void call_socket(void)
{
	int type = SOCK_STREAM | (roll(2) ? SOCK_NONBLOCK : 0) | SOCK_CLOEXEC;

	if (roll(16))
		keep(socket(roll(8) ? family : AF_INET, type, roll(2) ? IPPROTO_TCP : 0));
	else
		keep(socket(family, number(), number()));
}

static void call_bind(void)
{
	struct sockaddr_in a;
	socklen_t len = address(&a);

	bind(pick(), (struct sockaddr *)&a, len);
}

static void call_listen(void)
{
	listen(pick(), roll(4) ? roll(20) : number());
}

/* All that a server needs. */
static void call_serve(void)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | (roll(2) ? SOCK_NONBLOCK : 0), 0);
	struct sockaddr_in a;
	socklen_t len = address(&a);

	set_int(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (roll(2))
		set_int(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (roll(2))
		set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, roll(5));
	if (!roll(4))
		set_int(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, roll(3));
	bind(fd, (struct sockaddr *)&a, len);
	listen(fd, roll(20));
	keep(fd);
}

static void call_connect(void)
{
	struct sockaddr_in a;
	socklen_t len = address(&a);

	connect(pick(), (struct sockaddr *)&a, len);
}

static void call_accept(void)
{
	struct sockaddr_in a;
	socklen_t len = roll(40);

	keep(accept4(pick(), roll(2) ? (struct sockaddr *)&a : NULL, &len,
		     SOCK_CLOEXEC | (roll(2) ? SOCK_NONBLOCK : 0)));
}

static void call_shutdown(void)
{
	shutdown(pick(), roll(16) ? roll(3) : number());
}

static void call_close(void)
{
	int fd = __atomic_exchange_n(&slot[roll(SLOTS)], -1, __ATOMIC_RELAXED);

	if (fd < 0)
		return;
	if (!roll(3))
		set_linger(fd, roll(2));
	close(fd);
}

static void call_names(void)
{
	socklen_t len = number();

	if (roll(2))
		getsockname(pick(), memory(), &len);
	else
		getpeername(pick(), memory(), &len);
}

/* ---- data ----------------------------------------------------------------- */

static void call_send(void)
{
	struct sockaddr_in a;
	socklen_t len = address(&a);

	if (roll(4))
		send(pick(), memory(), length(), flags() | MSG_NOSIGNAL);
	else
		sendto(pick(), room, length(), (roll(2) ? MSG_FASTOPEN : flags()) | MSG_NOSIGNAL,
		       (struct sockaddr *)&a, len);
}

static void call_recv(void)
{
	recv(pick(), memory(), length(), flags());
}

/* A header with some vectors, perhaps an address, perhaps a control message. */
static struct msghdr *header(void)
{
	static __thread struct iovec iov[4];
	static __thread struct sockaddr_in a;
	static __thread char control[128];
	static __thread struct msghdr m;
	struct cmsghdr *c = (struct cmsghdr *)control;
	int i;

	for (i = 0; i < 4; i++)
		iov[i] = (struct iovec){ memory(), length() };
	m = (struct msghdr){ .msg_iov = iov, .msg_iovlen = roll(5) };
	if (!roll(4)) {
		m.msg_namelen = address(&a);
		m.msg_name = &a;
	}
	if (!roll(3)) {
		m.msg_control = control;
		m.msg_controllen = roll(4) ? sizeof(control) : roll(sizeof(control));
		c->cmsg_len = roll(4) ? CMSG_LEN(roll(32)) : number();
		c->cmsg_level = roll(2) ? SOL_SOCKET : roll(2) ? IPPROTO_IP : number();
		c->cmsg_type = roll(80);
		*(int *)CMSG_DATA(c) = number();
	}
	return &m;
}

static void call_sendmsg(void)
{
	struct mmsghdr many[2];

	if (roll(4)) {
		sendmsg(pick(), header(), flags() | MSG_NOSIGNAL);
		return;
	}
	many[0].msg_hdr = *header();
	many[1].msg_hdr = many[0].msg_hdr;
	sendmmsg(pick(), many, 1 + roll(2), flags() | MSG_NOSIGNAL);
}

static void call_recvmsg(void)
{
	struct timespec t = { .tv_nsec = roll(2000000) };
	struct mmsghdr many[2];

	if (roll(4)) {
		recvmsg(pick(), header(), flags());
		return;
	}
	many[0].msg_hdr = *header();
	many[1].msg_hdr = many[0].msg_hdr;
	recvmmsg(pick(), many, 1 + roll(2), flags(), &t);
}

static void call_write(void)
{
	if (roll(2))
		(void)!write(pick(), memory(), length());
	else
		(void)!read(pick(), memory(), length());
}

static void call_splice(void)
{
	unsigned int f = roll(2) ? SPLICE_F_NONBLOCK | roll(16) : roll(16);

	switch (roll(4)) {
	case 0:
		splice(pick(), NULL, pipes[1], NULL, length(), f);
		break;
	case 1:
		splice(pipes[0], NULL, pick(), NULL, length(), f);
		break;
	case 2:
		tee(pipes[0], pipes[1], length(), f);
		break;
	default:
		vmsplice(pipes[1], &(struct iovec){ room, roll(5000) }, 1, SPLICE_F_NONBLOCK);
	}
}

static void call_sendfile(void)
{
	off_t at = roll(ROOM);

	sendfile(pick(), roll(8) ? file : pick(), roll(2) ? &at : NULL, length());
}

/* TCP_ZEROCOPY_RECEIVE, and the mapping that it wants. */
static void call_mmap(void)
{
	struct { uint64_t at; uint32_t length, rest[13]; } z = { .length = 1 << roll(18) };
	int fd = pick();
	socklen_t len = roll(4) ? 16 : roll(sizeof(z));
	size_t size = 4096 << roll(4);
	void *p = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);

	if (p != MAP_FAILED)
		z.at = (uintptr_t)p;
	getsockopt(fd, IPPROTO_TCP, TCP_ZEROCOPY_RECEIVE, &z, &len);
	if (p != MAP_FAILED)
		munmap(p, size);
}

/* ---- options -------------------------------------------------------------- */

static int level(void)
{
	static const int levels[] = { SOL_SOCKET, SOL_SOCKET, IPPROTO_IP, IPPROTO_TCP,
				      IPPROTO_TCP, IPPROTO_TCP, IPPROTO_IPV6 };

	return roll(20) ? levels[roll(7)] : number();
}

static int name(void)
{
	return roll(20) ? roll(80) : number();
}

static void call_setsockopt(void)
{
	int value[16], i;

	for (i = 0; i < 16; i++)
		value[i] = number();
	setsockopt(pick(), level(), name(), roll(30) ? value : memory(),
		   roll(4) ? sizeof(int) : roll(sizeof(value)));
}

static void call_getsockopt(void)
{
	socklen_t len = roll(4) ? roll(300) : number();

	getsockopt(pick(), level(), name(), memory(), roll(30) ? &len : NULL);
}

/* Those whose value is more than a number. */
static void call_setsockopt_of_more(void)
{
	static const char *const algorithms[] = { "cubic", "reno", "bbr", "dctcp", "none" };
	struct sock_filter code[] = {
		{ BPF_LD | BPF_W | BPF_LEN, 0, 0, 0 },
		{ BPF_RET | BPF_K, 0, 0, roll(2) ? 0xffff : roll(100) },
	};
	struct sock_fprog prog = { .len = 1 + roll(2), .filter = code };
	struct timeval t = { .tv_usec = roll(50000) };
	const char *s = algorithms[roll(5)];
	int fd = pick();

	switch (roll(8)) {
	case 0:
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
		break;
	case 1:
		setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &prog, sizeof(prog));
		break;
	case 2:
		setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &prog, sizeof(prog));
		break;
	case 3:
		setsockopt(fd, SOL_SOCKET, roll(2) ? SO_RCVTIMEO : SO_SNDTIMEO, &t, sizeof(t));
		break;
	case 4:
		setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, s, strlen(s));
		break;
	case 5:
		setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 3);
		break;
	case 6:
		setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "lo", roll(4));
		break;
	default:
		user_changes_options(fd);
	}
}

static void call_ioctl(void)
{
	static const unsigned int requests[] = {
		SIOCINQ, SIOCOUTQ, SIOCATMARK, SIOCOUTQNSD, FIONBIO, FIOASYNC, FIONREAD,
		SIOCGIFCONF, SIOCGIFFLAGS, SIOCGSTAMP_OLD, SIOCSPGRP, SIOCGPGRP,
	};

	if (roll(16))
		ioctl(pick(), requests[roll(sizeof(requests) / sizeof(*requests))], memory());
	else
		ioctl(pick(), 0x8900 + roll(256), memory());
}

static void call_fcntl(void)
{
	int fd = pick();

	switch (roll(4)) {
	case 0:
		fcntl(fd, F_SETOWN, getpid());
		break;
	case 1:
		fcntl(fd, F_SETFL, (roll(2) ? O_NONBLOCK : 0) | (roll(4) ? 0 : O_ASYNC));
		break;
	case 2:
		fcntl(fd, F_GETFL);
		break;
	default:
		fcntl(fd, F_SETPIPE_SZ, number());
	}
}

/* ---- descriptors ---------------------------------------------------------- */

static void call_dup(void)
{
	keep(fcntl(pick(), F_DUPFD_CLOEXEC, 0));
}

static void call_poll(void)
{
	struct pollfd p[4];
	int i;

	for (i = 0; i < 4; i++)
		p[i] = (struct pollfd){ .fd = pick(), .events = roll(2) ? POLLIN : roll(65536) };
	poll(p, roll(5), roll(5));
}

/* One of the slots is an epoll, sooner or later. */
static void call_epoll(void)
{
	struct epoll_event e[4] = { { .events = roll(2) ? EPOLLIN | EPOLLET : number() } };
	int fd = pick();

	switch (roll(8)) {
	case 0:
		keep(epoll_create1(EPOLL_CLOEXEC));
		break;
	case 1 ... 4:
		epoll_ctl(fd, 1 + roll(3), pick(), e);
		break;
	default:
		epoll_wait(fd, e, 1 + roll(4), roll(3));
	}
}

/* To whichever process looks first. */
static void call_pass(void)
{
	union {
		struct cmsghdr c;
		char space[CMSG_SPACE(sizeof(int))];
	} u = { .c = { CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS } };
	struct iovec iov = { room, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1,
			    .msg_control = &u, .msg_controllen = sizeof(u) };
	int fd = -1;

	if (roll(2)) {
		fd = pick();
		memcpy(CMSG_DATA(&u.c), &fd, sizeof(fd));
		sendmsg(mail[0], &m, MSG_DONTWAIT | MSG_NOSIGNAL);
		return;
	}
	if (recvmsg(mail[1], &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 ||
	    m.msg_controllen < CMSG_LEN(sizeof(int)))
		return;
	memcpy(&fd, CMSG_DATA(&u.c), sizeof(fd));
	keep(fd);
}

static void call_ring(void)
{
	static const uint8_t ops[] = {
		IORING_OP_ACCEPT, IORING_OP_CONNECT, IORING_OP_SEND, IORING_OP_RECV,
		IORING_OP_SENDMSG, IORING_OP_RECVMSG, IORING_OP_POLL_ADD, IORING_OP_SHUTDOWN,
		IORING_OP_CLOSE, IORING_OP_SEND_ZC, IORING_OP_SPLICE, IORING_OP_ASYNC_CANCEL,
		IORING_OP_READ, IORING_OP_WRITE,
	};
	static __thread struct sockaddr_in a;
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	int op = ops[roll(sizeof(ops))], n = 1 + roll(4);

	if (!has_ring)
		return;
	while (n--) {
		sqe = ring_request(&ring, op, pick(), memory(), length(), op);
		sqe->msg_flags = flags();
		if (op == IORING_OP_CLOSE)
			sqe->fd = -1;	/* what this thread runs on stays */
		if (op == IORING_OP_CONNECT) {
			sqe->off = address(&a);
			sqe->addr = (uintptr_t)&a;
		} else if (op == IORING_OP_SENDMSG || op == IORING_OP_RECVMSG) {
			sqe->addr = (uintptr_t)header();
		} else if (op == IORING_OP_ACCEPT) {
			sqe->addr = 0;
		}
		if (!roll(4))
			sqe->flags = roll(2) ? IOSQE_ASYNC : IOSQE_IO_LINK;
		if (!roll(8))
			sqe->ioprio = roll(8);
	}
	ring_submit(&ring);
	for (n = 0; n < 2 * RING_ENTRIES && ring_completed(&ring); n++) {
		cqe = ring_take(&ring);
		if (cqe->user_data == IORING_OP_ACCEPT)
			keep(cqe->res);
	}
}

/* ---- around the sockets --------------------------------------------------- */

static void call_diag(void)
{
	struct {
		struct diag_request r;
		struct nlattr attr;
		char code[60];
	} msg = { .attr = { 4 + roll(60), INET_DIAG_REQ_BYTECODE } };
	struct sockaddr_in a = { }, b = { };
	socklen_t alen = sizeof(a), blen = sizeof(b);
	int fd = diag_open(), s = pick();
	size_t i;

	getsockname(s, (struct sockaddr *)&a, &alen);
	getpeername(s, (struct sockaddr *)&b, &blen);
	msg.r = diag_request(roll(4) ? SOCK_DIAG_BY_FAMILY : SOCK_DESTROY,
			     roll(2) ? NLM_F_DUMP : NLM_F_ACK, &a, &b);
	if (roll(2))
		msg.r.req.idiag_ext = roll(256);
	if (roll(2))
		msg.r.req.idiag_states = number();
	if (!roll(8)) {
		msg.r.nlh.nlmsg_len = sizeof(msg);
		for (i = 0; i < sizeof(msg.code); i++)
			msg.code[i] = roll(2) ? roll(20) : roll(256);
	}
	send(fd, &msg, msg.r.nlh.nlmsg_len, MSG_DONTWAIT);
	for (i = 0; i < roll(8) && recv(fd, room, sizeof(room), MSG_DONTWAIT) > 0; i++)
		;
	close(fd);
}

/* Into a namespace of this thread's own, or back. */
static void call_namespace(void)
{
	if (roll(2))
		setns(home, CLONE_NEWNET);
	else if (!roll(20) && !unshare(CLONE_NEWNET))
		bring_up_loopback();
}

static const char *settings(void)
{
	return test_inet() ? "/proc/sys/net/ipv4" : "/proc/sys/net/xtcp";
}

/* Any setting of this thread's namespace, unless it is another's. */
static void call_sysctl(void)
{
	int n = roll(100), value = number();
	char path[300], text[64];
	struct dirent *e;
	DIR *dir;

	if (roll(8))
		return;
	dir = opendir(settings());
	if (!dir)
		return;
	while ((e = readdir(dir)) && n--)
		;
	if (e && (!test_inet() || !strncmp(e->d_name, "tcp_", 4))) {
		snprintf(path, sizeof(path), "%s/%s", settings(), e->d_name);
		snprintf(text, sizeof(text), "%d %d %d", value, number(), number());
		proc_write(path, text);
	}
	closedir(dir);
}

static void call_proc(void)
{
	static const char *const files[] = { "xtcp", "xtcp_netstat", "xtcp_edges", "xtcp_reasons",
					     "tcp",
					     "sockstat", "protocols" };
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/thread-self/net/%s", files[roll(6)]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (read(fd, room, 1 + length()) > 0 && roll(4))
		;
	close(fd);
}

static void call_something(void);

/* Its descriptors stay for a moment longer. */
static void call_fork(void)
{
	int n = roll(30);

	if (forked || must_fork())
		return;
	forked = true;
	alarm(1);
	while (n--)
		call_something();
	_exit(0);
}

static const struct {
	void (*call)(void);
	int weight;
} calls[] = {
	{ call_socket, 8 }, { call_bind, 4 }, { call_listen, 3 }, { call_serve, 4 },
	{ call_connect, 24 }, { call_accept, 16 }, { call_shutdown, 4 }, { call_close, 6 },
	{ call_names, 2 }, { call_send, 16 }, { call_recv, 16 }, { call_sendmsg, 8 },
	{ call_recvmsg, 8 }, { call_write, 4 }, { call_splice, 8 }, { call_sendfile, 4 },
	{ call_mmap, 2 }, { call_setsockopt, 10 }, { call_getsockopt, 8 },
	{ call_setsockopt_of_more, 6 }, { call_ioctl, 3 }, { call_fcntl, 2 }, { call_dup, 2 },
	{ call_poll, 3 }, { call_epoll, 4 }, { call_pass, 6 }, { call_ring, 6 },
	{ call_diag, 4 }, { call_namespace, 1 }, { call_sysctl, 1 }, { call_proc, 2 },
	{ call_fork, 1 },
};

static void call_something(void)
{
	int total = 0, n;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++)
		total += calls[i].weight;
	n = roll(total);
	for (i = 0; n >= calls[i].weight; i++)
		n -= calls[i].weight;
	calls[i].call();
}

/* ---- who calls ------------------------------------------------------------ */

static void *caller(void *seed)
{
	dice_seed((uintptr_t)seed);
	if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK))
		return NULL;
	has_ring = ring_open(&ring);
	for (;;)
		call_something();
	return NULL;
}

static void wake(int sig)
{
}

/* A process: its threads call, and it wakes those that wait. */
static pid_t start(uint64_t seed)
{
	struct sigaction act = { .sa_handler = wake };
	pid_t parent = getpid(), pid = must_fork();
	pthread_t thread[THREADS];
	int i;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	sigaction(SIGUSR1, &act, NULL);
	dice_seed(seed);
	user_is_unlucky(roll(2));
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, caller, (void *)(seed * THREADS + i)))
			_exit(0);
	for (;;) {
		usleep(5000);
		for (i = 0; i < THREADS; i++)
			pthread_kill(thread[i], SIGUSR1);
	}
}

/* Connections of this namespace, both ends counted; -1: of the kernel's TCP. */
static long long connections(void)
{
	return test_inet() ? -1 : counter("ActiveOpens") + counter("PassiveOpens");
}

static void become(enum caller who)
{
	if (who == ROOT)
		return;
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		_exit(KSFT_FAIL);
	if (who == UNPRIVILEGED)
		return;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		_exit(KSFT_SKIP);
	bring_up_loopback();
}

/* All processes, in a process of their own that ends with them. */
static int session(enum caller who, int seconds)
{
	struct rlimit files = { 256, 256 };
	pid_t pid[PROCESSES];
	uint64_t end, n = 0;
	long long made;
	int i;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	signal(SIGURG, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	if (unshare(CLONE_NEWNET))
		return KSFT_SKIP;
	bring_up_loopback();
	become(who);
	home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	file = memfd_create("file", MFD_CLOEXEC);
	if (file < 0 || ftruncate(file, 2 * ROOM) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, mail))
		return KSFT_FAIL;
	for (i = 0; i < SLOTS; i++)
		slot[i] = i < SLOTS / 2 ? socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
	for (i = 0; i < PROCESSES; i++)
		pid[i] = start(dice_state() ^ n++);
	end = now_ns() + seconds * 1000000000ULL;
	/* on a slow machine until there was a connection to attack */
	while (now_ns() < end ||
	       (!connections() && now_ns() < end + PATIENCE_MS * 1000000ULL)) {
		usleep(1000 * roll(300));
		i = roll(PROCESSES);
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
		pid[i] = start(dice_state() ^ n++);
	}
	for (i = 0; i < PROCESSES; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	made = connections();
	fprintf(stderr, "# %llu processes, %lld connections\n", (unsigned long long)n, made);
	return made && (test_inet() || !counter("NoEdge")) ? KSFT_PASS : KSFT_FAIL;
}

FIXTURE(syscalls) {
};

FIXTURE_VARIANT(syscalls) {
	enum caller who;
};

FIXTURE_VARIANT_ADD(syscalls, root) { .who = ROOT };
FIXTURE_VARIANT_ADD(syscalls, unprivileged) { .who = UNPRIVILEGED };
FIXTURE_VARIANT_ADD(syscalls, owner_of_a_namespace) { .who = OWNER };

FIXTURE_SETUP(syscalls)
{
	const char *missing = xtcp_missing();

	if (missing)
		SKIP(return, "%s", missing);
	/*
	 * The first socket that wants time stamps and the last one make the kernel patch
	 * its code, which an emulator's processor may still run as it was in between
	 * ("Oops: int3").  With this one nobody is the first or the last.
	 */
	set_int(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SOL_SOCKET, SO_TIMESTAMP, 1);
}

FIXTURE_TEARDOWN(syscalls)
{
}

TEST_F_TIMEOUT(syscalls, any__nothing_is_left, RACE_TIMEOUT)
{
	int seconds = race_seconds(3), status;
	pid_t pid;

	family = test_family();
	prepare_failslab();
	dice_seed(env_number("XTCP_SEED", 1) * 3 + variant->who);
	pid = must_fork();
	if (!pid)
		_exit(session(variant->who, seconds));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFEXITED(status));
	if (WEXITSTATUS(status) == KSFT_SKIP)
		SKIP(return, "no namespaces for this user");
	EXPECT_EQ(KSFT_PASS, WEXITSTATUS(status));
	if (test_inet())
		return;
	EXPECT_TRUE(await(memory_pages() <= most_spare_pages())) {
		TH_LOG("%ld pages of buffers are left", memory_pages());
	}
}

TEST_HARNESS_MAIN
