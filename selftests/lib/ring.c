// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ring.h"

static void *map(struct ring *r, off_t what, size_t size)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
			r->fd, what);

	return at == MAP_FAILED ? NULL : at;
}

/**
 * ring_open - make a ring; it stays as long as the process
 * @r: it
 *
 * Return: false when the kernel has none to give.
 */
bool ring_open(struct ring *r)
{
	size_t size;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, RING_ENTRIES, &r->p);
	if (r->fd < 0)
		return false;
	size = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->sq = map(r, IORING_OFF_SQ_RING, size);
	r->sqes = map(r, IORING_OFF_SQES, RING_ENTRIES * sizeof(*r->sqes));
	return r->sq && r->sqes;
}

static unsigned int *word(struct ring *r, unsigned int offset)
{
	return (unsigned int *)(r->sq + offset);
}

/**
 * ring_request - the next request, to be completed by the caller
 * @r: the ring, with less than RING_ENTRIES requests that were not submitted
 * @op: IORING_OP_*
 * @fd: descriptor
 * @addr: what it is about
 * @len: how much
 * @number: how its completion is told
 */
struct io_uring_sqe *ring_request(struct ring *r, int op, int fd, const void *addr,
				  unsigned int len, uint64_t number)
{
	unsigned int *tail = word(r, r->p.sq_off.tail);
	unsigned int at = *tail & (RING_ENTRIES - 1);
	struct io_uring_sqe *sqe = &r->sqes[at];

	*sqe = (struct io_uring_sqe) {
		.opcode = op,
		.fd = fd,
		.addr = (uintptr_t)addr,
		.len = len,
		.user_data = number,
	};
	word(r, r->p.sq_off.array)[at] = at;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	r->todo++;
	return sqe;
}

/* Return: how many of the requests were taken, as the system call says. */
int ring_submit(struct ring *r)
{
	unsigned int n = r->todo;

	r->todo = 0;
	return syscall(SYS_io_uring_enter, r->fd, n, 0, 0, NULL, 0);
}

/* Has something completed?  The kernel's part of that runs in system calls. */
bool ring_completed(struct ring *r)
{
	syscall(SYS_io_uring_enter, r->fd, 0, 0, IORING_ENTER_GETEVENTS, NULL, 0);
	return *word(r, r->p.cq_off.head) !=
	       __atomic_load_n(word(r, r->p.cq_off.tail), __ATOMIC_ACQUIRE);
}

/* The completion that ring_completed() saw; good until there are many more. */
struct io_uring_cqe *ring_take(struct ring *r)
{
	unsigned int *head = word(r, r->p.cq_off.head);
	struct io_uring_cqe *cqes = (void *)(r->sq + r->p.cq_off.cqes);
	struct io_uring_cqe *cqe = &cqes[*head & (r->p.cq_entries - 1)];

	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return cqe;
}
