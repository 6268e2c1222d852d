// SPDX-License-Identifier: GPL-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "ecn.h"
#include "options.h"
#include "script.h"
#include "stream.h"
#include "tap.h"

#define TESTS_MAX	256

/* Where both sequences begin: some wrap around, or change sign, on the way. */
static const struct base {
	const char *name;
	u32 iss, irs;
} bases[] = {
	{ "",			1000000,	5000000 },
	{ " (both wrap soon)",	0xfffffe00,	0xffffff00 },
	{ " (ISS wraps)",	0xffffffff,	5000000 },
	{ " (IRS wraps)",	1000000,	0xffffffff },
	{ " (sign changes)",	0x7fffff00,	0x7ffffffe },
};

struct endpoint ep;
struct endpoint_conf conf;
xtcp_usec_t now;

static struct test {
	const char *name;
	void (*fn)(void);
	unsigned int arg;
} tests[TESTS_MAX];
static unsigned int nr_tests;
unsigned int script_arg;
const char *peer_options = "";
unsigned int script_bases = ARRAY_SIZE(bases);

static u32 iss, irs;
static u16 peer_wnd;
static struct packet *captured, **captured_end;
static jmp_buf failed;
static char message[512];

void script_add_arg(const char *name, void (*fn)(void), unsigned int arg)
{
	if (nr_tests == TESTS_MAX)
		abort();
	tests[nr_tests++] = (struct test) { name, fn, arg };
}

void script_add(const char *name, void (*fn)(void))
{
	script_add_arg(name, fn, 0);
}

void fail(const char *file, int line, const char *fmt, ...)
{
	const char *slash = strrchr(file, '/');
	va_list ap;
	int n;

	n = snprintf(message, sizeof(message), "%s:%d: ", slash ? slash + 1 : file, line);
	va_start(ap, fmt);
	vsnprintf(message + n, sizeof(message) - n, fmt, ap);
	va_end(ap);
	longjmp(failed, 1);
}

static void wrong(struct endpoint *e, const char *what)
{
	fail("invariant", 0, "in %s: %s", xtcp_state_name(e->t.state), what);
}

static void capture(struct endpoint *e, struct packet *p)
{
	char text[200];

	if (getenv("XTCP_TRACE")) {
		packet_format(p, iss, irs, text, sizeof(text));
		tap_note("%9.3f  > %s", now / 1000.0, text);
	}
	*captured_end = p;
	captured_end = &p->next;
}

static struct packet *captured_pop(void)
{
	struct packet *p = captured;

	if (p) {
		captured = p->next;
		if (!captured)
			captured_end = &captured;
	}
	return p;
}

u32 our(u32 seq)
{
	return iss + seq;
}

u32 peers(u32 seq)
{
	return irs + seq;
}

/* ---- segments as text --------------------------------------------------- */

struct text {
	u8	flags;
	bool	has_seq, has_ack, has_win, no_opt;
	u32	seq, len, ack, win;
	struct xtcp_options opt;
	struct xtcp_range sacks[XTCP_SACKS_MAX];
	bool no_sack;
	u8 ecn;
	u16 urg, merged;
};

static u32 number(const char **p)
{
	char *end;
	u32 n = strtoul(*p, &end, 0);

	*p = end;
	return n;
}

static bool word(const char **p, const char *w)
{
	size_t n = strlen(w);

	while (**p == ' ')
		(*p)++;
	if (strncmp(*p, w, n) || ((*p)[n] && (*p)[n] != ' '))
		return false;
	*p += n;
	while (**p == ' ')
		(*p)++;
	return true;
}

