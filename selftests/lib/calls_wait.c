// SPDX-License-Identifier: GPL-2.0
/* Random calls that ask what there is to do: poll(), select(), epoll: see calls.h. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "kselftest.h"

#include "calls.h"
#include "dice.h"

static void make_poll(struct world *w, const struct call *c, struct outcome *o)
{
	short usual = POLLIN | POLLOUT;
	struct pollfd fds[2] = {
		{ .fd = world_fd(w, c->slot), .events = roll(4) ? usual : roll(1 << 14) },
		{ .fd = world_fd(w, c->other), .events = roll(1 << 14) },
	};

	call_text(o, "poll({%d, %s}, ", c->slot, poll_names(fds[0].events));
	call_text(o, "{%d, %s})", c->other, poll_names(fds[1].events));
	if (result_of(o, poll(fds, 2, 0)) >= 0)
		result_text(o, ", %s, %s", poll_names(fds[0].revents),
			    poll_names(fds[1].revents));
}

static void make_select(struct world *w, const struct call *c, struct outcome *o)
{
	int fd[] = { world_fd(w, c->slot), world_fd(w, c->other) }, i;
	struct timeval now = { 0 };
	fd_set sets[3];

	for (i = 0; i < 3; i++)
		FD_ZERO(&sets[i]);
	for (i = 0; i < 6; i++)
		if (fd[i & 1] >= 0)
			FD_SET(fd[i & 1], &sets[i / 2]);
	call_text(o, "select(%d, %d)", c->slot, c->other);
	result_of(o, select(FD_SETSIZE, &sets[0], &sets[1], &sets[2], &now));
	for (i = 0; i < 6; i++)
		if (fd[i & 1] >= 0 && FD_ISSET(fd[i & 1], &sets[i / 2]))
			result_text(o, ", %c%d", "rwe"[i / 2], i & 1 ? c->other : c->slot);
}

/* Level-triggered, edge-triggered or once. */
static void make_epoll_ctl(struct world *w, const struct call *c, struct outcome *o)
{
	static const int ops[] = { EPOLL_CTL_ADD, EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_DEL };
	static const uint32_t how[] = { 0, EPOLLET, EPOLLET, EPOLLONESHOT };
	int op = ops[roll(ARRAY_SIZE(ops))];
	struct epoll_event e = {
		.events = (roll(4) ? EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI : roll(1 << 14)) |
			  how[roll(ARRAY_SIZE(how))],
		.data.u32 = c->slot,
	};

	call_text(o, "epoll_ctl(%s, %d, %s%s)", op == EPOLL_CTL_ADD ? "ADD" :
		  op == EPOLL_CTL_MOD ? "MOD" : "DEL", c->slot, poll_names(e.events & 0xffff),
		  e.events & EPOLLET ? "|ET" : e.events & EPOLLONESHOT ? "|ONESHOT" : "");
	result_of(o, epoll_ctl(w->epoll, op, world_fd(w, c->slot), &e));
}

/* Told in the order of slots: that of events is the order in which they came. */
static void make_epoll_wait(struct world *w, const struct call *c, struct outcome *o)
{
	struct epoll_event e[2 * CALLS_SLOTS];
	int nr, slot, i;

	call_text(o, "epoll_wait()");
	nr = result_of(o, epoll_wait(w->epoll, e, ARRAY_SIZE(e), 0));
	for (slot = 0; slot < CALLS_SLOTS; slot++)
		for (i = 0; i < nr; i++)
			if ((int)e[i].data.u32 == slot)
				result_text(o, ", %d %s", slot, poll_names(e[i].events));
}

const struct call_kind calls_wait[] = {
	CALL_KIND(poll, 3),
	CALL_KIND(select, 1),
	CALL_KIND(epoll_ctl, 3),
	CALL_KIND(epoll_wait, 5),
	{ }
};
