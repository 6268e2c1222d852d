// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "ecn.h"
#include "scenario.h"

#define US(n)		((n) * NSEC_PER_USEC)
#define MS(n)		((n) * NSEC_PER_MSEC)
#define SEC(n)		((n) * NSEC_PER_SEC)
#define MBIT(n)		((n) * 1000000ULL)
#define KB(n)		((n) * 1000U)
/* A path's round-trip time is half there and half back. */
#define ONE_WAY(rtt)	((rtt) / 2)

/* The way back of a symmetric path, without vices. */
#define BACK(r, rtt)	{ .rate = (r), .delay_ns = ONE_WAY(rtt) }

const struct scenario scenarios[] = {
	{
		.name = "lan10g",
		.title = "10 Gbit/s, 1 ms, a queue of 1 ms",
		.link = { { .rate = MBIT(10000), .delay_ns = ONE_WAY(MS(1)),
			    .queue_bytes = KB(1250) },
			  BACK(MBIT(10000), MS(1)) },
		.flows = 1, .coalesce_ns = US(10),
		.duration_ns = SEC(2),
		.least = 60,
	}, {
		.name = "wan100m",
		.title = "100 Mbit/s, 20 ms, a queue of 20 ms",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 1,
		.duration_ns = SEC(20),
		.least = 80,
	}, {
		.name = "loss1",
		.title = "20 Mbit/s, 100 ms, 1 % loss",
		.link = { { .rate = MBIT(20), .delay_ns = ONE_WAY(MS(100)),
			    .queue_bytes = KB(250), .loss_ppm = 10000 },
			  BACK(MBIT(20), MS(100)) },
		.flows = 1,
		.duration_ns = SEC(120),
		.least = 5,
	}, {
		.name = "marks1",
		.title = "20 Mbit/s, 40 ms, 1 % of the packets marked by ECN",
		.link = { { .rate = MBIT(20), .delay_ns = ONE_WAY(MS(40)),
			    .queue_bytes = KB(100), .mark_ppm = 10000 },
			  BACK(MBIT(20), MS(40)) },
		.flows = 1, .ecn = true,
		.duration_ns = SEC(120),
		.least = 10,
	}, {
		.name = "loss5",
		.title = "20 Mbit/s, 40 ms, 5 % loss",
		.link = { { .rate = MBIT(20), .delay_ns = ONE_WAY(MS(40)),
			    .queue_bytes = KB(100), .loss_ppm = 50000 },
			  BACK(MBIT(20), MS(40)) },
		.flows = 1,
		.duration_ns = SEC(120),
		.least = 5,
	}, {
		.name = "bursts",
		.title = "50 Mbit/s, 40 ms, bursts of loss: 2.4 ms, once in 2,000 packets",
		.link = { { .rate = MBIT(50), .delay_ns = ONE_WAY(MS(40)),
			    .queue_bytes = KB(250), .ge_bad_ppm = 500,
			    .ge_bad_ns = US(2400) },
			  BACK(MBIT(50), MS(40)) },
		.flows = 1,
		.duration_ns = SEC(60),
		.least = 20,
	}, {
		.name = "reorder",
		.title = "100 Mbit/s, 20 ms, a quarter of the packets up to 5 ms late",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250), .reorder_ppm = 250000,
			    .reorder_ns = MS(5) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 1,
		.duration_ns = SEC(60),
		.least = 65,
	}, {
		.name = "jitter",
		.title = "100 Mbit/s, 20 ms, every packet up to 2 ms late",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250), .jitter_ns = MS(2) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 1,
		.duration_ns = SEC(60),
		.least = 80,
	}, {
		.name = "duplicates",
		.title = "100 Mbit/s, 20 ms, 5 % of the packets arrive twice",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250), .dup_ppm = 50000 },
			  BACK(MBIT(100), MS(20)) },
		.flows = 1,
		.duration_ns = SEC(20),
		.least = 80,
	}, {
		.name = "bufferbloat",
		.title = "10 Mbit/s, 20 ms, a queue of 800 ms",
		.link = { { .rate = MBIT(10), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(1000) },
			  BACK(MBIT(10), MS(20)) },
		.flows = 1,
		.duration_ns = SEC(60),
		.least = 80,
	}, {
		.name = "shallow",
		.title = "100 Mbit/s, 40 ms, a queue of 20 packets",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(40)),
			    .queue_packets = 20 },
			  BACK(MBIT(100), MS(40)) },
		.flows = 1,
		.duration_ns = SEC(60),
		.least = 35,
	}, {
		.name = "fair2",
		.title = "100 Mbit/s, 20 ms, a queue of 20 ms, 2 flows",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 2, .stagger_ns = MS(1000),
		.duration_ns = SEC(60),
		.least = 85, .least_jain = 0.7,
	}, {
		.name = "fair4",
		.title = "100 Mbit/s, 20 ms, a queue of 20 ms, 4 flows",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 4, .stagger_ns = MS(500),
		.duration_ns = SEC(60),
		.least = 85, .least_jain = 0.7,
	}, {
		.name = "fair8",
		.title = "100 Mbit/s, 20 ms, a queue of 20 ms, 8 flows",
		.link = { { .rate = MBIT(100), .delay_ns = ONE_WAY(MS(20)),
			    .queue_bytes = KB(250) },
			  BACK(MBIT(100), MS(20)) },
		.flows = 8, .stagger_ns = MS(250),
		.duration_ns = SEC(180),
		.least = 85, .least_jain = 0.7,
	}, {
		.name = "incast",
		.title = "1 Gbit/s, 100 us, a queue of 128 kB, 32 senders of 64 kB at once",
		.link = { { .rate = MBIT(1000), .delay_ns = ONE_WAY(US(100)),
			    .queue_bytes = KB(128) },
			  BACK(MBIT(1000), US(100)) },
		.flows = 32, .coalesce_ns = US(10), .block = KB(64),
		.duration_ns = SEC(10),
		.least = 4,
	}, {
		.name = "marks",
		.title = "1 Gbit/s, 200 us, 4 flows, ECN marks from 30 kB of queue on",
		.link = { { .rate = MBIT(1000), .delay_ns = ONE_WAY(US(200)),
			    .queue_bytes = KB(500), .mark_bytes = KB(30) },
			  BACK(MBIT(1000), US(200)) },
		.flows = 4, .stagger_ns = MS(5), .coalesce_ns = US(10), .ecn = true,
		.duration_ns = SEC(5),
		.least = 80, .least_jain = 0.7,
	},
};

