// SPDX-License-Identifier: GPL-2.0
/* Differences that are meant: see calls.h and kmod/differences.md. */
#include <poll.h>
#include <string.h>

#include <linux/xtcp_fsm.h>

#include "kselftest.h"

#include "calls.h"
#include "util.h"

/**
 * struct meant - a difference that is meant
 * @row: how its row in kmod/differences.md begins
 * @kind: of the call
 * @call: what its text has
 * @kernel: how the kernel's result begins
 * @xtcp: how ours does
 * @listening: the socket listened
 * @selinux: where the kernel has SELinux: the rig's 6.1 and 6.12, not its 7.2
 * @goes_on: nothing follows from it
 */
struct meant {
	const char	*row, *kind, *call, *kernel, *xtcp;
	bool		listening, selinux, goes_on;
};

/* ROW - what is meant by a row of differences.md */
#define ROW(text, kind_, call_, kernel_, xtcp_, ...) {			\
	.row = text, .kind = kind_, .call = call_, .kernel = kernel_,	\
	.xtcp = xtcp_, ##__VA_ARGS__					\
}

static const struct meant meant[] = {
	ROW("`sendto()` with an address on a listening socket", "sendto", "", "-1", "",
	    .listening = true),
	ROW("`SIOCOUTQ`, `SIOCOUTQNSD` of a socket that was disconnected", "ioctl", "SIOCOUTQ",
	    "0, ", "0, 0", .goes_on = true),
	ROW("`TCP_FASTOPEN_KEY` of a connection", "setsockopt", "IPPROTO_TCP 33",
	    "0", "-1 EINVAL"),
	ROW("an orphan in FIN_WAIT2", "connect", "", "-1 EINPROGRESS", "-1 EADDRNOTAVAIL"),
	ROW("SELinux's class of a socket", "connect", "family ", "-1 EAFNOSUPPORT", "-1 E",
	    .selinux = true, .goes_on = true),
	ROW("SELinux's class of a socket", "sendto", "family ", "-1 EAFNOSUPPORT", "-1 E",
	    .selinux = true, .goes_on = true),
	ROW("connections of a listener on the wildcard address, and sockets bound to it",
	    "bind", "", "0", "-1 EADDRINUSE"),
	ROW("connections of a listener on the wildcard address, and sockets bound to it",
	    "plain_bind", "", "0", "-1 EADDRINUSE"),
};

static bool begins(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/**
 * calls_meant - is it meant that a call's results differ?
 * @c: the call
 * @before: what the world looked like
 * @o: what came of it in both worlds
 * @goes_on: out: nothing follows from it
 *
 * Return: the row of kmod/differences.md that says so, or NULL.
 */
const char *calls_meant(const struct call *c, const struct world_view *before,
			const struct outcome o[SIDES], bool *goes_on)
{
	const struct meant *m;

	for (m = meant; m < meant + ARRAY_SIZE(meant); m++) {
		if (strcmp(m->kind, c->kind->name) || !strstr(o[KERNEL].call, m->call) ||
		    !begins(o[KERNEL].result, m->kernel) || !begins(o[XTCP].result, m->xtcp))
			continue;
		if (m->listening && before->slot[c->slot].state != XTCP_LISTEN)
			continue;
		if (m->selinux && !kernel_before(7, 0))
			continue;
		*goes_on = m->goes_on;
		return m->row;
	}
	return NULL;
}

/**
 * calls_reconcile - what is meant to look different looks the same
 * @v: a descriptor, as it looks in both worlds
 */
void calls_reconcile(struct slot_view *v[SIDES])
{
	struct slot_view *kernel = v[KERNEL], *xtcp = v[XTCP];

	/* "`SIOCOUTQ`, `SIOCOUTQNSD` of a socket that was disconnected" */
	if (kernel->state == XTCP_CLOSE && xtcp->state == XTCP_CLOSE && !xtcp->outq) {
		/* which TCP_NOTSENT_LOWAT takes for too much */
		if (kernel->outqnsd)
			kernel->poll |= xtcp->poll & (POLLOUT | POLLWRNORM);
		kernel->outq = xtcp->outq;
		kernel->outqnsd = xtcp->outqnsd;
	}
}

/* How much fits into a window hangs on how buffers are cut, which is chance. */
static bool window_full(const struct slot_view *kernel, const struct slot_view *xtcp)
{
	return kernel->state == xtcp->state && kernel->outqnsd > 0 && xtcp->outqnsd > 0 &&
	       kernel->outq != xtcp->outq;
}

/* Did a listener end?  @before: what the world looked like */
static bool listener_ended(const struct call *c, const struct world_view *before)
{
	return before->slot[c->slot].state == XTCP_LISTEN ||
	       (c->kind->opens && before->slot[c->other].state == XTCP_LISTEN);
}

/**
 * calls_looks_meant - is it meant that the worlds look different?
 * @w: one of them
 * @c: the call
 * @before: what the world looked like
 * @v: what both look like now
 *
 * Return: why, or NULL.
 */
const char *calls_looks_meant(const struct world *w, const struct call *c,
			      const struct world_view *before,
			      const struct world_view v[SIDES])
{
	bool ended = listener_ended(c, before), shrunk = false;
	int i;

	for (i = 0; i < CALLS_SLOTS; i++)
		shrunk |= w->slot[i].shrunk;

	for (i = 0; i < CALLS_SLOTS; i++) {
		const struct slot_view *kernel = &v[KERNEL].slot[i], *xtcp = &v[XTCP].slot[i];

		if (window_full(kernel, xtcp))
			return "a peer's window is full";
		if (shrunk && kernel->state == xtcp->state && kernel->outq != xtcp->outq)
			return "a segment that the receive buffer has no room for";
		if (w->slot[i].mapped && kernel->state == XTCP_SYN_SENT &&
		    xtcp->state != XTCP_SYN_SENT)
			return "`connect()` of a socket of IPv6 that spoke IPv4 before";
		if (ended && kernel->state == XTCP_ESTABLISHED && xtcp->state == XTCP_CLOSE)
			return "`close()` of a listener";
		/* with itself */
		if (w->slot[i].shut && kernel->state != xtcp->state &&
		    xtcp->state == XTCP_ESTABLISHED)
			return "`shutdown()` of a socket that is not connected";
	}
	return NULL;
}
