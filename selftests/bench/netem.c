// SPDX-License-Identifier: GPL-2.0
/*
 * Goodput of the kernel's TCP and of xtcp on the same bad networks, in one boot.
 *
 *	netem [--algo NAME[,NAME...]] [--net NAME[,NAME...]] [--reps N] [--seconds N]
 *	      [--seed N] [--tsv FILE]
 *	netem --list
 *
 *	client ---- router ---- router ---- server		four namespaces, veth
 *	   <- delay      -> rate, queue  -> delay, loss ...	netem, at what sends
 *
 * So the queue that overflows holds nothing but what waits for the bottleneck, the
 * vices are behind it, and the sender's own device is a plain one. Segments cross it
 * one by one: it has no TSO.
 *
 * Both families use the congestion control of the same name. They take turns with
 * the same seed for netem (from Linux 6.6 on; earlier ones ignore it), each turn in
 * fresh namespaces; the medians of the turns are compared. In user-mode Linux with
 * time travel all of it passes in virtual time, on a processor that is infinitely
 * fast: a run is not disturbed by what else the host does.
 *
 * On a network that is shared, senders of both families are there at the same time,
 * and the receiver is the kernel's: what counts is that neither gets more than its
 * share. Such a row is not among those that the last line counts.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <linux/xtcp.h>
#include <math.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

#define FLOWS_MAX	8
#define REPS_MAX	64
#define MS		1000000ULL
#define NSEC_PER_SEC	1000000000ULL
#define MBIT		1000000ULL
#define WRITE		(64 * 1024)
/* On a shared network flows begin one after the other. */
#define STAGGER_US	100000
/* And a little jitter, less than between two packets: or clockwork decides who is dropped. */
#define PHASE		50000

/**
 * struct network - what is between the hosts, and who uses it
 * @name: for the command line
 * @title: for people
 * @path: the network
 * @flows: how many share it
 * @block: bytes of a connection, one after the other; 0: one that never ends
 * @seconds: how long
 * @shared: every other flow is the other family's
 */
struct network {
	const char	*name;
	const char	*title;
	struct path	path;
	int		flows;
	unsigned int	block;
	int		seconds;
	bool		shared;
};

