// SPDX-License-Identifier: GPL-2.0
#include <fcntl.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "siit.h"
#include "util.h"

/* ---- time ---------------------------------------------------------------- */

uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* Between two looks at a condition. */
void poll_pause(void)
{
	const struct timespec ms = { .tv_nsec = 1000000 };

	nanosleep(&ms, NULL);
}

/**
 * must_fork - fork(), where a failure would be worse than none
 *
 * Memory may be short, or an allocation meant to fail.  A -1 would go on to kill(), for
 * which it is every process there is.
 *
 * Return: as fork(), but never -1.
 */
pid_t must_fork(void)
{
	uint64_t end = now_ns() + PATIENCE_MS * 1000000ULL;
	pid_t pid;

	for (;;) {
		pid = fork();
		if (pid >= 0)
			return pid;
		if (now_ns() > end)
			abort();
		poll_pause();
	}
}

/* ---- the family under test ----------------------------------------------- */

/* A number that is a parameter of the loaded module. */
static int parameter(const char *path, int otherwise)
{
	FILE *f = fopen(path, "re");
	int value = otherwise;

	if (f) {
		if (fscanf(f, "%d", &value) != 1)
			value = otherwise;
		fclose(f);
	}
	return value;
}

/**
 * xtcp_family - the family number of the loaded module
 *
 * Return: its parameter, or the default when it is not loaded.
 */
int xtcp_family(void)
{
	return parameter("/sys/module/xtcp/parameters/family", AF_XTCP);
}

/**
 * xtcp_protocol - the number with which AF_INET makes sockets of the loaded module
 *
 * Return: its parameter, or the default when it is not loaded.
 */
int xtcp_protocol(void)
{
	return parameter("/sys/module/xtcp/parameters/protocol", IPPROTO_XTCP);
}

/* Is the control group, the kernel's own TCP, under test? */
bool test_inet(void)
{
	const char *env = getenv("WIRE_FAMILY");

	return env && !strcmp(env, "inet");
}

int test_family(void)
{
	return test_inet() ? AF_INET : xtcp_family();
}

/* Do the sockets under test come through AF_INET's door? */
bool test_protosw(void)
{
	const char *env = getenv("WIRE_FAMILY");

	return env && !strcmp(env, "protosw");
}

/**
 * socket - the C library's; with WIRE_FAMILY=protosw AF_INET makes those of AF_XTCP
 * @domain: protocol family
 * @type: type and SOCK_* flags
 * @protocol: protocol
 *
 * Return: descriptor, -1 with errno.
 */
int socket(int domain, int type, int protocol)
{
	static int protosw = -1;

	if (protosw < 0)
		protosw = test_protosw();
	if (protosw && (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) == SOCK_STREAM &&
	    (protocol == XTCPPROTO_IPV4 || protocol == IPPROTO_TCP) && domain == xtcp_family()) {
		domain = AF_INET;
		protocol = xtcp_protocol();
	}
	return syscall(SYS_socket, domain, type, protocol);
}

/**
 * xtcp_missing - can the family under test be used?
 *
 * Return: NULL, or why not.
 */
const char *xtcp_missing(void)
{
	int fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return "the xtcp module is not loaded";
	close(fd);
	return NULL;
}

/* ---- sockets ------------------------------------------------------------- */

/**
 * fd_state - the state of a socket
 * @fd: socket
 *
 * Return: TCP_*, by TCP_INFO; -1: error.
 */
int fd_state(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len))
		return -1;
	return info.tcpi_state;
}

/* A byte of TCP_INFO: those behind tcpi_wscale are younger than glibc's. */
static uint8_t info_byte(int fd, size_t at)
{
	uint8_t info[256] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
	return info[at];
}

/* TCPI_OPT_SYN_DATA */
bool fd_syn_data_acked(int fd)
{
	return info_byte(fd, offsetof(struct tcp_info, tcpi_options)) & 32;
}

/* tcpi_fastopen_client_fail */
int fd_fastopen_fail(int fd)
{
	return info_byte(fd, offsetof(struct tcp_info, tcpi_options) + 2) >> 1 & 3;
}

/**
 * fd_poll - poll() one descriptor
 * @fd: descriptor
 * @events: POLL*
 * @ms: how long, milliseconds
 *
 * Return: revents, 0 after @ms.
 */
