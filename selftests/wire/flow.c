// SPDX-License-Identifier: GPL-2.0
/*
 * Flow control: which window the receiver offers as data comes and is read, when
 * it says so, and what a sender makes of the peer's (RFC 9293 3.8.6).
 *
 * Most of it is not in any RFC, so the kernel's own TCP is the reference: the
 * same exchange is played with a socket of either, and every answer of one is
 * compared with the other's.
 */
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE_TIMERS(flow)

/* ---- comparing ----------------------------------------------------------- */

/*
 * One run of an exchange.
 * @p: the peer
 * @fd: the socket
 * @seq: the peer's next sequence number, relative
 * @scale: shift of the windows that come
 * @ts: with timestamps
 * @text: what was seen
 */
struct run {
	struct peer	p;
	int		fd;
	unsigned int	seq;
	unsigned int	scale;
	bool		ts;
	unsigned int	ack;
	unsigned int	edge;
	char		text[65536];
	size_t		len;
};

__attribute__((format(printf, 2, 3)))
static void say(struct run *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	r->len += vsnprintf(r->text + r->len, sizeof(r->text) - r->len, format, args);
	va_end(args);
}

static uint32_t get32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

/* A segment came: what does it acknowledge, and what does it offer? */
static void note(struct run *r)
{
	unsigned int ack = get32(r->p.last + 28) - r->p.iss;
	unsigned int edge = ack + (r->p.rcv_win << r->scale);

	/* RFC 9293 3.8.6, SHLD-14: an offer is not taken back */
	if (r->edge && (int)(edge - r->edge) < 0)
		say(r, "the window shrank: ");
	r->ack = ack;
	r->edge = edge;
}

/* One segment of the peer, and the answers until all is acknowledged. */
static void data(struct run *r, unsigned int len)
{
	packets(&r->p, fmt("< . %u:%u(%u) ack 1", r->seq, r->seq + len, len));
	r->seq += len;
}

/* What comes now, until this peer has heard an ACK of all it sent. */
static void answers(struct run *r, const char *what)
{
	say(r, "%s:", what);
	while (r->ack != r->seq && peer_hears(&r->p, 1000)) {
		note(r);
		say(r, " ack %u win %u", r->ack, r->edge - r->ack);
	}
	say(r, "\n");
}

/* The user reads; does the peer hear of it? */
static void reads(struct run *r, unsigned int len)
{
	static char buf[1 << 20];
	ssize_t n = recv(r->fd, buf, len, MSG_DONTWAIT);

	say(r, "read %zd:", n);
	if (peer_hears(&r->p, 15)) {
		note(r);
		say(r, " ack %u win %u", r->ack, r->edge - r->ack);
	}
	say(r, "\n");
}

static void connect_run(struct run *r, const char *synack)
{
	struct sockaddr_in sin = peer_sockaddr(&r->p);

	if (!connect(r->fd, (struct sockaddr *)&sin, sizeof(sin)) || errno != EINPROGRESS)
		wire_fail(r->p.w, "connect: %s", strerror(errno));
	packets(&r->p, "> S 0:0(0)");
	say(r, "SYN win %u\n", r->p.rcv_win);
	packets(&r->p, synack,
		       "> . 1:1(0) ack 1");
	note(r);
	say(r, "ACK win %u\n", r->edge - r->ack);
	r->seq = 1;
}

/* With window scaling as Linux offers it by default. */
static void opened(struct run *r)
{
	r->scale = 7;
	connect_run(r, "< S. 0:0(0) ack 1 <mss 1460,nop,wscale 7>");
}

static void opened_unscaled(struct run *r)
{
	connect_run(r, "< S. 0:0(0) ack 1 <mss 1460>");
}

typedef void story(struct run *r);

static void run(struct run *r, struct peer *base, int family, uint16_t port, story *tell)
{
	memset(r, 0, sizeof(*r));
	base->w->family = family;
	peer_clone(&r->p, base, port);
	r->p.no_verify = true;
	r->fd = wire_socket(base->w, SOCK_NONBLOCK);
	tell(r);
	close(r->fd);
	peer_settle(&r->p, 5);
}

