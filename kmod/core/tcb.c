// SPDX-License-Identifier: GPL-2.0
/* A control block and the settings of a namespace, as they begin. */
#include "ecn.h"
#include "internal.h"
#include "window.h"

/* No two of struct xtcp_tcb.flags share a bit; the word is full. */
static_assert((u64)XTCP_F_PASSIVE + XTCP_F_TS_OK + XTCP_F_WSCALE_OK +
		XTCP_F_SACK_OK + XTCP_F_ECN_OK + XTCP_F_CORK + XTCP_F_FIN_QUEUED +
		XTCP_F_FIN_RCVD + XTCP_F_RCV_SHUT + XTCP_F_ORPHAN + XTCP_F_KEEPALIVE +
		XTCP_F_ACK_PENDING + XTCP_F_PROBE + XTCP_F_RATE_FULL + XTCP_F_CWND_LIMITED +
		XTCP_F_CC_STARTED + XTCP_F_TLP_SEND + XTCP_F_FORCE + XTCP_F_SYN_OUT +
		XTCP_F_SACKS + XTCP_F_DSACK + XTCP_F_NODELAY + XTCP_F_ECN_SEEN +
		XTCP_F_ECN_ECHO + XTCP_F_ECN_CWR + XTCP_F_ECN_ALL + XTCP_F_ECN_EXACT +
		XTCP_F_URG + XTCP_F_URG_OUT + XTCP_F_ACK_PUSHED + XTCP_F_ACK_PUSHED2 +
		XTCP_F_THIN_LTO == U32_MAX,
	      "two flags share a bit, or one was added or removed");

/* What a segment that comes looks at lies together, and so does what one that leaves does. */
static_assert(offsetof(struct xtcp_tcb, snd_una) <= 72);
static_assert(offsetof(struct xtcp_tcb, rtx) <= 128);
/* With more a slab of the kernel's holds fewer sockets. */
static_assert(sizeof(struct xtcp_tcb) <= 520);

/**
 * xtcp_conf_init - Linux's defaults (net.ipv4.tcp_*)
 * @conf: out
 */
void xtcp_conf_init(struct xtcp_conf *conf)
{
	*conf = (struct xtcp_conf) {
		.syn_retries		= 6,
		.syn_linear_timeouts	= 4,
		.synack_retries		= 5,
		.retries1		= 3,
		.retries2		= 15,
		.orphan_retries		= 0,
		.keepalive_probes	= 9,
		.window_scaling		= true,
		.timestamps		= true,
		.sack			= true,
		.dsack			= true,
		.ecn			= XTCP_ECN_PASSIVE,
		.ecn_fallback		= true,
		.rfc1337		= false,
		.timewait_reuse		= XTCP_TW_REUSE_LOCAL,
		.slow_start_after_idle	= true,
		.tso_rtt_log		= 9,
		.tso_win_divisor	= 3,
		.min_tso_segs		= 2,
		.min_rtt_wlen_s		= 300,
		.pacing_ss_ratio	= 200,
		.pacing_ca_ratio	= 120,
		.early_retrans		= 3,
		.recovery		= 1,
		.frto			= 2,
		.reordering		= XTCP_DUPACK_THRESH,
		.max_reordering		= 300,
		.moderate_rcvbuf	= true,
		.rcvbuf_low_rtt_us	= XTCP_USEC_PER_MSEC,
		.app_win		= 31,
		.pingpong_thresh	= 1,
		.comp_sack_delay_ns	= 1000 * XTCP_USEC_PER_MSEC,
		.comp_sack_rtt_percent	= 33,
		.comp_sack_nr		= 44,
		.base_mss		= 1024,
		.min_snd_mss		= XTCP_SND_MSS_MIN,
		.mtu_probe_floor	= XTCP_SND_MSS_MIN,
		.probe_threshold	= 8,
		.probe_interval_s	= 600,
		.notsent_lowat		= U32_MAX,
		.fin_timeout_us		= 60 * XTCP_USEC_PER_SEC,
		.timewait_us		= 60 * XTCP_USEC_PER_SEC,
		.timewait_reuse_delay_us = XTCP_USEC_PER_SEC,
		.invalid_ratelimit_us	= 500 * XTCP_USEC_PER_MSEC,
		.rto_min_us		= 200 * XTCP_USEC_PER_MSEC,
		.rto_max_us		= 120 * XTCP_USEC_PER_SEC,
		.delack_min_us		= 40 * XTCP_USEC_PER_MSEC,
		.delack_max_us		= 200 * XTCP_USEC_PER_MSEC,
		.keepalive_time_us	= 7200ULL * XTCP_USEC_PER_SEC,
		.keepalive_intvl_us	= 75ULL * XTCP_USEC_PER_SEC,
	};
}

/**
 * xtcp_tcb_init - a TCB in CLOSE
 * @t: out
 * @conf: the namespace's settings; must outlive it
 */
void xtcp_tcb_init(struct xtcp_tcb *t, const struct xtcp_conf *conf)
{
	memset(t, 0, sizeof(*t));
	t->state = XTCP_CLOSE;
	t->conf = conf;
	t->rtx = RB_ROOT;
	t->ooo = RB_ROOT;
	t->mss = XTCP_MSS_DEFAULT;
	t->mss_clamp = U16_MAX;
	t->rcv_mss = XTCP_MSS_DEFAULT;
	t->advmss = XTCP_MSS_DEFAULT;
	t->rto_us = XTCP_RTO_INIT_US;
	t->cwnd = XTCP_INIT_CWND;
	t->ssthresh = U32_MAX;
	t->reordering = min_t(u32, conf->reordering, U16_MAX);
	t->rack.reo_steps = 1;
	t->rcv_ssthresh = XTCP_WND_MAX_UNSCALED;
}
