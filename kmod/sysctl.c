// SPDX-License-Identifier: GPL-2.0
/*
 * net.xtcp.X: for each net.ipv4.tcp_X that applies the same X, syntax, unit and
 * default.
 */
#include <linux/slab.h>
#include <linux/sysctl.h>

#include "clocks.h"
#include "compat.h"
#include "cong.h"
#include "fastopen.h"
#include "proto.h"
#include "sysctl.h"

/* A table entry points into struct xtcp_net; data is the offset until then. */
#define AT(field)	((void *)offsetof(struct xtcp_net, field))

static int min_buf = 1, most_reuse_delay = 60000;
static unsigned int one = 1, two = 2, four = 4, most_retries = 127, app_win_most = 31;
/* struct xtcp_tcb.reordering has 16 bits */
static int most_reordering = U16_MAX;
static int most_ratio = 1000;
static int day = 24 * 3600;
static int least_snd_mss = XTCP_SND_MSS_MIN, most_snd_mss = U16_MAX;
/* seconds, on the coarse clock of the core */
static unsigned int most_probe_interval = U32_MAX / MSEC_PER_SEC;
static int rto_max_least = 1000, rto_max_most = 120000;

/* A time that is kept in microseconds and shown in seconds. */
static int do_seconds(XTCP_CTL_TABLE *table, int write, void *buffer,
		      size_t *lenp, loff_t *ppos)
{
	u32 *us = table->data;
	int sec = READ_ONCE(*us) / USEC_PER_SEC, least = 1, most = U32_MAX / USEC_PER_SEC;
	struct ctl_table t = {
		.data = &sec, .maxlen = sizeof(sec), .mode = table->mode,
		.extra1 = &least, .extra2 = &most,
	};
	int err = proc_dointvec_minmax(&t, write, buffer, lenp, ppos);

	if (write && !err)
		WRITE_ONCE(*us, (u32)sec * USEC_PER_SEC);
	return err;
}

/* The same, for times that do not fit into 32 bits. */
static int do_seconds64(XTCP_CTL_TABLE *table, int write, void *buffer,
			size_t *lenp, loff_t *ppos)
{
	u64 *us = table->data;
	int sec = (int)div_u64(READ_ONCE(*us), USEC_PER_SEC), least = 1, most = 32767;
	struct ctl_table t = {
		.data = &sec, .maxlen = sizeof(sec), .mode = table->mode,
		.extra1 = &least, .extra2 = &most,
	};
	int err = proc_dointvec_minmax(&t, write, buffer, lenp, ppos);

	if (write && !err)
		WRITE_ONCE(*us, (u64)sec * USEC_PER_SEC);
	return err;
}

/* A time that is kept in microseconds and shown in milliseconds. */
static int do_milliseconds(XTCP_CTL_TABLE *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos)
{
	u32 *us = table->data;
	int ms = READ_ONCE(*us) / USEC_PER_MSEC, zero = 0, most = U32_MAX / USEC_PER_MSEC;
	struct ctl_table t = {
		.data = &ms, .maxlen = sizeof(ms), .mode = table->mode,
		.extra1 = table->extra1 ? : &zero, .extra2 = table->extra2 ? : &most,
	};
	int err = proc_dointvec_minmax(&t, write, buffer, lenp, ppos);

	if (write && !err)
		WRITE_ONCE(*us, (u32)ms * USEC_PER_MSEC);
	return err;
}

/* One connection in so many is watched. */
static int do_watch_ratio(XTCP_CTL_TABLE *table, int write, void *buffer,
			  size_t *lenp, loff_t *ppos)
{
	int err = proc_douintvec(table, write, buffer, lenp, ppos);

	if (write && !err && READ_ONCE(*(u32 *)table->data))
		xtcp_clocks_may_be_used();
	return err;
}

/* Who sets it anew wants a new start. */
static int do_blackhole(XTCP_CTL_TABLE *table, int write, void *buffer,
			size_t *lenp, loff_t *ppos)
{
	struct xtcp_net *xn = container_of((int *)table->data, struct xtcp_net,
					   tfo_blackhole_sec);
	int err = proc_dointvec_minmax(table, write, buffer, lenp, ppos);

	if (write && !err)
		atomic_set(&xn->tfo_disabled, 0);
	return err;
}

