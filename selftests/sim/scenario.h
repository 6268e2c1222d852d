/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The named networks, and a run on one of them.
 */
#ifndef XTCP_SIM_SCENARIO_H
#define XTCP_SIM_SCENARIO_H

#include "cc_table.h"
#include "flow.h"

#define FLOWS_MAX	32
/* Points of a plot's lines. */
#define SAMPLES		500

/**
 * struct scenario - a network and who uses it
 * @name: for the command line
 * @title: for people
 * @link: the bottleneck, in each direction
 * @flows: how many share it
 * @stagger_ns: each starts so much after the one before
 * @coalesce_ns: as in struct flow_conf
 * @block: as in struct flow_conf; the next is asked for when all flows have theirs
 * @ecn: the hosts negotiate ECN
 * @duration_ns: how long it is watched; a test does with a sixth
 * @least: part of the bottleneck that the flows together must fill, percent
 * @least_jain: Jain's index that they must reach in the second half of the time
 */
struct scenario {
	const char	*name;
	const char	*title;
	struct link_conf link[2];
	unsigned int	flows;
	u64		stagger_ns;
	u64		coalesce_ns;
	u32		block;
	bool		ecn;
	u64		duration_ns;
	double		least;
	double		least_jain;
};

/**
 * struct outcome - what came of a run
 * @scenario: where
 * @algorithm: name of the congestion control
 * @seed: of everything random
 * @duration_ns: how long
 * @wrong: what must not be, empty: nothing
 * @events: that happened
 * @packets: that entered the bottleneck, both directions
 * @sent: data packets, retransmissions included
 * @goodput: of all flows, bits per second
 * @utilisation: of the bottleneck, percent
 * @jain: Jain's fairness index of the second half
 * @rtt_mean_ms: of all data packets
 * @rtt_p95_ms: of all data packets
 * @retransmitted: packets sent again
 * @timeouts: retransmission timers that fired
 * @spurious: packets that arrived for nothing
 * @marks: packets that the bottleneck marked CE
 * @recovery: part of the time spent in recovery, mean of the flows, percent
 * @pause_ms: longest time that a flow stood still
 * @flows: how many
 * @samples: of each flow, for the plots
 * @nr_samples: how many
 */
struct outcome {
	const struct scenario *scenario;
	const char	*algorithm;
	u64		seed;
	u64		duration_ns;
	char		wrong[200];
	u64		events;
	u64		packets;
	u64		sent;
	double		goodput;
	double		utilisation;
	double		jain;
	double		rtt_mean_ms;
	double		rtt_p95_ms;
	u64		retransmitted;
	u64		timeouts;
	u64		spurious;
	u64		marks;
	double		recovery;
	double		pause_ms;
	unsigned int	flows;
	struct sample	*samples[FLOWS_MAX];
	u32		nr_samples;
};

extern const struct scenario scenarios[];
extern const unsigned int nr_scenarios;

void scenario_run(const struct scenario *s, u8 cc, u64 seed, u64 duration_ns,
		  struct outcome *out);
void outcome_free(struct outcome *out);

#endif /* XTCP_SIM_SCENARIO_H */
