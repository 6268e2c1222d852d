/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Results as TAP, one stream per program.
 */
#ifndef XTCP_HOST_TAP_H
#define XTCP_HOST_TAP_H

#include <stdbool.h>

#include <linux/compiler.h>

void tap_plan(unsigned int n);
void tap_result(bool ok, const char *fmt, ...) __printf(2, 3);
void tap_note(const char *fmt, ...) __printf(1, 2);
int tap_done(void);

#endif /* XTCP_HOST_TAP_H */
