// SPDX-License-Identifier: GPL-2.0
/*
 * What a segment looks like, of control blocks and entries that dice have made: each
 * header against what RFC 9293, 2018, 3168, 7323 and 7413 want, read by other code
 * than the core's (legal.c).
 */
#include "compose.h"
#include "ecn.h"
#include "internal.h"
#include "legal.h"
#include "mss.h"
#include "offer.h"
#include "output.h"
#include "rng.h"
#include "script.h"
#include "urgent.h"
#include "window.h"

#define DRAWS		20000
#define PATH_MSS	1460u

static struct rng dice;
static struct xtcp_conf settings;
static struct xtcp_tcb t;
static struct buf last;			/* of what waits behind a gap */
static struct xtcp_header h;
static struct legal_options o;
static struct xtcp_room room;
static xtcp_usec_t at;

static u32 any(void)
{
	return (u32)rng_next(&dice);
}

static bool coin(void)
{
	return any() & 1;
}

static u32 flag(u32 bit)
{
	return coin() ? bit : 0;
}

/* A distance of sequence numbers: often none, or a little. */
static u32 distance(u32 most)
{
	switch (rng_below(&dice, 4)) {
	case 0:
		return 0;
	case 1:
		return rng_below(&dice, min(most, 3U) + 1);
	default:
		return rng_below(&dice, most + 1);
	}
}

static void draw_settings(void)
{
	xtcp_conf_init(&settings);
	settings.dsack = coin();
	settings.ecn_fallback = coin();
	settings.signed_windows = coin();
	settings.shrink_window = !rng_below(&dice, 4);
}

/* What the handshake agreed on, and what the user wants. */
static void draw_agreement(void)
{
	t.flags = flag(XTCP_F_TS_OK) | flag(XTCP_F_SACK_OK) | flag(XTCP_F_WSCALE_OK) |
		  flag(XTCP_F_ECN_OK) | flag(XTCP_F_NODELAY) | flag(XTCP_F_CORK) |
		  flag(XTCP_F_PASSIVE);
	xtcp_mss_reserve(&t, !rng_below(&dice, 4));
	if (t.flags & XTCP_F_ECN_OK)
		t.flags |= flag(XTCP_F_ECN_ECHO) | flag(XTCP_F_ECN_CWR) |
			   flag(XTCP_F_ECN_ALL) | flag(XTCP_F_ECN_SEEN) |
			   flag(XTCP_F_ECN_EXACT);
	if (t.flags & XTCP_F_WSCALE_OK) {
		t.rcv_wscale = rng_below(&dice, XTCP_WSCALE_MAX + 1);
		t.snd_wscale = rng_below(&dice, XTCP_WSCALE_MAX + 1);
	}
	t.ts_offset = any();
	t.ts_recent = any();
	t.advmss = rng_range(&dice, XTCP_SND_MSS_MIN, U16_MAX);
	t.rcv_mss = rng_range(&dice, XTCP_SND_MSS_MIN, t.advmss);
	t.iss = any();
	t.irs = any();
}

/* Windows and buffers. */
static void draw_window(void)
{
	u32 most = XTCP_WND_MAX_UNSCALED << t.rcv_wscale;

	room.full = distance(most);
	room.free = distance(room.full);
	t.rcv_nxt = t.irs + 1 + distance(1 << 30);
	t.rcv_wup = t.rcv_nxt - distance(1 << 16);
	t.rcv_wnd = distance(most);
	t.window_clamp = rng_below(&dice, 4) ? most : distance(most);
	t.rcv_ssthresh = distance(t.window_clamp);
	t.copied_seq = t.rcv_nxt - distance(1 << 16);
	if (coin()) {
		t.flags |= XTCP_F_ACK_PENDING;
		t.deadline[XTCP_TIMER_DELACK] = at + 1000;
		t.held_acks = distance(44);
		t.quick = distance(16);
	}
}

/* What waits behind a gap, and what came twice. */
static void draw_sacks(void)
{
	u32 seq = t.rcv_nxt;
	unsigned int i;

	if (!(t.flags & XTCP_F_SACK_OK))
		return;
	if (coin()) {
		memset(&last, 0, sizeof(last));
		last.seg.nr_sacks = rng_range(&dice, 1, XTCP_SACKS_MAX);
		for (i = 0; i < last.seg.nr_sacks; i++) {
			seq += 1 + distance(100000);
			last.seg.sacks[i].seq = seq;
			seq += 1 + distance(100000);
			last.seg.sacks[i].end_seq = seq;
		}
		t.ooo_last = &last.seg;
		t.flags |= XTCP_F_SACKS;
	}
	if (coin())
		xtcp_dsack(&t, t.rcv_nxt - 1 - distance(100000), t.rcv_nxt);
}

