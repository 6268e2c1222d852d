// SPDX-License-Identifier: GPL-2.0
/*
 * One socket and several threads, processes and ways to call it: who is woken, who
 * keeps it alive, and that it is a file like others.  Compared with AF_INET
 * (lib/story.h).
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "lib/story.h"

STORIES(share)

#define SA(sin)	((struct sockaddr *)&(sin))

/* ---- a herd -------------------------------------------------------------- */

#define HERD	4

static int woken, failed;

static void *herd_epoll(void *arg)
{
	struct epoll_event ev;

	if (epoll_wait(*(int *)arg, &ev, 1, PATIENCE_MS) == 1)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static void *herd_accept(void *arg)
{
	if (accept(*(int *)arg, NULL, NULL) >= 0)
		__atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
	else if (errno == EINVAL)
		__atomic_add_fetch(&failed, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

/* Do all other threads sleep?  Who was woken, and has no processor yet, does not. */
static bool others_sleep(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	bool all = true;

	while (dir && all && (e = readdir(dir))) {
		char path[64], state = 'S';
		FILE *f;

		if (atoi(e->d_name) <= 0 || atoi(e->d_name) == getpid())
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat", atoi(e->d_name));
		f = fopen(path, "r");
		if (!f)
			continue;	/* it has ended */
		if (fscanf(f, "%*d (%*[^)]) %c", &state) == 1)
			all = state == 'S';
		fclose(f);
	}
	if (dir)
		closedir(dir);
	return all;
}

/* A connection comes, and wakes at least one of the herd, if one is left. */
static void tell_connect(struct story *s, const int *count)
{
	struct sockaddr_in sin = loopback(5000);
	int before = __atomic_load_n(count, __ATOMIC_SEQ_CST);

	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	tell(s, await(before == HERD || __atomic_load_n(count, __ATOMIC_SEQ_CST) != before));
}

/* All of them sleep: nobody was woken for a while. */
static int settled(int *count)
{
	int seen = -1;

	while (seen != *count || !others_sleep()) {
		seen = __atomic_load_n(count, __ATOMIC_SEQ_CST);
		await_ms(__atomic_load_n(count, __ATOMIC_SEQ_CST) != seen, 50);
	}
	return seen;
}

static void tell_herd_epoll(struct story *s, uint32_t events)
{
	int listener = story_listener(s, 5000), epoll[HERD], i;
	struct sockaddr_in sin = loopback(5000);
	pthread_t thread[HERD];

	woken = 0;
	for (i = 0; i < HERD; i++) {
		struct epoll_event ev = { .events = events };

		epoll[i] = epoll_create1(EPOLL_CLOEXEC);
		tell(s, epoll_ctl(epoll[i], EPOLL_CTL_ADD, listener, &ev));
		pthread_create(&thread[i], NULL, herd_epoll, &epoll[i]);
	}
	tell(s, settled(&woken));
	for (i = 0; i < 2; i++) {
		tell_connect(s, &woken);
		tell(s, settled(&woken));
	}
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	for (i = 0; i < HERD; i++)
		pthread_join(thread[i], NULL);
	tell(s, woken);
}

STORY(share, herd__epoll) { tell_herd_epoll(s, EPOLLIN); }
STORY(share, herd__epoll_one_by_one) { tell_herd_epoll(s, EPOLLIN | EPOLLEXCLUSIVE); }

STORY(share, herd__accept)
{
	int listener = story_listener(s, 5000), i;
	pthread_t thread[HERD];

	woken = 0;
	failed = 0;
	for (i = 0; i < HERD; i++)
		pthread_create(&thread[i], NULL, herd_accept, &listener);
	tell(s, settled(&woken));
	tell_connect(s, &woken);
	tell(s, settled(&woken));
	tell_connect(s, &woken);
	tell(s, settled(&woken));
	tell(s, shutdown(listener, SHUT_RDWR));
	for (i = 0; i < HERD; i++)
		pthread_join(thread[i], NULL);
	tell(s, woken);
	tell(s, failed);
}

/* ---- close() while somebody sleeps --------------------------------------- */

static char got[100];

static void *do_recv(void *arg)
{
	return (void *)(long)recv(*(int *)arg, got, sizeof(got), 0);
}

static void *do_accept_one(void *arg)
{
	return (void *)(long)(accept(*(int *)arg, NULL, NULL) >= 0);
}

/* The call goes on, and with its end the connection ends. */
STORY(share, close__under_recv)
{
	pthread_t thread;
	void *result;
	int pair[2];

	story_pair(s, pair);
	pthread_create(&thread, NULL, do_recv, &pair[1]);
	settled(&woken);
	tell(s, close(pair[1]));
	tell(s, revents(pair[0]));
	tell(s, send(pair[0], "hello", 5, MSG_NOSIGNAL));
	pthread_join(thread, &result);
	tell(s, result);
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], got, 1, 0));
}