const unsigned int nr_scenarios = ARRAY_SIZE(scenarios);

/* ---- a run -------------------------------------------------------------- */

static void flow_conf_init(struct flow_conf *c, const struct scenario *s,
			   u8 cc, unsigned int nr, struct rng *rng)
{
	unsigned int i;

	memset(c, 0, sizeof(*c));
	for (i = 0; i < 2; i++) {
		struct endpoint_conf *ep = &c->ep[i];

		endpoint_conf_init(ep);
		ep->iss = rng_next(rng);
		ep->ts_offset = rng_next(rng);
		ep->hollow = true;
		ep->cc = cc;
		ep->dctcp = xtcp_cc_table[cc]->flags & XTCP_CC_NEEDS_ECN;
		/* the window is not what is measured */
		ep->sndbuf = 16 << 20;
		ep->rcvbuf = 1 << 20;
		ep->rcvbuf_max = 32 << 20;
		if (s->ecn)
			ep->core.ecn = XTCP_ECN_ON;
	}
	c->start_ns = nr * s->stagger_ns;
	c->coalesce_ns = s->coalesce_ns;
	c->block = s->block;
}

/* Jain's index of what each flow got in the second half of the time. */
static double fairness(const struct outcome *out)
{
	double sum = 0, squares = 0;
	unsigned int i;

	for (i = 0; i < out->flows; i++) {
		const struct sample *s = out->samples[i];
		double x = s[out->nr_samples - 1].read - s[out->nr_samples / 2].read;

		sum += x;
		squares += x * x;
	}
	return squares ? sum * sum / (out->flows * squares) : 0;
}

