// SPDX-License-Identifier: GPL-2.0
/* Random calls that move data: see calls.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kselftest.h"

#include "calls.h"
#include "dice.h"

/* Where nothing is. */
#define NOWHERE	((void *)8)
/* Parts of a message. */
#define PARTS	4

static unsigned char room[200000];

static void make_send(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = draw_length();
	const void *bytes = roll(64) ? draw_bytes(len) : NOWHERE;
	int flags;

	call_text(o, "send(%d, %s, %zu, ", c->slot, bytes == NOWHERE ? "nowhere" : "bytes", len);
	flags = draw_flags(o, false);
	call_text(o, ")");
	result_of(o, send(world_fd(w, c->slot), bytes, len, flags));
}

static void make_sendto(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = draw_length();
	const void *bytes = draw_bytes(len);
	struct sockaddr_storage a;
	socklen_t namelen;
	int flags;

	call_text(o, "sendto(%d, bytes, %zu, ", c->slot, len);
	flags = draw_flags(o, false);
	if (!roll(3)) {
		call_text(o, "|FASTOPEN");
		flags |= MSG_FASTOPEN;
	}
	call_text(o, ", ");
	namelen = draw_address(w, c, o, &a);
	call_text(o, ")");
	result_of(o, sendto(world_fd(w, c->slot), bytes, len, flags,
			    (struct sockaddr *)&a, namelen));
}

/* Does the buffer have what was sent?  In the error queue are packets, with their ports. */
static bool shows(int flags)
{
	return !(flags & (MSG_TRUNC | MSG_ERRQUEUE));
}

static void make_recv(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = roll(3) ? draw_length() : sizeof(room);
	bool bad = !roll(64);
	int flags;
	long n;

	call_text(o, "recv(%d, %s, %zu, ", c->slot, bad ? "nowhere" : "buffer", len);
	flags = draw_flags(o, true);
	call_text(o, ")");
	n = result_of(o, recv(world_fd(w, c->slot), bad ? NOWHERE : room, len, flags));
	if (n > 0 && !bad && shows(flags))
		result_bytes(o, room, n);
}

static void make_recvfrom(struct world *w, const struct call *c, struct outcome *o)
{
	struct sockaddr_storage a = { 0 };
	socklen_t len = roll(8) ? sizeof(a) : roll(sizeof(a));
	size_t size = draw_length();
	int flags;
	long n;

	call_text(o, "recvfrom(%d, buffer, %zu, ", c->slot, size);
	flags = draw_flags(o, true);
	call_text(o, ", &address, %u)", len);
	n = result_of(o, recvfrom(world_fd(w, c->slot), room, size, flags,
				  (struct sockaddr *)&a, &len));
	if (n < 0)
		return;
	result_text(o, " (%u)", len);
	if (n > 0 && shows(flags))
		result_bytes(o, room, n);
}

/* A part is short, and one may be nowhere. */
static int draw_parts(struct iovec *iov, const unsigned char *bytes, struct outcome *o)
{
	int nr = roll(PARTS + 1), i;
	size_t at = 0;

	call_text(o, "{");
	for (i = 0; i < nr; i++) {
		size_t len = draw_length() % (sizeof(room) / PARTS);
		bool bad = !roll(64);

		iov[i].iov_base = bad ? NOWHERE : (void *)(bytes + at);
		iov[i].iov_len = len;
		at += len;
		call_text(o, "%s%s%zu", i ? ", " : "", bad ? "nowhere " : "", len);
	}
	call_text(o, "}");
	return nr;
}

static void make_sendmsg(struct world *w, const struct call *c, struct outcome *o)
{
	struct iovec iov[PARTS];
	struct msghdr msg = { .msg_iov = iov };
	int flags;

	call_text(o, "sendmsg(%d, ", c->slot);
	msg.msg_iovlen = draw_parts(iov, draw_bytes(sizeof(room)), o);
	call_text(o, ", ");
	flags = draw_flags(o, false);
	call_text(o, ")");
	result_of(o, sendmsg(world_fd(w, c->slot), &msg, flags));
}

static void result_cmsgs(struct outcome *o, struct msghdr *msg)
{
	struct cmsghdr *cm;

	for (cm = CMSG_FIRSTHDR(msg); cm; cm = CMSG_NXTHDR(msg, cm)) {
		result_text(o, ", cmsg %d %d (%zu)", cm->cmsg_level, cm->cmsg_type,
			    (size_t)cm->cmsg_len);
		/* a number; what is longer is a time, or an address that has one */
		if (cm->cmsg_len == CMSG_LEN(sizeof(int)))
			result_text(o, " %d", *(int *)CMSG_DATA(cm));
	}
}

