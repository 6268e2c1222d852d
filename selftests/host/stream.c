// SPDX-License-Identifier: GPL-2.0
#include "rng.h"
#include "stream.h"

/* A prime: no power of two, MSS or buffer size hides a shift of the data. */
#define PERIOD	65521U

static u8 pattern[2 * PERIOD];

static const u8 *at(unsigned int stream, u64 pos)
{
	if (!pattern[0]) {
		struct rng r = { .state = 1 };
		unsigned int i;

		for (i = 0; i < PERIOD; i++) {
			pattern[i] = rng_next(&r) | !i;
			pattern[i + PERIOD] = pattern[i];
		}
	}
	return pattern + (pos + stream * 7919) % PERIOD;
}

/**
 * stream_fill - make a piece of a stream
 * @p: where
 * @stream: which
 * @pos: position of its first byte
 * @len: bytes
 */
void stream_fill(u8 *p, unsigned int stream, u64 pos, u32 len)
{
	while (len) {
		u32 n = min_t(u32, len, PERIOD);

		memcpy(p, at(stream, pos), n);
		p += n;
		pos += n;
		len -= n;
	}
}

/**
 * stream_matches - is this that piece of the stream?
 * @p: the bytes
 * @stream: which
 * @pos: position of the first byte
 * @len: bytes
 *
 * Return: true when every byte is right.
 */
bool stream_matches(const u8 *p, unsigned int stream, u64 pos, u32 len)
{
	while (len) {
		u32 n = min_t(u32, len, PERIOD);

		if (memcmp(p, at(stream, pos), n))
			return false;
		p += n;
		pos += n;
		len -= n;
	}
	return true;
}
