// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's TCP and xtcp side by side, in one boot.
 *
 *	bench [--wall] [--reps N] [--tsv FILE] [--no-memory] [--profile FILE] [ROW...]
 *
 * On a machine whose clock counts instructions (QEMU, -icount shift=0: one
 * instruction is one nanosecond of CLOCK_MONOTONIC) the time that work takes is
 * the number of instructions that it takes, kernel and user, both ends. With
 * --wall it is time, and the table shows rates.
 *
 * A client and a server share one processor, so that one of them always has work:
 * what the processor idles all the same (/proc/timer_list) is taken off and shown.
 * The families take turns, each turn is a process in fresh namespaces, and the
 * median of the turns counts; the spread is (max - min) / median.
 *
 * With --profile each row has one turn, which a plugin of the emulator watches
 * (profile_plugin.c), and FILE says what each was.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <linux/xtcp.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "profile_mark.h"

#define REPS_MAX	64
#define KIB		1024UL
#define MIB		(1024 * KIB)
/* --wall: so much longer, as clocks and schedulers are coarse. */
#define WALL_FACTOR	20

static bool wall;

/* --profile: where each turn is noted; NULL: nobody watches. */
static FILE *turns;

/* ---- what is measured ---------------------------------------------------- */

/* What the two columns are. */
enum compare {
	STACKS,		/* the kernel's TCP and xtcp */
	HOOK,		/* the kernel's, without xtcp's hook in the namespace and with it */
	WATCH,		/* xtcp, unwatched and watched (net.xtcp.watch_ratio) */
};

/**
 * struct row - a kind of work
 * @name: for the command line and the TSV file
 * @title: for people
 * @run: does it; the server is a process of its own
 * @ip: what they speak
 * @wire: between client and server
 * @chunk: size of a write, bytes
 * @warm: units of work before the measurement
 * @units: units of work that are measured
 * @per: "byte" ...
 * @compare: what differs between the two columns
 */
struct row {
	const char	*name;
	const char	*title;
	void		(*run)(const struct row *row, int family);
	enum ip		ip;
	enum wire	wire;
	size_t		chunk;
	unsigned long	warm;
	unsigned long	units;
	const char	*per;
	enum compare	compare;
};

/**
 * struct sample - one measurement
 * @busy_ns: time that it took, but for @idle_ns
 * @idle_ns: time that the processor idled
 * @units: work that was done
 * @retrans: segments that the sender of a stream sent again
 */
struct sample {
	uint64_t	busy_ns;
	uint64_t	idle_ns;
	double		units;
	unsigned int	retrans;
};

static struct sample *sample_out;
static struct sample mark;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Nanoseconds that all processors have idled since boot; 0 where not known. */
static uint64_t idle_ns(void)
{
	FILE *f = fopen("/proc/timer_list", "r");
	unsigned long long ns, sum = 0;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " .idle_sleeptime : %llu", &ns) == 1 ||
		    sscanf(line, " .iowait_sleeptime : %llu", &ns) == 1)
			sum += ns;
	}
	fclose(f);
	return sum;
}

/* There is a "ret" at each of the two places. */
static void map_marks(void)
{
	unsigned char *page = mmap((void *)PROFILE_MARK_PAGE, 4096,
				   PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (page == MAP_FAILED)
		die("mmap: %m");
	memset(page, 0xc3, 4096);
}

static void reach(unsigned long at)
{
	((void (*)(void))at)();
}

static void measure_begin(void)
{
	if (turns)
		map_marks();
	mark.idle_ns = idle_ns();
	mark.busy_ns = now_ns();
	if (turns)
		reach(PROFILE_MARK_BEGIN);
}

static void measure_end(double units)
{
	uint64_t end, idle;

	if (turns)
		reach(PROFILE_MARK_END);
	end = now_ns();
	idle = wall ? 0 : idle_ns() - mark.idle_ns;
	sample_out->idle_ns = idle;
	sample_out->busy_ns = end - mark.busy_ns - idle;
	sample_out->units = units;
}

static void write_all(int fd, const char *buf, size_t len)
{
	while (len) {
		ssize_t n = write(fd, buf, len);

		if (n <= 0)
			die("write: %m");
		buf += n;
		len -= n;
	}
}

static void read_all(int fd, char *buf, size_t chunk, unsigned long len)
{
	while (len) {
		ssize_t n = read(fd, buf, len < chunk ? len : chunk);

		if (n <= 0)
			die("read: %s", n ? strerror(errno) : "end of file");
		len -= n;
	}
}

static unsigned int retransmissions(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		die("TCP_INFO: %m");
	return info.tcpi_total_retrans;
}

static pid_t spawn_server(void)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %m");
	if (!pid)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

static void reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status)
		die("the server failed");
}