static void draw_sending(void)
{
	t.snd_una = t.iss + 1 + distance(1 << 30);
	t.snd_nxt = t.snd_una + distance(1 << 20);
	t.write_seq = t.snd_nxt + distance(1 << 20);
	t.max_window = distance(1 << 30);
	t.mss_clamp = rng_range(&dice, 1, U16_MAX);
	if (coin()) {
		t.flags |= XTCP_F_URG_OUT;
		t.snd_up = t.snd_una - 1 + distance(1 << 18);
		if (xtcp_after(t.snd_up, t.write_seq))
			t.snd_up = t.write_seq;
	}
	xtcp_mss_update(&t, PATH_MSS);
}

static void draw(u8 state)
{
	at = (u64)any() << 12 | any();
	draw_settings();
	xtcp_tcb_init(&t, &settings);
	t.state = state;
	draw_agreement();
	draw_window();
	draw_sacks();
	draw_sending();
	t.retransmits = distance(3);
	/* what is not set by a composer must not come from it */
	memset(&h, 0xa5, sizeof(h));
}

static u8 synchronised(void)
{
	static const u8 states[] = {
		XTCP_ESTABLISHED, XTCP_FIN_WAIT1, XTCP_FIN_WAIT2, XTCP_CLOSE_WAIT,
		XTCP_CLOSING, XTCP_LAST_ACK,
	};

	return states[rng_below(&dice, sizeof(states))];
}

static void check_legal(u32 payload)
{
	const char *fault = legal_fault(&h, payload);

	if (fault)
		fail(__FILE__, __LINE__, "%s", fault);
	legal_options_read(&o, h.opt, h.optlen);
}

/* The host's option fits, too. */
static void check_room(void)
{
	CHECK(h.optlen + xtcp_host_option_len(&t) <= XTCP_OPT_MAX);
}

static u32 option32(u8 kind, unsigned int off)
{
	return xtcp_get32(h.opt + o.at[kind] + off);
}

static void check_ts(bool there, u32 val, u32 ecr)
{
	CHECK_EQ(o.nr[XTCP_OPTK_TS], there);
	if (!there)
		return;
	CHECK_EQ(option32(XTCP_OPTK_TS, 0), val);
	CHECK_EQ(option32(XTCP_OPTK_TS, 4), ecr);
}

/* RFC 2018 3 and 4, RFC 2883 4: the duplicate first, then what is behind the gap. */
static void check_sacks(const struct xtcp_tcb *was)
{
	bool dsack = was->flags & XTCP_F_DSACK;
	unsigned int i, n = o.len[XTCP_OPTK_SACK] / 8;
	unsigned int most = (XTCP_OPT_MAX - xtcp_option_len(was) - XTCP_OPT_SACK_BASE) / 8;

	CHECK_EQ(o.nr[XTCP_OPTK_SACK],
		 most && was->flags & (XTCP_F_SACKS | XTCP_F_DSACK));
	CHECK(!n || was->flags & XTCP_F_SACK_OK);
	CHECK(n <= most);
	if (dsack && n) {
		CHECK_EQ(option32(XTCP_OPTK_SACK, 0), was->dsack.seq);
		CHECK_EQ(option32(XTCP_OPTK_SACK, 4), was->dsack.end_seq);
	}
	for (i = dsack; i < n; i++) {
		u32 from = option32(XTCP_OPTK_SACK, 8 * i);
		u32 to = option32(XTCP_OPTK_SACK, 8 * i + 4);

		CHECK(xtcp_after(from, h.ack) && xtcp_after(to, from));
		CHECK_EQ(from, last.seg.sacks[i - dsack].seq);
	}
}

