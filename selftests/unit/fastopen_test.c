// SPDX-License-Identifier: GPL-2.0
/* TCP Fast Open (RFC 7413): the core's part, and the option. */
#include "cc_table.h"
#include "fastopen.h"
#include "options.h"
#include "output.h"
#include "script.h"

#define ISS	1000u
#define IRS	5000u
#define TEXT	100u

static struct xtcp_tcb t;
static struct xtcp_actions a;

static void call(enum xtcp_call what)
{
	xtcp_actions_init(&a);
	xtcp_on_user(&t, what, XTCP_WHY_CONNECT, now, &a);
}

static void arrives(struct xtcp_segment *seg)
{
	xtcp_actions_init(&a);
	xtcp_on_segment(&t, seg, now, &a);
}

/* SYN_SENT; the SYN waits. */
static void opened(void)
{
	xtcp_tcb_init(&t, &conf.core);
	t.iss = ISS;
	t.path_mss = MSS;
	t.mss_clamp = MSS;
	t.rcv_wnd = 10000;
	call(XTCP_CALL_OPEN);
}

/* SYN_SENT; the SYN went with TEXT bytes, which the host has queued. */
static void opened_with_text(void)
{
	opened();
	t.write_seq += TEXT;
	t.syn_data = TEXT;
	call(XTCP_CALL_SYN);
}

static void syn_ack(u32 ack)
{
	struct xtcp_segment seg = {
		.seq = IRS, .end_seq = IRS + 1, .ack = ack, .wnd = 10000,
		.flags = XTCP_SYN | XTCP_ACK,
	};

	arrives(&seg);
}

/* ---- the client ---------------------------------------------------------- */

TEST(open__waits_for_text)
{
	opened();
	CHECK_EQ(t.state, XTCP_SYN_SENT);
	CHECK_EQ(a.nr_edges, 1);
	CHECK_EQ(a.edges[0], XTCP_EDGE_CLOSE__ACTIVE_OPEN);
	CHECK_EQ(a.orders & XTCP_ACT_SEND_SYN, 0);
	CHECK_EQ(xtcp_timer_next(&t), 0);
}

TEST(open__syn_leaves_once)
{
	opened();
	call(XTCP_CALL_SYN);
	CHECK(a.orders & XTCP_ACT_SEND_SYN);
	CHECK(xtcp_timer_next(&t) > now);
	CHECK_EQ(a.nr_edges, 0);
	call(XTCP_CALL_SYN);
	CHECK_EQ(a.orders, 0);
}

/* Nothing was sent: whatever comes is no answer, not even a RST. */
TEST(open__before_the_syn_nothing_counts)
{
	struct xtcp_segment seg = {
		.seq = IRS, .end_seq = IRS + 1, .flags = XTCP_SYN, .wnd = 1000,
	};

	opened();
	arrives(&seg);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
	CHECK_EQ(a.orders, 0);
	seg.flags = XTCP_RST | XTCP_ACK;
	seg.ack = ISS + 1;
	arrives(&seg);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
	CHECK_EQ(seg.verdict, XTCP_VERDICT_FLAGS);
	syn_ack(ISS + 1);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
}

TEST(open__close_before_the_syn)
{
	opened();
	call(XTCP_CALL_CLOSE);
	CHECK_EQ(t.state, XTCP_CLOSE);
	CHECK(a.orders & XTCP_ACT_DEAD);
}

TEST(text__acked)
{
	opened_with_text();
	syn_ack(ISS + 1 + TEXT);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK(a.orders & XTCP_ACT_SYN_DATA);
	CHECK(t.syn_data_acked);
	CHECK_EQ(t.snd_una, ISS + 1 + TEXT);
	CHECK_EQ(t.snd_nxt, ISS + 1 + TEXT);
	CHECK_EQ(xtcp_acked(&t), 1 + TEXT);
}

/* RFC 7413 4.1.3: it is still to be sent. */
TEST(text__only_the_syn_acked)
{
	opened_with_text();
	syn_ack(ISS + 1);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK_EQ(a.orders & XTCP_ACT_SYN_DATA, 0);
	CHECK(a.orders & XTCP_ACT_OUTPUT);
	CHECK(!t.syn_data_acked);
	CHECK_EQ(t.snd_nxt, ISS + 1);
	CHECK_EQ(t.write_seq, ISS + 1 + TEXT);
}

