// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "ecn.h"
#include "link.h"

#define RING_MIN	64

/**
 * link_init - an empty link
 * @l: out
 * @conf: what it is like
 */
void link_init(struct link *l, const struct link_conf *conf)
{
	memset(l, 0, sizeof(*l));
	l->conf = *conf;
}

/**
 * link_free - give its memory back
 * @l: the link
 */
void link_free(struct link *l)
{
	free(l->departs);
}

static void ring_grow(struct link *l)
{
	u32 size = l->size ? 2 * l->size : RING_MIN, i;
	u64 *departs = malloc(size * sizeof(*departs));

	if (!departs)
		abort();
	for (i = 0; i < l->nr; i++)
		departs[i] = l->departs[(l->head + i) & (l->size - 1)];
	free(l->departs);
	l->departs = departs;
	l->head = 0;
	l->size = size;
}

static void ring_push(struct link *l, u64 when)
{
	if (l->nr == l->size)
		ring_grow(l);
	l->departs[(l->head + l->nr++) & (l->size - 1)] = when;
}

static void ring_expire(struct link *l, u64 now)
{
	while (l->nr && l->departs[l->head] <= now) {
		l->head = (l->head + 1) & (l->size - 1);
		l->nr--;
	}
}

/* Memoryless, in steps of a tenth: the same on every machine, as log() may not be. */
static u64 bad_time(const struct link_conf *c, struct rng *rng)
{
	u64 ns = 0;

	do
		ns += c->ge_bad_ns / 10;
	while (!rng_chance(rng, 100000));
	return ns;
}

static bool vanishes(struct link *l, struct rng *rng, u64 now)
{
	const struct link_conf *c = &l->conf;

	if (now < l->bad_until)
		return true;
	if (rng_chance(rng, c->ge_bad_ppm)) {
		l->bad_until = now + bad_time(c, rng);
		return true;
	}
	return rng_chance(rng, c->loss_ppm);
}

static u64 held_back(const struct link *l, struct rng *rng)
{
	const struct link_conf *c = &l->conf;
	u64 ns = 0;

	if (c->jitter_ns)
		ns += rng_below(rng, c->jitter_ns);
	if (rng_chance(rng, c->reorder_ppm))
		ns += rng_below(rng, c->reorder_ns);
	return ns;
}

static void mark(struct link *l, struct packet *p)
{
	if (p->ecn != XTCP_IP_ECT0 && p->ecn != XTCP_IP_ECT1)
		return;
	p->ecn = XTCP_IP_CE;
	l->marks++;
}

/**
 * link_send - a packet enters
 * @l: the link
 * @p: the packet, which may be marked; it stays the caller's
 * @rng: where the link's whims come from
 * @now: the time, ns
 *
 * Return: what becomes of it.
 */
struct link_fate link_send(struct link *l, struct packet *p, struct rng *rng, u64 now)
{
	const struct link_conf *c = &l->conf;
	u64 bytes = p->len + LINK_OVERHEAD, waiting;
	struct link_fate fate = { .lost = true };

	l->packets++;
	if (vanishes(l, rng, max(now, l->busy_until))) {
		l->losses++;
		return fate;
	}
	if (l->busy_until < now)
		l->busy_until = now;
	if (c->rate) {
		waiting = (l->busy_until - now) * (c->rate / 1000) / (8 * NSEC_PER_SEC / 1000);
		ring_expire(l, now);
		if ((c->queue_bytes && waiting + bytes > c->queue_bytes) ||
		    (c->queue_packets && l->nr >= c->queue_packets)) {
			l->overflows++;
			return fate;
		}
		if (c->mark_bytes && waiting > c->mark_bytes)
			mark(l, p);
		l->busy_until += bytes * 8 * NSEC_PER_SEC / c->rate;
		if (c->queue_packets)
			ring_push(l, l->busy_until);
	}
	if (rng_chance(rng, c->mark_ppm))
		mark(l, p);
	l->bytes += bytes;
	fate.lost = false;
	fate.arrives = l->busy_until + c->delay_ns + held_back(l, rng);
	fate.twice = rng_chance(rng, c->dup_ppm);
	return fate;
}