static const struct network networks[] = {
	{ "wan100m", "100 Mbit/s, 20 ms, a queue of 20 ms",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165 }, .flows = 1, .seconds = 10 },
	{ "long", "100 Mbit/s, 100 ms, a queue of 100 ms",
	  { .rate = 100 * MBIT, .rtt_ns = 100 * MS, .queue = 825 }, .flows = 1, .seconds = 20 },
	{ "loss1", "20 Mbit/s, 100 ms, 1 % loss",
	  { .rate = 20 * MBIT, .rtt_ns = 100 * MS, .queue = 165, .loss_ppm = 10000 },
	  .flows = 1, .seconds = 60 },
	{ "loss5", "20 Mbit/s, 40 ms, 5 % loss",
	  { .rate = 20 * MBIT, .rtt_ns = 40 * MS, .queue = 66, .loss_ppm = 50000 },
	  .flows = 1, .seconds = 60 },
	{ "bursts", "50 Mbit/s, 40 ms, bursts of loss: 4 packets, once in 1,000",
	  { .rate = 50 * MBIT, .rtt_ns = 40 * MS, .queue = 165, .ge_bad_ppm = 1000,
	    .ge_good_ppm = 250000 }, .flows = 1, .seconds = 60 },
	{ "reorder", "100 Mbit/s, 20 ms, a quarter of the packets 5 ms early",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165, .late_ns = 5 * MS,
	    .early_ppm = 250000 }, .flows = 1, .seconds = 10 },
	{ "jitter", "100 Mbit/s, 20 ms, every packet up to 2 ms late",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165, .jitter_ns = 1 * MS },
	  .flows = 1, .seconds = 10 },
	{ "duplicates", "100 Mbit/s, 20 ms, 5 % of the packets arrive twice",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165, .dup_ppm = 50000 },
	  .flows = 1, .seconds = 10 },
	{ "bufferbloat", "10 Mbit/s, 20 ms, a queue of 800 ms",
	  { .rate = 10 * MBIT, .rtt_ns = 20 * MS, .queue = 660 }, .flows = 1, .seconds = 60 },
	{ "shallow", "100 Mbit/s, 40 ms, a queue of 20 packets",
	  { .rate = 100 * MBIT, .rtt_ns = 40 * MS, .queue = 20 }, .flows = 1, .seconds = 20 },
	{ "marks", "20 Mbit/s, 40 ms, 1 % of the packets marked by ECN",
	  { .rate = 20 * MBIT, .rtt_ns = 40 * MS, .queue = 66, .loss_ppm = 10000,
	    .ecn = true }, .flows = 1, .seconds = 60 },
	{ "flows2", "100 Mbit/s, 20 ms, a queue of 20 ms, 2 flows",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165 }, .flows = 2, .seconds = 15 },
	{ "flows8", "100 Mbit/s, 20 ms, a queue of 20 ms, 8 flows",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165 }, .flows = 8, .seconds = 15 },
	{ "short", "20 Mbit/s, 40 ms, connections of 64 kB",
	  { .rate = 20 * MBIT, .rtt_ns = 40 * MS, .queue = 66 },
	  .flows = 1, .block = 65536, .seconds = 60 },
	{ "short2", "20 Mbit/s, 40 ms, 2 % loss, connections of 64 kB",
	  { .rate = 20 * MBIT, .rtt_ns = 40 * MS, .queue = 66, .loss_ppm = 20000 },
	  .flows = 1, .block = 65536, .seconds = 240 },
	{ "share2", "100 Mbit/s, 20 ms, a queue of 20 ms, a flow of either at once",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165, .jitter_ns = PHASE },
	  .flows = 2, .seconds = 30, .shared = true },
	{ "share8", "100 Mbit/s, 20 ms, a queue of 20 ms, four flows of either at once",
	  { .rate = 100 * MBIT, .rtt_ns = 20 * MS, .queue = 165, .jitter_ns = PHASE },
	  .flows = 8, .seconds = 30, .shared = true },
};

#define NR_NETWORKS (sizeof(networks) / sizeof(*networks))

/**
 * struct turn - one measurement
 * @net: where
 * @family: whose; of a shared network, whose flow is the first
 * @algo: congestion control
 * @seed: of netem
 */
struct turn {
	struct network	net;
	int		family;
	const char	*algo;
	uint64_t	seed;
};

/**
 * struct sample - what came of it
 * @absent: this family has no such congestion control
 * @goodput: Mbit/s; of a shared network, without the other family's flows
 * @retrans: segments sent again
 * @other_goodput: those of the other family's flows
 * @other_retrans: the same
 * @jain: Jain's index of all flows in the second half of the time
 */
struct sample {
	bool	absent;
	double	goodput;
	double	retrans;
	double	other_goodput;
	double	other_retrans;
	double	jain;
};

/* Where the processes of a turn leave what they know. */
struct shared {
	uint64_t	bytes[FLOWS_MAX];
	uint64_t	half[FLOWS_MAX];
	unsigned int	retrans[FLOWS_MAX];
};

static volatile sig_atomic_t stopped;