/* What is sent again was no small segment, whatever wraps round later. */
TEST(text__sent_again_does_not_count_for_nagle)
{
	struct buf again = { .seg = { .seq = ISS + 1, .end_seq = ISS + 1 + TEXT } };
	struct buf small = { .seg = { .seq = ISS + 1 + TEXT, .end_seq = ISS + 2 + TEXT } };

	opened_with_text();
	syn_ack(ISS + 1);
	xtcp_mss_update(&t, MSS);
	t.write_seq += 1;
	xtcp_output_sent(&t, &again.seg, MSS, now);
	CHECK(!xtcp_after(t.snd_sml, t.snd_una));
	xtcp_output_sent(&t, &small.seg, MSS, now);
	CHECK_EQ(t.snd_sml, small.seg.end_seq);
	/* the same numbers, 4 GB later */
	t.acked_wraps = 1;
	t.snd_sml = ISS;
	xtcp_rtx_forget(&t, &small.seg);
	xtcp_rtx_forget(&t, &again.seg);
	xtcp_output_sent(&t, &again.seg, MSS, now);
	CHECK_EQ(t.snd_sml, again.seg.end_seq);
}

/* A write that waits for the handshake brings the ACK along. */
TEST(syn_ack__rides_on_a_write_that_waits)
{
	struct xtcp_segment seg = {
		.seq = IRS, .end_seq = IRS + 1, .ack = ISS + 1, .wnd = 10000,
		.flags = XTCP_SYN | XTCP_ACK, .write_waits = true,
	};

	opened();
	call(XTCP_CALL_SYN);
	arrives(&seg);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK_EQ(a.orders & XTCP_ACT_SEND_ACK, 0);
	CHECK(t.flags & XTCP_F_ACK_PENDING);
	CHECK_EQ(t.deadline[XTCP_TIMER_DELACK], now + XTCP_DELACK_MAX_US);
	/* what follows is a dialogue from the start */
	CHECK(t.ato_us);
}

TEST(text__acked_in_part)
{
	opened_with_text();
	syn_ack(ISS + 1 + TEXT / 2);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK(a.orders & XTCP_ACT_SYN_DATA);
	CHECK(!t.syn_data_acked);
	CHECK_EQ(t.snd_nxt, ISS + 1 + TEXT / 2);
	CHECK_EQ(xtcp_acked(&t), 1 + TEXT / 2);
}

TEST(text__more_acked_than_sent)
{
	opened_with_text();
	syn_ack(ISS + 2 + TEXT);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
	CHECK(a.orders & XTCP_ACT_SEND_RST);
	CHECK_EQ(a.rst_seq, ISS + 2 + TEXT);
	syn_ack(ISS);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
}

/* Without text in the SYN, the old limit holds. */
TEST(text__none)
{
	opened();
	call(XTCP_CALL_SYN);
	syn_ack(ISS + 2);
	CHECK_EQ(t.state, XTCP_SYN_SENT);
	CHECK(a.orders & XTCP_ACT_SEND_RST);
}

/* Both open at once, and the peer's SYN,ACK takes the text. */
TEST(text__simultaneous_open)
{
	struct xtcp_segment syn = {
		.seq = IRS, .end_seq = IRS + 1, .flags = XTCP_SYN, .wnd = 10000,
	};

	opened_with_text();
	arrives(&syn);
	CHECK_EQ(t.state, XTCP_SYN_RECV);
	syn_ack(ISS + 1 + TEXT);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK(a.orders & XTCP_ACT_SYN_DATA);
	CHECK_EQ(t.snd_una, ISS + 1 + TEXT);
}

/* ---- the server ---------------------------------------------------------- */

