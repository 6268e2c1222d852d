// SPDX-License-Identifier: GPL-2.0
/*
 * Sequences of random calls are drawn, played in both worlds, compared, and shortened:
 * see calls.h.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest.h"

#include "calls.h"
#include "dice.h"
#include "util.h"

/* Sequences that follow each other in the same worlds. */
#define IN_A_WORLD	64
/* Where their ports begin; the host's own are above. */
#define FIRST_PORT	10000
/* How long both worlds may take until they look the same, milliseconds. */
#define HASTY_MS	100
#define SHORTENING_MS	300
#define PATIENT_MS	3000
/* How long they have to stay so, for who has patience. */
#define CALM_MS		30

/**
 * struct sequence - calls
 * @call: them
 * @nr: how many
 */
struct sequence {
	struct call	call[CALLS_MOST];
	unsigned int	nr;
};

/**
 * struct step - a call that was made in both worlds
 * @o: what came of it
 * @v: what they looked like afterwards
 */
struct step {
	struct outcome		o[SIDES];
	struct world_view	v[SIDES];
};

/* How a sequence went. */
enum verdict { SAME, DIFFERS, MEANT };

static struct world world[SIDES];
static struct step step[CALLS_MOST];
static volatile sig_atomic_t signals[SIDES];
static enum side calling;

/* ---- drawing ----------------------------------------------------------------- */

static const struct call_kind *const kinds[] = {
	calls_open, calls_data, calls_option, calls_wait,
};

static const struct call_kind *kind_named(const char *name)
{
	const struct call_kind *k;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (k = kinds[i]; k->name; k++)
			if (!strcmp(k->name, name))
				return k;
	fprintf(stderr, "# no kind of calls is called %s\n", name);
	abort();
}

static const struct call_kind *draw_kind(void)
{
	const struct call_kind *k;
	unsigned int sum = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (k = kinds[i]; k->name; k++)
			sum += k->weight;
	sum = roll(sum);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (k = kinds[i]; k->name; k++) {
			if (sum < k->weight)
				return k;
			sum -= k->weight;
		}
	abort();
}

/* Which slots have a descriptor, if all goes well. */
static unsigned int full;

static int draw_slot(void)
{
	int slot = roll(CALLS_SLOTS), i;

	/* a bad descriptor is dull */
	for (i = 0; i < 4 && !(full & 1 << slot); i++)
		slot = roll(CALLS_SLOTS);
	return slot;
}

static void add_call(struct sequence *s, const struct call_kind *kind, int slot, int other)
{
	uint64_t seed = (uint64_t)roll(1u << 31) << 31 | roll(1u << 31);

	if (s->nr == CALLS_MOST)
		return;
	s->call[s->nr++] = (struct call){ kind, slot, other, seed };
	if (kind->opens)
		full |= 1 << other;
	if (kind->closes)
		full &= ~(1 << slot);
}

static void add_any(struct sequence *s)
{
	const struct call_kind *kind = draw_kind();
	int slot = draw_slot(), other = draw_slot();

	/* rather an empty slot than one that has something */
	if (kind->opens)
		while (full != (1 << CALLS_SLOTS) - 1 && full & 1 << other && roll(16))
			other = roll(CALLS_SLOTS);
	add_call(s, kind, slot, other);
}

/* What most sequences begin with; something else may come between. */
static void add_opening(struct sequence *s)
{
	static const struct { const char *kind; int slot, other; } usual[] = {
		{ "socket", 0, 0 }, { "plain_bind", 0, 0 }, { "listen", 0, 0 },
		{ "socket", 0, 1 }, { "plain_connect", 1, 0 }, { "accept", 0, 2 },
	};
	unsigned int nr = roll(4) ? ARRAY_SIZE(usual) : roll(ARRAY_SIZE(usual) + 1), i;
	unsigned int families = roll(4);

	for (i = 0; i < nr; i++) {
		const char *kind = usual[i].kind;

		if (!strcmp(kind, "socket"))
			kind = families >> !!i & 1 ? "socket6" : "socket4";
		if (!roll(8))
			add_any(s);
		add_call(s, kind_named(kind), usual[i].slot, usual[i].other);
	}
}

