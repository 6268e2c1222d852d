// SPDX-License-Identifier: GPL-2.0
/*
 * The sockets of a program and of its children, counted in a file that all of them map.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "xtcprun.h"

/**
 * counts_map - map the file that the counts are in
 * @fd: the file, as large as they are
 *
 * Return: the counts, NULL if that fails.
 */
struct counts *counts_map(int fd)
{
	void *p = mmap(NULL, sizeof(struct counts), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

/**
 * counts_first_to_say - whether it is for us to say something
 * @c: the counts
 * @what: enum said
 *
 * Return: true once.
 */
bool counts_first_to_say(struct counts *c, enum said what)
{
	return !(atomic_fetch_or(&c->said, what) & what);
}

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/**
 * counts_report - say, once, how many sockets went where
 * @c: the counts
 */
void counts_report(struct counts *c)
{
	uint64_t beyond = atomic_load(&c->beyond);
	char more[80] = "";

	/* A program may have closed its standard error: then it is for the watcher. */
	if (fcntl(STDERR_FILENO, F_GETFD) < 0 || !counts_first_to_say(c, SAID_REPORT))
		return;
	if (beyond)
		snprintf(more, sizeof(more), "; %" PRIu64 " program%s started past it",
			 beyond, plural(beyond));
	dprintf(STDERR_FILENO, "xtcprun: %s: %" PRIu64 " socket%s on AF_XTCP, %" PRIu64
		" on the kernel's TCP%s\n", c->name, atomic_load(&c->xtcp),
		plural(atomic_load(&c->xtcp)), atomic_load(&c->kernel), more);
}