/* A child that a SYN made, with @len bytes of text. */
static void pending(u32 len, bool no_room)
{
	struct xtcp_segment syn = {
		.seq = IRS, .end_seq = IRS + 1 + len, .len = len, .flags = XTCP_SYN,
		.wnd = 3000, .no_room = no_room,
		.opt = { .has = XTCP_OPT_MSS | XTCP_OPT_WSCALE, .mss = MSS, .wscale = 7 },
	};
	struct xtcp_synrcv r;

	conf.core.window_scaling = true;
	xtcp_synrcv_init(&r, &syn, &conf.core, ISS, 0, MSS, 10000, 10000);
	xtcp_tcb_init(&t, &conf.core);
	xtcp_synrcv_child(&r, &t, &conf.core, now);
	xtcp_actions_init(&a);
	xtcp_fastopen_child(&t, &syn, now, &a);
}

static void ack(u32 nr)
{
	struct xtcp_segment seg = {
		.seq = t.rcv_nxt, .end_seq = t.rcv_nxt, .ack = nr, .wnd = 100,
		.flags = XTCP_ACK,
	};

	arrives(&seg);
}

TEST(child__text_is_delivered)
{
	pending(TEXT, false);
	CHECK(xtcp_fastopen_pending(&t));
	CHECK(a.orders & XTCP_ACT_DELIVER);
	CHECK(a.orders & XTCP_ACT_SEND_SYN);
	CHECK_EQ(t.rcv_nxt, IRS + 1 + TEXT);
	CHECK(t.syn_data_acked);
	/* RFC 7323 2.2: not scaled */
	CHECK_EQ(t.snd_wnd, 3000);
	CHECK(xtcp_timer_next(&t) > now);
}

/* The buffer is full: the SYN counts, and its text comes again. */
TEST(child__no_room)
{
	pending(TEXT, true);
	CHECK_EQ(a.orders & XTCP_ACT_DELIVER, 0);
	CHECK(a.orders & XTCP_ACT_SEND_SYN);
	CHECK_EQ(t.rcv_nxt, IRS + 1);
	CHECK(!t.syn_data_acked);
}

TEST(child__established_by_the_ack)
{
	pending(TEXT, false);
	now += 30 * XTCP_USEC_PER_MSEC;
	ack(ISS + 1);
	CHECK_EQ(t.state, XTCP_ESTABLISHED);
	CHECK_EQ(a.edges[0], XTCP_EDGE_SYN_RECV__RCV_ACK_OF_SYN);
	CHECK(!xtcp_fastopen_pending(&t));
	CHECK_EQ(t.snd_wnd, 100 << 7);
	CHECK_EQ(t.srtt_us >> 3, 30 * XTCP_USEC_PER_MSEC);
	CHECK_EQ(xtcp_timer_next(&t), 0);
}

TEST(child__same_syn_again)
{
	struct xtcp_segment syn = {
		.seq = IRS, .end_seq = IRS + 1, .flags = XTCP_SYN, .wnd = 3000,
	};

	pending(TEXT, false);
	arrives(&syn);
	CHECK_EQ(t.state, XTCP_SYN_RECV);
	CHECK(a.orders & XTCP_ACT_SEND_SYN);
	CHECK_EQ(a.again_why, XTCP_WHY_SYN_CAME_AGAIN);
	syn.end_seq += TEXT;
	syn.len = TEXT;
	arrives(&syn);
	CHECK(a.orders & XTCP_ACT_SEND_SYN);
	CHECK_EQ(t.rcv_nxt, IRS + 1 + TEXT);
	/* another one is nobody's */
	syn.seq++;
	arrives(&syn);
	CHECK_EQ(a.orders & XTCP_ACT_SEND_SYN, 0);
	CHECK_EQ(t.state, XTCP_SYN_RECV);
}

TEST(child__rst)
{
	struct xtcp_segment rst = { .flags = XTCP_RST };

	pending(TEXT, false);
	rst.seq = t.rcv_nxt;
	rst.end_seq = t.rcv_nxt;
	arrives(&rst);
	CHECK_EQ(t.state, XTCP_CLOSE);
	CHECK_EQ(a.error, ECONNRESET);
	CHECK_EQ(a.edges[0], XTCP_EDGE_SYN_RECV__RCV_RST);
}