/*
 * Bytes one way. The receiver says through a pipe when it has them all, so that
 * what is measured begins and ends with empty queues.
 */
static void stream(const struct row *row, int family)
{
	static char buf[256 * KIB];
	struct place at;
	int listener, fd, done[2];
	unsigned long left;
	pid_t server;

	net_make(&at, row->ip, row->wire);
	listener = net_listen(&at, family);
	if (pipe(done))
		die("pipe: %m");
	server = spawn_server();
	if (!server) {
		fd = net_accept(listener);
		read_all(fd, buf, sizeof(buf), row->warm);
		write_all(done[1], "", 1);
		read_all(fd, buf, sizeof(buf), row->units);
		write_all(done[1], "", 1);
		exit(0);
	}
	fd = net_connect(&at, family);
	for (left = row->warm; left; left -= row->chunk)
		write_all(fd, buf, row->chunk);
	read_all(done[0], buf, 1, 1);
	measure_begin();
	for (left = row->units; left; left -= row->chunk)
		write_all(fd, buf, row->chunk);
	read_all(done[0], buf, 1, 1);
	measure_end(row->units);
	sample_out->retrans = retransmissions(fd);
	reap(server);
}

static void transact(int fd, unsigned long n)
{
	char byte = 0;

	while (n--) {
		write_all(fd, &byte, 1);
		read_all(fd, &byte, 1, 1);
	}
}

/* Prepare the namespace for the column of @family.  Returns which sockets it takes. */
static int family_of(const struct row *row, int family)
{
	if (family == AF_INET)
		return row->compare == WATCH ? families[XTCP] : AF_INET;
	if (row->compare == WATCH && !write_file("/proc/sys/net/xtcp/watch_ratio", "1"))
		die("watch_ratio: %m");
	if (row->compare != HOOK)
		return family;
	/* the first socket registers the hook, which stays */
	close(socket(family, SOCK_STREAM, 0));
	return AF_INET;
}

/* One byte there, one byte back. */
static void rr(const struct row *row, int family)
{
	struct place at;
	int listener, fd;
	pid_t server;

	net_make(&at, row->ip, row->wire);
	family = family_of(row, family);
	listener = net_listen(&at, family);
	server = spawn_server();
	if (!server) {
		char byte;

		fd = net_accept(listener);
		while (read(fd, &byte, 1) == 1)
			write_all(fd, &byte, 1);
		exit(0);
	}
	fd = net_connect(&at, family);
	transact(fd, row->warm);
	measure_begin();
	transact(fd, row->units);
	measure_end(row->units);
	close(fd);
	reap(server);
}

static void serve_crr(int listener, unsigned long n)
{
	while (n--) {
		int fd = net_accept(listener);
		char byte;

		read_all(fd, &byte, 1, 1);
		write_all(fd, &byte, 1);
		if (read(fd, &byte, 1) != 0)
			die("no end of file");
		close(fd);
	}
}

static void connect_and_transact(const struct place *at, int family, unsigned long n)
{
	while (n--) {
		int fd = net_connect(at, family);

		transact(fd, 1);
		close(fd);
	}
}

/* Connect, one byte there, one back, close: the client first. */
static void crr(const struct row *row, int family)
{
	struct place at;
	int listener, done[2];
	pid_t server;
	char byte;

	net_make(&at, row->ip, row->wire);
	listener = net_listen(&at, family);
	if (pipe(done))
		die("pipe: %m");
	server = spawn_server();
	if (!server) {
		serve_crr(listener, row->warm);
		write_all(done[1], "", 1);
		serve_crr(listener, row->units);
		write_all(done[1], "", 1);
		exit(0);
	}
	connect_and_transact(&at, family, row->warm);
	read_all(done[0], &byte, 1, 1);
	measure_begin();
	connect_and_transact(&at, family, row->units);
	read_all(done[0], &byte, 1, 1);
	measure_end(row->units);
	reap(server);
}

