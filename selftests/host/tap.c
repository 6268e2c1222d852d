// SPDX-License-Identifier: GPL-2.0
#include <stdarg.h>
#include <stdio.h>

#include "tap.h"

static unsigned int planned, done, failed;

/**
 * tap_plan - begin the stream
 * @n: results that will follow
 */
void tap_plan(unsigned int n)
{
	planned = n;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%u\n", n);
}

/**
 * tap_result - report one result
 * @ok: what it is
 * @fmt: the test's name, as for printf()
 */
void tap_result(bool ok, const char *fmt, ...)
{
	va_list ap;

	done++;
	failed += !ok;
	printf("%s %u - ", ok ? "ok" : "not ok", done);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/**
 * tap_note - say something that is no result
 * @fmt: one line, as for printf()
 */
void tap_note(const char *fmt, ...)
{
	va_list ap;

	printf("# ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/**
 * tap_done - end the stream
 *
 * Return: the program's exit status.
 */
int tap_done(void)
{
	return failed || done != planned;
}