/* A key is little-endian words, at any address. */
static u32 key_word(const u8 *p)
{
	__le32 word;

	memcpy(&word, p, sizeof(word));
	return le32_to_cpu(word);
}

static void key_word_put(u32 value, u8 *p)
{
	__le32 word = cpu_to_le32(value);

	memcpy(p, &word, sizeof(word));
}

/* Four words of eight hexadecimal digits. */
static int scan_key(const char *text, u8 *key)
{
	u32 word[4];
	int i, end = 0;

	if (sscanf(text, "%8x-%8x-%8x-%8x%n", &word[0], &word[1], &word[2], &word[3],
		   &end) != 4 || (text[end] && text[end] != ','))
		return -EINVAL;
	for (i = 0; i < 4; i++)
		key_word_put(word[i], key + 4 * i);
	return 0;
}

/* One key, or two with a comma between them. */
static int do_fastopen_key(XTCP_CTL_TABLE *table, int write, void *buffer,
			   size_t *lenp, loff_t *ppos)
{
	struct xtcp_net *xn = table->data;
	u8 key[XTCP_TFO_KEYS * XTCP_TFO_KEY_LEN] = { 0 };
	char text[XTCP_TFO_KEYS * (2 * XTCP_TFO_KEY_LEN + 4) + 1] = "";
	struct ctl_table t = { .data = text, .maxlen = sizeof(text) };
	unsigned int nr = max(xtcp_tfo_netns_get_keys(xn, key), 1U), i;
	const char *second;
	int err, at = 0;

	for (i = 0; i < nr; i++) {
		const u8 *k = key + i * XTCP_TFO_KEY_LEN;

		at += scnprintf(text + at, sizeof(text) - at, "%s%08x-%08x-%08x-%08x",
				i ? "," : "", key_word(k),
				key_word(k + 4), key_word(k + 8),
				key_word(k + 12));
	}
	err = proc_dostring(&t, write, buffer, lenp, ppos);
	if (!write || err)
		return err;
	second = strchr(text, ',');
	if (scan_key(text, key) || (second && scan_key(second + 1, key + XTCP_TFO_KEY_LEN)))
		return -EINVAL;
	xtcp_tfo_netns_keys(xn, key, second ? 2 : 1);
	return 0;
}

#define BYTE(name, field, lo, hi) {					\
		.procname = name, .data = AT(field), .maxlen = sizeof(u8), \
		.mode = 0644, .proc_handler = proc_dou8vec_minmax,	\
		.extra1 = lo, .extra2 = hi }
#define INT(name, field) {						\
		.procname = name, .data = AT(field), .maxlen = sizeof(int), \
		.mode = 0644, .proc_handler = proc_dointvec_minmax,	\
		.extra1 = SYSCTL_ZERO }
#define RANGE(name, field, lo, hi) {					\
		.procname = name, .data = AT(field), .maxlen = sizeof(int), \
		.mode = 0644, .proc_handler = proc_dointvec_minmax,	\
		.extra1 = lo, .extra2 = hi }
#define LONG(name, field) {						\
		.procname = name, .data = AT(field), .maxlen = sizeof(long), \
		.mode = 0644, .proc_handler = proc_doulongvec_minmax }
#define BUFS(name, field) {						\
		.procname = name, .data = AT(field), .maxlen = sizeof(int[3]), \
		.mode = 0644, .proc_handler = proc_dointvec_minmax,	\
		.extra1 = &min_buf }
#define TIME(name, field, handler) {					\
		.procname = name, .data = AT(field), .maxlen = sizeof(u32), \
		.mode = 0644, .proc_handler = handler }

