/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers: the same for the same seed, whatever the C library.
 */
#ifndef XTCP_SELFTESTS_DICE_H
#define XTCP_SELFTESTS_DICE_H

#include <stdint.h>

void dice_seed(uint64_t seed);
uint64_t dice_state(void);
unsigned int roll(unsigned int n);

#endif /* XTCP_SELFTESTS_DICE_H */