static void stop(int sig __attribute__((unused)))
{
	stopped = 1;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

/* ---- the server ------------------------------------------------------------ */

struct conn {
	int		fd;
	int		flow;
};

static int wait_ms(uint64_t until)
{
	uint64_t now = now_ns();

	return now >= until ? 0 : (until - now + MS - 1) / MS;
}

/* Take all that comes until the time is over, which begins with the first flow. */
static void serve(int listener, const struct network *net, struct shared *out)
{
	static char buf[1 << 20];
	struct pollfd fds[FLOWS_MAX + 1] = { { .fd = listener, .events = POLLIN } };
	int flow[FLOWS_MAX + 1], nr = 1, next = 0, i;
	uint64_t end = 0, half = 0;
	bool past = false;

	while (!end || wait_ms(end)) {
		uint64_t until = past ? end : half;

		if (poll(fds, nr, end ? wait_ms(until) : -1) < 0)
			die("poll: %m");
		if (end && !past && now_ns() >= half) {
			memcpy(out->half, out->bytes, sizeof(out->half));
			past = true;
		}
		for (i = nr - 1; i > 0; i--) {
			ssize_t n;

			if (!fds[i].revents)
				continue;
			n = recv(fds[i].fd, buf, sizeof(buf), MSG_DONTWAIT);
			if (n > 0) {
				out->bytes[flow[i]] += n;
			} else if (!n || errno != EAGAIN) {
				close(fds[i].fd);
				nr--;
				fds[i] = fds[nr];
				flow[i] = flow[nr];
			}
		}
		if (fds[0].revents && nr <= FLOWS_MAX) {
			fds[nr] = (struct pollfd){ .fd = net_accept(listener), .events = POLLIN };
			flow[nr++] = next++ % net->flows;
			if (!end) {
				end = now_ns() + net->seconds * NSEC_PER_SEC;
				half = now_ns() + net->seconds * NSEC_PER_SEC / 2;
			}
		}
	}
	exit(0);
}

/* ---- the clients ----------------------------------------------------------- */

static int new_socket(const struct turn *turn)
{
	int fd = socket(turn->family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket(%d): %m", turn->family);
	if (setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, turn->algo, strlen(turn->algo))) {
		close(fd);
		return -1;
	}
	return fd;
}

static unsigned int retransmissions(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return 0;
	return info.tcpi_total_retrans;
}

/* Return: false when the connection failed, as it may on a bad network. */
static bool send_block(int fd, unsigned int len, unsigned int *retrans)
{
	static char buf[WRITE];

	while (len && !stopped) {
		ssize_t n = send(fd, buf, len < WRITE ? len : WRITE, MSG_NOSIGNAL);

		if (n < 0)
			break;
		len -= n;
	}
	if (!len) {
		shutdown(fd, SHUT_WR);
		if (recv(fd, buf, 1, 0))
			len = 1;
	}
	*retrans += retransmissions(fd);
	return !len;
}

static void send_blocks(const struct turn *turn, const struct place *at, unsigned int *retrans)
{
	while (!stopped) {
		int fd = new_socket(turn);

		if (fd < 0)
			die("socket: %m");
		if (!connect(fd, (const struct sockaddr *)&at->server, sizeof(at->server)))
			send_block(fd, turn->net.block, retrans);
		close(fd);
	}
}

static void send_stream(const struct turn *turn, const struct place *at, unsigned int *retrans)
{
	static char buf[WRITE];
	int fd = new_socket(turn);

	if (fd < 0)
		die("socket: %m");
	if (connect(fd, (const struct sockaddr *)&at->server, sizeof(at->server)))
		die("connect: %m");
	while (!stopped) {
		if (send(fd, buf, sizeof(buf), MSG_NOSIGNAL) < 0 && errno != EINTR)
			die("send: %m");
	}
	*retrans = retransmissions(fd);
}

static pid_t start_client(const struct turn *turn, const struct place *at, unsigned int *retrans)
{
	/* no SA_RESTART: it wakes a send() that waits */
	struct sigaction sa = { .sa_handler = stop };
	pid_t pid = fork();

	if (pid < 0)
		die("fork: %m");
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigaction(SIGTERM, &sa, NULL);
	if (turn->net.block)
		send_blocks(turn, at, retrans);
	else
		send_stream(turn, at, retrans);
	_exit(0);
}

/* ---- a turn ---------------------------------------------------------------- */

static void summarise(const struct network *net, const struct shared *s, struct sample *out)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < net->flows; i++) {
		double x = s->bytes[i] - s->half[i];

		sum += x;
		squares += x * x;
		if (net->shared && i % 2) {
			out->other_goodput += s->bytes[i] * 8 / 1e6 / net->seconds;
			out->other_retrans += s->retrans[i];
		} else {
			out->goodput += s->bytes[i] * 8 / 1e6 / net->seconds;
			out->retrans += s->retrans[i];
		}
	}
	out->jain = squares ? sum * sum / (net->flows * squares) : 0;
}

