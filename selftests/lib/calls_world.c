// SPDX-License-Identifier: GPL-2.0
/* Two worlds that are alike, and what they look like: see calls.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <linux/tcp.h>

#include "kselftest.h"

#include "calls.h"
#include "util.h"

#define FILE_SIZE	100000

/**
 * world_enter - what is made from now on is of this world
 * @w: the world
 */
void world_enter(const struct world *w)
{
	if (setns(w->ns, CLONE_NEWNET))
		abort();
}

/* What is acknowledged is so at once, and nothing depends on who is faster. */
static const char *set_routes(void)
{
	static const char commands[] =
		"route replace local 127.0.0.0/8 dev lo table local quickack 1\n"
		"route replace local 127.0.0.1 dev lo table local quickack 1\n"
		"route replace local " WIRE_LOCAL " dev wire table local quickack 1\n"
		"route replace local ::1 dev lo table local quickack 1\n";
	FILE *ip = popen("exec ip -batch -", "we");

	if (!ip || fputs(commands, ip) < 0 || pclose(ip))
		return "no routes that acknowledge at once";
	return NULL;
}

static bool has_loopback6(void)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = !bind(fd, (struct sockaddr *)&sin6, sizeof(sin6));

	close(fd);
	return ok;
}

static int make_file(void)
{
	int fd = memfd_create("calls", MFD_CLOEXEC);
	unsigned char text[FILE_SIZE];
	int i;

	for (i = 0; i < FILE_SIZE; i++)
		text[i] = i * 7 + (i >> 8);
	if (fd < 0 || write(fd, text, sizeof(text)) != sizeof(text))
		abort();
	return fd;
}

/**
 * world_open - make a world
 * @w: out
 * @side: whose sockets it has
 *
 * Return: NULL, or why there can be none.
 */
const char *world_open(struct world *w, enum side side)
{
	const char *why;
	int i;

	memset(w, 0, sizeof(*w));
	w->side = side;
	w->file = -1;
	w->epoll = -1;
	w->pipe[0] = -1;
	w->pipe[1] = -1;
	for (i = 0; i < CALLS_SLOTS; i++)
		w->slot[i].fd = -1;
	why = wire_open(&w->wire);
	if (why)
		return why;
	w->ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (w->ns < 0)
		return "no /proc";
	if (!await(has_loopback6()))
		return "no ::1";
	/* what one connection learned is nothing that the next one knows */
	proc_write("/proc/sys/net/ipv4/tcp_no_metrics_save", "1");
	why = set_routes();
	w->file = make_file();
	return why;
}

/** world_close - a world ends */
void world_close(struct world *w)
{
	world_end(w);
	wire_close(&w->wire);
	close(w->file);
	close(w->ns);
}

/**
 * world_begin - a sequence of calls begins
 * @w: the world
 * @port: the first of its ports, which the one before did not have
 */
void world_begin(struct world *w, uint16_t port)
{
	w->port = port;
	w->nr_chosen = 0;
	if (pipe2(w->pipe, O_NONBLOCK | O_CLOEXEC))
		abort();
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	lseek(w->file, 0, SEEK_SET);
}

/**
 * world_end - it has ended
 * @w: the world
 *
 * No connection goes on, but for those that a call has closed.
 */
void world_end(struct world *w)
{
	int i;

	for (i = 0; i < CALLS_SLOTS; i++) {
		if (w->slot[i].fd < 0)
			continue;
		set_linger(w->slot[i].fd, 0);
		close(w->slot[i].fd);
		w->slot[i].fd = -1;
	}
	if (w->epoll >= 0)
		close(w->epoll);
	w->epoll = -1;
	for (i = 0; i < 2; i++) {
		if (w->pipe[i] >= 0)
			close(w->pipe[i]);
		w->pipe[i] = -1;
	}
}

/**
 * world_put - a slot gets a descriptor, and the one that it had is closed
 * @w: the world
 * @slot: the slot
 * @fd: the descriptor; -1: nothing happens
 * @six: whether it is of IPv6
 */
void world_put(struct world *w, int slot, int fd, bool six)
{
	if (fd < 0)
		return;
	if (w->slot[slot].fd >= 0)
		close(w->slot[slot].fd);
	w->slot[slot] = (struct slot){ .fd = fd, .six = six };
}

/* Return: the descriptor in a slot, -1: none. */
int world_fd(const struct world *w, int slot)
{
	return w->slot[slot].fd;
}

static int queue(int fd, unsigned long request)
{
	int n = -1;

	return ioctl(fd, request, &n) ? -errno : n;
}

static void look(int fd, struct slot_view *v)
{
	const int all = POLLIN | POLLPRI | POLLOUT | POLLRDHUP | POLLRDNORM | POLLRDBAND |
			POLLWRNORM | POLLWRBAND | POLLMSG;
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	memset(v, 0, sizeof(*v));
	if (fd < 0)
		return;
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len)) {
		v->state = -errno;
		return;
	}
	v->state = info.tcpi_state;
	v->poll = fd_poll(fd, all, 0);
	v->inq = queue(fd, SIOCINQ);
	v->outq = queue(fd, SIOCOUTQ);
	v->outqnsd = queue(fd, SIOCOUTQNSD);
	v->atmark = queue(fd, SIOCATMARK);
	v->backlog = info.tcpi_state == XTCP_LISTEN ? info.tcpi_unacked : 0;
	v->unacked = info.tcpi_state == XTCP_LISTEN ? info.tcpi_sacked : info.tcpi_unacked;
	v->options = info.tcpi_options;
	v->mss = info.tcpi_snd_mss < CALLS_HALF_WINDOW ? info.tcpi_snd_mss : CALLS_HALF_WINDOW;
}

/**
 * world_look - what a world looks like now
 * @w: the world
 * @v: out
 *
 * Nothing changes by it.
 */
void world_look(const struct world *w, struct world_view *v)
{
	int i;

	for (i = 0; i < CALLS_SLOTS; i++)
		look(w->slot[i].fd, &v->slot[i]);
}

/**
 * view_text - the same for people
 * @to: where to
 * @room: its size
 * @v: a descriptor's
 */
void view_text(char *to, size_t room, const struct slot_view *v)
{
	snprintf(to, room, "%s, poll %s, inq %d, outq %d (%d not sent), at mark %d, "
			   "backlog %d, unacked %d, options %#x, mss %d",
		 tcp_state_name(v->state), poll_names(v->poll), v->inq, v->outq, v->outqnsd,
		 v->atmark, v->backlog, v->unacked, v->options, v->mss);
}
