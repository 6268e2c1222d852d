// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel does not know who holds a socket, and has to be asked process by
 * process: /proc/PID/fd names sockets by their inode.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "xtcpstat.h"

/* argv[0] without its directories, or what the kernel calls the process. */
static void program_name(char *buf, size_t size, const char *pid)
{
	char path[64], line[512] = "";
	const char *name;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/cmdline", pid);
	f = fopen(path, "re");
	if (f) {
		line[fread(line, 1, sizeof(line) - 1, f)] = '\0';
		fclose(f);
	}
	if (!*line) {
		snprintf(path, sizeof(path), "/proc/%s/comm", pid);
		f = fopen(path, "re");
		if (f) {
			if (fgets(line, sizeof(line), f))
				line[strcspn(line, "\n")] = '\0';
			fclose(f);
		}
	}
	name = strrchr(line, '/');
	copy_printable(buf, size, name && name[1] ? name + 1 : line);
}

static void add(struct processes *p, unsigned long inode, const char *pid, const char *fd,
		const char *name)
{
	struct process *one;

	if (!(p->count & (p->count - 1))) {	/* full at each power of two */
		p->list = reallocarray(p->list, p->count ? p->count * 2 : 1,
				       sizeof(*p->list));
		if (!p->list)
			die("out of memory");
	}
	one = &p->list[p->count++];
	one->inode = inode;
	one->pid = atoi(pid);
	one->fd = atoi(fd);
	snprintf(one->name, sizeof(one->name), "%s", name);
}

static void read_process(struct processes *p, const char *pid)
{
	char path[300], target[64], name[sizeof(p->list->name)] = "";
	struct dirent *entry;
	unsigned long inode;
	ssize_t len;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	fds = opendir(path);
	if (!fds) {
		if (errno == EACCES)
			p->hidden = true;
		return;
	}
	while ((entry = readdir(fds))) {
		len = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		if (sscanf(target, "socket:[%lu]", &inode) != 1)
			continue;
		if (!*name)
			program_name(name, sizeof(name), pid);
		add(p, inode, pid, entry->d_name, name);
	}
	closedir(fds);
}

static int by_inode(const void *a, const void *b)
{
	const struct process *pa = a, *pb = b;

	if (pa->inode != pb->inode)
		return pa->inode < pb->inode ? -1 : 1;
	if (pa->pid != pb->pid)
		return pa->pid < pb->pid ? -1 : 1;
	return (pa->fd > pb->fd) - (pa->fd < pb->fd);
}

/**
 * processes_read - look at all processes
 * @p: out, for processes_free()
 */
void processes_read(struct processes *p)
{
	struct dirent *entry;
	DIR *proc;

	memset(p, 0, sizeof(*p));
	proc = opendir("/proc");
	if (!proc)
		die("/proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			read_process(p, entry->d_name);
	}
	closedir(proc);
	if (p->count)
		qsort(p->list, p->count, sizeof(*p->list), by_inode);
}

/**
 * processes_find - who holds a socket
 * @p: what processes_read() found
 * @inode: the socket's
 *
 * Return: the first holder, NULL: none known.
 */
const struct process *processes_find(const struct processes *p,
				     unsigned long inode)
{
	size_t low = 0, high = p->count;

	if (!inode)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->list[middle].inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low < p->count && p->list[low].inode == inode ? &p->list[low] : NULL;
}

/**
 * processes_next - who else holds it
 * @p: what processes_read() found
 * @one: a holder
 *
 * Return: the next holder of the same socket, NULL: there is none.
 */
const struct process *processes_next(const struct processes *p, const struct process *one)
{
	const struct process *next = one + 1;

	return next < p->list + p->count && next->inode == one->inode ? next : NULL;
}

/**
 * processes_free - forget them
 * @p: what processes_read() found
 */
void processes_free(struct processes *p)
{
	free(p->list);
	memset(p, 0, sizeof(*p));
}