static const struct row rows[] = {
	{ "stream-lo", "stream, loopback", stream, IP4, LOOPBACK,
	  128 * KIB, 32 * MIB, 128 * MIB, "byte", STACKS },
	{ "stream-veth", "stream, veth", stream, IP4, VETH,
	  128 * KIB, 32 * MIB, 128 * MIB, "byte", STACKS },
	{ "stream-notso", "stream, veth without TSO", stream, IP4, VETH_NO_TSO,
	  128 * KIB, 4 * MIB, 16 * MIB, "byte", STACKS },
	{ "stream-nogso", "stream, veth without TSO and GSO", stream, IP4, VETH_NO_GSO,
	  128 * KIB, 4 * MIB, 16 * MIB, "byte", STACKS },
	{ "stream-small", "stream, loopback, writes of 256 bytes", stream, IP4, LOOPBACK,
	  256, 1 * MIB, 4 * MIB, "byte", STACKS },
	{ "rr-lo", "request/response, loopback", rr, IP4, LOOPBACK,
	  1, 200, 2000, "transaction", STACKS },
	{ "rr-veth", "request/response, veth", rr, IP4, VETH,
	  1, 200, 2000, "transaction", STACKS },
	{ "crr-lo", "connect/request/response/close, loopback", crr, IP4, LOOPBACK,
	  1, 50, 500, "connection", STACKS },
	{ "crr-veth", "connect/request/response/close, veth", crr, IP4, VETH,
	  1, 50, 500, "connection", STACKS },
	{ "stream-veth6", "stream, veth, IPv6", stream, IP6, VETH,
	  128 * KIB, 32 * MIB, 128 * MIB, "byte", STACKS },
	{ "rr-lo6", "request/response, loopback, IPv6", rr, IP6, LOOPBACK,
	  1, 200, 2000, "transaction", STACKS },
	{ "rr-veth6", "request/response, veth, IPv6", rr, IP6, VETH,
	  1, 200, 2000, "transaction", STACKS },
	{ "rr-mapped", "request/response, loopback, mapped IPv4", rr, MAPPED, LOOPBACK,
	  1, 200, 2000, "transaction", STACKS },
	{ "crr-lo6", "connect/request/response/close, lo, IPv6", crr, IP6, LOOPBACK,
	  1, 50, 500, "connection", STACKS },
	{ "crr-veth6", "connect/request/response/close, veth, IPv6", crr, IP6, VETH,
	  1, 50, 500, "connection", STACKS },
	{ "hook", "kernel's own RR, without and with the hook", rr, IP4, LOOPBACK,
	  1, 200, 2000, "transaction", HOOK },
	{ "watched", "xtcp's own RR, unwatched and watched", rr, IP4, LOOPBACK,
	  1, 200, 2000, "transaction", WATCH },
};

#define NR_ROWS (sizeof(rows) / sizeof(*rows))

/* ---- turns and tables ----------------------------------------------------- */

struct turn {
	const struct row	*row;
	int			family;
};

