// SPDX-License-Identifier: GPL-2.0
/*
 * The calls of a script: made, and what they return compared.  One that blocks is made by
 * a thread; the next call waits for it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <linux/xtcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pkt.h"

#define FDS	64

/* Descriptors of a script, and what they are here. */
static int fds[FDS] = { [0 ... FDS - 1] = -1 };

static void fd_set_to(long long script, int fd)
{
	if (script < 0 || script >= FDS)
		fail("descriptor %lld", script);
	fds[script] = fd;
}

static long long num(const struct call *c, int n)
{
	struct value *v = value_at(c->args, n);

	if (v->kind == V_LIST && v->first)
		v = v->first;
	return v->i;
}

static int fd_of(const struct call *c, int n)
{
	long long fd = num(c, n);

	if (fd < 0 || fd >= FDS)
		fail("descriptor %lld", fd);
	return fds[fd];
}

/* Room for what is read or written, or NULL when the script says so. */
static void *buffer(const struct call *c, int n, size_t len)
{
	if (value_at(c->args, n)->kind == V_STRING)
		return NULL;
	return calloc(1, len + 1);
}

/* ---- sockets ------------------------------------------------------------- */

static long long do_socket(const struct call *c)
{
	int type = num(c, 1), fd;

	if (world.xtcp)
		fd = socket(AF_XTCP, type, world.form == IPV4 ? XTCPPROTO_IPV4 : XTCPPROTO_IPV6);
	else
		fd = socket(world.form == IPV4 ? AF_INET : AF_INET6, type, IPPROTO_TCP);
	if (fd >= 0) {
		fd_set_to(c->result, fd);
		world.sock = fd;
	}
	return fd;
}

static long long do_bind(const struct call *c)
{
	struct sockaddr_in6 a;
	socklen_t len = local_address(&a);

	return bind(fd_of(c, 0), (void *)&a, len);
}

static long long do_listen(const struct call *c)
{
	flow_new(false);
	return listen(fd_of(c, 0), num(c, 1));
}

static long long do_connect(const struct call *c)
{
	struct sockaddr_in6 a;
	socklen_t len = remote_address(&a);

	if (value_at(c->args, 1)->kind == V_INT) {
		a.sin6_family = AF_UNSPEC;
	} else {
		wire_drain();
		flow_new(true);
	}
	world.sock = fd_of(c, 0);
	return connect(world.sock, (void *)&a, len);
}

static long long do_accept(const struct call *c)
{
	int fd = accept(fd_of(c, 0), NULL, NULL);

	if (fd >= 0 && c->result >= 0) {
		fd_set_to(c->result, fd);
		world.sock = fd;
	}
	return fd;
}

static long long do_setsockopt(const struct call *c)
{
	struct value *v = value_at(c->args, 3);
	int i = 0;

	if (v->kind == V_STRING)
		return setsockopt(fd_of(c, 0), num(c, 1), num(c, 2), v->s, num(c, 4));
	i = num(c, 3);
	return setsockopt(fd_of(c, 0), num(c, 1), num(c, 2), &i, num(c, 4));
}

static long long do_getsockopt(const struct call *c)
{
	socklen_t len = num(c, 4);
	int i = 0, rc;

	rc = getsockopt(fd_of(c, 0), num(c, 1), num(c, 2), &i, &len);
	if (!rc && i != num(c, 3))
		fail("getsockopt() tells %d, not %lld", i, num(c, 3));
	return rc;
}

static long long do_ioctl(const struct call *c)
{
	int i = 0, rc = ioctl(fd_of(c, 0), num(c, 1), &i);

	if (!rc && i != num(c, 2))
		fail("ioctl() tells %d, not %lld", i, num(c, 2));
	return rc;
}

static long long do_fcntl(const struct call *c)
{
	return fcntl(fd_of(c, 0), num(c, 1), c->args->next->next ? num(c, 2) : 0);
}

static long long do_close(const struct call *c)
{
	return close(fd_of(c, 0));
}

static long long do_shutdown(const struct call *c)
{
	return shutdown(fd_of(c, 0), num(c, 1));
}

/* ---- data ---------------------------------------------------------------- */

static long long do_read(const struct call *c)
{
	return read(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2));
}

static long long do_write(const struct call *c)
{
	return write(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2));
}

static long long do_send(const struct call *c)
{
	return send(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2), num(c, 3));
}

static long long do_recv(const struct call *c)
{
	return recv(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2), num(c, 3));
}

static long long do_recvfrom(const struct call *c)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);

	return recvfrom(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2), num(c, 3),
			(void *)&a, &len);
}

