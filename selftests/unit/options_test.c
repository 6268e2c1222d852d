// SPDX-License-Identifier: GPL-2.0
/* RFC 9293 3.2, RFC 7323, RFC 2018: reading and writing options. */
#include "options.h"
#include "script.h"

#define PARSE(opt, syn, ...)						\
	({								\
		const u8 bytes_[] = { __VA_ARGS__ };			\
									\
		xtcp_options_parse(opt, bytes_, sizeof(bytes_), syn);	\
	})

TEST(options_parse__none)
{
	struct xtcp_options o;

	CHECK(xtcp_options_parse(&o, NULL, 0, true));
	CHECK_EQ(o.has, 0);
}

TEST(options_parse__linux_syn)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 2, 4, 0x05, 0xb4, 4, 2, 8, 10, 1, 2, 3, 4, 0, 0, 0, 0,
		    1, 3, 3, 7));
	CHECK_EQ(o.has, XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_TS | XTCP_OPT_WSCALE);
	CHECK_EQ(o.mss, 1460);
	CHECK_EQ(o.tsval, 0x01020304);
	CHECK_EQ(o.tsecr, 0);
	CHECK_EQ(o.wscale, 7);
}

TEST(options_parse__any_order_and_padding)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 1, 1, 3, 3, 2, 1, 4, 2, 1, 2, 4, 1, 0, 0, 0xff, 0xff));
	CHECK_EQ(o.has, XTCP_OPT_MSS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE);
	CHECK_EQ(o.mss, 256);
}

TEST(options_parse__nothing_behind_the_end_of_list)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 0, 2, 4, 1, 0));
	CHECK_EQ(o.has, 0);
}

/* MUST-6: an option that is not known is skipped */
TEST(options_parse__unknown_kind_is_skipped)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 254, 6, 1, 2, 3, 4, 2, 4, 2, 0));
	CHECK_EQ(o.has, XTCP_OPT_MSS);
	CHECK_EQ(o.mss, 512);
	CHECK(PARSE(&o, true, 99, 2));
	CHECK_EQ(o.has, 0);
}

/* MUST-7: a length that leads nowhere */
TEST(options_parse__illegal_length)
{
	struct xtcp_options o;

	CHECK(!PARSE(&o, true, 2));
	CHECK(!PARSE(&o, true, 2, 0, 1, 1));
	CHECK(!PARSE(&o, true, 2, 1, 1, 1));
	CHECK(!PARSE(&o, true, 2, 5, 1, 1));
	CHECK(!PARSE(&o, true, 1, 1, 1, 254));
	CHECK(!PARSE(&o, false, 8, 255, 0, 0));
}

TEST(options_parse__known_kind_of_wrong_length_is_skipped)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 2, 3, 5, 3, 4, 1, 1, 4, 3, 0, 8, 8, 1, 2, 3, 4, 5, 6));
	CHECK_EQ(o.has, XTCP_OPT_BAD);
}

TEST(options_parse__handshake_options_count_in_a_syn_only)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, false, 2, 4, 5, 0xb4, 4, 2, 3, 3, 7, 1));
	CHECK_EQ(o.has, 0);
	CHECK(PARSE(&o, true, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2));
	CHECK_EQ(o.has, 0);
}

/* RFC 7323 2.3 */
TEST(options_parse__shift_is_limited_to_14)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 3, 3, 14));
	CHECK_EQ(o.wscale, 14);
	CHECK(PARSE(&o, true, 3, 3, 15));
	CHECK_EQ(o.wscale, 14);
	CHECK(PARSE(&o, true, 3, 3, 255));
	CHECK_EQ(o.wscale, 14);
}

TEST(options_parse__mss_of_zero_is_none)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 2, 4, 0, 0));
	CHECK_EQ(o.has, 0);
}

TEST(options_parse__sack_blocks)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, false, 1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4));
	CHECK_EQ(o.has, XTCP_OPT_SACK);
	CHECK_EQ(o.nr_sacks, 2);
	CHECK_EQ(o.sack_off, 4);
	CHECK(PARSE(&o, false, 5, 10, 0, 0, 0, 1, 0, 0, 0, 2));
	CHECK_EQ(o.nr_sacks, 1);
	CHECK_EQ(o.sack_off, 2);
	/* none, and not pairs of numbers */
	CHECK(PARSE(&o, false, 5, 2));
	CHECK_EQ(o.has, XTCP_OPT_BAD);
	CHECK(PARSE(&o, false, 5, 9, 0, 0, 0, 1, 0, 0, 0));
	CHECK_EQ(o.has, XTCP_OPT_BAD);
}

TEST(options_parse__the_last_of_two_counts)
{
	struct xtcp_options o;

	CHECK(PARSE(&o, true, 2, 4, 1, 0, 2, 4, 2, 0));
	CHECK_EQ(o.mss, 512);
}

TEST(options_parse_ts__only_the_one_layout)
{
	u8 p[XTCP_OPT_TS_ALIGNED];
	struct xtcp_options o, slow;

	xtcp_options_build_ts(p, 0xdeadbeef, 0x01020304);
	memset(&o, 0, sizeof(o));
	CHECK(xtcp_options_parse_ts(&o, p, sizeof(p)));
	CHECK(xtcp_options_parse(&slow, p, sizeof(p), false));
	CHECK_EQ(o.has, XTCP_OPT_TS);
	CHECK_EQ(o.tsval, 0xdeadbeef);
	CHECK_EQ(o.tsecr, 0x01020304);
	CHECK(!memcmp(&o, &slow, sizeof(o)));
	CHECK(!xtcp_options_parse_ts(&o, p, 8));
	p[0] = 0;
	CHECK(!xtcp_options_parse_ts(&o, p, sizeof(p)));
	xtcp_options_build_ts(p, 1, 1);
	p[3] = 11;
	CHECK(!xtcp_options_parse_ts(&o, p, sizeof(p)));
}

