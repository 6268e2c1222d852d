/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers that are the same on every machine: splitmix64.
 */
#ifndef XTCP_HOST_RNG_H
#define XTCP_HOST_RNG_H

#include "platform.h"

struct rng {
	u64	state;
};

static inline u64 rng_next(struct rng *r)
{
	u64 z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* 0 .. @n - 1 */
static inline u32 rng_below(struct rng *r, u32 n)
{
	return (u32)((rng_next(r) >> 32) * n >> 32);
}

/* @lo .. @hi */
static inline u32 rng_range(struct rng *r, u32 lo, u32 hi)
{
	return lo + rng_below(r, hi - lo + 1);
}

/* true @ppm times in a million */
static inline bool rng_chance(struct rng *r, u32 ppm)
{
	return ppm && rng_below(r, 1000000) < ppm;
}

#endif /* XTCP_HOST_RNG_H */