/* One SYN,ACK more than other children get, as in Linux. */
TEST(child__gives_up)
{
	unsigned int sent = 0;

	conf.core.synack_retries = 2;
	pending(TEXT, false);
	while (t.state == XTCP_SYN_RECV) {
		now = xtcp_timer_next(&t);
		xtcp_actions_init(&a);
		xtcp_on_timer(&t, now, &a);
		sent += !!(a.orders & XTCP_ACT_SEND_SYN);
		CHECK(sent <= 3);
	}
	CHECK_EQ(sent, 3);
	CHECK_EQ(a.error, ETIMEDOUT);
	CHECK_EQ(a.edges[0], XTCP_EDGE_SYN_RECV__TIMEOUT);
}

TEST(child__close)
{
	pending(0, false);
	call(XTCP_CALL_CLOSE);
	CHECK_EQ(t.state, XTCP_FIN_WAIT1);
	CHECK_EQ(a.edges[0], XTCP_EDGE_SYN_RECV__CLOSE);
}

/* ---- the option ---------------------------------------------------------- */

static struct xtcp_options parsed(const u8 *p, unsigned int len)
{
	struct xtcp_options opt;

	CHECK(xtcp_options_parse(&opt, p, len, true));
	return opt;
}

TEST(option__request)
{
	static const u8 p[] = { 34, 2, 1, 1 };
	struct xtcp_options opt = parsed(p, sizeof(p));

	CHECK(opt.has & XTCP_OPT_TFO);
	CHECK_EQ(opt.tfo_len, 0);
}

TEST(option__cookies_have_4_to_16_bytes_and_an_even_length)
{
	unsigned int len;

	for (len = 0; len <= 20; len++) {
		u8 p[XTCP_OPT_MAX] = { 34, len + 2 };
		struct xtcp_options opt = parsed(p, len + 2);
		bool good = !len || (len >= 4 && len <= 16 && len % 2 == 0);

		CHECK_EQ(!!(opt.has & XTCP_OPT_TFO), good);
		CHECK_EQ(!!(opt.has & XTCP_OPT_BAD), !good);
		if (good)
			CHECK_EQ(opt.tfo_len, len);
	}
}

TEST(option__experimental)
{
	static const u8 p[] = { 254, 8, 0xf9, 0x89, 1, 2, 3, 4 };
	static const u8 other[] = { 254, 8, 0xf9, 0x88, 1, 2, 3, 4 };
	struct xtcp_options opt = parsed(p, sizeof(p));

	CHECK(opt.has & XTCP_OPT_TFO);
	CHECK(opt.has & XTCP_OPT_TFO_EXP);
	CHECK_EQ(opt.tfo_len, 4);
	CHECK_EQ(opt.tfo_off, 4);
	CHECK_EQ(parsed(other, sizeof(other)).has & XTCP_OPT_TFO, 0);
}

TEST(option__only_with_a_syn)
{
	static const u8 p[] = { 34, 2, 1, 1 };
	struct xtcp_options opt;

	CHECK(xtcp_options_parse(&opt, p, sizeof(p), false));
	CHECK_EQ(opt.has, 0);
}

TEST(option__what_is_built_is_parsed)
{
	struct xtcp_tfo_cookie c = { .val = { 1, 2, 3 } };
	unsigned int len, exp;

	for (exp = 0; exp < 2; exp++) {
		for (len = 4; len <= 16; len += 2) {
			u8 p[XTCP_OPT_MAX];
			struct xtcp_options opt;
			unsigned int n;

			c.len = len;
			c.exp = exp;
			n = xtcp_options_add_tfo(p, 0, XTCP_OPT_MAX, &c);
			CHECK_EQ(n % 4, 0);
			opt = parsed(p, n);
			CHECK_EQ(opt.tfo_len, len);
			CHECK_EQ(!!(opt.has & XTCP_OPT_TFO_EXP), exp);
			CHECK(!memcmp(p + opt.tfo_off, c.val, len));
		}
	}
}

TEST(option__no_room)
{
	struct xtcp_tfo_cookie c = { .len = 8 };
	u8 p[XTCP_OPT_MAX];

	CHECK_EQ(xtcp_options_add_tfo(p, 28, XTCP_OPT_MAX, &c), 40);
	CHECK_EQ(xtcp_options_add_tfo(p, 32, XTCP_OPT_MAX, &c), 32);
	c.len = -1;
	CHECK_EQ(xtcp_options_add_tfo(p, 0, XTCP_OPT_MAX, &c), 0);
}

TESTS_MAIN