STORY(share, close__under_accept)
{
	int listener = story_listener(s, 5000);
	struct sockaddr_in sin = loopback(5000);
	pthread_t thread;
	void *result;

	pthread_create(&thread, NULL, do_accept_one, &listener);
	settled(&woken);
	tell(s, close(listener));
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
	pthread_join(thread, &result);
	tell(s, result);
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
}

/* ---- between processes ---------------------------------------------------- */

static int pass(int over, int fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	struct iovec iov = { "x", 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
	return sendmsg(over, &msg, 0);
}

static int take(int over)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { };
	char c;
	struct iovec iov = { &c, 1 };
	struct msghdr msg = {
		.msg_iov = &iov, .msg_iovlen = 1,
		.msg_control = control.buf, .msg_controllen = sizeof(control.buf),
	};
	int fd = -1;

	if (recvmsg(over, &msg, 0) == 1 && CMSG_FIRSTHDR(&msg))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

/* A listener and a connection, passed to a process that has nothing else of them. */
STORY(share, pass__to_another_process)
{
	int listener = story_listener(s, 5000), over[2], pair[2], fd, status = -1;
	struct sockaddr_in sin = loopback(5000);
	pid_t child;

	socketpair(AF_UNIX, SOCK_STREAM, 0, over);
	child = must_fork();
	if (!child) {
		int l = take(over[1]), c = take(over[1]);
		bool ok = send(c, "passed", 6, 0) == 6;

		fd = accept(l, NULL, NULL);
		_exit(!(ok && send(fd, "accepted", 8, 0) == 8));
	}
	story_pair(s, pair);
	tell(s, pass(over[0], listener));
	tell(s, pass(over[0], pair[1]));
	close(listener);
	close(pair[1]);
	fd = story_socket(s);
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, recv(pair[0], got, sizeof(got), 0));
	tell(s, recv(fd, got, sizeof(got), 0));
	tell(s, waitpid(child, &status, 0) == child);
	tell(s, status);
	tell(s, recv(pair[0], got, sizeof(got), 0));
	tell(s, recv(fd, got, sizeof(got), 0));
	close(fd);
	tell(s, connect(story_socket(s), SA(sin), sizeof(sin)));
}

/* A connection that nobody can receive any more: the message is thrown away. */
STORY(share, pass__into_nothing)
{
	int over[2], pair[2];

	story_pair(s, pair);
	socketpair(AF_UNIX, SOCK_STREAM, 0, over);
	tell(s, pass(over[0], pair[1]));
	close(pair[1]);
	tell(s, revents(pair[0]));
	close(over[0]);
	close(over[1]);
	tell(s, revents(pair[0]));
	tell(s, recv(pair[0], got, sizeof(got), 0));
}

/* ---- signals --------------------------------------------------------------- */

/* What the signals that have come say, each kind once. */
static void tell_signals(struct story *s, const char *after)
{
	struct timespec none = { .tv_nsec = 50000000 };
	long seen = 0;
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	while (sigtimedwait(&set, &info, &none) == SIGRTMIN)
		seen |= info.si_band | (1L << (16 + info.si_code));
	tell_text(s, "after %s: %#lx\n", after, seen);
}

static void want_signals(struct story *s, int fd)
{
	tell(s, fcntl(fd, F_SETOWN, getpid()));
	tell(s, fcntl(fd, F_SETSIG, SIGRTMIN));
	tell(s, fcntl(fd, F_SETFL, O_ASYNC | O_NONBLOCK));
}

