/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two endpoints and what lies between them, as discrete events.
 */
#ifndef XTCP_HOST_NETWORK_H
#define XTCP_HOST_NETWORK_H

#include "endpoint.h"
#include "rng.h"

/**
 * struct link - one direction
 * @bandwidth: bytes per second, 0: no limit
 * @delay_us: propagation
 * @jitter_us: up to so much is added: less than the gap between two packets, or
 *	       it reorders
 * @queue: packets that wait for the link at most, 0: no limit
 * @mtu: most payload that passes, bytes, 0: no limit; larger ones are reported
 *	 to the sender as ICMP does
 * @silent: or they are not: a black hole
 * @loss_ppm: packets in a million that vanish
 * @burst_us: and so do those that follow within this time
 * @dup_ppm: that arrive twice
 * @reorder_ppm: that are held back
 * @reorder_us: for up to so long
 * @corrupt_ppm: that arrive damaged
 * @blackout_from: from this time, microseconds
 * @blackout_until: to this one, nothing passes
 * @busy_until: when what it has is through
 * @bad_until: inside of a burst
 * @too_big: a packet was larger than @mtu
 * @sent: packets that entered
 * @lost: packets that vanished, queue overflows included
 * @bytes: payload that entered
 */
struct link {
	u64	bandwidth;
	u32	delay_us;
	u32	jitter_us;
	u32	queue;
	u32	mtu;
	bool	silent;
	u32	loss_ppm;
	u32	burst_us;
	u32	dup_ppm;
	u32	reorder_ppm;
	u32	reorder_us;
	u32	corrupt_ppm;
	xtcp_usec_t blackout_from, blackout_until;
	xtcp_usec_t busy_until;
	xtcp_usec_t bad_until;
	bool	too_big;
	u64	sent, lost, bytes;
};

/**
 * struct network - the world
 * @now: its clock
 * @ep: the endpoints
 * @link: link[i] carries what ep[i] sends
 * @rng: where its whims come from
 * @gro_us: packets that arrive within this time of each other are merged
 * @trace: print every packet
 * @heap: packets on their way, by time and then by age
 * @nr: how many
 * @size: room in @heap
 * @age: packets that were ever sent
 * @events: how often something happened
 */
struct network {
	xtcp_usec_t	now;
	struct endpoint	ep[2];
	struct link	link[2];
	struct rng	rng;
	u32		gro_us;
	bool		trace;
	struct flight {
		struct packet	*p;
		u64		age;
		u8		to;
	}		*heap;
	u32		nr, size;
	u64		age;
	u64		events;
};

void network_init(struct network *n, u64 seed, const struct endpoint_conf conf[2]);
void network_free(struct network *n);
xtcp_usec_t network_due(const struct network *n);
bool network_step(struct network *n, xtcp_usec_t until);

#endif /* XTCP_HOST_NETWORK_H */