static bool parse(const char *p, struct text *x)
{
	memset(x, 0, sizeof(*x));
	for (; *p && *p != ' '; p++) {
		static const char letters[] = "FSRP.UEW"; /* in the order of the bits */
		const char *letter = strchr(letters, *p);

		if (letter)
			x->flags |= 1 << (letter - letters);
		else if (*p != '-')
			return false;
	}
	while (*p == ' ')
		p++;
	if (*p >= '0' && *p <= '9') {
		x->has_seq = true;
		x->seq = number(&p);
		if (*p == ':') {
			p++;
			x->len = number(&p) - x->seq;
		}
		if (*p == '(') {
			p++;
			x->len = number(&p);
			if (*p++ != ')')
				return false;
		}
	}
	while (*p) {
		if (word(&p, "ack")) {
			x->has_ack = true;
			x->ack = number(&p);
		} else if (word(&p, "win")) {
			x->has_win = true;
			x->win = number(&p);
		} else if (word(&p, "urg")) {
			x->urg = number(&p);
		} else if (word(&p, "merged")) {
			x->merged = number(&p);
		} else if (word(&p, "mss")) {
			x->opt.has |= XTCP_OPT_MSS;
			x->opt.mss = number(&p);
		} else if (word(&p, "wscale")) {
			x->opt.has |= XTCP_OPT_WSCALE;
			x->opt.wscale = number(&p);
		} else if (word(&p, "sackOK")) {
			x->opt.has |= XTCP_OPT_SACK_PERM;
		} else if (word(&p, "sack none")) {
			x->no_sack = true;
		} else if (word(&p, "sack")) {
			do {
				if (x->opt.nr_sacks == XTCP_SACKS_MAX)
					return false;
				x->sacks[x->opt.nr_sacks].seq = number(&p);
				if (*p++ != ':')
					return false;
				x->sacks[x->opt.nr_sacks++].end_seq = number(&p);
			} while (*p++ == ',');
			p--;
			x->opt.has |= XTCP_OPT_SACK;
		} else if (word(&p, "ect0")) {
			x->ecn = XTCP_IP_ECT0;
		} else if (word(&p, "ce")) {
			x->ecn = XTCP_IP_CE;
		} else if (word(&p, "noopt")) {
			x->no_opt = true;
		} else if (word(&p, "TS")) {
			x->opt.has |= XTCP_OPT_TS;
			if (!word(&p, "val"))
				return false;
			x->opt.tsval = number(&p);
			if (!word(&p, "ecr"))
				return false;
			x->opt.tsecr = number(&p);
		} else {
			return false;
		}
	}
	return true;
}

static unsigned int put_sacks(u8 *p, const struct text *x)
{
	unsigned int i, n = x->opt.nr_sacks;

	xtcp_put32(p, XTCP_OPTK_NOP << 24 | XTCP_OPTK_NOP << 16 | XTCP_OPTK_SACK << 8 |
		   (2 + n * XTCP_OPT_SACK_BLOCK));
	for (i = 0; i < n; i++) {
		xtcp_put32(p + 4 + 8 * i, iss + x->sacks[i].seq);
		xtcp_put32(p + 8 + 8 * i, iss + x->sacks[i].end_seq);
	}
	return XTCP_OPT_SACK_BASE + n * XTCP_OPT_SACK_BLOCK;
}

void script_rcv(const char *file, int line, const char *text)
{
	struct xtcp_header h = { 0 };
	struct packet *p;
	struct text x;

	if (!parse(text, &x) || !x.has_seq)
		fail(file, line, "cannot read \"%s\"", text);
	if (getenv("XTCP_TRACE"))
		tap_note("%9.3f  < %s", now / 1000.0, text);
	h.seq = irs + x.seq;
	h.flags = x.flags;
	h.ack = x.has_ack ? iss + x.ack : 0;
	if (x.has_win)
		peer_wnd = x.win;
	h.window = peer_wnd;
	h.urg = x.urg;
	if (x.opt.has & ~(XTCP_OPT_TS | XTCP_OPT_SACK)) {
		h.optlen = xtcp_options_build_syn(h.opt, &x.opt);
	} else if (x.opt.has & XTCP_OPT_TS) {
		xtcp_options_build_ts(h.opt, x.opt.tsval, x.opt.tsecr);
		h.optlen = XTCP_OPT_TS_ALIGNED;
	}
	if (x.opt.has & XTCP_OPT_SACK)
		h.optlen += put_sacks(h.opt + h.optlen, &x);
	p = packet_make(&h, x.len);
	stream_fill(packet_payload(p), ep.conf.rx_stream,
		    x.seq - !(x.flags & XTCP_SYN), x.len);
	packet_seal(p);
	p->ecn = x.ecn;
	if (x.merged) {
		p->segs = DIV_ROUND_UP(x.len, x.merged);
		p->mss = x.merged;
	}
	endpoint_receive(&ep, p);
	free(p);
}

