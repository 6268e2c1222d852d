/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Virtual time: a clock and what is going to happen.
 */
#ifndef XTCP_SIM_WORLD_H
#define XTCP_SIM_WORLD_H

#include <setjmp.h>

#include "link.h"

/* The clock does not begin at zero, which means "never" in many places, ns. */
#define WORLD_EPOCH	(1000 * NSEC_PER_SEC)

/* Numbers of the two directions, and of the endpoints that send into them. */
enum { FORWARD, BACKWARD };

/**
 * struct event - something that is going to happen
 * @when: the time, ns
 * @age: events that were scheduled before it
 * @fn: what to call
 * @arg: for @fn
 * @packet: for @fn
 * @extra: for @fn
 * @side: for @fn
 * @flag: for @fn
 */
struct event {
	u64		when;
	u64		age;
	void		(*fn)(const struct event *e);
	void		*arg;
	struct packet	*packet;
	u64		extra;
	u8		side;
	bool		flag;
};

/**
 * struct world - everything
 * @now_ns: the clock
 * @now: the same for the core, microseconds
 * @rng: where all whims come from
 * @link: the bottleneck, in each direction
 * @heap: what is going to happen; the first is the next
 * @nr: how much
 * @size: room in @heap
 * @age: events that were ever scheduled
 * @failed: where to go when something is wrong
 * @why: what it is
 */
struct world {
	u64		now_ns;
	xtcp_usec_t	now;
	struct rng	rng;
	struct link	link[2];
	struct event	*heap;
	u32		nr, size;
	u64		age;
	jmp_buf		failed;
	char		why[200];
};

void world_init(struct world *w, u64 seed, const struct link_conf conf[2]);
void world_free(struct world *w);
void world_schedule(struct world *w, const struct event *e);
bool world_step(struct world *w, u64 until);

#endif /* XTCP_SIM_WORLD_H */