static void round_trip(u8 has, unsigned int len)
{
	struct xtcp_options in = { .has = has, .mss = 1460, .wscale = 7, .tsval = 1,
				   .tsecr = 2 }, out;
	u8 p[XTCP_OPT_MAX];

	memset(p, 0xaa, sizeof(p));
	CHECK_EQ(xtcp_options_build_syn(p, &in), len);
	CHECK(xtcp_options_parse(&out, p, len, true));
	CHECK_EQ(out.has, has | XTCP_OPT_MSS);
	CHECK_EQ(out.mss, 1460);
	if (has & XTCP_OPT_WSCALE)
		CHECK_EQ(out.wscale, 7);
	if (has & XTCP_OPT_TS)
		CHECK(out.tsval == 1 && out.tsecr == 2);
}

/* The lengths are those that Linux sends. */
TEST(options_build_syn__every_combination)
{
	round_trip(0, 4);
	round_trip(XTCP_OPT_WSCALE, 8);
	round_trip(XTCP_OPT_SACK_PERM, 8);
	round_trip(XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE, 12);
	round_trip(XTCP_OPT_TS, 16);
	round_trip(XTCP_OPT_TS | XTCP_OPT_WSCALE, 20);
	round_trip(XTCP_OPT_TS | XTCP_OPT_SACK_PERM, 16);
	round_trip(XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE, 20);
}

TEST(options_build_syn__bytes_as_linux)
{
	static const u8 want[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2,
				   1, 3, 3, 7 };
	struct xtcp_options o = { .has = XTCP_OPT_TS | XTCP_OPT_SACK_PERM | XTCP_OPT_WSCALE,
				  .mss = 1460, .wscale = 7, .tsval = 1, .tsecr = 2 };
	u8 p[XTCP_OPT_MAX];

	CHECK_EQ(xtcp_options_build_syn(p, &o), sizeof(want));
	CHECK(!memcmp(p, want, sizeof(want)));
}

/* What is offered, and what comes of it. */
TEST(options_negotiation__active_both_want_all)
{
	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	given(CLOSE);
	usr_connect();
	expect("S 0 win 65000 mss 1000 wscale 7 TS val 1000000 ecr 0");
	rcv("S. 0 ack 1 win 1000 mss 900 wscale 3 TS val 77 ecr 1000000");
	expect(". 1 ack 1 TS val 1000000 ecr 77");
	CHECK_EQ(ep.t.snd_wscale, 3);
	CHECK_EQ(ep.t.rcv_wscale, 7);
	/* the window of a SYN is not scaled (RFC 7323 2.2) */
	CHECK_EQ(ep.t.snd_wnd, 1000);
	rcv(". 1 ack 1 win 1000 TS val 77 ecr 1000000");
	CHECK_EQ(ep.t.snd_wnd, 8000);
}

TEST(options_negotiation__active_peer_wants_none)
{
	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	given(CLOSE);
	usr_connect();
	expect("S 0 win 65000 mss 1000 wscale 7 TS val 1000000 ecr 0");
	rcv("S. 0 ack 1 win 1000");
	expect(". 1 ack 1 noopt");
	CHECK_EQ(ep.t.snd_wscale, 0);
	CHECK_EQ(ep.t.rcv_wscale, 0);
	CHECK_EQ(ep.t.mss_clamp, XTCP_MSS_DEFAULT);
	CHECK(!(ep.t.flags & (XTCP_F_TS_OK | XTCP_F_WSCALE_OK)));
}

TEST(options_negotiation__active_what_was_not_offered_is_not_taken)
{
	given(CLOSE);
	usr_connect();
	expect("S 0 win 65000 mss 1000");
	rcv("S. 0 ack 1 win 1000 mss 900 wscale 3 TS val 77 ecr 0");
	expect(". 1 ack 1 noopt");
	CHECK_EQ(ep.t.snd_wscale, 0);
	rcv(". 1 ack 1 win 2000");
	CHECK_EQ(ep.t.snd_wnd, 2000);
}

TEST(options_negotiation__passive_both_want_all)
{
	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	given(LISTEN);
	rcv("S 0 win 1000 mss 900 wscale 3 TS val 77 ecr 0");
	/* whole segments, which have 12 bytes of options now: as Linux */
	expect("S. 0 ack 1 win 65208 mss 1000 wscale 7 TS val 1000000 ecr 77");
	rcv(". 1 ack 1 win 1000 TS val 78 ecr 1000000");
	expect_state(ESTABLISHED);
	CHECK_EQ(ep.t.snd_wnd, 8000);
	/* 1000 bytes of window, scaled, and 12 of options */
	CHECK_EQ(ep.t.mss, 888);
}

TEST(options_negotiation__passive_peer_wants_none)
{
	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	given(LISTEN);
	rcv("S 0 win 1000");
	expect("S. 0 ack 1 win 65000 mss 1000");
	rcv(". 1 ack 1 win 2000");
	CHECK_EQ(ep.t.snd_wnd, 2000);
	CHECK_EQ(ep.t.mss, XTCP_MSS_DEFAULT);
}

TEST(options_negotiation__small_mss_of_the_peer_has_a_floor)
{
	given(LISTEN);
	rcv("S 0 win 1000 mss 1");
	expect("S. 0 ack 1");
	rcv(". 1 ack 1 win 2000");
	CHECK_EQ(ep.t.mss, XTCP_SND_MSS_MIN);
}

TESTS_MAIN
