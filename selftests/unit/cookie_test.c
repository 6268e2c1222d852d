// SPDX-License-Identifier: GPL-2.0
/* SYN cookies: what an initial sequence number and a timestamp can remember. */
#include "cookie.h"
#include "script.h"

#define EPOCH	100u
#define MAC	0x12345678u

static u32 encode(u32 epoch, u8 index, u32 mac)
{
	struct xtcp_cookie c = { .epoch = epoch, .mss_index = index };

	return xtcp_cookie_encode(&c, mac);
}

/* ---- the MSS ------------------------------------------------------------- */

TEST(mss__rounds_down)
{
	u32 mss;

	for (mss = XTCP_MSS_MIN; mss <= U16_MAX; mss++)
		CHECK(xtcp_cookie_mss(xtcp_cookie_mss_index(mss)) <= mss);
}

TEST(mss__least)
{
	CHECK_EQ(xtcp_cookie_mss(xtcp_cookie_mss_index(0)), XTCP_MSS_MIN);
}

TEST(mss__usual_ones_are_exact)
{
	static const u16 usual[] = { 536, 1220, 1440, 1460 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(usual); i++)
		CHECK_EQ(xtcp_cookie_mss(xtcp_cookie_mss_index(usual[i])), usual[i]);
}

TEST(mss__index_of_anything_is_valid)
{
	u32 i;

	for (i = 0; i <= U8_MAX; i++)
		CHECK(xtcp_cookie_mss(i) >= XTCP_MSS_MIN);
}

/* ---- the cookie ---------------------------------------------------------- */

TEST(cookie__says_what_was_put_in)
{
	struct xtcp_cookie c;
	u32 epoch;
	u8 index;

	for (epoch = EPOCH; epoch < EPOCH + 2; epoch++) {
		for (index = 0; index < 8; index++) {
			xtcp_cookie_decode(&c, encode(epoch, index, MAC), epoch);
			CHECK_EQ(c.epoch, epoch);
			CHECK_EQ(c.mss_index, index);
			CHECK_EQ(xtcp_cookie_encode(&c, MAC), encode(epoch, index, MAC));
		}
	}
}

TEST(cookie__good_in_the_next_epoch)
{
	struct xtcp_cookie c;

	xtcp_cookie_decode(&c, encode(EPOCH, 3, MAC), EPOCH + 1);
	CHECK_EQ(c.epoch, EPOCH);
	CHECK_EQ(c.mss_index, 3);
}

/* Two epochs later it is taken for one of now, whose hash is another one. */
TEST(cookie__old_one_has_another_epoch)
{
	struct xtcp_cookie c;

	xtcp_cookie_decode(&c, encode(EPOCH, 3, MAC), EPOCH + 2);
	CHECK_EQ(c.epoch, EPOCH + 2);
	xtcp_cookie_decode(&c, encode(EPOCH, 3, MAC), EPOCH + 3);
	CHECK_EQ(c.epoch, EPOCH + 2);
}

TEST(cookie__every_bit_of_the_code_counts)
{
	struct xtcp_cookie c;
	u32 bit, isn = encode(EPOCH, 5, MAC);

	for (bit = 0; bit < 32; bit++) {
		xtcp_cookie_decode(&c, isn ^ 1u << bit, EPOCH);
		/* the host would hash @c: the same hash only for the same @c */
		CHECK(c.epoch != EPOCH || c.mss_index != 5 ||
		      xtcp_cookie_encode(&c, MAC) != (isn ^ 1u << bit));
	}
}

/* A stranger who does not know the hash cannot tell what is inside. */
TEST(cookie__top_bits_depend_on_the_code)
{
	CHECK(encode(EPOCH, 3, 0x1) >> 28 != encode(EPOCH, 3, 0x2) >> 28);
}

TEST(cookie__epoch_is_about_a_minute)
{
	CHECK_EQ(xtcp_cookie_epoch(0), 0);
	CHECK_EQ(xtcp_cookie_epoch(60ULL * XTCP_USEC_PER_SEC), 0);
	CHECK_EQ(xtcp_cookie_epoch(70ULL * XTCP_USEC_PER_SEC), 1);
	CHECK(XTCP_COOKIE_VALID_US >= 120ULL * XTCP_USEC_PER_SEC);
}

/* ---- timestamps ---------------------------------------------------------- */

static struct xtcp_synrcv agreed(u32 flags, u8 shift)
{
	return (struct xtcp_synrcv){ .flags = flags | XTCP_F_TS_OK, .snd_wscale = shift };
}

