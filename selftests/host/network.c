// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>

#include "network.h"

/* ---- packets on their way: a binary heap -------------------------------- */

static bool sooner(const struct flight *a, const struct flight *b)
{
	return a->p->due != b->p->due ? a->p->due < b->p->due : a->age < b->age;
}

static void heap_push(struct network *n, struct packet *p, u8 to)
{
	struct flight f = { .p = p, .age = n->age++, .to = to };
	u32 i = n->nr++;

	if (n->nr > n->size) {
		n->size = n->size ? 2 * n->size : 64;
		n->heap = realloc(n->heap, n->size * sizeof(*n->heap));
		if (!n->heap)
			abort();
	}
	for (; i && sooner(&f, &n->heap[(i - 1) / 2]); i = (i - 1) / 2)
		n->heap[i] = n->heap[(i - 1) / 2];
	n->heap[i] = f;
}

static struct flight heap_pop(struct network *n)
{
	struct flight top = n->heap[0], last = n->heap[--n->nr];
	u32 i = 0, child;

	while ((child = 2 * i + 1) < n->nr) {
		if (child + 1 < n->nr && sooner(&n->heap[child + 1], &n->heap[child]))
			child++;
		if (!sooner(&n->heap[child], &last))
			break;
		n->heap[i] = n->heap[child];
		i = child;
	}
	if (n->nr)
		n->heap[i] = last;
	return top;
}

/* ---- a link ------------------------------------------------------------- */

static void trace(struct network *n, unsigned int from, const struct packet *p,
		  const char *fate)
{
	const struct xtcp_tcb *t = &n->ep[from].t;
	char text[200];

	if (!n->trace)
		return;
	packet_format(p, t->iss, t->irs, text, sizeof(text));
	printf("# %10.6f %c> %s%s", n->now / 1e6, 'A' + from, text, fate);
	printf("  [una %u nxt %u wnd %u cwnd %u/%u out %u sacked %u lost %u again %u]\n",
	       t->snd_una - t->iss, t->snd_nxt - t->iss, t->snd_wnd, t->cwnd, t->ssthresh,
	       t->packets_out, t->sacked_out, t->lost_out, t->retrans_out);
}

static bool loses(struct network *n, struct link *l)
{
	if (n->now >= l->blackout_from && n->now < l->blackout_until)
		return true;
	if (max(l->busy_until, n->now) < l->bad_until)
		return true;
	if (!rng_chance(&n->rng, l->loss_ppm))
		return false;
	l->bad_until = max(l->busy_until, n->now) + l->burst_us;
	return true;
}

/* So few bits, so close together, are always seen by the checksum. */
static void damage(struct network *n, struct packet *p)
{
	u32 byte = rng_below(&n->rng, p->len);

	p->bytes[byte] ^= rng_range(&n->rng, 1, 255);
}

static void schedule(struct network *n, struct link *l, struct packet *p, u8 to)
{
	p->due = max(l->busy_until, n->now) + l->delay_us;
	if (l->jitter_us)
		p->due += rng_below(&n->rng, l->jitter_us + 1);
	if (rng_chance(&n->rng, l->reorder_ppm))
		p->due += rng_below(&n->rng, l->reorder_us + 1);
	if (rng_chance(&n->rng, l->corrupt_ppm))
		damage(n, p);
	heap_push(n, p, to);
}

static void transmit(struct endpoint *ep, struct packet *p)
{
	struct network *n = ep->arg;
	unsigned int from = ep - n->ep;
	struct link *l = &n->link[from];
	xtcp_usec_t wire = l->bandwidth ? (p->len + 20) * 1000000ULL / l->bandwidth : 0;
	xtcp_usec_t backlog = l->busy_until > n->now ? l->busy_until - n->now : 0;

	l->sent++;
	l->bytes += p->len - p->hdr;
	if (l->mtu && p->len - XTCP_HDR_MIN > l->mtu) {
		trace(n, from, p, " (too big)");
		l->lost++;
		free(p);
		l->too_big = !l->silent;
		return;
	}
	if ((l->queue && wire && backlog / wire >= l->queue) || loses(n, l)) {
		trace(n, from, p, " (lost)");
		l->lost++;
		free(p);
		return;
	}
	trace(n, from, p, "");
	l->busy_until = max(l->busy_until, n->now) + wire;
	if (rng_chance(&n->rng, l->dup_ppm))
		schedule(n, l, packet_copy(p), !from);
	schedule(n, l, p, !from);
}

/* ---- the world ---------------------------------------------------------- */

/**
 * network_init - two endpoints without a connection, and perfect links
 * @n: out
 * @seed: of everything random
 * @conf: what the endpoints are like
 */
void network_init(struct network *n, u64 seed, const struct endpoint_conf conf[2])
{
	unsigned int i;

	memset(n, 0, sizeof(*n));
	n->rng.state = seed;
	n->now = 1000ULL * XTCP_USEC_PER_SEC;
	for (i = 0; i < 2; i++)
		endpoint_init(&n->ep[i], &conf[i], &n->now, transmit, n);
}

/**
 * network_free - give its memory back
 * @n: the network, at any time
 */
void network_free(struct network *n)
{
	while (n->nr)
		free(heap_pop(n).p);
	free(n->heap);
	endpoint_free(&n->ep[0]);
	endpoint_free(&n->ep[1]);
}

/**
 * network_due - when the next packet arrives or the next timer fires
 * @n: the network
 *
 * Return: the time, 0: never.
 */
xtcp_usec_t network_due(const struct network *n)
{
	xtcp_usec_t due = n->nr ? n->heap[0].p->due : 0;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		xtcp_usec_t t = endpoint_due(&n->ep[i]);

		if (t && (!due || t < due))
			due = t;
	}
	return due;
}

/* The sender's own router says that packets are too big. */
static void report_mtu(struct network *n)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct link *l = &n->link[i];

		if (l->too_big && n->ep[i].conf.path_mss > l->mtu)
			endpoint_path(&n->ep[i], l->mtu);
		l->too_big = false;
	}
}

static void deliver(struct network *n)
{
	struct flight f = heap_pop(n);

	while (n->gro_us && n->nr && n->heap[0].to == f.to &&
	       n->heap[0].p->due <= n->now + n->gro_us &&
	       packet_merge(&f.p, n->heap[0].p))
		free(heap_pop(n).p);
	endpoint_receive(&n->ep[f.to], f.p);
	free(f.p);
}

/**
 * network_step - let the next thing happen
 * @n: the network
 * @until: but not later than this; the clock goes there when nothing does
 *
 * Return: false when nothing happened until then.
 */
bool network_step(struct network *n, xtcp_usec_t until)
{
	xtcp_usec_t due = network_due(n);
	unsigned int i;

	if (!due || due > until) {
		n->now = max(n->now, until);
		return false;
	}
	report_mtu(n);
	n->now = max(n->now, due);
	n->events++;
	if (n->nr && n->heap[0].p->due <= n->now) {
		deliver(n);
		return true;
	}
	for (i = 0; i < 2; i++) {
		xtcp_usec_t t = endpoint_due(&n->ep[i]);

		if (t && t <= n->now)
			endpoint_timer(&n->ep[i]);
	}
	return true;
}