/* RFC 9293 3.8.6: what was offered is not taken back, nor more offered than there is. */
static void check_window(const struct xtcp_tcb *was)
{
	u32 before = xtcp_receive_window(was), unit = 1U << was->rcv_wscale;
	u32 wnd = (u32)h.window << was->rcv_wscale;

	/* what lies beyond the field was offered by no segment */
	if (before > XTCP_WND_MAX_UNSCALED << was->rcv_wscale)
		before = XTCP_WND_MAX_UNSCALED << was->rcv_wscale;
	if (!settings.shrink_window || !was->rcv_wscale)
		CHECK(wnd >= before || before - wnd < unit);
	CHECK(wnd < max(before, room.free) + unit);
	/* as the core remembers it */
	CHECK_EQ(t.rcv_wup, t.rcv_nxt);
	CHECK_EQ(t.rcv_wnd >> t.rcv_wscale, h.window);
	if (settings.signed_windows && !was->rcv_wscale)
		CHECK(wnd <= max(before, XTCP_WND_MAX_SIGNED));
}

/* It carries an ACK: what waited for one does not any more. */
static void check_acked(const struct xtcp_tcb *was)
{
	CHECK(!(t.flags & XTCP_F_ACK_PENDING));
	CHECK_EQ(t.deadline[XTCP_TIMER_DELACK], 0);
	CHECK_EQ(t.held_acks, 0);
	CHECK_EQ(h.held, was->held_acks);
}

/* What all segments of a synchronised state have in common. */
static void check_common(const struct xtcp_tcb *was, u32 payload)
{
	check_legal(payload);
	check_room();
	check_ts(was->flags & XTCP_F_TS_OK, xtcp_tsval(was, at), was->ts_recent);
	check_sacks(was);
	check_acked(was);
	CHECK(h.flags & XTCP_ACK);
	CHECK(!(h.flags & (XTCP_SYN | XTCP_RST)));
	CHECK(h.ecn == XTCP_IP_NOT_ECT || was->flags & XTCP_F_ECN_OK);
	CHECK(!(h.flags & (XTCP_ECE | XTCP_CWR)) || was->flags & XTCP_F_ECN_OK);
	if (h.flags & XTCP_URG) {
		u32 up = h.seq + h.urg;

		CHECK(was->flags & XTCP_F_URG_OUT && xtcp_after(was->snd_up, was->snd_una));
		CHECK(up == was->snd_up || (h.urg == U16_MAX && xtcp_after(was->snd_up, up)));
	}
}

TEST(queued__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_seg seg = { 0 };
		struct xtcp_tcb was;
		bool fresh, probe;
		u32 mss, len;

		draw(synchronised());
		fresh = coin();
		probe = fresh && !rng_below(&dice, 4);
		t.flags |= probe ? XTCP_F_FORCE : 0;
		seg.seq = fresh ? t.snd_nxt : t.snd_una + distance(t.snd_nxt - t.snd_una);
		len = distance(fresh ? 65000 : t.snd_nxt - seg.seq);
		/* a record is never before SND.NXT unless all of it is */
		fresh = seg.seq == t.snd_nxt;
		seg.flags = XTCP_ACK | flag(XTCP_PSH) | flag(XTCP_FIN);
		if (!len)
			seg.flags |= XTCP_FIN;
		seg.end_seq = seg.seq + len + !!(seg.flags & XTCP_FIN);
		mss = xtcp_mss_now(&t);
		was = t;
		xtcp_compose_queued(&h, &t, &seg, mss, room, at);
		check_common(&was, len);
		check_window(&was);
		CHECK_EQ(h.seq, seg.seq);
		CHECK_EQ(h.ack, was.rcv_nxt);
		CHECK_EQ(!!(h.flags & XTCP_FIN), !!(seg.flags & XTCP_FIN));
		CHECK(!probe || h.flags & XTCP_PSH);
		CHECK(len <= mss || h.flags & XTCP_PSH);
		/* RFC 3168 6.1.2, 6.1.5, 6.1.4; RFC 8257 3.1 */
		CHECK_EQ(!!(h.flags & XTCP_CWR), fresh && len && was.flags & XTCP_F_ECN_CWR);
		CHECK_EQ(!!(h.flags & XTCP_ECE), !!(was.flags & XTCP_F_ECN_ECHO));
		CHECK_EQ(h.ecn == XTCP_IP_ECT0, was.flags & XTCP_F_ECN_OK &&
			 ((fresh && len) || was.flags & XTCP_F_ECN_ALL));
		/* with its options it is no larger than the path takes */
		CHECK(min(len, mss) + h.optlen <= max(PATH_MSS, (u32)settings.min_snd_mss));
		/* the report is used up when it is known to have left */
		CHECK_EQ(t.flags & XTCP_F_DSACK, was.flags & XTCP_F_DSACK);
	}
}