void script_rcvf(const char *file, int line, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	script_rcv(file, line, text);
}

static bool sacks_match(const struct xtcp_segment *seg, const struct text *x)
{
	unsigned int i;

	if (x->no_sack)
		return !(seg->opt.has & XTCP_OPT_SACK);
	if (x->opt.has & XTCP_OPT_SACK && seg->opt.nr_sacks != x->opt.nr_sacks)
		return false;
	for (i = 0; i < x->opt.nr_sacks; i++) {
		if (xtcp_get32(seg->sacks + 8 * i) != irs + x->sacks[i].seq ||
		    xtcp_get32(seg->sacks + 8 * i + 4) != irs + x->sacks[i].end_seq)
			return false;
	}
	return true;
}

static bool matches(const struct packet *p, const struct text *x)
{
	struct xtcp_segment seg;

	if (packet_parse(p, &seg))
		return false;
	if (seg.flags != x->flags || (x->has_seq && seg.seq != iss + x->seq) ||
	    (x->has_seq && seg.len != x->len) ||
	    (x->has_ack && seg.ack != irs + x->ack) || (x->has_win && seg.wnd != x->win) ||
	    (x->no_opt && p->hdr != XTCP_HDR_MIN))
		return false;
	if (seg.flags & XTCP_ACK && !x->has_ack)
		return false;
	if ((seg.opt.has & x->opt.has) != x->opt.has ||
	    (x->opt.has & XTCP_OPT_MSS && seg.opt.mss != x->opt.mss) ||
	    (x->opt.has & XTCP_OPT_WSCALE && seg.opt.wscale != x->opt.wscale) ||
	    (x->opt.has & XTCP_OPT_TS && (seg.opt.tsval != x->opt.tsval ||
					  seg.opt.tsecr != x->opt.tsecr)))
		return false;
	if (!sacks_match(&seg, x) || seg.ecn != x->ecn || seg.urg != x->urg)
		return false;
	return seg.len == 0 ||
	       stream_matches(p->bytes + p->hdr, ep.conf.tx_stream, seg.seq - iss - 1,
			      seg.len);
}

void script_expect(const char *file, int line, const char *text)
{
	struct packet *p = captured_pop();
	char got[200];
	struct text x;
	bool ok;

	if (!parse(text, &x))
		fail(file, line, "cannot read \"%s\"", text);
	if (!p)
		fail(file, line, "nothing left, instead of \"%s\"", text);
	packet_format(p, iss, irs, got, sizeof(got));
	ok = matches(p, &x);
	free(p);
	if (!ok)
		fail(file, line, "\"%s\" left, instead of \"%s\"", got, text);
}

void script_expectf(const char *file, int line, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	script_expect(file, line, text);
}

void script_expect_nothing(const char *file, int line)
{
	char got[200];

	if (!captured)
		return;
	packet_format(captured, iss, irs, got, sizeof(got));
	fail(file, line, "\"%s\" left, instead of nothing", got);
}

/**
 * ignore_output - forget what left
 *
 * Return: how many segments that were.
 */
unsigned int ignore_output(void)
{
	struct packet *p;
	unsigned int n = 0;

	while ((p = captured_pop())) {
		free(p);
		n++;
	}
	return n;
}

/**
 * script_pop_flags - look at the next segment that left, and forget it
 * @flags: out, its control bits
 *
 * Return: false when there is none.
 */