/* Where the two differ first, or NULL. */
static const char *compare(struct peer *base, story *tell)
{
	static struct run ours, theirs;
	const char *a = ours.text, *b = theirs.text;
	static char why[500];
	unsigned int lines = 0;
	size_t line = 0, i;

	run(&theirs, base, AF_INET, 4000, tell);
	run(&ours, base, xtcp_family(), 4001, tell);
	if (!strcmp(a, b))
		return NULL;
	for (i = 0; a[i] == b[i]; i++)
		if (a[i] == '\n') {
			line = i + 1;
			lines++;
		}
	snprintf(why, sizeof(why), "%u lines are the same, then the kernel's is "
		 "\"%.*s\" and xtcp's \"%.*s\"", lines,
		 (int)strcspn(b + line, "\n"), b + line,
		 (int)strcspn(a + line, "\n"), a + line);
	return why;
}

/* A setting of both. */
static void both(const char *name, const char *value)
{
	proc_write(fmt("/proc/sys/net/ipv4/tcp_%s", name), value);
	proc_write(fmt("/proc/sys/net/xtcp/%s", name), value);
}

/* Linux computes its windows from what buffers really hold since 6.6. */
#define WINDOWS_ARE_OLDER	kernel_before(6, 6)

#define SAME(test)		SAME_UNLESS(test, false)
#define SAME_WINDOW(test)	SAME_UNLESS(test, WINDOWS_ARE_OLDER)

#define SAME_UNLESS(test, older)					\
	static void test##_story(struct run *r);			\
	TEST_F(flow, test)						\
	{								\
		const char *difference;					\
									\
		XTCP_ONLY();						\
		if (older)						\
			SKIP(return, "Linux before 6.6 offers other windows"); \
		difference = compare(&self->p, test##_story);		\
		EXPECT_EQ(NULL, difference) {				\
			TH_LOG("%s", difference);			\
		}							\
	}								\
	static void test##_story(struct run *r)

/* ---- the window as data comes -------------------------------------------- */

/* The user reads at once: the window opens with what comes. */
SAME_WINDOW(window__opens_with_the_data)
{
	int i;

	opened(r);
	for (i = 0; i < 60; i++) {
		data(r, 1460);
		answers(r, "1460");
		reads(r, 1460);
	}
}

/* Small segments cost more memory than they bring. */
SAME(window__of_small_segments)
{
	int i;

	opened(r);
	for (i = 0; i < 100; i++) {
		data(r, 200);
		answers(r, "200");
		reads(r, 200);
	}
}

/* Nobody reads: the window closes, and what was offered stays. */
SAME_WINDOW(window__closes)
{
	opened(r);
	while (r->edge != r->ack && r->seq < 2000000) {
		unsigned int left = r->edge - r->ack;

		data(r, left < 1460 ? left : 1460);
		answers(r, "data");
	}
	say(r, "closed\n");
	while (r->edge == r->ack && r->seq < 2000000) {
		int queued;

		ioctl(r->fd, FIONREAD, &queued);
		if (!queued)
			break;
		reads(r, 1000);
	}
}

SAME_WINDOW(window__closes_without_scaling)
{
	opened_unscaled(r);
	while (r->edge != r->ack && r->seq < 2000000) {
		unsigned int left = r->edge - r->ack;

		data(r, left < 1460 ? left : 1460);
		answers(r, "data");
	}
	reads(r, 1000);
	reads(r, 1000);
	reads(r, 10000);
	reads(r, 10000);
	reads(r, 100000);
}

/* SO_RCVBUF: what the user wants is what there is. */
SAME_WINDOW(rcvbuf__of_the_user)
{
	int i;

	set_int(r->fd, SOL_SOCKET, SO_RCVBUF, 20000);
	opened_unscaled(r);
	for (i = 0; i < 30; i++) {
		data(r, 1460);
		answers(r, "1460");
		reads(r, 1460);
	}
	while (r->edge != r->ack && r->seq < 2000000) {
		unsigned int left = r->edge - r->ack;

		data(r, left < 1460 ? left : 1460);
		answers(r, "data");
	}
	for (i = 0; i < 20; i++)
		reads(r, 700);
}

SAME(rcvbuf__tiny)
{
	int i;

	set_int(r->fd, SOL_SOCKET, SO_RCVBUF, 1);
	opened_unscaled(r);
	for (i = 0; i < 10 && r->edge != r->ack; i++) {
		unsigned int left = r->edge - r->ack;

		data(r, left < 500 ? left : 500);
		answers(r, "data");
	}
	for (i = 0; i < 10; i++)
		reads(r, 300);
}

/* ---- TCP_WINDOW_CLAMP ---------------------------------------------------- */

SAME(clamp__before_connect)
{
	int i;

	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 8000));
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0));
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 8000));
	opened_unscaled(r);
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	for (i = 0; i < 10; i++) {
		data(r, 536);
		answers(r, "536");
		reads(r, 536);
	}
}

