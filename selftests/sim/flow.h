/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A flow: a sender, a receiver, what uses them, and what is known about it that
 * neither of them knows.
 */
#ifndef XTCP_SIM_FLOW_H
#define XTCP_SIM_FLOW_H

#include "endpoint.h"
#include "world.h"

/* Sides of a flow: they send into the link of the same number. */
enum { SENDER = FORWARD, RECEIVER = BACKWARD };

/* Buckets of a distribution of times: 16 for each power of two, 6 % wide. */
#define TIMES_SUB	16
#define TIMES_NR	(TIMES_SUB * 29)

/**
 * struct times - a distribution of times
 * @nr: how many
 * @sum_us: of all
 * @bucket: how many of about this value
 */
struct times {
	u64	nr;
	u64	sum_us;
	u32	bucket[TIMES_NR];
};

/**
 * struct flow_conf - what a flow is like
 * @ep: the endpoints
 * @start_ns: when it connects
 * @extra_ns: delay of its own, in each direction, beside the bottleneck's
 * @coalesce_ns: packets that arrive within this time of the first are merged, as
 *		 by a NIC's interrupt and GRO; 0: each is received alone
 * @block: bytes that the sender sends for a request of the receiver's; 0: it sends
 *	   without a limit
 */
struct flow_conf {
	struct endpoint_conf ep[2];
	u64	start_ns;
	u64	extra_ns;
	u64	coalesce_ns;
	u32	block;
};

/**
 * struct sample - a flow at one moment, for the plots
 * @cwnd: packets
 * @in_flight: packets
 * @read: bytes that arrived until now
 * @rtt_nr: packets whose RTT is known, until now
 * @rtt_sum_us: of those
 */
struct sample {
	u32	cwnd;
	u32	in_flight;
	u64	read;
	u64	rtt_nr;
	u64	rtt_sum_us;
};

/**
 * struct flow - a flow in use
 * @conf: what it is like
 * @world: where it is
 * @ep: the endpoints
 * @timer_at: when the event of its timer is due, ns; 0: there is none
 * @rx: packets that are to be merged
 * @rx_tail: where they end
 * @end: where the data ends that was sent, as a sequence number: what lies before
 *	 it is a retransmission
 * @high: where the data ends that arrived
 * @written: bytes that the sender was given
 * @asked: bytes that the receiver wants by now, when there are blocks
 * @rtt: round-trip times of data packets: their way there, and an empty way back
 * @timeouts: retransmission timers that fired
 * @spurious: packets that arrived though the receiver had all that was in them
 * @recovery_us: time that the sender spent in recovery
 * @recovering: it is in recovery
 * @mark_us: since when
 * @read_us: when data arrived last
 * @pause_us: longest time without
 * @samples: for the plots
 * @nr_samples: how many
 */
struct flow {
	struct flow_conf conf;
	struct world	*world;
	struct endpoint	ep[2];
	u64		timer_at[2];
	struct packet	*rx[2], *rx_tail[2];
	u32		end, high;
	u64		written, asked;
	struct times	rtt;
	u64		timeouts, spurious;
	u64		recovery_us;
	bool		recovering;
	xtcp_usec_t	mark_us, read_us, pause_us;
	struct sample	*samples;
	u32		nr_samples;
};

void flow_init(struct flow *f, struct world *w, const struct flow_conf *conf);
void flow_finish(struct flow *f);
void flow_free(struct flow *f);
void flow_ask(struct flow *f);
void flow_sample(struct flow *f, u32 max);
u32 times_percentile(const struct times *t, u32 percent);

#endif /* XTCP_SIM_FLOW_H */
