// SPDX-License-Identifier: GPL-2.0
/*
 * Memory: the slots that the objects take in their slab caches, and what idle
 * connections and TIME_WAIT entries take in all of them together.
 *
 * Boot with slab_nomerge, or caches of equal size are one.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

#define SLAB_DIR	"/sys/kernel/slab"
#define CACHES_MAX	512
#define CONNECTIONS	1000

/* Bytes in use in each slab cache. */
struct slabs {
	int	nr;
	struct {
		char	name[48];
		long	bytes;
	} cache[CACHES_MAX];
};

/**
 * struct growth - how much the caches grew for each connection or entry
 * @nr: caches that did
 * @cache: which, and by how many bytes
 * @vfs: what the descriptors took, the same for every family
 * @rest: what the protocol took
 */
struct growth {
	int	nr;
	struct {
		char	name[48];
		double	bytes;
	} cache[CACHES_MAX];
	double	vfs;
	double	rest;
};

static long slab_value(const char *cache, const char *what)
{
	char path[256];
	long v = -1;
	FILE *f;

	snprintf(path, sizeof(path), SLAB_DIR "/%s/%s", cache, what);
	f = fopen(path, "r");
	if (!f)
		return -1;
	if (fscanf(f, "%ld", &v) != 1)
		v = -1;
	fclose(f);
	return v;
}

/* Give empty and half-empty slabs back, so that what is counted is in use. */
static void shrink_all(void)
{
	DIR *dir = opendir(SLAB_DIR);
	struct dirent *d;

	if (!dir)
		return;
	while ((d = readdir(dir))) {
		char path[512];
		int fd;

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), SLAB_DIR "/%s/shrink", d->d_name);
		fd = open(path, O_WRONLY);
		if (fd < 0)
			continue;
		if (write(fd, "1\n", 2) < 0 && errno != EINVAL)
			die("%s: %m", path);
		close(fd);
	}
	closedir(dir);
}

static void read_slabs(struct slabs *s)
{
	char line[512];
	FILE *f;

	/* what RCU still holds is freed by then */
	sleep(1);
	shrink_all();
	f = fopen("/proc/slabinfo", "r");
	if (!f)
		die("/proc/slabinfo: %m");
	s->nr = 0;
	while (fgets(line, sizeof(line), f) && s->nr < CACHES_MAX) {
		long active, total, size;

		if (sscanf(line, "%47s %ld %ld %ld", s->cache[s->nr].name, &active,
			   &total, &size) != 4)
			continue;
		s->cache[s->nr++].bytes = active * size;
	}
	fclose(f);
}

static bool is_vfs(const char *cache)
{
	static const char *const names[] = {
		"sock_inode_cache", "filp", "dentry", "lsm_inode_cache", "lsm_file_cache",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		if (!strcmp(cache, names[i]))
			return true;
	}
	return false;
}

static void compare(const struct slabs *before, const struct slabs *after, int count,
		    struct growth *g)
{
	for (int i = 0; i < after->nr; i++) {
		double bytes = 0;

		for (int j = 0; j < before->nr; j++) {
			if (!strcmp(before->cache[j].name, after->cache[i].name))
				bytes = after->cache[i].bytes - before->cache[j].bytes;
		}
		bytes /= count;
		if (is_vfs(after->cache[i].name)) {
			g->vfs += bytes;
			continue;
		}
		/* what else happened in the meantime */
		if (bytes < 4)
			continue;
		g->rest += bytes;
		strcpy(g->cache[g->nr].name, after->cache[i].name);
		g->cache[g->nr++].bytes = bytes;
	}
}

/* Both ends of idle connections that have exchanged a byte each way. */
static void idle_connections(void *arg, void *out)
{
	struct rlimit limit = { 4 * CONNECTIONS, 4 * CONNECTIONS };
	static struct slabs before, after;
	static int fds[2 * CONNECTIONS];
	int family = *(int *)arg, listener;
	struct place at;
	char byte = 0;

	if (setrlimit(RLIMIT_NOFILE, &limit))
		die("setrlimit: %m");
	net_make(&at, IP4, LOOPBACK);
	listener = net_listen(&at, family);
	/* the table of descriptors is not to grow in between */
	if (dup2(0, 3 * CONNECTIONS) < 0)
		die("dup2: %m");
	read_slabs(&before);
	for (int i = 0; i < CONNECTIONS; i++) {
		int *fd = fds + 2 * i;

		fd[0] = net_connect(&at, family);
		fd[1] = net_accept(listener);
		for (int end = 0; end < 2; end++) {
			if (write(fd[end], &byte, 1) != 1 || read(fd[!end], &byte, 1) != 1)
				die("a byte was lost: %m");
		}
	}
	read_slabs(&after);
	compare(&before, &after, 2 * CONNECTIONS, out);
}