int fd_poll(int fd, int events, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };

	return poll(&pfd, 1, ms) > 0 ? pfd.revents : 0;
}

/* SO_ERROR, which clears it. */
int fd_error(int fd)
{
	return get_int(fd, SOL_SOCKET, SO_ERROR);
}

int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

int get_int(int fd, int level, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, level, name, &value, &len) ? -1 : value;
}

int set_linger(int fd, int seconds)
{
	struct linger linger = { .l_onoff = 1, .l_linger = seconds };

	return setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

void set_nonblock(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

/* ---- settings ------------------------------------------------------------ */

/* In a namespace that is new. */
void bring_up_loopback(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

/* Is the running kernel older, so that its TCP does something otherwise? */
bool kernel_before(unsigned int major, unsigned int minor)
{
	unsigned int has_major = 0, has_minor = 0;
	struct utsname u;

	if (uname(&u) || sscanf(u.release, "%u.%u", &has_major, &has_minor) != 2)
		return true;
	return has_major < major || (has_major == major && has_minor < minor);
}

bool proc_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok;

	if (fd < 0)
		return false;
	ok = write(fd, value, strlen(value)) == (ssize_t)strlen(value);
	close(fd);
	return ok;
}

/**
 * command - have a shell do something
 * @format: what, as for printf()
 *
 * Return: whether it succeeded.
 */
bool command(const char *format, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	return !system(text);
}

/**
 * conf_set - a setting of the TCP under test, in this namespace
 * @name: as in net.ipv4.tcp_NAME and net.xtcp.NAME
 * @value: text
 *
 * Return: false when it does not exist.
 */
bool conf_set(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 test_inet() ? "ipv4/tcp_" : "xtcp/", name);
	return proc_write(path, value);
}

/* ---- counters ------------------------------------------------------------ */

/* Pairs of lines, "Prefix: names" and "Prefix: values", as nstat reads. */
static long long netstat_value(const char *path, const char *name)
{
	char *names = NULL, *values = NULL, *n, *v, *ns, *vs;
	size_t names_size = 0, values_size = 0;
	long long found = -1;
	FILE *f = fopen(path, "re");

	if (!f)
		return -1;
	while (found < 0 && getline(&names, &names_size, f) > 0 &&
	       getline(&values, &values_size, f) > 0) {
		n = strtok_r(names, " \n", &ns);
		v = strtok_r(values, " \n", &vs);
		while (n && v) {
			if (!strcmp(n, name)) {
				found = strtoll(v, NULL, 10);
				break;
			}
			n = strtok_r(NULL, " \n", &ns);
			v = strtok_r(NULL, " \n", &vs);
		}
	}
	free(names);
	free(values);
	fclose(f);
	return found;
}

/**
 * counter - a counter of this namespace's xtcp
 * @name: as in kmod/watch/mib.h and <linux/xtcp_verdict.h>
 *
 * Return: its value, -1 when there is no such counter.
 */
long long counter(const char *name)
{
	return netstat_value("/proc/net/xtcp_netstat", name);
}

/**
 * stat_counter - a counter of this namespace that both TCPs have
 * @name: xtcp's; that of the kernel's TCP may begin with "TCP" besides
 *
 * Return: its value, -1 when the TCP under test has no such counter.
 */
long long stat_counter(const char *name)
{
	char tcp_name[64];
	long long value;

	if (!test_inet())
		return counter(name);
	snprintf(tcp_name, sizeof(tcp_name), "TCP%s", name);
	value = netstat_value("/proc/net/netstat", tcp_name);
	return value >= 0 ? value : netstat_value("/proc/net/netstat", name);
}

/**
 * snmp_counter - what this namespace's kernel counts of all that is TCP
 * @name: as nstat has it, without "Tcp"
 *
 * Return: its value, -1 when there is no such counter.
 */
long long snmp_counter(const char *name)
{
	return netstat_value("/proc/net/snmp", name);
}

/**
 * book_balances - has each segment that came to this namespace's xtcp one verdict?
 *
 * Return: whether the sum of the book is what came, and none waits for a socket.  True
 * where there is no xtcp.
 */
bool book_balances(void)
{
	FILE *f = fopen("/proc/net/xtcp_segments", "re");
	long long n, sum = -1, came = -2, waits = 0;
	char line[256], word[16];

	if (!f)
		return true;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lld %15s", &n, word) != 2)
			continue;
		if (!strcmp(word, "waits"))
			waits += n;
		else if (!strcmp(word, "sum"))
			sum = n;
		else if (!strcmp(word, "came"))
			came = n;
	}
	fclose(f);
	return sum == came && !waits;
}

