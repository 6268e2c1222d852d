/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What xtcpstat says, in the namespace of the test.
 */
#ifndef XTCP_SELFTESTS_ANSWER_H
#define XTCP_SELFTESTS_ANSWER_H

#include <stdbool.h>
#include <sys/types.h>

/**
 * struct reports - xtcpstat, as it goes on to report
 * @pid: it
 * @args: its command line
 * @fd: what it said
 */
struct reports {
	pid_t pid;
	const char *args;
	int fd;
};

const char *xtcpstat_missing(void);
const char *xtcpstat(const char *args);
bool xtcpstat_is_slow(void);
bool xtcpstat_says(const char *args, const char *cause, const char *evidence);
void reports_start(struct reports *r, const char *args);
bool reports_have(const struct reports *r, const char *text);
const char *reports_text(const struct reports *r);
void reports_end(struct reports *r);
void screen_add(const char *name, const char *story, const char *args);
void screen_reports(const char *name, const char *story, const struct reports *r);

#endif /* XTCP_SELFTESTS_ANSWER_H */
