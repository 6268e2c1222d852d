/* SPDX-License-Identifier: GPL-2.0 */
/*
 * io_uring without a library: requests and completions of a small ring.
 */
#ifndef XTCP_SELFTESTS_RING_H
#define XTCP_SELFTESTS_RING_H

#include <linux/io_uring.h>
#include <stdbool.h>
#include <stdint.h>

#define RING_ENTRIES	16

/**
 * struct ring - one io_uring
 * @fd: descriptor
 * @sq: the submission queue's and, in the same mapping, the completion queue's memory
 * @sqes: requests
 * @p: where what is in @sq
 * @todo: requests not yet submitted
 */
struct ring {
	int			fd;
	char			*sq;
	struct io_uring_sqe	*sqes;
	struct io_uring_params	p;
	unsigned int		todo;
};

bool ring_open(struct ring *r);
struct io_uring_sqe *ring_request(struct ring *r, int op, int fd, const void *addr,
				  unsigned int len, uint64_t number);
int ring_submit(struct ring *r);
bool ring_completed(struct ring *r);
struct io_uring_cqe *ring_take(struct ring *r);

#endif /* XTCP_SELFTESTS_RING_H */
