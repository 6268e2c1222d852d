/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A reader who is in the middle of recv(), and owns the socket, until its page is there:
 * what comes meanwhile goes to the socket's backlog.
 */
#ifndef XTCP_SELFTESTS_READER_H
#define XTCP_SELFTESTS_READER_H

#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/**
 * struct reader - a reader
 * @fd: the socket, which blocks
 *
 * The rest is its own.
 */
struct reader {
	int		fd;
	pthread_t	thread;
	int		uffd;
	void		*page;
	ssize_t		got;
};

bool reader_init(struct reader *r);
bool reader_start(struct reader *r);
bool reader_finish(struct reader *r);

#endif /* XTCP_SELFTESTS_READER_H */