TEST(ack__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_tcb was;
		u32 seq;

		draw(synchronised());
		seq = coin() ? t.snd_nxt : t.snd_una - 1;
		was = t;
		xtcp_compose_ack(&h, &t, seq, room, at);
		check_common(&was, 0);
		check_window(&was);
		CHECK_EQ(h.seq, seq);
		CHECK_EQ(h.ack, was.rcv_nxt);
		CHECK_EQ(h.flags & ~XTCP_URG, XTCP_ACK | (was.flags & XTCP_F_ECN_ECHO ?
							   XTCP_ECE : 0));
		CHECK(h.ecn == XTCP_IP_NOT_ECT || was.flags & XTCP_F_ECN_ALL);
		/* RFC 2883 4: once */
		CHECK(!(t.flags & XTCP_F_DSACK));
		CHECK(t.ack_gone);
	}
}

/* RFC 8257 3.2: of less than there is, with the other echo, and no edge moves back. */
TEST(ack_before__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_tcb was;
		u32 ack, edge, now_edge;

		draw(synchronised());
		t.flags |= XTCP_F_ECN_OK | XTCP_F_ECN_EXACT | XTCP_F_ACK_PENDING;
		t.deadline[XTCP_TIMER_DELACK] = at + 1000;
		t.rcv_wup = t.rcv_nxt - rng_range(&dice, 1, 3000);
		ack = t.rcv_nxt - rng_range(&dice, 1, t.rcv_nxt - t.rcv_wup);
		t.rcv_wnd = max(t.rcv_wnd, t.rcv_nxt - t.rcv_wup);
		if (t.rcv_wnd > XTCP_WND_MAX_UNSCALED << t.rcv_wscale)
			continue;
		was = t;
		xtcp_compose_ack_before(&h, &t, ack, room, at);
		CHECK_EQ(t.flags & XTCP_F_DSACK, was.flags & XTCP_F_DSACK);
		was.flags &= ~XTCP_F_DSACK;
		check_common(&was, 0);
		CHECK_EQ(h.seq, was.snd_nxt);
		CHECK_EQ(h.ack, ack);
		CHECK_EQ(!!(h.flags & XTCP_ECE), !(was.flags & XTCP_F_ECN_ECHO));
		edge = was.rcv_wup + was.rcv_wnd;
		now_edge = h.ack + ((u32)h.window << was.rcv_wscale);
		if (!settings.shrink_window)
			CHECK(!xtcp_before(now_edge + (1U << was.rcv_wscale) - 1, edge));
		CHECK(!xtcp_after(now_edge, t.rcv_wup + t.rcv_wnd));
	}
}

static void draw_cookie(struct xtcp_tfo_cookie *tfo)
{
	/* none, a request, and the even lengths of RFC 7413 4.1.1 */
	static const s8 lens[] = { -1, 0, 4, 6, 8, 10, 12, 14, 16 };

	tfo->len = lens[rng_below(&dice, sizeof(lens))];
	tfo->exp = coin();
	memset(tfo->val, 0x5a, sizeof(tfo->val));
}

/* What SYNs say that the agreement, or the offer, decides. */
static void check_syn_options(u32 flags, u16 advmss, u8 wscale, unsigned int most,
			      const struct xtcp_tfo_cookie *tfo)
{
	u8 kind = tfo && tfo->exp ? XTCP_OPTK_EXP : XTCP_OPTK_TFO;
	unsigned int size, head = tfo && tfo->exp ? 2 : 0;

	CHECK_EQ(o.nr[XTCP_OPTK_MSS], 1);
	CHECK_EQ(xtcp_get16(h.opt + o.at[XTCP_OPTK_MSS]), advmss);
	CHECK_EQ(o.nr[XTCP_OPTK_SACK_PERM], !!(flags & XTCP_F_SACK_OK));
	CHECK_EQ(o.nr[XTCP_OPTK_WSCALE], !!(flags & XTCP_F_WSCALE_OK));
	if (o.nr[XTCP_OPTK_WSCALE])
		CHECK_EQ(h.opt[o.at[XTCP_OPTK_WSCALE]], wscale);
	CHECK(h.optlen <= most);
	if (!tfo || tfo->len < 0) {
		CHECK(!o.nr[XTCP_OPTK_TFO] && !o.nr[XTCP_OPTK_EXP]);
		return;
	}
	size = 2 + head + tfo->len;
	/* it comes last, and goes first where there is no room */
	if (!o.nr[kind]) {
		CHECK(h.optlen + size > most);
		return;
	}
	CHECK_EQ(o.len[kind], head + tfo->len);
	CHECK(!memcmp(h.opt + o.at[kind] + head, tfo->val, tfo->len));
	CHECK(!head || xtcp_get16(h.opt + o.at[kind]) == XTCP_TFO_MAGIC);
}

