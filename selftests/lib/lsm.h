/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A security module of the test's own.
 */
#ifndef XTCP_SELFTESTS_LSM_H
#define XTCP_SELFTESTS_LSM_H

int lsm_refuses(const char *hook);

#endif /* XTCP_SELFTESTS_LSM_H */
