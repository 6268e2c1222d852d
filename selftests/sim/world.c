// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "world.h"

/* Of two that are due at the same time the older one comes first. */
static bool sooner(const struct event *a, const struct event *b)
{
	return a->when != b->when ? a->when < b->when : a->age < b->age;
}

/**
 * world_schedule - something is going to happen
 * @w: the world
 * @e: what; its age is not looked at
 */
void world_schedule(struct world *w, const struct event *e)
{
	struct event new = *e;
	u32 i = w->nr++;

	new.age = w->age++;
	if (w->nr > w->size) {
		w->size = w->size ? 2 * w->size : 64;
		w->heap = realloc(w->heap, w->size * sizeof(*w->heap));
		if (!w->heap)
			abort();
	}
	for (; i && sooner(&new, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
		w->heap[i] = w->heap[(i - 1) / 2];
	w->heap[i] = new;
}

static struct event heap_pop(struct world *w)
{
	struct event top = w->heap[0], *last = &w->heap[--w->nr];
	u32 i = 0, child;

	while ((child = 2 * i + 1) < w->nr) {
		if (child + 1 < w->nr && sooner(&w->heap[child + 1], &w->heap[child]))
			child++;
		if (!sooner(&w->heap[child], last))
			break;
		w->heap[i] = w->heap[child];
		i = child;
	}
	w->heap[i] = *last;
	return top;
}

/**
 * world_step - let the next thing happen
 * @w: the world
 * @until: but not later than this, ns; the clock goes there when nothing does
 *
 * Return: false when nothing happened until then.
 */
bool world_step(struct world *w, u64 until)
{
	struct event e;

	if (!w->nr || w->heap[0].when > until) {
		w->now_ns = until;
		w->now = until / NSEC_PER_USEC;
		return false;
	}
	e = heap_pop(w);
	w->now_ns = e.when;
	w->now = e.when / NSEC_PER_USEC;
	e.fn(&e);
	return true;
}

/**
 * world_init - nothing has happened yet
 * @w: out
 * @seed: of everything random
 * @conf: the bottleneck in each direction
 */
void world_init(struct world *w, u64 seed, const struct link_conf conf[2])
{
	memset(w, 0, sizeof(*w));
	w->rng.state = seed;
	w->now_ns = WORLD_EPOCH;
	w->now = w->now_ns / NSEC_PER_USEC;
	link_init(&w->link[FORWARD], &conf[FORWARD]);
	link_init(&w->link[BACKWARD], &conf[BACKWARD]);
}

/**
 * world_free - give its memory back, packets on their way included
 * @w: the world
 */
void world_free(struct world *w)
{
	u32 i;

	for (i = 0; i < w->nr; i++)
		free(w->heap[i].packet);
	free(w->heap);
	link_free(&w->link[FORWARD]);
	link_free(&w->link[BACKWARD]);
}