SAME(clamp__of_a_connection)
{
	int i;

	opened(r);
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 0));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 1));
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 20000));
	for (i = 0; i < 70; i++) {
		data(r, 536);
		answers(r, "536");
		reads(r, 536);
	}
	say(r, "%d\n", set_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP, 60000));
	for (i = 0; i < 70; i++) {
		data(r, 536);
		answers(r, "536");
		reads(r, 536);
	}
}

/* ---- SO_RCVLOWAT --------------------------------------------------------- */

SAME_WINDOW(rcvlowat__wakes_with_enough)
{
	int i;

	set_int(r->fd, SOL_SOCKET, SO_RCVLOWAT, 5000);
	opened(r);
	for (i = 0; i < 8; i++) {
		data(r, 1000);
		answers(r, "1000");
		say(r, "poll %x\n", fd_poll(r->fd, POLLIN, 0));
	}
	set_int(r->fd, SOL_SOCKET, SO_RCVLOWAT, 20000);
	say(r, "%d poll %x\n", get_int(r->fd, SOL_SOCKET, SO_RCVLOWAT),
	    fd_poll(r->fd, POLLIN, 0));
}

/* It cannot be more than half of what the buffer can become. */
SAME(rcvlowat__bounds)
{
	say(r, "%d\n", set_int(r->fd, SOL_SOCKET, SO_RCVLOWAT, 100000000));
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVLOWAT));
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVBUF));
	set_int(r->fd, SOL_SOCKET, SO_RCVBUF, 10000);
	say(r, "%d\n", set_int(r->fd, SOL_SOCKET, SO_RCVLOWAT, 100000000));
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVLOWAT));
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVBUF));
	say(r, "%d\n", set_int(r->fd, SOL_SOCKET, SO_RCVLOWAT, -1));
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVLOWAT));
}

/* ---- settings ------------------------------------------------------------ */

SAME_WINDOW(shrink__is_allowed)
{
	both("shrink_window", "1");
	opened(r);
	while (r->edge != r->ack && r->seq < 2000000) {
		unsigned int left = r->edge - r->ack;

		data(r, left < 1460 ? left : 1460);
		answers(r, "data");
	}
	reads(r, 10000);
	reads(r, 10000);
	reads(r, 100000);
}

SAME_WINDOW(app_win__reserves)
{
	int i;

	both("app_win", "2");
	opened(r);
	for (i = 0; i < 30; i++) {
		data(r, 1460);
		answers(r, "1460");
		reads(r, 1460);
	}
	say(r, "%d\n", get_int(r->fd, IPPROTO_TCP, TCP_WINDOW_CLAMP));
}

SAME(signed_windows__half_of_it)
{
	both("workaround_signed_windows", "1");
	opened_unscaled(r);
	data(r, 1460);
	answers(r, "1460");
	reads(r, 1460);
}