/**
 * verdict_count - how many segments of this namespace have a verdict
 * @verdict: which
 *
 * Return: how many, -1 when /proc/net/xtcp_segments has no such row.
 */
long long verdict_count(const char *verdict)
{
	FILE *f = fopen("/proc/net/xtcp_segments", "re");
	long long n, found = -1;
	char line[256], name[32];

	if (!f)
		return -1;
	while (found < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lld %*s %31s", &n, name) == 2 && !strcmp(name, verdict))
			found = n;
	}
	fclose(f);
	return found;
}

#define EDGE_FROM(from, to, event, action, clause)	#from,
#define EDGE_EVENT(from, to, event, action, clause)	XTCP_EV_##event,
#define EVENT_TEXT(event, text)				text,

/**
 * edge_count - how often an edge was taken in this namespace
 * @edge: which
 *
 * Return: how often, -1 when /proc/net/xtcp_edges has no such row.
 */
long long edge_count(enum xtcp_edge edge)
{
	static const char *const from[] = { XTCP_EDGES(EDGE_FROM) };
	static const enum xtcp_event event[] = { XTCP_EDGES(EDGE_EVENT) };
	static const char *const text[] = { XTCP_EVENTS(EVENT_TEXT) };
	FILE *f = fopen("/proc/net/xtcp_edges", "re");
	long long count, found = -1;
	char *line = NULL, state[16];
	size_t size = 0, n;
	int at;

	if (!f)
		return -1;
	n = strlen(text[event[edge]]);
	/* count, from, to, event: columns are two spaces apart */
	while (found < 0 && getline(&line, &size, f) > 0) {
		at = 0;		/* and stays so where a row has but a state */
		if (sscanf(line, "%lld %15s %*s %n", &count, state, &at) == 2 && at &&
		    !strcmp(state, from[edge]) &&
		    !strncmp(line + at, text[event[edge]], n) &&
		    !strncmp(line + at + n, "  ", 2))
			found = count;
	}
	free(line);
	fclose(f);
	return found;
}

#define REASON_NAME(name, text, clause)	#name,

/* Edges, RSTs, and what else was sent, for a reason.  Return: false: there is no such row. */
static bool reason_row(enum xtcp_reason why, long long counts[3])
{
	static const char *const names[] = { "NONE", XTCP_REASONS(REASON_NAME) };
	FILE *f = fopen("/proc/net/xtcp_reasons", "re");
	char *line = NULL, name[32];
	bool found = false;
	size_t size = 0;

	if (!f)
		return false;
	while (!found && getline(&line, &size, f) > 0)
		found = sscanf(line, "%lld %lld %lld %31s", &counts[0], &counts[1], &counts[2],
			       name) == 4 && !strcmp(name, names[why]);
	free(line);
	fclose(f);
	return found;
}

/**
 * reason_count - how often something happened for a reason in this namespace
 * @why: which
 * @rsts: out: RSTs that were sent for it; may be NULL
 *
 * Return: edges that were taken for it, -1 when /proc/net/xtcp_reasons has no such row.
 */
long long reason_count(enum xtcp_reason why, long long *rsts)
{
	long long counts[3];

	if (!reason_row(why, counts))
		return -1;
	if (rsts)
		*rsts = counts[1];
	return counts[0];
}

/**
 * reason_sent - how many ACKs without text, or segments again, were sent for a reason
 * @why: which
 *
 * Return: in this namespace, -1 when /proc/net/xtcp_reasons has no such row.
 */
long long reason_sent(enum xtcp_reason why)
{
	long long counts[3];

	return reason_row(why, counts) ? counts[2] : -1;
}

/* ---- connections --------------------------------------------------------- */

struct row {
	uint32_t laddr, raddr;
	unsigned int lport, rport, state;
};