/* What comes back: @clock echoed by an ACK, with the usual settings. */
static bool returned(struct xtcp_segment *syn, u32 clock, u32 offset)
{
	struct xtcp_segment ack = {
		.seq = 1001, .ack = 501, .flags = XTCP_ACK,
		.opt = { .has = XTCP_OPT_TS, .tsval = 77, .tsecr = clock + offset },
	};

	return xtcp_cookie_syn(syn, &ack, &conf.core, 1460, offset);
}

TEST(clock__never_ahead_and_at_most_two_rounds_behind)
{
	u32 ms;

	for (ms = 0xffffff00u; ms != 0x100; ms++) {
		struct xtcp_synrcv r = agreed(XTCP_F_WSCALE_OK, 14);
		u32 clock = xtcp_cookie_clock(&r, ms);

		CHECK(!xtcp_after(clock, ms));
		CHECK(ms - clock < 2u << XTCP_COOKIE_TS_BITS);
	}
}

TEST(clock__carries_scale)
{
	struct xtcp_segment syn;
	unsigned int shift;

	conf.core.timestamps = true;
	conf.core.window_scaling = true;
	for (shift = 0; shift <= XTCP_WSCALE_MAX; shift++) {
		struct xtcp_synrcv r = agreed(XTCP_F_WSCALE_OK, shift);

		CHECK(returned(&syn, xtcp_cookie_clock(&r, 123456), 999));
		CHECK(syn.opt.has & XTCP_OPT_WSCALE);
		CHECK_EQ(syn.opt.wscale, shift);
		CHECK(!(syn.opt.has & XTCP_OPT_SACK_PERM));
	}
}

TEST(clock__carries_sack)
{
	struct xtcp_synrcv r = agreed(XTCP_F_SACK_OK, 0);
	struct xtcp_segment syn;

	conf.core.timestamps = true;
	conf.core.sack = true;
	CHECK(returned(&syn, xtcp_cookie_clock(&r, 123456), 0));
	CHECK(syn.opt.has & XTCP_OPT_SACK_PERM);
	CHECK(!(syn.opt.has & XTCP_OPT_WSCALE));
}

TEST(syn__is_what_the_ack_follows)
{
	struct xtcp_synrcv r = agreed(0, 0);
	struct xtcp_segment syn;

	conf.core.timestamps = true;
	CHECK(returned(&syn, xtcp_cookie_clock(&r, 5), 0));
	CHECK_EQ(syn.seq, 1000);
	CHECK_EQ(syn.end_seq, 1001);
	CHECK_EQ(syn.opt.mss, 1460);
	CHECK_EQ(syn.opt.tsval, 77);
	CHECK(syn.flags == XTCP_SYN);
}

/* Without timestamps in the ACK, none were agreed on, and nothing else either. */
TEST(syn__without_timestamps)
{
	struct xtcp_segment ack = { .seq = 1, .flags = XTCP_ACK }, syn;

	CHECK(xtcp_cookie_syn(&syn, &ack, &conf.core, 536, 0));
	CHECK(syn.opt.has == XTCP_OPT_MSS);
}

/* What we do not do was not agreed on: it is no echo of ours. */
TEST(syn__what_is_switched_off_is_a_lie)
{
	struct xtcp_synrcv r = agreed(XTCP_F_WSCALE_OK, 3);
	struct xtcp_segment syn;

	conf.core.timestamps = false;
	CHECK(!returned(&syn, 0, 0));
	conf.core.timestamps = true;
	conf.core.window_scaling = false;
	CHECK(!returned(&syn, xtcp_cookie_clock(&r, 1000), 0));
	r = agreed(XTCP_F_SACK_OK, 0);
	conf.core.sack = false;
	CHECK(!returned(&syn, xtcp_cookie_clock(&r, 1000), 0));
}

TEST(strip__only_the_mss_is_left)
{
	struct xtcp_segment syn = {
		.flags = XTCP_SYN | XTCP_ECE | XTCP_CWR,
		.opt.has = XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_SACK_PERM,
	};

	xtcp_cookie_strip(&syn);
	CHECK(syn.opt.has == XTCP_OPT_MSS);
	CHECK(syn.flags == XTCP_SYN);
}

TEST(strip__timestamps_save_it)
{
	struct xtcp_segment syn = {
		.flags = XTCP_SYN,
		.opt.has = XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_TS,
	};

	xtcp_cookie_strip(&syn);
	CHECK(syn.opt.has == (XTCP_OPT_MSS | XTCP_OPT_WSCALE | XTCP_OPT_TS));
}

TESTS_MAIN