static const struct ctl_table template[] = {
	BYTE("syn_retries", conf.syn_retries, &one, &most_retries),
	BYTE("syn_linear_timeouts", conf.syn_linear_timeouts, NULL, &most_retries),
	BYTE("synack_retries", conf.synack_retries, NULL, &most_retries),
	BYTE("retries1", conf.retries1, NULL, NULL),
	BYTE("retries2", conf.retries2, NULL, NULL),
	BYTE("orphan_retries", conf.orphan_retries, NULL, NULL),
	BYTE("keepalive_probes", conf.keepalive_probes, NULL, NULL),
	TIME("keepalive_time", conf.keepalive_time_us, do_seconds64),
	TIME("keepalive_intvl", conf.keepalive_intvl_us, do_seconds64),
	BYTE("window_scaling", conf.window_scaling, NULL, &one),
	BYTE("timestamps", conf.timestamps, NULL, &one),
	BYTE("sack", conf.sack, NULL, &one),
	BYTE("dsack", conf.dsack, NULL, &one),
	BYTE("stdurg", conf.stdurg, NULL, &one),
	BYTE("ecn", conf.ecn, NULL, &two),
	BYTE("ecn_fallback", conf.ecn_fallback, NULL, &one),
	BYTE("rfc1337", conf.rfc1337, NULL, &one),
	BYTE("tw_reuse", conf.timewait_reuse, NULL, &two),
	{
		.procname = "tw_reuse_delay", .data = AT(conf.timewait_reuse_delay_us),
		.maxlen = sizeof(u32), .mode = 0644, .proc_handler = do_milliseconds,
		.extra1 = &min_buf, .extra2 = &most_reuse_delay,
	},
	BYTE("early_retrans", conf.early_retrans, NULL, &four),
	BYTE("recovery", conf.recovery, NULL, NULL),
	BYTE("frto", conf.frto, NULL, NULL),
	{
		.procname = "reordering", .data = AT(conf.reordering),
		.maxlen = sizeof(int), .mode = 0644,
		.proc_handler = proc_dointvec_minmax,
		.extra1 = SYSCTL_ONE, .extra2 = &most_reordering,
	},
	INT("max_reordering", conf.max_reordering),
	BYTE("slow_start_after_idle", conf.slow_start_after_idle, NULL, &one),
	BYTE("abort_on_overflow", abort_on_overflow, NULL, &one),
#if IS_ENABLED(CONFIG_NET_L3_MASTER_DEV)
	BYTE("l3mdev_accept", l3mdev_accept, NULL, &one),
#endif
	{ .procname = "fastopen", .data = AT(fastopen), .maxlen = sizeof(int),
	  .mode = 0644, .proc_handler = proc_dointvec },
	{ .procname = "fastopen_key", .data = AT(net), .maxlen = PAGE_SIZE,
	  .mode = 0600, .proc_handler = do_fastopen_key },
	{ .procname = "fastopen_blackhole_timeout_sec", .data = AT(tfo_blackhole_sec),
	  .maxlen = sizeof(int), .mode = 0644, .proc_handler = do_blackhole,
	  .extra1 = SYSCTL_ZERO },
	BYTE("syncookies", syncookies, NULL, &two),
	TIME("fin_timeout", conf.fin_timeout_us, do_seconds),
	/* no twin: Linux's 2MSL is a constant */
	TIME("timewait_len", conf.timewait_us, do_seconds),
	TIME("invalid_ratelimit", conf.invalid_ratelimit_us, do_milliseconds),
	RANGE("rto_min_us", conf.rto_min_us, SYSCTL_ONE, SYSCTL_INT_MAX),
	{
		.procname = "rto_max_ms", .data = AT(conf.rto_max_us),
		.maxlen = sizeof(u32), .mode = 0644, .proc_handler = do_milliseconds,
		.extra1 = &rto_max_least, .extra2 = &rto_max_most,
	},
	BYTE("moderate_rcvbuf", conf.moderate_rcvbuf, NULL, &one),
	INT("rcvbuf_low_rtt", conf.rcvbuf_low_rtt_us),
	BYTE("shrink_window", conf.shrink_window, NULL, &one),
	BYTE("workaround_signed_windows", conf.signed_windows, NULL, &one),
	BYTE("app_win", conf.app_win, NULL, &app_win_most),
	BYTE("pingpong_thresh", conf.pingpong_thresh, &one, NULL),
	{
		.procname = "notsent_lowat", .data = AT(conf.notsent_lowat),
		.maxlen = sizeof(unsigned int), .mode = 0644,
		.proc_handler = proc_douintvec,
	},
	BYTE("mtu_probing", conf.mtu_probing, NULL, NULL),
	{
		.procname = "base_mss", .data = AT(conf.base_mss),
		.maxlen = sizeof(int), .mode = 0644, .proc_handler = proc_dointvec,
	},
	RANGE("min_snd_mss", conf.min_snd_mss, &least_snd_mss, &most_snd_mss),
	RANGE("mtu_probe_floor", conf.mtu_probe_floor, &least_snd_mss, &most_snd_mss),
	{
		.procname = "probe_threshold", .data = AT(conf.probe_threshold),
		.maxlen = sizeof(int), .mode = 0644, .proc_handler = proc_dointvec,
	}, {
		.procname = "probe_interval", .data = AT(conf.probe_interval_s),
		.maxlen = sizeof(u32), .mode = 0644,
		.proc_handler = proc_douintvec_minmax, .extra2 = &most_probe_interval,
	},
	BYTE("thin_linear_timeouts", conf.thin_linear_timeouts, NULL, &one),
	BYTE("comp_sack_nr", conf.comp_sack_nr, NULL, NULL),
	LONG("comp_sack_delay_ns", conf.comp_sack_delay_ns),
	RANGE("comp_sack_rtt_percent", conf.comp_sack_rtt_percent, SYSCTL_ONE, &most_ratio),
	LONG("comp_sack_slack_ns", comp_sack_slack_ns),
	INT("max_syn_backlog", max_syn_backlog),
	INT("max_tw_buckets", max_tw_buckets),
	INT("max_orphans", max_orphans),
	INT("challenge_ack_limit", challenge_ack_limit),
	INT("limit_output_bytes", limit_output_bytes),
	BYTE("tso_win_divisor", conf.tso_win_divisor, NULL, NULL),
	RANGE("min_rtt_wlen", conf.min_rtt_wlen_s, SYSCTL_ZERO, &day),
	BYTE("autocorking", autocorking, NULL, &one),
	BYTE("backlog_ack_defer", backlog_ack_defer, NULL, &one),
	BYTE("reflect_tos", reflect_tos, NULL, &one),
	BYTE("fwmark_accept", fwmark_accept, NULL, NULL),
	{
		.procname = "watch_ratio", .data = AT(watch_ratio),
		.maxlen = sizeof(u32), .mode = 0644, .proc_handler = do_watch_ratio,
	},
	RANGE("min_tso_segs", conf.min_tso_segs, SYSCTL_ONE, NULL),
	BYTE("tso_rtt_log", conf.tso_rtt_log, NULL, NULL),
	RANGE("pacing_ss_ratio", conf.pacing_ss_ratio, SYSCTL_ZERO, &most_ratio),
	RANGE("pacing_ca_ratio", conf.pacing_ca_ratio, SYSCTL_ZERO, &most_ratio),
	{
		.procname = "congestion_control", .data = AT(cc),
		.maxlen = XTCP_CC_NAME_MAX, .mode = 0644,
		.proc_handler = xtcp_cong_do_default,
	}, {
		.procname = "available_congestion_control", .data = AT(cc),
		.maxlen = XTCP_CONG_LIST_MAX, .mode = 0444,
		.proc_handler = xtcp_cong_do_available,
	}, {
		.procname = "allowed_congestion_control", .data = AT(cc),
		.maxlen = XTCP_CONG_LIST_MAX, .mode = 0644,
		.proc_handler = xtcp_cong_do_allowed,
	}, {
		/* one for all namespaces, and set in the first */
		.procname = "mem", .maxlen = sizeof(xtcp_sysctl_mem), .mode = 0644,
		.proc_handler = proc_doulongvec_minmax,
	},
	BUFS("rmem", rmem),
	BUFS("wmem", wmem),
	{ }
};

static_assert(sizeof(bool) == sizeof(u8));
static_assert(sizeof(u64) == sizeof(long));

int xtcp_sysctl_netns_init(struct xtcp_net *xn)
{
	struct ctl_table *table;
	int i;

	table = kmemdup(template, sizeof(template), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	for (i = 0; i < ARRAY_SIZE(template) - 1; i++) {
		if (strcmp(table[i].procname, "mem")) {
			table[i].data = (void *)xn + (unsigned long)table[i].data;
			continue;
		}
		table[i].data = xtcp_sysctl_mem;
		if (!net_eq(xn->net, &init_net))
			table[i].mode = 0444;
	}
	xn->sysctl = register_net_sysctl_sz(xn->net, "net/xtcp", table,
					    ARRAY_SIZE(template) - 1);
	if (!xn->sysctl) {
		kfree(table);
		return -ENOMEM;
	}
	return 0;
}

void xtcp_sysctl_netns_exit(struct xtcp_net *xn)
{
	const struct ctl_table *table = xn->sysctl->ctl_table_arg;

	unregister_net_sysctl_table(xn->sysctl);
	kfree(table);
}
