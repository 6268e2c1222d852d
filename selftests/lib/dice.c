// SPDX-License-Identifier: GPL-2.0
#include "dice.h"

/* Each thread has its own. */
static __thread uint64_t dice = 1;

/**
 * dice_seed - begin a sequence
 * @seed: any number
 */
void dice_seed(uint64_t seed)
{
	dice = (seed + 1) * 0x9e3779b97f4a7c15ULL | 1;
}

/**
 * dice_state - something to seed another process's dice with
 *
 * Return: a number that the sequence has come to.
 */
uint64_t dice_state(void)
{
	return dice;
}

/**
 * roll - throw a die (xorshift)
 * @n: how many faces it has, not 0
 *
 * Return: 0 to @n - 1.
 */
unsigned int roll(unsigned int n)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (dice >> 32) % n;
}