/* An address of IPv6 as /proc shows it: four words. */
static uint32_t address_back(const char *text)
{
	struct in6_addr a;

	if (sscanf(text, "%8x%8x%8x%8x", &a.s6_addr32[0], &a.s6_addr32[1], &a.s6_addr32[2],
		   &a.s6_addr32[3]) != 4)
		abort();
	return siit_address_back(&a);
}

static bool next_row(FILE *f, struct row *r)
{
	char line[512], local[40], remote[40];

	while (fgets(line, sizeof(line), f))
		if (siit_mode() == SIIT_4) {
			if (sscanf(line, " %*d: %x:%x %x:%x %x", &r->laddr, &r->lport,
				   &r->raddr, &r->rport, &r->state) == 5)
				return true;
		} else if (sscanf(line, " %*d: %32[0-9A-F]:%x %32[0-9A-F]:%x %x", local, &r->lport,
				  remote, &r->rport, &r->state) == 5) {
			r->laddr = address_back(local);
			r->raddr = address_back(remote);
			return true;
		}
	return false;
}

static FILE *open_table(void)
{
	bool six = siit_mode() != SIIT_4;

	if (test_inet())
		return fopen(six ? "/proc/net/tcp6" : "/proc/net/tcp", "re");
	return fopen(six ? "/proc/net/xtcp6" : "/proc/net/xtcp", "re");
}

/**
 * conn_state - the state of a connection, also after its descriptor is gone
 * @local: its local address
 * @remote: the peer's
 *
 * Return: TCP_*, TCP_CLOSE when no row of /proc shows it.
 */
int conn_state(const struct sockaddr_in *local, const struct sockaddr_in *remote)
{
	int state = TCP_CLOSE;
	FILE *f = open_table();
	struct row r;

	if (!f)
		return -1;
	while (next_row(f, &r)) {
		if (r.laddr == local->sin_addr.s_addr &&
		    r.raddr == remote->sin_addr.s_addr &&
		    r.lport == ntohs(local->sin_port) &&
		    r.rport == ntohs(remote->sin_port)) {
			state = r.state;
			break;
		}
	}
	fclose(f);
	return state;
}

/**
 * conns_in_state - count rows of /proc
 * @state: TCP_*, 0: any
 *
 * Return: how many of this namespace are in the state.
 */
int conns_in_state(int state)
{
	FILE *f = open_table();
	struct row r;
	int n = 0;

	if (!f)
		return -1;
	while (next_row(f, &r))
		n += !state || (int)r.state == state;
	fclose(f);
	return n;
}

/* Rows of /proc/net/protocols: name, size, sockets, memory in pages ... */
static bool protocol_memory(long *pages)
{
	FILE *f = fopen("/proc/net/protocols", "re");
	char line[256], name[32];
	bool found = false;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%31s %*d %*d %ld", name, pages) == 2 &&
		    !strcmp(name, "XTCP"))
			found = true;
	if (f)
		fclose(f);
	return found;
}

/**
 * memory_pages - what buffers of AF_XTCP take
 *
 * Return: pages, of all namespaces; -1 if the module is not loaded.
 */
long memory_pages(void)
{
	long pages = -1;

	return protocol_memory(&pages) ? pages : -1;
}

/**
 * most_spare_pages - what there may be of them without a socket
 *
 * Return: pages; each processor keeps up to a megabyte.
 */
long most_spare_pages(void)
{
	return (1 << 20) / sysconf(_SC_PAGESIZE) * sysconf(_SC_NPROCESSORS_CONF);
}

/**
 * race_seconds - how long a race is to be run
 * @otherwise: seconds, when nobody asks for more
 *
 * Where the clock counts instructions a second of work is several of the host's, and processors
 * take turns: races are short there.
 *
 * Return: XTCP_ATTACK from the environment, as "make attack" sets it, or XTCP_SOAK.
 */
int race_seconds(int otherwise)
{
	if (env_number("XTCP_VIRTUAL", 0))
		otherwise = (otherwise + 2) / 3;
	return env_number("XTCP_ATTACK", env_number("XTCP_SOAK", otherwise));
}

/**
 * env_number - a number from the environment
 * @name: of the variable
 * @otherwise: what to return if there is none
 */
int env_number(const char *name, int otherwise)
{
	const char *value = getenv(name);

	return value ? atoi(value) : otherwise;
}