STORY(share, signals__of_a_life)
{
	int listener = story_listener(s, 5000), fd = story_socket(s), peer;
	struct sockaddr_in sin = loopback(5000);
	static char buf[1 << 20];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	want_signals(s, listener);
	want_signals(s, fd);
	connect(fd, SA(sin), sizeof(sin));
	tell(s, fd_poll(fd, POLLOUT, PATIENCE_MS));
	tell_signals(s, "connect");
	peer = accept(listener, NULL, NULL);
	tell(s, send(peer, "x", 1, 0));
	tell_signals(s, "data");
	while (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) > 0)
		;
	tell_signals(s, "send");
	while (drain(peer) > 0)
		revents(peer);
	tell_signals(s, "room");
	tell(s, send(peer, "!", 1, MSG_OOB));
	tell_signals(s, "urgent");
	tell(s, shutdown(peer, SHUT_WR));
	tell_signals(s, "FIN");
	set_linger(peer, 0);
	close(peer);
	tell_signals(s, "RST");
	shutdown(listener, SHUT_RDWR);
	tell_signals(s, "shutdown");
}

/* ---- several messages in one call ------------------------------------------ */

STORY(share, mmsg)
{
	struct timespec soon = { .tv_nsec = 50000000 };
	static char buf[3][10];
	struct iovec iov[3];
	struct mmsghdr m[3] = { };
	int pair[2], i;

	story_pair(s, pair);
	for (i = 0; i < 3; i++) {
		iov[i] = (struct iovec){ buf[i], 10 - i };
		memset(buf[i], 'a' + i, 10);
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	tell(s, sendmmsg(pair[0], m, 3, 0));
	tell_text(s, "%u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	tell(s, revents(pair[1]));
	tell(s, recvmmsg(pair[1], m, 3, MSG_WAITFORONE, NULL));
	tell_text(s, "%u %u %u\n", m[0].msg_len, m[1].msg_len, m[2].msg_len);
	tell_text(s, "%.10s %.10s %.10s\n", buf[0], buf[1], buf[2]);
	tell(s, sendmmsg(pair[0], m, 1, 0));
	tell(s, recvmmsg(pair[1], m, 3, MSG_WAITFORONE, &soon));
	tell(s, recvmmsg(pair[1], m, 3, MSG_DONTWAIT, NULL));
	tell(s, shutdown(pair[0], SHUT_WR));
	tell(s, sendmmsg(pair[0], m, 3, MSG_NOSIGNAL));
	tell(s, recvmmsg(pair[1], m, 3, 0, NULL));
}

/* ---- a file ------------------------------------------------------------------ */

STORY(share, file)
{
	char path[64], target[64] = "", byte = 0;
	struct stat st = { };
	int pair[2], flag = 1;

	story_pair(s, pair);
	tell(s, fstat(pair[0], &st));
	tell_text(s, "%o\n", st.st_mode);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pair[0]);
	tell(s, readlink(path, target, sizeof(target)) > 0);
	snprintf(path, sizeof(path), "socket:[%lu]", (unsigned long)st.st_ino);
	tell(s, strcmp(path, target));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", pair[0]);
	tell(s, open(path, O_RDWR));
	tell(s, lseek(pair[0], 0, SEEK_CUR));
	tell(s, pread(pair[0], &byte, 1, 0));
	tell(s, pwrite(pair[0], &byte, 1, 0));
	tell(s, ftruncate(pair[0], 0));
	tell(s, fsync(pair[0]));
	tell(s, fchmod(pair[0], 0600));
	tell(s, flock(pair[0], LOCK_EX));
	tell(s, copy_file_range(pair[0], NULL, pair[1], NULL, 1, 0));
	tell(s, fcntl(pair[0], F_GETFL));
	tell(s, ioctl(pair[0], FIONBIO, &flag));
	tell(s, fcntl(pair[0], F_GETFL));
	tell(s, ioctl(pair[0], FIOASYNC, &flag));
	tell(s, fcntl(pair[0], F_GETFL));
	tell(s, ioctl(pair[0], FIOCLEX));
	tell(s, fcntl(pair[0], F_GETFD));
	tell(s, read(pair[0], &byte, 0));
	tell(s, write(pair[0], &byte, 0));
	tell(s, read(pair[0], &byte, 1));
	tell(s, isatty(pair[0]));
}

/* The interfaces can be asked about over any socket of this family. */
STORY(share, ioctl__interfaces)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	char buf[1024] = "";
	struct ifconf ifc = { .ifc_len = sizeof(buf), .ifc_buf = buf };
	int fd = story_socket(s);

	tell(s, ioctl(fd, SIOCGIFINDEX, &ifr));
	tell(s, ifr.ifr_ifindex);
	tell(s, ioctl(fd, SIOCGIFADDR, &ifr));
	tell(s, ntohl(((struct sockaddr_in *)&ifr.ifr_addr)->sin_addr.s_addr));
	tell(s, ioctl(fd, SIOCGIFFLAGS, &ifr));
	tell(s, ifr.ifr_flags & IFF_UP);
	tell(s, ioctl(fd, SIOCGIFMTU, &ifr));
	tell(s, ifr.ifr_mtu);
	tell(s, ioctl(fd, SIOCGIFCONF, &ifc));
	tell(s, ifc.ifc_len);
	tell(s, ioctl(fd, SIOCGIFHWADDR, &ifr));
	tell(s, ioctl(fd, SIOCGIFNETMASK, &ifr));
	tell(s, ioctl(fd, SIOCADDRT, NULL));
	tell(s, ioctl(fd, SIOCGARP, NULL));
	tell(s, ioctl(fd, SIOCGSTAMP, buf));
	tell(s, ioctl(fd, TIOCOUTQ, buf));
	tell(s, ioctl(fd, 0x5401, buf));
	tell(s, ioctl(fd, 0x8fff, buf));
}