SAME_WINDOW(rmem__default_and_greatest)
{
	int i;

	both("rmem", "4096 20000 30000");
	close(r->fd);
	r->fd = wire_socket(r->p.w, SOCK_NONBLOCK);
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVBUF));
	opened_unscaled(r);
	for (i = 0; i < 30; i++) {
		data(r, 1460);
		answers(r, "1460");
		reads(r, 1460);
	}
	say(r, "%d\n", get_int(r->fd, SOL_SOCKET, SO_RCVBUF));
}

/* What may be set by SO_RCVBUF limits the shift, too: net.core.rmem_max is larger. */
SAME(rmem__less_than_users_may_set)
{
	both("rmem", "4096 30000 60000");
	close(r->fd);
	r->fd = wire_socket(r->p.w, SOCK_NONBLOCK);
	opened(r);
}

/* There is room for more than a SYN can say: the first ACK says it. */
SAME_WINDOW(rcvbuf__larger_than_a_syn_can_say)
{
	int i;

	set_int(r->fd, SOL_SOCKET, SO_RCVBUF, 200000);
	opened(r);
	for (i = 0; i < 20; i++) {
		data(r, 1460);
		answers(r, "1460");
		reads(r, 1460);
	}
}

/* ---- acknowledgements ---------------------------------------------------- */

/* What the user took at once of a small segment is acknowledged at once. */
TEST_F(flow, ack__with_the_read)
{
	struct peer *p = &self->p;
	int fd = open_active(p), i;
	unsigned int seq = 1;

	/* until delayed ACKs begin */
	for (i = 0; i < 40; i++, seq += 100) {
		packets(p, fmt("< P. %u:%u(100) ack 1", seq, seq + 100),
			   fmt("> . 1:1(0) ack %u", seq + 100));
		get_pattern(fd, seq - 1, 100);
	}
	set_int(fd, IPPROTO_TCP, TCP_QUICKACK, 1);
	packets(p, fmt("< P. %u:%u(100) ack 1", seq, seq + 100));
	get_pattern(fd, seq - 1, 100);
	packets(p, fmt("> . 1:1(0) ack %u", seq + 100));
}

/* A segment that costs more memory for its size than others is no measure for them. */
TEST_F(flow, window__grows_after_a_small_segment)
{
	int listener = start_listen(&self->w, 8);
	struct peer *p = &self->p;
	uint16_t before;

	if (test_inet() && WINDOWS_ARE_OLDER)
		SKIP(return, "an older kernel takes it for one");
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1460,nop,wscale 7>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1",
		   "< P. 1:1001(1000) ack 1",
		   ">  . 1:1(0) ack 1001");
	before = p->rcv_win;
	packets(p, "< P. 1001:2461(1460) ack 1",
		   ">  . 1:1(0) ack 2461");
	EXPECT_LT(before, p->rcv_win);
	close(listener);
}

/* ---- the sender's side --------------------------------------------------- */

/* RFC 9293 3.8.6.2.1: no segment smaller than half the largest window. */
TEST_F(flow, sender__avoids_crumbs)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 1460);
	packets(p, "> P. 1:1461(1460) ack 1",
		   "< . 1:1(0) ack 1461 win 1000");
	put_pattern(fd, 1460, 5000);
	/* 1000 bytes would fit: it waits for a window that takes a segment */
	packets(p, "quiet 50",
		   "< . 1:1(0) ack 1461 win 1460",
		   "> . 1461:2921(1460) ack 1",
		   "< . 1:1(0) ack 2921 win 65535",
		   "> . 2921:4381(1460) ack 1",
		   /* on a slow path the pacing rate allows two in a buffer: PSH ends it */
		   "> * 4381:5841(1460) ack 1",
		   "> P. 5841:6461(620) ack 1");
}

/*
 * A window that opens by less than a segment at a time: what the persist timer forces
 * out leaves a rest of the buffer, which does not go out as the small segment that it
 * would be, for more is queued behind it.
 */
