/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the benchmark tells the emulator's plugin where a measurement begins and ends: it
 * calls what is at an address that nothing else is at.
 */
#ifndef XTCP_BENCH_PROFILE_MARK_H
#define XTCP_BENCH_PROFILE_MARK_H

#define PROFILE_MARK_PAGE	0x7f00000000UL
#define PROFILE_MARK_BEGIN	(PROFILE_MARK_PAGE + 0x100)
#define PROFILE_MARK_END	(PROFILE_MARK_PAGE + 0x200)

#endif /* XTCP_BENCH_PROFILE_MARK_H */
