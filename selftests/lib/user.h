/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user of sockets who does what comes to mind.
 */
#ifndef XTCP_SELFTESTS_USER_H
#define XTCP_SELFTESTS_USER_H

#include <stdbool.h>

void user_changes_options(int fd);
void user_acts(int fd);
void user_blocks(int fd);
void user_is_unlucky(bool unlucky);
void prepare_failslab(void);
void prepare_fault_injection(void);
void fail_below(unsigned long start, unsigned long end, int times);
int failures(void);

#endif /* XTCP_SELFTESTS_USER_H */
