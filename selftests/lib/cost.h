/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What something costs, in instructions: for cost.c and costseg.c.
 */
#ifndef XTCP_SELFTESTS_COST_H
#define XTCP_SELFTESTS_COST_H

#include <stdbool.h>
#include <stdint.h>

bool counts_instructions(void);
uint64_t busy_until(uint64_t end);
bool come_to_rest(void);
void note_cost(const char *test, const char *what, unsigned long long kernel,
	       unsigned long long xtcp, int percent);

#endif /* XTCP_SELFTESTS_COST_H */
