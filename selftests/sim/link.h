/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One direction of a path: a queue in front of a wire, which has a rate, a delay
 * and vices.
 *
 * Nothing happens inside of it by itself: when a packet enters, all that was sent
 * before it is known, and with that the time of its arrival.
 */
#ifndef XTCP_SIM_LINK_H
#define XTCP_SIM_LINK_H

#include "packet.h"
#include "rng.h"

#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

/* What lies below TCP: IPv4 and Ethernet headers, as a qdisc counts them, bytes. */
#define LINK_OVERHEAD	34

/**
 * struct link_conf - what a link is like
 * @rate: bits per second, 0: no limit
 * @delay_ns: propagation
 * @queue_bytes: what waits for the wire at most, 0: no limit
 * @queue_packets: the same in packets, 0: no limit
 * @mark_bytes: packets that find so much waiting are marked CE if they may be
 *		(a step, as DCTCP's switches have it), 0: none is
 * @mark_ppm: packets in a million that are marked, whatever waits
 * @loss_ppm: packets in a million that vanish before the queue
 * @ge_bad_ppm: Gilbert-Elliott: chance per packet that a bad time begins, in which
 *		all vanish
 * @ge_bad_ns: its mean length; it passes whether packets come or not, as on a radio
 *	       link (a chain that steps with packets punishes backoff for ever)
 * @reorder_ppm: packets in a million that are held back behind the wire
 * @reorder_ns: for up to so long
 * @jitter_ns: every packet is held back for up to so long, so that they pass
 *	       each other
 * @dup_ppm: packets in a million that arrive twice
 */
struct link_conf {
	u64	rate;
	u64	delay_ns;
	u32	queue_bytes;
	u32	queue_packets;
	u32	mark_bytes;
	u32	mark_ppm;
	u32	loss_ppm;
	u32	ge_bad_ppm;
	u32	ge_bad_ns;
	u32	reorder_ppm;
	u32	reorder_ns;
	u32	jitter_ns;
	u32	dup_ppm;
};

/**
 * struct link - a link in use
 * @conf: what it is like
 * @busy_until: when the wire has sent all that waits, ns
 * @bad_until: when the bad time is over, ns
 * @departs: when each packet that waits leaves the queue, ns; a ring
 * @head: index of the first
 * @nr: packets that wait
 * @size: room in @departs, a power of two
 * @packets: that entered
 * @bytes: that the wire carried
 * @overflows: packets for which the queue had no room
 * @losses: packets that vanished
 * @marks: packets that were marked CE
 */
struct link {
	struct link_conf conf;
	u64	busy_until;
	u64	bad_until;
	u64	*departs;
	u32	head, nr, size;
	u64	packets, bytes, overflows, losses, marks;
};

/**
 * struct link_fate - what became of a packet
 * @lost: it will not arrive
 * @twice: it will arrive twice
 * @arrives: when, ns
 */
struct link_fate {
	bool	lost;
	bool	twice;
	u64	arrives;
};

void link_init(struct link *l, const struct link_conf *conf);
void link_free(struct link *l);
struct link_fate link_send(struct link *l, struct packet *p, struct rng *rng, u64 now);

#endif /* XTCP_SIM_LINK_H */