static void draw_sequence(struct sequence *s, uint64_t seed)
{
	unsigned int nr;

	dice_seed(seed);
	s->nr = 0;
	full = 0;
	add_opening(s);
	nr = 2 + roll(24);
	while (nr--)
		add_any(s);
}

/* ---- playing ----------------------------------------------------------------- */

static void on_signal(int nr)
{
	signals[calling]++;
}

/* A call that does not come back in time is interrupted. */
static void on_alarm(int nr)
{
}

static void listen_to_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };

	sigaction(SIGPIPE, &sa, NULL);
	signal(SIGURG, SIG_IGN);
	signal(SIGIO, SIG_IGN);
	sa = (struct sigaction){ .sa_handler = on_alarm };
	sigaction(SIGALRM, &sa, NULL);
}

static void make(enum side side, const struct call *c, struct outcome *o)
{
	o->call[0] = 0;
	o->result[0] = 0;
	signals[side] = 0;
	calling = side;
	dice_seed(c->seed);
	alarm(10);
	c->kind->make(&world[side], c, o);
	alarm(0);
	if (signals[side])
		result_text(o, ", SIGPIPE");
}

static void look(struct step *at)
{
	enum side side;
	int i;

	for (side = 0; side < SIDES; side++)
		world_look(&world[side], &at->v[side]);
	for (i = 0; i < CALLS_SLOTS; i++) {
		struct slot_view *v[SIDES] = { &at->v[KERNEL].slot[i], &at->v[XTCP].slot[i] };

		calls_reconcile(v);
	}
}

/*
 * Wait until both worlds look the same, and for who is patient until they have done so
 * for a while.
 */
static bool settle(struct step *at, int ms)
{
	uint64_t end = now_ns() + ms * 1000000ULL;
	struct world_view before;
	uint64_t since = 0;

	for (;;) {
		uint64_t now = now_ns();

		before = at->v[KERNEL];
		look(at);
		if (memcmp(&at->v[KERNEL], &at->v[XTCP], sizeof(before)))
			since = 0;
		else if (ms == HASTY_MS)
			return true;
		else if (!since || memcmp(&at->v[KERNEL], &before, sizeof(before)))
			since = now;
		else if (now - since > CALM_MS * 1000000ULL)
			return true;
		if (now > end && !since)
			return false;
		poll_pause();
	}
}

static enum verdict play(const struct sequence *s, int ms, unsigned int *nr,
			 const char **row)
{
	static const struct world_view nothing;
	enum side side;
	unsigned int i;

	for (i = 0; i < s->nr; i++) {
		const struct world_view *before = i ? &step[i - 1].v[KERNEL] : &nothing;

		*nr = i + 1;
		for (side = 0; side < SIDES; side++)
			make(side, &s->call[i], &step[i].o[side]);
		*row = NULL;
		if (strcmp(step[i].o[KERNEL].result, step[i].o[XTCP].result)) {
			bool goes_on;

			*row = calls_meant(&s->call[i], before, step[i].o, &goes_on);
			if (!*row) {
				look(&step[i]);
				*row = calls_looks_meant(&world[KERNEL], &s->call[i], before,
							 step[i].v);
				return *row ? MEANT : DIFFERS;
			}
			if (!goes_on)
				return MEANT;
		}
		if (!settle(&step[i], ms)) {
			*row = calls_looks_meant(&world[KERNEL], &s->call[i], before,
							 step[i].v);
			return *row ? MEANT : DIFFERS;
		}
	}
	return SAME;
}

static const char *open_worlds(void)
{
	const char *why = NULL;
	enum side side;

	for (side = 0; side < SIDES && !why; side++)
		why = world_open(&world[side], side);
	return why;
}

static void close_worlds(void)
{
	enum side side;

	for (side = 0; side < SIDES; side++)
		world_close(&world[side]);
}

/* Play it in worlds that are open.  @turn: how many others they have seen */
static enum verdict play_at(const struct sequence *s, unsigned int turn, int ms,
			    unsigned int *nr, const char **row)
{
	enum verdict verdict;
	enum side side;

	for (side = 0; side < SIDES; side++)
		world_begin(&world[side], FIRST_PORT + turn * CALLS_PORTS);
	verdict = play(s, ms, nr, row);
	for (side = 0; side < SIDES; side++)
		world_end(&world[side]);
	return verdict;
}