static void make_recvmsg(struct world *w, const struct call *c, struct outcome *o)
{
	size_t control_len = roll(4) ? 512 : roll(64);
	unsigned char control[512];
	struct sockaddr_storage a;
	struct iovec iov[PARTS];
	struct msghdr msg = {
		.msg_name = &a, .msg_namelen = sizeof(a), .msg_iov = iov,
		.msg_control = control, .msg_controllen = control_len,
	};
	bool named = roll(4);
	int flags, i;
	size_t at = 0;
	long n;

	if (!named)
		msg.msg_name = NULL;
	memset(room, 0, sizeof(room));
	call_text(o, "recvmsg(%d, ", c->slot);
	msg.msg_iovlen = draw_parts(iov, room, o);
	call_text(o, ", control %zu, ", control_len);
	flags = draw_flags(o, true);
	call_text(o, ")");
	n = result_of(o, recvmsg(world_fd(w, c->slot), &msg, flags));
	if (n < 0)
		return;
	result_text(o, ", flags %#x, name %u", msg.msg_flags, named ? msg.msg_namelen : 0);
	result_cmsgs(o, &msg);
	for (i = 0; i < (int)msg.msg_iovlen; i++)
		at += iov[i].iov_len;
	if (n > 0 && shows(flags))
		result_bytes(o, room, at);
}

static void make_write(struct world *w, const struct call *c, struct outcome *o)
{
	struct iovec iov[PARTS];
	int nr, fd = world_fd(w, c->slot);

	if (roll(2)) {
		size_t len = draw_length();

		call_text(o, "write(%d, bytes, %zu)", c->slot, len);
		result_of(o, write(fd, draw_bytes(len), len));
		return;
	}
	call_text(o, "writev(%d, ", c->slot);
	nr = draw_parts(iov, draw_bytes(sizeof(room)), o);
	call_text(o, ")");
	result_of(o, writev(fd, iov, nr));
}

static void make_read(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = draw_length();
	long n;

	call_text(o, "read(%d, buffer, %zu)", c->slot, len);
	n = result_of(o, read(world_fd(w, c->slot), room, len));
	if (n > 0)
		result_bytes(o, room, n);
}

static void make_sendfile(struct world *w, const struct call *c, struct outcome *o)
{
	off_t at = roll(4) ? roll(100000) : draw_number();
	size_t len = draw_length();

	call_text(o, "sendfile(%d, file, %lld, %zu)", c->slot, (long long)at, len);
	result_of(o, sendfile(world_fd(w, c->slot), w->file, &at, len));
	result_text(o, ", %lld", (long long)at);
}

static unsigned int draw_splice_flags(struct outcome *o)
{
	unsigned int flags = SPLICE_F_NONBLOCK | (roll(3) ? 0 : SPLICE_F_MORE) |
			     (roll(3) ? 0 : SPLICE_F_MOVE);

	call_text(o, "%#x", flags);
	return flags;
}

/* What is in the pipe is read at once: how many buffers hold it is chance. */
static void make_splice_from(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = 1 + roll(2000);
	unsigned int flags;
	long n;

	call_text(o, "splice(%d, pipe, %zu, ", c->slot, len);
	flags = draw_splice_flags(o);
	call_text(o, ")");
	n = result_of(o, splice(world_fd(w, c->slot), NULL, w->pipe[1], NULL, len, flags));
	if (n <= 0)
		return;
	n = read(w->pipe[0], room, sizeof(room));
	if (n > 0)
		result_bytes(o, room, n);
}

static void make_splice_to(struct world *w, const struct call *c, struct outcome *o)
{
	size_t len = 1 + roll(4000);
	unsigned int flags;

	call_text(o, "splice(pipe with %zu, %d, ", len, c->slot);
	flags = draw_splice_flags(o);
	call_text(o, ")");
	if (write(w->pipe[1], draw_bytes(len), len) != (ssize_t)len)
		result_text(o, "the pipe is full, ");
	result_of(o, splice(w->pipe[0], NULL, world_fd(w, c->slot), NULL, len, flags));
	while (read(w->pipe[0], room, sizeof(room)) > 0)
		;
}

const struct call_kind calls_data[] = {
	CALL_KIND(send, 20),
	CALL_KIND(sendto, 4),
	CALL_KIND(recv, 20),
	CALL_KIND(recvfrom, 2),
	CALL_KIND(sendmsg, 4),
	CALL_KIND(recvmsg, 5),
	CALL_KIND(write, 3),
	CALL_KIND(read, 3),
	CALL_KIND(sendfile, 2),
	CALL_KIND(splice_from, 3),
	CALL_KIND(splice_to, 3),
	{ }
};
