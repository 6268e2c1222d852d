// SPDX-License-Identifier: GPL-2.0
/*
 * Packetization layer path MTU discovery (RFC 4821), with Linux's rules: no ICMP
 * is needed to find out what a path takes.
 *
 * A connection that searches sends segments of a size that is known to get
 * through.  Now and then one is larger, half way to what may be possible: the
 * probe.  If it arrives, segments have that size from then on; if it is lost, and
 * nothing else is, the possible ends below it.
 *
 * Sizes are what the path leaves behind IP and TCP headers without options, as
 * in xtcp_tcb.path_mss.
 */
#include "internal.h"
#include "mss.h"
#include "mtup.h"

/* No probe with a smaller window: its loss would be hard to find out. */
#define PROBE_CWND	11

/* IP and TCP header. */
static u32 headers(const struct xtcp_tcb *t)
{
	return (t->ip6 ? 40 : 20) + XTCP_HDR_MIN;
}

/* What a segment of a size has room for. */
static u32 payload(const struct xtcp_tcb *t, u32 size)
{
	size = max_t(u32, min_t(u32, size, t->mss_clamp), t->conf->min_snd_mss);
	return size - xtcp_option_len(t);
}

static u16 size_of(const struct xtcp_tcb *t, u32 payload)
{
	return min_t(u32, payload + xtcp_option_len(t), U16_MAX);
}

/* Binary search (RFC 4821 7.3). */
static u32 probe_size(const struct xtcp_tcb *t)
{
	return ((u32)t->mtup.low + t->mtup.high) >> 1;
}

static u32 base_mss(const struct xtcp_tcb *t)
{
	return clamp_t(int, t->conf->base_mss, t->conf->min_snd_mss, U16_MAX);
}

/**
 * xtcp_mtup_start - begin to search
 * @t: the connection, its handshake complete
 * @now: the time
 *
 * xtcp_mss_update() makes it effective.
 */
void xtcp_mtup_start(struct xtcp_tcb *t, xtcp_usec_t now)
{
	t->rec |= XTCP_R_MTUP;
	t->mtup.low = size_of(t, base_mss(t));
	t->mtup.high = t->mss_clamp;
	t->mtup.stamp = xtcp_coarse(now);
}

/* RFC 4821 7.7: a path may take more after some time. */
static void search_again(struct xtcp_tcb *t, xtcp_usec_t now)
{
	u64 stood = (u64)(xtcp_coarse(now) - t->mtup.stamp) << XTCP_COARSE_SHIFT;

	if (stood < (u64)t->conf->probe_interval_s * XTCP_USEC_PER_SEC)
		return;
	t->mtup.low = size_of(t, t->mss);
	t->mtup.high = min(t->mss_clamp, t->path_mss);
	t->mtup.stamp = xtcp_coarse(now);
}

/**
 * xtcp_mtup_next - is it time for a probe?
 * @t: the connection, with XTCP_R_MTUP
 * @now: the time
 * @len: out: payload of the probe, bytes
 *
 * RFC 4821 7.5: when the network is calm, and enough follows the probe that its
 * loss shows without a timeout.
 *
 * Return: enum xtcp_mtup; with XTCP_MTUP_PROBE that many bytes are queued.
 */
enum xtcp_mtup xtcp_mtup_next(struct xtcp_tcb *t, xtcp_usec_t now, u32 *len)
{
	int range = t->mtup.high - t->mtup.low;
	u32 in_flight = xtcp_in_flight(t);
	u64 need;

	/* SACK blocks of ours would change what fits */
	if (t->rec & XTCP_R_MTU_PROBE || t->ca_state != XTCP_CA_OPEN ||
	    t->cwnd < PROBE_CWND || xtcp_sack_due(t) ||
	    t->flags & (XTCP_F_FORCE | XTCP_F_TLP_SEND))
		return XTCP_MTUP_NOTHING;
	if (range < 0 || range < t->conf->probe_threshold) {
		search_again(t, now);
		return XTCP_MTUP_NOTHING;
	}
	*len = payload(t, probe_size(t));
	need = *len + (t->reordering + 1ULL) * t->mss;
	if (t->write_seq - t->snd_nxt < need || t->snd_wnd < need)
		return XTCP_MTUP_NOTHING;
	if (xtcp_after(t->snd_nxt + need, t->snd_una + t->snd_wnd))
		return XTCP_MTUP_WAIT;
	/* it counts twice */
	if (in_flight + 2 > t->cwnd)
		return in_flight ? XTCP_MTUP_WAIT : XTCP_MTUP_NOTHING;
	return XTCP_MTUP_PROBE;
}

/**
 * xtcp_mtup_acked - an ACK came while a probe is out
 * @t: the connection, with XTCP_R_MTU_PROBE
 * @news: the ACK
 *
 * RFC 4821 7.6.1: a probe that arrived makes the MTU larger.  cwnd stays as many
 * bytes as it was.
 */
void xtcp_mtup_acked(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	/* cwnd is scaled by what packets have, not segments */
	u32 before = size_of(t, t->mss) + headers(t), size = probe_size(t);

	if (xtcp_before(t->snd_una, t->mtup.end_seq))
		return;
	t->cwnd = max_t(u32, (u64)t->cwnd * before / (size + headers(t)), 1);
	t->cwnd_cnt = 0;
	if (t->ca_state < XTCP_CA_CWR)
		t->ssthresh = max_t(u32, t->ssthresh, (t->cwnd >> 1) + (t->cwnd >> 2));
	t->mtup.low = size;
	xtcp_mtup_inconclusive(t, news->now);	/* it is over */
	xtcp_mss_update(t, t->path_mss);
	xtcp_note(news, XTCP_NOTE_MTUP_SUCCESS);
}

/**
 * xtcp_mtup_lost - packets are lost, and a probe is out: is that all?
 * @t: the connection, with XTCP_R_MTU_PROBE and losses
 * @news: what it is found out from
 *
 * RFC 4821 7.6.2: a probe that is lost alone was too large.  The caller sends it again
 * in pieces, and cwnd stays.
 *
 * Return: false: there is congestion.
 */
bool xtcp_mtup_lost(struct xtcp_tcb *t, struct xtcp_ack_news *news)
{
	if (t->ca_state >= XTCP_CA_CWR || t->lost_out > 1 ||
	    xtcp_rtx_first(t)->end_seq != t->mtup.end_seq)
		return false;
	t->cwnd++;	/* what xtcp_mtup_sent() took */
	t->mtup.high = probe_size(t) - 1;
	xtcp_mtup_inconclusive(t, news->now);	/* it is over */
	xtcp_note(news, XTCP_NOTE_MTUP_FAIL);
	return true;
}

/**
 * xtcp_mtup_black_hole - timeouts repeat: the path may swallow large packets
 * @t: the connection
 * @now: the time
 *
 * RFC 4821 7.7: begin to search, from a size that nearly all paths take; when that
 * does not help half of it, and so on.
 */
void xtcp_mtup_black_hole(struct xtcp_tcb *t, xtcp_usec_t now)
{
	const struct xtcp_conf *conf = t->conf;
	u32 mss;

	if (!conf->mtu_probing)
		return;
	if (t->rec & XTCP_R_MTUP) {
		mss = min(payload(t, t->mtup.low) >> 1, base_mss(t));
		t->mtup.low = size_of(t, max_t(int, mss, max(conf->mtu_probe_floor,
							     conf->min_snd_mss)));
	} else {
		xtcp_mtup_start(t, now);
	}
	xtcp_mss_update(t, t->path_mss);
}