static void take_turn(void *arg, void *out)
{
	const struct turn *turn = arg;
	const struct network *net = &turn->net;
	pid_t server, client[FLOWS_MAX];
	struct sample *sample = out;
	int listener, status, fd;
	struct shared *shared;
	struct place at;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap: %m");
	fd = new_socket(turn);
	if (fd < 0) {
		sample->absent = true;
		return;
	}
	close(fd);
	net_make_path(&at, &net->path, turn->seed);
	listener = net_listen(&at, net->shared ? AF_INET : turn->family);
	/* DCTCP wants it at both ends */
	setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, turn->algo, strlen(turn->algo));
	server = fork();
	if (server < 0)
		die("fork: %m");
	if (!server) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, net, shared);
	}
	for (int i = 0; i < net->flows; i++) {
		struct turn one = *turn;

		if (net->shared && i % 2)
			one.family = turn->family == AF_INET ? AF_XTCP : AF_INET;
		if (net->shared && i)
			usleep(STAGGER_US);
		client[i] = start_client(&one, &at, &shared->retrans[i]);
	}
	if (waitpid(server, &status, 0) != server || status)
		die("the server failed");
	for (int i = 0; i < net->flows; i++)
		kill(client[i], SIGTERM);
	for (int i = 0; i < net->flows; i++)
		waitpid(client[i], NULL, 0);
	summarise(net, shared, sample);
}

/* ---- turns and the table ----------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* The spread of the ratio of two medians: that of the ratios of the turns. */
static double deviation(const double *x, const double *y, int n)
{
	double sum = 0, squares = 0;

	for (int i = 0; i < n; i++) {
		double ratio = x[i] ? y[i] / x[i] : 0;

		sum += ratio;
		squares += ratio * ratio;
	}
	return sqrt(fmax(squares / n - sum * sum / n / n, 0) / n);
}

static void print_heading(void)
{
	printf("%-12s %-6s %9s %9s %7s %8s  %8s %8s  %6s %6s\n", "network", "", "kernel",
	       "xtcp", "ratio", "+-", "again", "", "Jain", "");
	printf("%-12s %-6s %9s %9s %7s %8s  %8s %8s  %6s %6s\n", "", "", "Mbit/s", "Mbit/s",
	       "", "", "kernel", "xtcp", "kernel", "xtcp");
	fflush(stdout);
}

/* Return: xtcp's goodput in parts of the kernel's; 0: it was not measured. */
static double run_row(const struct network *net, const char *algo, int reps, uint64_t seed,
		      FILE *tsv)
{
	double goodput[NR_FAMILIES][REPS_MAX] = { 0 }, retrans[NR_FAMILIES][REPS_MAX] = { 0 };
	double jain[NR_FAMILIES][REPS_MAX], error, ratio;
	/* in which a family is measured */
	int turns = net->shared ? NR_FAMILIES : 1;

	for (int i = 0; i < reps; i++) {
		for (int f = 0; f < NR_FAMILIES; f++) {
			/* who is first changes with every repetition */
			int who = (f + i) % NR_FAMILIES;
			struct turn turn = { *net, families[who], algo, seed + i };
			struct sample one;

			if (!in_child(take_turn, &turn, &one, sizeof(one))) {
				printf("%-12s %-6s FAILED (%s)\n", net->name, algo,
				       family_names[who]);
				return -1;
			}
			if (one.absent) {
				printf("%-12s %-6s not in %s\n", net->name, algo,
				       family_names[who]);
				return 0;
			}
			goodput[who][i] += one.goodput / turns;
			retrans[who][i] += one.retrans / turns;
			goodput[!who][i] += one.other_goodput / turns;
			retrans[!who][i] += one.other_retrans / turns;
			jain[who][i] = one.jain;
			if (tsv)
				fprintf(tsv, "%s\t%s\t%s\t%llu\t%.4f\t%.4f\t%.0f\n", net->name,
					algo, family_names[who],
					(unsigned long long)turn.seed, one.goodput, one.jain,
					one.retrans);
		}
	}
	if (tsv)
		fflush(tsv);
	error = deviation(goodput[KERNEL], goodput[XTCP], reps);
	ratio = median(goodput[XTCP], reps) / median(goodput[KERNEL], reps);
	printf("%-12s %-6s %9.2f %9.2f %7.3f %8.3f  %8.0f %8.0f", net->name, algo,
	       median(goodput[KERNEL], reps), median(goodput[XTCP], reps), ratio, error,
	       median(retrans[KERNEL], reps), median(retrans[XTCP], reps));
	if (net->flows > 1)
		printf("  %6.3f %6.3f", median(jain[KERNEL], reps), median(jain[XTCP], reps));
	putchar('\n');
	fflush(stdout);
	return ratio;
}

