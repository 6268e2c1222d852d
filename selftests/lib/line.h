/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A line of a packet trace, as wire.h describes it, taken apart.
 */
#ifndef XTCP_SELFTESTS_LINE_H
#define XTCP_SELFTESTS_LINE_H

#include "segment.h"

struct peer;

/* A number in a line. */
struct number {
	uint32_t	v;
	bool		any;
	bool		set;
	bool		absolute;
	bool		greater;
};

/* A line. */
struct line {
	const char	*text;
	const char	*file;
	int		nr;
	bool		inject;
	bool		any_flags;
	uint8_t		flags;
	double		after;		/* negative: at any time */
	struct number	seq, end, len, ack, win;
	struct number	urg;
	int		ecn;		/* negative: any */
	bool		has_options;
	int		nr_options;
	struct option	options[MAX_OPTIONS];
	int		merged;		/* of packets with so many bytes, 0: it is not */
	bool		bad_csum;
	int		truncate;	/* -1: no */
	int		offset;		/* -1: right */
};

void parse_line(struct peer *p, struct line *l, const char *text);

#endif /* XTCP_SELFTESTS_LINE_H */