static void take_turn(void *arg, void *out)
{
	const struct turn *turn = arg;
	struct row row = *turn->row;

	if (wall) {
		row.units *= WALL_FACTOR;
		row.warm *= WALL_FACTOR;
	}
	sample_out = out;
	row.run(&row, turn->family);
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

struct summary {
	double	median;
	double	min;
	double	max;
	double	idle;		/* largest part of the time */
	double	retrans;	/* most segments */
};

static void summarise(double *v, int n, struct summary *s)
{
	qsort(v, n, sizeof(*v), by_value);
	s->median = n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
	s->min = v[0];
	s->max = v[n - 1];
}

static double spread(const struct summary *s)
{
	return s->median ? (s->max - s->min) / s->median * 100 : 0;
}

/* Instructions per unit; --wall: Gbit/s, or units per second. */
static double value(const struct row *row, const struct sample *s)
{
	if (!wall)
		return s->busy_ns / s->units;
	if (!strcmp(row->per, "byte"))
		return s->units * 8 / s->busy_ns;
	return s->units * 1e9 / s->busy_ns;
}

static const char *unit(const struct row *row, char *buf, size_t len)
{
	if (!wall)
		snprintf(buf, len, "per %s", row->per);
	else if (!strcmp(row->per, "byte"))
		snprintf(buf, len, "Gbit/s");
	else
		snprintf(buf, len, "%ss/s", row->per);
	return buf;
}

static void print_heading(void)
{
	printf("%-42s %-16s %10s %10s %6s %7s  %-13s %s\n",
	       wall ? "wall clock" : "instructions", "", "kernel TCP", "xtcp", "ratio",
	       "spread", "idle", "sent again");
}

static void print_row(const struct row *row, const struct summary s[NR_FAMILIES], FILE *tsv,
		      int reps)
{
	char buf[32];
	int digits = s[KERNEL].median < 100 ? 4 : 0;
	double worst = spread(&s[KERNEL]) > spread(&s[XTCP]) ? spread(&s[KERNEL]) :
							       spread(&s[XTCP]);

	printf("%-42s %-16s %10.*f %10.*f %6.3f %6.2f%%", row->title,
	       unit(row, buf, sizeof(buf)), digits, s[KERNEL].median, digits,
	       s[XTCP].median, s[XTCP].median / s[KERNEL].median, worst);
	if (wall)
		printf("  %-13s", "");
	else
		printf("  %5.2f%% %5.2f%%", s[KERNEL].idle * 100, s[XTCP].idle * 100);
	if (row->run == stream)
		printf(" %.0f %.0f", s[KERNEL].retrans, s[XTCP].retrans);
	putchar('\n');
	fflush(stdout);
	if (!tsv)
		return;
	for (int f = 0; f < NR_FAMILIES; f++)
		fprintf(tsv, "%s\t%s\t%s\t%.6g\t%.6g\t%.6g\t%d\t%.6f\t%.0f\n", row->name,
			family_names[f], unit(row, buf, sizeof(buf)), s[f].median,
			s[f].min, s[f].max, reps, s[f].idle, s[f].retrans);
	fflush(tsv);
}

static bool run_row(const struct row *row, int reps, FILE *tsv)
{
	double v[NR_FAMILIES][REPS_MAX];
	struct summary s[NR_FAMILIES] = { 0 };

	for (int i = 0; i < reps; i++) {
		for (int f = 0; f < NR_FAMILIES; f++) {
			struct turn turn = { row, families[f] };
			struct sample one;
			double idle;

			if (!in_child(take_turn, &turn, &one, sizeof(one))) {
				printf("%-42s FAILED (%s)\n", row->title, family_names[f]);
				return false;
			}
			if (turns)
				fprintf(turns, "%s %s %.0f %s\n", row->name, family_names[f],
					one.units, row->per);
			v[f][i] = value(row, &one);
			idle = (double)one.idle_ns / (one.idle_ns + one.busy_ns);
			if (idle > s[f].idle)
				s[f].idle = idle;
			if (one.retrans > s[f].retrans)
				s[f].retrans = one.retrans;
		}
	}
	for (int f = 0; f < NR_FAMILIES; f++)
		summarise(v[f], reps, &s[f]);
	print_row(row, s, tsv, reps);
	return true;
}

static bool wanted(const struct row *row, char **names)
{
	if (!*names)
		return true;
	for (; *names; names++) {
		if (!strncmp(row->name, *names, strlen(*names)))
			return true;
	}
	return false;
}

static void usage(void)
{
	fprintf(stderr, "usage: bench [--wall] [--reps N] [--tsv FILE] [--no-memory] [--profile FILE] [ROW...]\nrows:");
	for (size_t i = 0; i < NR_ROWS; i++)
		fprintf(stderr, " %s", rows[i].name);
	fputc('\n', stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "wall", no_argument, NULL, 'w' },
		{ "reps", required_argument, NULL, 'r' },
		{ "tsv", required_argument, NULL, 't' },
		{ "no-memory", no_argument, NULL, 'm' },
		{ "profile", required_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	bool ok = true, memory = true;
	FILE *tsv = NULL;
	int c, reps = 5;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'w':
			wall = true;
			break;
		case 'r':
			reps = atoi(optarg);
			break;
		case 't':
			tsv = fopen(optarg, "w");
			if (!tsv)
				die("%s: %m", optarg);
			break;
		case 'm':
			memory = false;
			break;
		case 'p':
			turns = fopen(optarg, "w");
			if (!turns)
				die("%s: %m", optarg);
			memory = false;
			reps = 1;
			break;
		default:
			usage();
		}
	}
	if (reps < 1 || reps > REPS_MAX)
		usage();
	signal(SIGPIPE, SIG_IGN);
	if (tsv)
		fprintf(tsv, "row\tfamily\tunit\tmedian\tmin\tmax\treps\tidle\tretrans\n");
	print_heading();
	for (size_t i = 0; i < NR_ROWS; i++) {
		if (wanted(&rows[i], argv + optind))
			ok &= run_row(&rows[i], reps, tsv);
	}
	if (memory && !wall)
		ok &= memory_report(tsv);
	return !ok;
}