/* Is @name one of those in @only, which are separated by commas? */
static bool wanted(const char *name, const char *only)
{
	size_t len = strlen(name);

	if (!only)
		return true;
	for (; *only; only += strcspn(only, ","), only += *only == ',') {
		if (strcspn(only, ",") == len && !memcmp(name, only, len))
			return true;
	}
	return false;
}

static void list(void)
{
	for (size_t i = 0; i < NR_NETWORKS; i++)
		printf("%-12s %s\n", networks[i].name, networks[i].title);
	exit(0);
}

static void usage(void)
{
	fprintf(stderr, "usage: netem [--algo NAME,...] [--net NAME,...] [--reps N] [--seconds N]\n"
		"             [--seed N] [--tsv FILE] | --list\n");
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "algo", required_argument, NULL, 'a' },
		{ "net", required_argument, NULL, 'n' },
		{ "reps", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' },
		{ "seed", required_argument, NULL, 'S' },
		{ "tsv", required_argument, NULL, 't' },
		{ "list", no_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	static const char *const algos[] = { "reno", "cubic", "bbr", "dctcp" };
	int c, reps = 5, seconds = 0, rows = 0, level = 0, above = 0, failed = 0;
	const char *algo = NULL, *only = NULL;
	uint64_t seed = 1;
	FILE *tsv = NULL;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 'a':
			algo = optarg;
			break;
		case 'n':
			only = optarg;
			break;
		case 'r':
			reps = atoi(optarg);
			break;
		case 's':
			seconds = atoi(optarg);
			break;
		case 'S':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 't':
			tsv = fopen(optarg, "w");
			if (!tsv)
				die("%s: %m", optarg);
			break;
		case 'l':
			list();
			break;
		default:
			usage();
		}
	}
	if (optind != argc || reps < 1 || reps > REPS_MAX || seconds < 0)
		usage();
	signal(SIGPIPE, SIG_IGN);
	if (tsv)
		fprintf(tsv, "network\talgorithm\tfamily\tseed\tmbit\tjain\tretrans\n");
	print_heading();
	for (size_t i = 0; i < NR_NETWORKS; i++) {
		for (size_t j = 0; j < sizeof(algos) / sizeof(*algos); j++) {
			struct network net = networks[i];
			double ratio;

			if (!wanted(net.name, only) || !wanted(algos[j], algo))
				continue;
			/* which is for networks that mark, and no others */
			if (!strcmp(algos[j], "dctcp") && !net.path.ecn)
				continue;
			net.seconds = seconds ? seconds : net.seconds;
			ratio = run_row(&net, algos[j], reps, seed, tsv);
			failed += ratio < 0;
			if (net.shared)
				continue;
			rows += ratio > 0;
			level += ratio >= 0.95;
			above += ratio > 1;
		}
	}
	printf("%d rows: %d with at least 0.95, %d above 1\n", rows, level, above);
	return !!failed;
}