/* Does it differ in new worlds, with all the time there is? */
static bool repeats(const struct sequence *s, unsigned int *nr)
{
	const char *row;
	bool differs;

	if (open_worlds())
		abort();
	differs = play_at(s, 0, PATIENT_MS, nr, &row) == DIFFERS;
	close_worlds();
	return differs;
}

/* ---- shortening, telling ------------------------------------------------------ */

/* Leave out what can be left out: large parts first. */
static void shorten(struct sequence *s)
{
	unsigned int size, at, nr, turn = 0;
	const char *row;

	if (open_worlds())
		abort();
	for (size = s->nr / 2; size; size /= 2)
		for (at = 0; at + size <= s->nr; ) {
			struct sequence less = *s;

			memmove(&less.call[at], &less.call[at + size],
				(s->nr - at - size) * sizeof(s->call[0]));
			less.nr -= size;
			if (play_at(&less, ++turn, SHORTENING_MS, &nr, &row) == DIFFERS) {
				*s = less;
				s->nr = nr;
			} else {
				at += size;
			}
		}
	close_worlds();
}

static void tell_views(char *to, size_t room, const struct step *at)
{
	int i;

	for (i = 0; i < CALLS_SLOTS; i++) {
		char a[512], b[512];

		if (!memcmp(&at->v[KERNEL].slot[i], &at->v[XTCP].slot[i], sizeof(at->v[0].slot[0])))
			continue;
		view_text(a, sizeof(a), &at->v[KERNEL].slot[i]);
		view_text(b, sizeof(b), &at->v[XTCP].slot[i]);
		snprintf(to + strlen(to), room - strlen(to),
			 "\n#     then slot %d:\n#       kernel %s\n#       xtcp   %s", i, a, b);
	}
}

/* The calls as they were made last. */
static const char *tell(const struct sequence *s, uint64_t seed)
{
	static char text[32768];
	unsigned int i;

	snprintf(text, sizeof(text), "XTCP_SEED=%llu XTCP_CALLS=1 repeats it:",
		 (unsigned long long)seed);
	for (i = 0; i < s->nr; i++) {
		const struct step *at = &step[i];
		bool same = !strcmp(at->o[KERNEL].result, at->o[XTCP].result);
		size_t len = strlen(text);

		snprintf(text + len, sizeof(text) - len,
			 same ? "\n#   %s = %s" :
				"\n#   %s\n#       kernel = %s\n#       xtcp   = %s",
			 at->o[KERNEL].call, at->o[KERNEL].result, at->o[XTCP].result);
		tell_views(text, sizeof(text), at);
	}
	return text;
}

/* What differs in haste has to do so again. */
static const char *judge(struct sequence *s, uint64_t seed, struct calls_tally *tally)
{
	unsigned int nr;

	if (!repeats(s, &nr) || !repeats(s, &nr)) {
		tally->passing++;
		return NULL;
	}
	s->nr = nr;
	shorten(s);
	repeats(s, &nr);
	return tell(s, seed);
}

/* Play some in the same worlds.  Return: as calls_run(). */
static const char *run_in_a_world(uint64_t seed, unsigned long count, struct calls_tally *tally)
{
	const char *why = open_worlds(), *row;
	struct sequence s;
	unsigned int turn, nr;

	if (why)
		return why;
	for (turn = 0; turn < IN_A_WORLD && tally->sequences < count; turn++) {
		enum verdict verdict;

		draw_sequence(&s, seed + tally->sequences);
		verdict = play_at(&s, turn, HASTY_MS, &nr, &row);
		tally->sequences++;
		tally->calls += nr;
		if (verdict == MEANT)
			tally->cut++;
		if (verdict == DIFFERS) {
			close_worlds();
			return judge(&s, seed + tally->sequences - 1, tally);
		}
	}
	close_worlds();
	return NULL;
}

/**
 * calls_run - play sequences of random calls
 * @seed: of the first; the next has the next number
 * @count: how many sequences
 * @tally: where it stands; what became of them
 *
 * Return: NULL, or a difference that is not meant; the next call goes on behind it.
 */
const char *calls_run(uint64_t seed, unsigned long count, struct calls_tally *tally)
{
	const char *why = NULL;

	listen_to_signals();
	while (tally->sequences < count && !why)
		why = run_in_a_world(seed, count, tally);
	return why;
}