/* ---- addresses of others ------------------------------------------------------ */

STORY(share, address__of_another_host)
{
	static const int options[] = { IP_FREEBIND, IP_TRANSPARENT };
	struct sockaddr_in sin, to = loopback(5000);
	unsigned int i;

	story_listener(s, 5000);
	for (i = 0; i < 2; i++) {
		int fd = story_socket(s), listener = story_socket(s);

		sin = loopback(5001 + i);
		sin.sin_addr.s_addr = inet_addr("203.0.113.9");
		tell(s, bind(fd, SA(sin), sizeof(sin)));
		tell(s, set_int(fd, IPPROTO_IP, options[i], 1));
		tell(s, bind(fd, SA(sin), sizeof(sin)));
		set_nonblock(fd, true);
		tell(s, connect(fd, SA(to), sizeof(to)));
		tell(s, set_int(listener, IPPROTO_IP, options[i], 1));
		sin.sin_port = htons(5005 + i);
		tell(s, bind(listener, SA(sin), sizeof(sin)));
		tell(s, listen(listener, 1));
		fd = story_socket(s);
		set_nonblock(fd, true);
		tell(s, connect(fd, SA(sin), sizeof(sin)));
	}
}

/* A socket can be used again. */
STORY(share, again__after_unspec)
{
	struct sockaddr_in sin = loopback(5000), bound = loopback(5003);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int listener = story_listener(s, 5000), fd = story_socket(s), i;
	socklen_t len;

	tell(s, connect(fd, &none, sizeof(none)));
	for (i = 0; i < 2; i++) {
		tell(s, connect(fd, SA(sin), sizeof(sin)));
		tell(s, send(fd, "hello", 5, MSG_NOSIGNAL));
		tell(s, connect(fd, &none, sizeof(none)));
		tell(s, revents(fd));
		tell(s, send(fd, "hello", 5, MSG_NOSIGNAL));
		tell(s, recv(fd, got, 1, 0));
	}
	tell(s, bind(fd, SA(bound), sizeof(bound)));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, shutdown(fd, SHUT_WR));
	tell(s, connect(fd, &none, sizeof(none)));
	len = sizeof(bound);
	tell(s, getsockname(fd, SA(bound), &len));
	tell_text(s, "%#x %u\n", ntohl(bound.sin_addr.s_addr), ntohs(bound.sin_port));
	tell(s, listen(fd, 1));
	tell(s, connect(fd, &none, sizeof(none)));
	tell(s, fd_state(fd));
	tell(s, connect(fd, SA(sin), sizeof(sin)));
	tell(s, connect(listener, &none, sizeof(none)));
}

/* In which states does giving up leave an error? */
STORY(share, again__from_each_state)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int pair[2], how;

	for (how = 0; how < 5; how++) {
		story_pair(s, pair);
		if (how & 1)
			shutdown(pair[0], SHUT_WR);
		if (how & 2)
			shutdown(pair[1], SHUT_WR);
		if (how == 4)
			close(pair[1]);
		tell(s, settled_state(pair[0]));
		tell(s, connect(pair[0], &none, sizeof(none)));
		tell(s, fd_error(pair[0]));
		tell(s, fd_error(pair[1]));
	}
}

TEST_HARNESS_MAIN