TEST_F(flow, sender__rest_of_a_buffer)
{
	struct peer *p = &self->p;
	int fd;

	/* however slow the path is, buffers are of more than two segments */
	conf_set("min_tso_segs", "10");
	fd = start_connect(p);
	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 2144 <mss 536>",
		   ">  . 1:1(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	put_pattern(fd, 0, 5360);
	packets(p, "> * 1:537(536) ack 1",
		   "> * 537:1073(536) ack 1",
		   "> * 1073:1609(536) ack 1",
		   "> * 1609:2145(536) ack 1",
		   "< . 1:1(0) ack 2145 win 500",
		   "> P. 2145:2645(500) ack 1",
		   "< . 1:1(0) ack 2645 win 500",
		   "> P. 2645:3145(500) ack 1",
		   /* of the third buffer 72 bytes are left, and the window takes them */
		   "< . 1:1(0) ack 3145 win 500",
		   "> P. 3145:3645(500) ack 1",
		   "< . 1:1(0) ack 3645 win 65535",
		   "> * 3645:4181(536) ack 1",
		   "> * 4181:4717(536) ack 1",
		   "> * 4717:5253(536) ack 1",
		   "> P. 5253:5361(108) ack 1");
}

/* A window that shrinks over what is in flight is lived with. */
TEST_F(flow, sender__window_shrinks)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 2920);
	packets(p, "> . 1:1461(1460) ack 1",
		   "> P. 1461:2921(1460) ack 1",
		   "< . 1:1(0) ack 1461 win 500");
	put_pattern(fd, 2920, 100);
	packets(p, "< . 1:1(0) ack 2921 win 100",
		   "> P. 2921:3021(100) ack 1",
		   "< . 1:1(0) ack 3021");
}

/* A connection whose peer's window is full. */
static int window_is_full(struct peer *p)
{
	int fd = start_connect(p);

	packets(p, "> S  0:0(0)",
		   "< S. 0:0(0) ack 1 win 4000 <mss 1000>",
		   ">  . 1:1(0) ack 1");
	if (!(fd_poll(fd, POLLOUT, PATIENCE_MS) & POLLOUT))
		wire_fail(p->w, "connect() did not succeed");
	put_pattern(fd, 0, 4000);
	packets(p, "> * 1:1001(1000) ack 1",
		   "> * 1001:2001(1000) ack 1",
		   "> * 2001:3001(1000) ack 1",
		   "> * 3001:4001(1000) ack 1");
	return fd;
}

/* TCP_NOTSENT_LOWAT: writable while little waits to be sent first. */
TEST_F(flow, notsent_lowat__option)
{
	struct peer *p = &self->p;
	int fd = window_is_full(p);

	EXPECT_EQ(0, get_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT));
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, 2000));
	EXPECT_EQ(2000, get_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT));
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT, 0));
	put_pattern(fd, 4000, 1500);
	/* 1500 is below 2000, but poll() wants to see half of that free */
	EXPECT_EQ(0, fd_poll(fd, POLLOUT, 0));
	packets(p, "< . 1:1(0) ack 4001 win 4000",
		   "> * 4001:5001(1000) ack 1",
		   "> * 5001:5501(500) ack 1");
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT, PATIENCE_MS));
}

TEST_F(flow, notsent_lowat__sysctl)
{
	struct peer *p = &self->p;
	int fd;

	ASSERT_TRUE(conf_set("notsent_lowat", "1000"));
	fd = window_is_full(p);
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT, 0));
	put_pattern(fd, 4000, 1500);
	EXPECT_EQ(0, fd_poll(fd, POLLOUT, 0));
	packets(p, "< . 1:1(0) ack 4001 win 4000",
		   "> * 4001:5001(1000) ack 1",
		   "> * 5001:5501(500) ack 1");
	EXPECT_EQ(POLLOUT, fd_poll(fd, POLLOUT, PATIENCE_MS));
}

TEST_HARNESS_MAIN