static long long do_sendto(const struct call *c)
{
	struct sockaddr_in6 a;
	socklen_t len = remote_address(&a);

	if (num(c, 3) & MSG_FASTOPEN) {
		flow_new(true);
		world.sock = fd_of(c, 0);
	}
	return sendto(fd_of(c, 0), buffer(c, 1, num(c, 2)), num(c, 2), num(c, 3),
		      (void *)&a, len);
}

static long long do_open(const struct call *c)
{
	int fd = open(value_at(c->args, 0)->s, num(c, 1));

	if (fd >= 0)
		fd_set_to(c->result, fd);
	return fd;
}

static long long do_sendfile(const struct call *c)
{
	off_t offset = num(c, 2);

	return sendfile(fd_of(c, 0), fd_of(c, 1), &offset, num(c, 3));
}

static long long do_pipe(const struct call *c)
{
	int two[2], rc = pipe(two);
	struct value *v = value_at(c->args, 0)->first;

	if (!rc) {
		fd_set_to(v->i, two[0]);
		fd_set_to(v->next->i, two[1]);
	}
	return rc;
}

static long long do_splice(const struct call *c)
{
	return splice(fd_of(c, 0), NULL, fd_of(c, 2), NULL, num(c, 4), num(c, 5));
}

/* ---- messages ------------------------------------------------------------ */

static void make_iov(const struct value *m, struct msghdr *msg)
{
	struct value *list = value_field(m, "msg_iov"), *v;
	static struct iovec iov[256];

	for (v = list->first; v; v = v->next) {
		size_t len = v->first->next->i;

		iov[msg->msg_iovlen].iov_base = calloc(1, len + 1);
		iov[msg->msg_iovlen++].iov_len = len;
	}
	msg->msg_iov = iov;
}

static long long do_sendmsg(const struct call *c)
{
	struct msghdr msg = { 0 };

	make_iov(value_at(c->args, 1), &msg);
	return sendmsg(fd_of(c, 0), &msg, num(c, 2));
}

static void same(const struct value *v, const char *name, long long got)
{
	struct value *f = value_field(v, name);

	if (f && f->kind == V_INT && f->i != got)
		fail("%s is %lld, not %lld", name, got, f->i);
}

static void compare_stamp(const struct value *data, const struct scm_timestamping *t)
{
	long long ns = t->ts[0].tv_sec * 1000000000LL + t->ts[0].tv_nsec - world.began_real;
	struct value *sec = value_field(data, "scm_sec"), *nsec = value_field(data, "scm_nsec");
	long long want;

	if (!sec || !nsec)
		fail("no time in the script");
	want = sec->i * 1000000000 + nsec->i;
	if (llabs(want - ns) > world.script->tolerance * 1000)
		fail("timestamp %lld ns, not %lld", ns, want);
}

static void compare_cmsg(const struct value *v, const struct cmsghdr *cm)
{
	struct value *data = value_field(v, "cmsg_data");
	const void *bytes = CMSG_DATA(cm);

	same(v, "cmsg_level", cm->cmsg_level);
	same(v, "cmsg_type", cm->cmsg_type);
	if (cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_TIMESTAMPING) {
		compare_stamp(data, bytes);
	} else if (data->kind == V_INT) {
		same(v, "cmsg_data", *(const int *)bytes);
	} else {
		const struct sock_extended_err *ee = bytes;

		same(data, "ee_errno", ee->ee_errno);
		same(data, "ee_origin", ee->ee_origin);
		same(data, "ee_type", ee->ee_type);
		same(data, "ee_code", ee->ee_code);
		same(data, "ee_info", ee->ee_info);
		same(data, "ee_data", ee->ee_data);
	}
}