static void evaluate(struct world *w, struct flow *flows, struct outcome *out)
{
	double seconds = out->duration_ns / 1e9;
	struct times all = { 0 };
	unsigned int i, j;

	for (i = 0; i < out->flows; i++) {
		struct flow *f = &flows[i];
		const struct xtcp_tcb *t = &f->ep[SENDER].t;

		flow_finish(f);
		out->goodput += f->ep[RECEIVER].read * 8 / seconds;
		out->sent += t->info.segs_out;
		out->retransmitted += t->info.total_retrans;
		out->timeouts += f->timeouts;
		out->spurious += f->spurious;
		out->recovery += f->recovery_us / (seconds * 1e6) * 100 / out->flows;
		out->pause_ms = max(out->pause_ms, f->pause_us / 1e3);
		all.nr += f->rtt.nr;
		all.sum_us += f->rtt.sum_us;
		for (j = 0; j < TIMES_NR; j++)
			all.bucket[j] += f->rtt.bucket[j];
		out->samples[i] = f->samples;
		out->nr_samples = f->nr_samples;
		f->samples = NULL;
	}
	out->marks = w->link[FORWARD].marks;
	out->packets = w->link[FORWARD].packets + w->link[BACKWARD].packets;
	/* what the wire still has to send was not carried within the time */
	out->utilisation = w->link[FORWARD].bytes * 8 / seconds /
			   w->link[FORWARD].conf.rate * 100;
	out->utilisation = min(out->utilisation, 100.0);
	out->rtt_mean_ms = all.nr ? all.sum_us / 1e3 / all.nr : 0;
	out->rtt_p95_ms = times_percentile(&all, 95) / 1e3;
	out->jain = fairness(out);
}

static void judge(struct outcome *out)
{
	const struct scenario *s = out->scenario;
	double percent = out->goodput / s->link[FORWARD].rate * 100;

	if (percent < s->least)
		snprintf(out->wrong, sizeof(out->wrong),
			 "goodput is %.1f %% of the link's rate, not %.0f %%", percent,
			 s->least);
	else if (out->jain < s->least_jain)
		snprintf(out->wrong, sizeof(out->wrong),
			 "Jain's index is %.3f, not %.2f", out->jain, s->least_jain);
}

/* The next blocks, when every flow has got its last one. */
static void ask_all(struct flow *flows, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (!flows[i].ep[SENDER].connected ||
		    flows[i].ep[RECEIVER].read < flows[i].asked)
			return;
	}
	for (i = 0; i < nr; i++)
		flow_ask(&flows[i]);
}

static void watch(struct world *w, struct flow *flows, struct outcome *out)
{
	u64 until = WORLD_EPOCH, step = out->duration_ns / SAMPLES;
	unsigned int i, j;

	for (i = 0; i < SAMPLES; i++) {
		until += step;
		while (world_step(w, until)) {
			out->events++;
			if (out->scenario->block)
				ask_all(flows, out->flows);
		}
		for (j = 0; j < out->flows; j++)
			flow_sample(&flows[j], SAMPLES);
	}
}

/**
 * scenario_run - watch an algorithm on a network
 * @s: the network
 * @cc: the algorithm of all hosts, index into xtcp_cc_table
 * @seed: of everything random
 * @duration_ns: how long
 * @out: out, to be given to outcome_free()
 */
void scenario_run(const struct scenario *s, u8 cc, u64 seed, u64 duration_ns,
		  struct outcome *out)
{
	struct flow *flows = calloc(s->flows, sizeof(*flows));
	struct world *w = malloc(sizeof(*w));
	unsigned int i;

	if (!flows || !w)
		abort();
	memset(out, 0, sizeof(*out));
	out->scenario = s;
	out->algorithm = xtcp_cc_table[cc]->name;
	out->seed = seed;
	out->duration_ns = duration_ns;
	out->flows = s->flows;
	world_init(w, seed, s->link);
	for (i = 0; i < s->flows; i++) {
		struct flow_conf conf;

		flow_conf_init(&conf, s, cc, i, &w->rng);
		flow_init(&flows[i], w, &conf);
	}
	if (setjmp(w->failed)) {
		snprintf(out->wrong, sizeof(out->wrong), "%s", w->why);
	} else {
		watch(w, flows, out);
		evaluate(w, flows, out);
		judge(out);
	}
	for (i = 0; i < s->flows; i++)
		flow_free(&flows[i]);
	world_free(w);
	free(flows);
	free(w);
}

/**
 * outcome_free - give its memory back
 * @out: the outcome
 */
void outcome_free(struct outcome *out)
{
	unsigned int i;

	for (i = 0; i < out->flows; i++)
		free(out->samples[i]);
}