bool script_pop_flags(u8 *flags)
{
	struct packet *p = captured_pop();

	if (!p)
		return false;
	*flags = packet_flags(p);
	free(p);
	return true;
}

/**
 * peer_window - the window field of the peer's segments from now on
 * @wnd: it
 */
void peer_window(u16 wnd)
{
	peer_wnd = wnd;
}

/* ---- user and clock ----------------------------------------------------- */

void usr_listen(void)
{
	endpoint_listen(&ep);
}

void usr_connect(void)
{
	endpoint_connect(&ep);
}

void usr_shutdown(void)
{
	endpoint_call(&ep, XTCP_CALL_SHUT_WR);
}

void usr_close(void)
{
	endpoint_close(&ep);
}

void usr_abort(void)
{
	endpoint_call(&ep, XTCP_CALL_ABORT);
}

void script_write(const char *file, int line, u32 len)
{
	u32 n = endpoint_write(&ep, len);

	if (n != len)
		fail(file, line, "%u of %u bytes found room in the send buffer", n, len);
}

void script_expect_read(const char *file, int line, u32 len)
{
	u32 n = endpoint_read(&ep, len ? len : 1);

	if (n != len)
		fail(file, line, "read %u bytes instead of %u", n, len);
}

void advance_us(xtcp_usec_t us)
{
	xtcp_usec_t end = now + us, due;

	while ((due = endpoint_due(&ep)) && due <= end) {
		now = max(now, due);
		endpoint_timer(&ep);
	}
	now = end;
}

void advance(u32 ms)
{
	advance_us((xtcp_usec_t)ms * 1000);
}

long due_ms(enum xtcp_timer timer)
{
	return ep.t.deadline[timer] ? (long)DIV_ROUND_UP(ep.t.deadline[timer] - now, 1000) : -1;
}

/* ---- expectations ------------------------------------------------------- */

void script_expect_state(const char *file, int line, u8 state)
{
	if (endpoint_state(&ep) != state)
		fail(file, line, "in %s instead of %s",
		     xtcp_state_name(endpoint_state(&ep)), xtcp_state_name(state));
}

void script_expect_edge(const char *file, int line, unsigned int edge)
{
	if (!ep.edges[edge])
		fail(file, line, "the edge %s was not taken", xtcp_edges[edge].name);
}

void script_expect_why(const char *file, int line, unsigned int why)
{
	if (!ep.whys[why] && !ep.rsts[why] && !ep.sent[why])
		fail(file, line, "nothing happened for the reason %s",
		     xtcp_reasons[why].name);
}

void script_expect_verdict(const char *file, int line, unsigned int verdict)
{
	if (ep.last_verdict != verdict)
		fail(file, line, "verdict %s instead of %s",
		     xtcp_verdicts[ep.last_verdict].name, xtcp_verdicts[verdict].name);
}

void script_expect_error(const char *file, int line, int error)
{
	if (ep.error != error)
		fail(file, line, "errno %d instead of %d", ep.error, error);
}

/* ---- where a test begins ------------------------------------------------ */

/**
 * script_init - make the endpoint, with what conf says by now
 *
 * given() does it; tests that begin otherwise call it themselves.
 */
void script_init(void)
{
	endpoint_free(&ep);
	conf.iss = iss;
	endpoint_init(&ep, &conf, &now, capture, NULL);
	ep.wrong = wrong;
}

static void open_passive(const char *file, int line)
{
	usr_listen();
	script_rcvf(file, line, "S 0 win 65535 mss 1000%s", peer_options);
	script_expect(file, line, "S. 0 ack 1");
	script_rcv(file, line, ". 1 ack 1");
	endpoint_unlisten(&ep);
}

static void open_active(const char *file, int line)
{
	usr_connect();
	script_expect(file, line, "S 0");
	script_rcvf(file, line, "S. 0 ack 1 win 65535 mss 1000%s", peer_options);
	script_expect(file, line, ". 1 ack 1");
}