static long long do_recvmsg(const struct call *c)
{
	struct value *m = value_at(c->args, 1), *v;
	static char control[4096];
	struct msghdr msg = { .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *cm;
	ssize_t n;

	make_iov(m, &msg);
	n = recvmsg(fd_of(c, 0), &msg, num(c, 2));
	if (n < 0)
		return n;
	same(m, "msg_flags", msg.msg_flags);
	m = value_field(m, "msg_control");
	cm = CMSG_FIRSTHDR(&msg);
	for (v = m ? m->first : NULL; v; v = v->next, cm = CMSG_NXTHDR(&msg, cm)) {
		if (!cm)
			fail("too few control messages");
		compare_cmsg(v, cm);
	}
	if (m && cm)
		fail("one control message more, level %d type %d", cm->cmsg_level,
		     cm->cmsg_type);
	return n;
}

/* ---- epoll --------------------------------------------------------------- */

static long long do_epoll_create(const struct call *c)
{
	int fd = epoll_create(num(c, 0));

	if (fd >= 0)
		fd_set_to(c->result, fd);
	return fd;
}

static long long do_epoll_ctl(const struct call *c)
{
	struct value *v = value_at(c->args, 3);
	struct epoll_event e = { .events = value_field(v, "events")->i };

	e.data.fd = value_field(v, "fd")->i;
	return epoll_ctl(fd_of(c, 0), num(c, 1), fd_of(c, 2), &e);
}

static long long do_epoll_wait(const struct call *c)
{
	struct value *v = value_at(c->args, 1);
	struct epoll_event e = { 0 };
	int n = epoll_wait(fd_of(c, 0), &e, num(c, 2), num(c, 3));

	if (n >= 0 && n == c->result && n)
		same(v, "events", e.events), same(v, "fd", e.data.fd);
	return n;
}

/* ---- all of them --------------------------------------------------------- */

#define CALL(name) { #name, do_##name }

static const struct {
	const char	*name;
	long long	(*make)(const struct call *c);
} calls[] = {
	CALL(socket), CALL(bind), CALL(listen), CALL(connect), CALL(accept), CALL(setsockopt),
	CALL(getsockopt), CALL(ioctl), CALL(fcntl), CALL(close), CALL(shutdown), CALL(read),
	CALL(write), CALL(send), CALL(recv), CALL(recvfrom), CALL(sendto), CALL(open),
	CALL(sendfile), CALL(pipe), CALL(splice), CALL(sendmsg), CALL(recvmsg),
	CALL(epoll_create), CALL(epoll_ctl), CALL(epoll_wait),
};

static struct {
	const struct call *c;
	pthread_t	thread;
	bool		runs;
	int		line;
	long long	began, until;
	uint64_t	ended;
	long long	result;
	int		error;
	volatile bool	done;
} blocked;

static long long make(const struct call *c)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (!strcmp(calls[i].name, c->name))
			return calls[i].make(c);
	fail("no such call: %s", c->name);
}

/* A descriptor has another number here, and flags that glibc or the kernel adds. */
static bool gives_fd(const struct call *c)
{
	static const char *const who[] = { "socket", "accept", "open", "epoll_create" };

	for (int i = 0; i < 4; i++)
		if (!strcmp(who[i], c->name))
			return true;
	return false;
}

static void judge(const struct call *c, long long result, int error)
{
	if (result < 0 && c->result >= 0)
		fail("%s() fails with %s", c->name, error_name(error));
	if (c->result < 0 ? result >= 0 : !gives_fd(c) && result != c->result)
		fail("%s() returns %lld, not %lld", c->name, result, c->result);
	if (c->result < 0 && c->error && error != c->error)
		fail("%s() fails with %s, not %s", c->name, error_name(error),
		     error_name(c->error));
}

static void *blocker(void *unused)
{
	blocked.result = make(blocked.c);
	blocked.error = errno;
	blocked.ended = now_ns();
	blocked.done = true;
	return NULL;
}

/**
 * call_await - wait for the end of a call that blocks, if there is one
 */
void call_await(void)
{
	long long slack = world.script->tolerance, at;
	int line = world.line;

	if (!blocked.runs)
		return;
	world.line = blocked.line;
	while (!blocked.done) {
		if (script_time(now_ns()) > blocked.until + slack + 1000000)
			fail("%s() does not return", blocked.c->name);
		wire_wait(now_ns() + 100000);
	}
	pthread_join(blocked.thread, NULL);
	blocked.runs = false;
	judge(blocked.c, blocked.result, blocked.error);
	at = script_time(blocked.ended);
	/* a timer may have ended it */
	if (at < blocked.until - slack ||
	    at > blocked.until + slack + (blocked.until - blocked.began) / 8)
		fail("%s() returns at %lld us, not %lld", blocked.c->name, at, blocked.until);
	world.line = line;
}

/**
 * call_make - make a call
 * @c: the call, and what it has to return
 * @threaded: it may block, and returns at
 * @until: microseconds of the script
 */
void call_make(const struct call *c, bool threaded, long long until)
{
	long long result;

	if (!threaded) {
		result = make(c);
		judge(c, result, errno);
		return;
	}
	memset(&blocked, 0, sizeof(blocked));
	blocked.c = c;
	blocked.line = world.line;
	blocked.began = script_time(now_ns());
	blocked.until = until;
	blocked.runs = true;
	if (pthread_create(&blocked.thread, NULL, blocker, NULL))
		fail("no thread");
	/* it gets to where it waits */
	wire_wait(now_ns() + 1000);
}