TEST(syn__any_of_them)
{
	static const u8 states[] = { XTCP_SYN_SENT, XTCP_SYN_RECV, XTCP_FIN_WAIT1 };
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_tfo_cookie tfo;
		struct xtcp_tcb was;
		bool ack;
		u32 len;

		draw(states[rng_below(&dice, sizeof(states))]);
		t.flags &= ~(XTCP_F_SACKS | XTCP_F_DSACK | XTCP_F_ECN_ECHO | XTCP_F_ECN_CWR);
		ack = t.state != XTCP_SYN_SENT;
		len = ack ? 0 : distance(1400);
		draw_cookie(&tfo);
		was = t;
		xtcp_compose_syn(&h, &t, len, &tfo, at);
		check_legal(len);
		check_ts(was.flags & XTCP_F_TS_OK, xtcp_tsval(&was, at), ack ? was.ts_recent : 0);
		check_syn_options(was.flags, was.advmss, was.rcv_wscale,
				  XTCP_OPT_MAX - xtcp_host_option_len(&was), &tfo);
		CHECK_EQ(h.seq, was.iss);
		CHECK_EQ(h.ack, ack ? was.rcv_nxt : 0);
		CHECK_EQ(h.flags & ~(XTCP_ECE | XTCP_CWR), XTCP_SYN | (ack ? XTCP_ACK : 0));
		/* RFC 7323 2.2: never scaled */
		CHECK_EQ(h.window, min(was.rcv_wnd, XTCP_WND_MAX_UNSCALED));
		/* RFC 3168 6.1.1, 6.1.1.1 */
		CHECK(was.flags & XTCP_F_ECN_OK || !(h.flags & (XTCP_ECE | XTCP_CWR)));
		if (was.flags & XTCP_F_ECN_OK && ack)
			CHECK_EQ(h.flags & (XTCP_ECE | XTCP_CWR), XTCP_ECE);
		CHECK_EQ(t.ack_gone, ack);
		if (ack)
			check_acked(&was);
		else
			CHECK_EQ(h.held, 0);
	}
}

TEST(rst__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_actions a = { .rst_flags = flag(XTCP_ACK) };
		struct xtcp_tcb was;
		bool ours;

		draw(coin() ? synchronised() : XTCP_SYN_RECV);
		a.rst_seq = coin() ? t.snd_nxt : any();
		a.rst_ack = t.rcv_nxt;
		was = t;
		ours = a.rst_flags && a.rst_seq == was.snd_nxt;
		xtcp_compose_rst(&h, &t, &a, room, at);
		check_legal(0);
		check_ts(a.rst_flags && was.flags & XTCP_F_TS_OK, xtcp_tsval(&was, at),
			 was.ts_recent);
		CHECK_EQ(h.seq, a.rst_seq);
		CHECK_EQ(h.ack, a.rst_flags ? was.rcv_nxt : 0);
		CHECK_EQ(h.flags, XTCP_RST | a.rst_flags);
		CHECK_EQ(h.ecn, XTCP_IP_NOT_ECT);
		CHECK(ours || !h.window);
		if (ours)
			check_window(&was);
		CHECK_EQ(h.optlen, o.nr[XTCP_OPTK_TS] * XTCP_OPT_TS_ALIGNED);
		check_room();
	}
}

/* ---- entries --------------------------------------------------------------- */

static void draw_synrcv(struct xtcp_synrcv *r)
{
	*r = (struct xtcp_synrcv) {
		.iss = any(),
		.irs = any(),
		.rcv_wnd = distance(1 << 30),
		.ts_recent = any(),
		.ts_offset = any(),
		.mss = any(),
		.advmss = any(),
		.flags = flag(XTCP_F_TS_OK) | flag(XTCP_F_SACK_OK) | flag(XTCP_F_WSCALE_OK) |
			 flag(XTCP_F_ECN_OK) | XTCP_F_PASSIVE,
	};
	if (r->flags & XTCP_F_WSCALE_OK)
		r->rcv_wscale = rng_below(&dice, XTCP_WSCALE_MAX + 1);
	memset(&h, 0xa5, sizeof(h));
}

