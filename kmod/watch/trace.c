// SPDX-License-Identifier: GPL-2.0
/* Tracepoints: what trace.h declares is made here. */
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/string.h>

#include "watch/view.h"

#define CREATE_TRACE_POINTS
#include "watch/trace.h"

static void set_end(struct sockaddr_in6 *sa, u8 family,
		    const struct in6_addr *addr, u16 port)
{
	memset(sa, 0, sizeof(*sa));
	if (family == AF_INET) {
		struct sockaddr_in *sin = (struct sockaddr_in *)sa;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		sin->sin_addr.s_addr = xtcp_addr_v4(addr);
	} else {
		sa->sin6_family = AF_INET6;
		sa->sin6_port = htons(port);
		sa->sin6_addr = *addr;
	}
}

static void set_ends(const struct xtcp_ends *ends, void *local, void *remote)
{
	struct sockaddr_in6 sa;

	/* The ring buffer aligns to four bytes only. */
	set_end(&sa, ends->family, &ends->laddr, ends->lport);
	memcpy(local, &sa, sizeof(sa));
	set_end(&sa, ends->family, &ends->raddr, ends->rport);
	memcpy(remote, &sa, sizeof(sa));
}

/**
 * xtcp_trace_key - note where a key says that a flow goes
 * @key: it
 * @family: AF_INET or AF_INET6
 * @local: out, room for a struct sockaddr_in6
 * @remote: out, the same
 */
void xtcp_trace_key(const struct xtcp_key *key, u8 family, void *local, void *remote)
{
	struct xtcp_ends ends;

	xtcp_view_key(key, family, &ends);
	set_ends(&ends, local, remote);
}

/**
 * xtcp_trace_ends - note where a flow goes
 * @flow: held, or locked, by the caller; NULL: unknown, shown as 0.0.0.0:0
 * @local: out, room for a struct sockaddr_in6
 * @remote: out, the same
 *
 * Any context.
 */
void xtcp_trace_ends(const struct xtcp_flow *flow, void *local, void *remote)
{
	struct xtcp_ends ends = { .family = AF_INET };

	if (flow)
		xtcp_view_ends(flow, &ends);
	set_ends(&ends, local, remote);
}
