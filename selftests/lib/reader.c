// SPDX-License-Identifier: GPL-2.0
/* A reader whose page is missing: reader.h. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "reader.h"
#include "user.h"
#include "util.h"

/* What it reads. */
#define READS	100

static void *read_slowly(void *arg)
{
	struct reader *r = arg;

	r->got = recv(r->fd, r->page, READS, 0);
	return NULL;
}

/**
 * reader_init - prepare a reader
 * @r: the reader, with its socket
 *
 * Return: false: this kernel has no userfaultfd.
 */
bool reader_init(struct reader *r)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	r->uffd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (r->uffd < 0 || ioctl(r->uffd, UFFDIO_API, &api))
		return false;
	r->page = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	reg.range.start = (uintptr_t)r->page;
	reg.range.len = getpagesize();
	return r->page != MAP_FAILED && !ioctl(r->uffd, UFFDIO_REGISTER, &reg);
}

/**
 * reader_start - read
 * @r: the reader, for whom there are 100 bytes
 *
 * Return: whether it owns the socket now.
 */
bool reader_start(struct reader *r)
{
	return !pthread_create(&r->thread, NULL, read_slowly, r) &&
	       fd_poll(r->uffd, POLLIN, PATIENCE_MS) & POLLIN;
}

/**
 * reader_finish - give it its page, and wait for it
 * @r: the reader
 *
 * Return: whether it has got its 100 bytes.
 */
bool reader_finish(struct reader *r)
{
	struct uffdio_zeropage zero = {
		.range = { .start = (uintptr_t)r->page, .len = getpagesize() },
	};

	return !ioctl(r->uffd, UFFDIO_ZEROPAGE, &zero) &&
	       !pthread_join(r->thread, NULL) && r->got == READS;
}