TEST(synrcv__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_tfo_cookie tfo;
		struct xtcp_synrcv r;
		u32 clock = any();
		bool ts;

		draw_synrcv(&r);
		draw_cookie(&tfo);
		ts = r.flags & XTCP_F_TS_OK;
		xtcp_compose_synack(&h, &r, flag(XTCP_IP_ECT0), clock, coin() ? &tfo : NULL);
		check_legal(0);
		check_ts(ts, clock + r.ts_offset, r.ts_recent);
		check_syn_options(r.flags, r.advmss, r.rcv_wscale, XTCP_OPT_MAX,
				  o.nr[XTCP_OPTK_TFO] || o.nr[XTCP_OPTK_EXP] ? &tfo : NULL);
		CHECK_EQ(h.seq, r.iss);
		CHECK_EQ(h.ack, r.irs + 1);
		CHECK_EQ(h.flags, XTCP_SYN | XTCP_ACK | (r.flags & XTCP_F_ECN_OK ? XTCP_ECE : 0));
		CHECK_EQ(h.window, min(r.rcv_wnd, XTCP_WND_MAX_UNSCALED));
		CHECK_EQ(h.held, 0);

		memset(&h, 0xa5, sizeof(h));
		xtcp_compose_synrcv_ack(&h, &r, clock);
		check_legal(0);
		check_ts(ts, clock + r.ts_offset, r.ts_recent);
		CHECK_EQ(h.seq, r.iss + 1);
		CHECK_EQ(h.ack, r.irs + 1);
		CHECK_EQ(h.flags, XTCP_ACK);
		CHECK((u32)h.window << r.rcv_wscale <= r.rcv_wnd);

		memset(&h, 0xa5, sizeof(h));
		xtcp_compose_synrcv_rst(&h, &r);
		check_legal(0);
		CHECK_EQ(h.seq, r.iss + 1);
		CHECK_EQ(h.flags, XTCP_RST | XTCP_ACK);
		CHECK_EQ(h.optlen, 0);
	}
}

/* The entry says what the connection would have said. */
TEST(timewait__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_timewait w;
		struct xtcp_tcb was;

		draw(XTCP_TIME_WAIT);
		t.flags &= ~(XTCP_F_SACKS | XTCP_F_DSACK);
		was = t;
		xtcp_timewait_init(&w, &t, at);
		xtcp_compose_timewait_ack(&h, &w, (u32)(at / XTCP_USEC_PER_MSEC));
		check_legal(0);
		check_ts(was.flags & XTCP_F_TS_OK, xtcp_tsval(&was, at), was.ts_recent);
		CHECK_EQ(h.seq, was.snd_nxt);
		CHECK_EQ(h.ack, was.rcv_nxt);
		CHECK_EQ(h.flags, XTCP_ACK);
		CHECK((u32)h.window << was.rcv_wscale <= xtcp_receive_window(&was));
	}
}

/* RFC 9293 3.10.7.1. */
TEST(refusal__any_of_them)
{
	unsigned int i;

	for (i = 0; i < DRAWS; i++) {
		struct xtcp_segment seg = { .seq = any(), .ack = any(), .flags = any() };

		seg.end_seq = seg.seq + distance(65000) + !!(seg.flags & XTCP_SYN) +
			      !!(seg.flags & XTCP_FIN);
		memset(&h, 0xa5, sizeof(h));
		if (!xtcp_compose_refusal(&h, &seg)) {
			CHECK(seg.flags & XTCP_RST);
			continue;
		}
		CHECK(!(seg.flags & XTCP_RST));
		check_legal(0);
		CHECK_EQ(h.flags, XTCP_RST | (seg.flags & XTCP_ACK ? 0 : XTCP_ACK));
		CHECK_EQ(h.seq, seg.flags & XTCP_ACK ? seg.ack : 0);
		CHECK_EQ(h.ack, seg.flags & XTCP_ACK ? 0 : seg.end_seq);
		CHECK(!h.window && !h.optlen);
	}
}

TESTS_MAIN