void script_given(const char *file, int line, u8 state, bool active)
{
	script_init();
	switch (state) {
	case XTCP_CLOSE:
		return;
	case XTCP_LISTEN:
		usr_listen();
		return;
	case XTCP_SYN_SENT:
		usr_connect();
		script_expect(file, line, "S 0");
		return;
	case XTCP_SYN_RECV:
		if (active) {
			usr_connect();
			script_expect(file, line, "S 0");
			script_rcvf(file, line, "S 0 win 65535 mss 1000%s", peer_options);
		} else {
			usr_listen();
			script_rcvf(file, line, "S 0 win 65535 mss 1000%s", peer_options);
		}
		script_expect(file, line, "S. 0 ack 1");
		return;
	}
	if (active)
		open_active(file, line);
	else
		open_passive(file, line);
	switch (state) {
	case XTCP_CLOSE_WAIT:
	case XTCP_LAST_ACK:
		script_rcv(file, line, "F. 1 ack 1");
		if (state == XTCP_LAST_ACK) {
			usr_close();
			script_expect(file, line, "F. 1 ack 2");
		} else {
			advance(200);
			script_expect(file, line, ". 1 ack 2");
		}
		break;
	case XTCP_FIN_WAIT1:
	case XTCP_FIN_WAIT2:
	case XTCP_CLOSING:
	case XTCP_TIME_WAIT:
		usr_shutdown();
		script_expect(file, line, "F. 1 ack 1");
		if (state == XTCP_FIN_WAIT2 || state == XTCP_TIME_WAIT)
			script_rcv(file, line, ". 1 ack 2");
		if (state == XTCP_CLOSING) {
			script_rcv(file, line, "F. 1 ack 1");
			script_expect(file, line, ". 2 ack 2");
		}
		if (state == XTCP_TIME_WAIT) {
			script_rcv(file, line, "F. 1 ack 2");
			script_expect(file, line, ". 2 ack 2");
		}
		break;
	}
	script_expect_state(file, line, state);
}

/* ---- the runner --------------------------------------------------------- */

static bool run(const struct test *test, const struct base *base)
{
	volatile bool ok = true;

	endpoint_conf_init(&conf);
	conf.path_mss = MSS;
	conf.advmss = MSS;
	conf.gso_max = 10 * MSS;
	/* a receive buffer whose space is what it says */
	conf.rcvbuf = 65536;
	conf.ratio = 256;
	conf.overhead = 0;
	/* each by tests of its own; the others are easier to read without */
	conf.core.timestamps = false;
	/* a script's handshake takes no time, which is no measurement to begin with */
	conf.untimed = true;
	conf.core.window_scaling = false;
	iss = base->iss;
	irs = base->irs;
	now = 1000 * XTCP_USEC_PER_SEC;
	peer_wnd = 65535;
	captured_end = &captured;
	message[0] = '\0';
	if (getenv("XTCP_TRACE"))
		tap_note("%s%s", test->name, base->name);
	if (setjmp(failed)) {
		ok = false;
	} else {
		script_arg = test->arg;
		peer_options = "";
		test->fn();
		expect_nothing();
	}
	ignore_output();
	endpoint_free(&ep);
	memset(&ep, 0, sizeof(ep));
	return ok;
}

/**
 * script_main - run every test that the program has, with every ISS and IRS
 *
 * XTCP_TEST=NAME runs one; XTCP_TRACE=1 shows the segments.
 *
 * Return: exit status.
 */
int script_main(void)
{
	unsigned int i, j, n = 0;
	const char *only = getenv("XTCP_TEST");

	for (i = 0; i < nr_tests; i++)
		n += !only || !strcmp(only, tests[i].name);
	tap_plan(n * script_bases);
	for (i = 0; i < nr_tests; i++) {
		if (only && strcmp(only, tests[i].name))
			continue;
		for (j = 0; j < script_bases; j++) {
			bool ok = run(&tests[i], &bases[j]);

			if (!ok)
				tap_note("%s", message);
			tap_result(ok, "%s%s", tests[i].name, bases[j].name);
		}
	}
	return tap_done();
}