/* TIME_WAIT entries, with the ports that they occupy. */
static void time_wait(void *arg, void *out)
{
	static struct slabs before, after;
	int family = *(int *)arg, listener;
	struct place at;
	char byte;

	net_make(&at, IP4, LOOPBACK);
	listener = net_listen(&at, family);
	read_slabs(&before);
	for (int i = 0; i < CONNECTIONS; i++) {
		int client = net_connect(&at, family), server = net_accept(listener);

		shutdown(client, SHUT_WR);
		if (read(server, &byte, 1))
			die("no end of file");
		close(server);
		close(client);
	}
	read_slabs(&after);
	compare(&before, &after, CONNECTIONS, out);
}

static bool growth_row(const char *name, const char *title,
		       void (*work)(void *arg, void *out), FILE *tsv)
{
	static struct growth g[NR_FAMILIES];

	for (int f = 0; f < NR_FAMILIES; f++) {
		int family = families[f];

		if (!in_child(work, &family, &g[f], sizeof(g[f]))) {
			printf("%-42s FAILED (%s)\n", title, family_names[f]);
			return false;
		}
	}
	printf("%-42s %-16s %10.0f %10.0f %6.3f\n", title, "", g[KERNEL].rest,
	       g[XTCP].rest, g[XTCP].rest / g[KERNEL].rest);
	for (int f = 0; f < NR_FAMILIES; f++) {
		printf("  %s:", family_names[f]);
		for (int i = 0; i < g[f].nr; i++) {
			printf(" %s %.0f", g[f].cache[i].name, g[f].cache[i].bytes);
			if (tsv)
				fprintf(tsv, "%s/%s\t%s\tbytes\t%.0f\t\t\t1\t\t\n", name,
					g[f].cache[i].name, family_names[f],
					g[f].cache[i].bytes);
		}
		printf("; descriptor %.0f\n", g[f].vfs);
		if (tsv)
			fprintf(tsv, "%s\t%s\tbytes\t%.0f\t\t\t1\t\t\n", name,
				family_names[f], g[f].rest);
	}
	fflush(stdout);
	return true;
}

static void object_row(const char *name, const char *title, const char *kernel,
		       const char *xtcp, FILE *tsv)
{
	const char *cache[NR_FAMILIES] = { kernel, xtcp };
	long slot[NR_FAMILIES], size[NR_FAMILIES];

	for (int f = 0; f < NR_FAMILIES; f++) {
		slot[f] = slab_value(cache[f], "slab_size");
		size[f] = slab_value(cache[f], "object_size");
		if (tsv)
			fprintf(tsv, "object-%s\t%s\tbytes\t%ld\t\t\t1\t\t\n", name,
				family_names[f], slot[f]);
	}
	printf("%-42s %-16s %10ld %10ld %6.3f   (object %ld, %ld)\n", title, "",
	       slot[KERNEL], slot[XTCP], (double)slot[XTCP] / slot[KERNEL], size[KERNEL],
	       size[XTCP]);
}

/* Return: whether everything could be measured. */
bool memory_report(FILE *tsv)
{
	bool ok;

	if (slab_value("TCP", "slab_size") < 0) {
		printf("no memory rows: " SLAB_DIR " is not there\n");
		return true;
	}
	printf("\n%-42s %-16s %10s %10s %6s\n", "bytes", "", "kernel TCP", "xtcp", "ratio");
	object_row("sock", "slot of a socket", "TCP", "XTCP", tsv);
	object_row("timewait", "slot of a TIME_WAIT entry", "tw_sock_TCP", "xtcp_tw", tsv);
	object_row("synrecv", "slot of a SYN_RECV entry", "request_sock_TCP", "xtcp_req", tsv);
	ok = growth_row("idle", "idle connection, one end, no descriptor", idle_connections, tsv);
	ok &= growth_row("timewait", "TIME_WAIT with its port", time_wait, tsv);
	return ok;
}
