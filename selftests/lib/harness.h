/* SPDX-License-Identifier: GPL-2.0 */
/*
 * kselftest's harness, with more time for a test.
 *
 * Its own 30 seconds are meant for a processor.  On an emulated one under KASAN, which other
 * machines share, a test that takes three seconds needs them all.  Who hangs is found all the
 * same: by this limit, and by run_tests.sh's for the whole program.
 */
#ifndef XTCP_SELFTESTS_HARNESS_H
#define XTCP_SELFTESTS_HARNESS_H

#include "kselftest_harness.h"

#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#endif /* XTCP_SELFTESTS_HARNESS_H */
