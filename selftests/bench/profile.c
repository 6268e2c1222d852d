// SPDX-License-Identifier: GPL-2.0
/*
 * Where the instructions of a row of the benchmark go: the kernel's TCP and xtcp side by
 * side, by kind of work and by function.
 *
 *	profile DIRECTORY [FUNCTIONS]
 *
 * In DIRECTORY are the counts of profile_plugin.c (counts), what each turn was (turns, from
 * "bench --profile") and the kernel's symbols (kallsyms).  FUNCTIONS are shown, 40 by
 * default, those first that differ most.
 */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KERNEL, XTCP, NR_STACKS };

#define PATTERNS	32

/* The first pattern that fits a function's name counts; "[xtcp]" is all of the module. */
static const struct kind {
	const char	*name;
	const char	*patterns[PATTERNS];
} kinds[] = {
	{ "TCP", { "[xtcp]", "tcp_*", "__tcp_*", "tcpv6_*", "inet_csk_*", "cubictcp_*",
		   "__inet_lookup*", "inet6_lookup*", "inet_lookup*", "inet_ehashfn*",
		   "inet6_ehashfn*", "inet_bhash*", "inet_twsk_*", "inet_reqsk_*", "reqsk_*",
		   "inet_put_port", "inet_hash*", "inet_unhash", "__inet_hash*", "__inet_bind*",
		   "inet_bind_*", "inet_ehash_*", "inet_rtx_*", "sk_stream_*", "minmax_*",
		   "__inet_inherit_port", "bictcp_*" } },
	{ "timers and clocks", { "*timer*", "ktime_*", "*_tsc*", "*clock*", "*timekeeping*",
				 "tick_*", "*hrtimer*", "update_process_times", "*jiffies*",
				 "lapic_*", "*apic*" } },
	{ "system calls", { "*_sys_*", "*syscall*", "sys_*", "ksys_*", "vfs_*", "sock_*_iter",
			    "sock_sendmsg*", "sock_recvmsg*", "____sys*", "___sys*", "fput*",
			    "fd*", "__fd*", "__fget*", "inet_sendmsg", "inet_recvmsg",
			    "inet6_sendmsg", "inet6_recvmsg", "sockfd_*", "import_*", "entry_*",
			    "security_*", "apparmor_*", "aa_*", "selinux_*", "rw_verify_area",
			    "exit_to_user*", "move_addr_*" } },
	{ "scheduler", { "*sched*", "*task*", "*wait*", "*wake*", "*switch*", "pick_*", "*_fair",
			 "*entity*", "update_curr*", "update_rq*", "update_load*", "*_rq_*",
			 "select_*", "prepare_to_*", "ttwu_*", "woken_*", "set_next_*", "*_se",
			 "*eevdf*", "*vruntime*", "pelt*", "*_load_avg*", "resched_*", "dequeue_*",
			 "enqueue_*", "sock_def_readable", "sock_def_write_space", "*idle*" } },
	{ "copies", { "*copy*", "memcpy*", "memmove*", "csum_*", "*csum_partial*", "rep_movs*",
		      "_copy_*" } },
	{ "slab and buffers", { "*skb*", "*kmem_cache*", "*slab*", "kmalloc*", "__kmalloc*",
				"kfree*", "*memcg*", "*obj_cgroup*", "*mem_cgroup*", "memset*",
				"*refill_stock*", "*page_frag*", "sock_wfree", "sock_rfree",
				"*sk_mem*", "sk_forced_mem*", "*objcg*", "*kvfree*", "*netmem*",
				"skbs_*" } },
	{ "pages", { "*page*", "*folio*", "*rmqueue*", "*pcp*", "free_unref*", "clear_*", "*lru*",
		     "*pte*", "*fault*" } },
	{ "IP and device", { "ip_*", "__ip_*", "ip6_*", "ipv6_*", "ip4_*", "*neigh*", "dst_*",
			     "ipv4_*", "inet_*", "inet6_*", "*fib*", "rt_*", "rt6_*", "nf_*",
			     "*dev_*", "loopback_*", "veth_*", "*netif*", "net_rx_*", "*napi*",
			     "process_backlog*", "eth_*", "*gro*", "*qdisc*", "*xmit*", "raw_*",
			     "xfrm_*", "*conntrack*" } },
	{ "locks and softirq", { "*spin*", "*lock*", "*softirq*", "*bh_*", "*irq*", "rcu_*",
				 "__rcu*", "*preempt*" } },
};

#define NR_KINDS	(sizeof(kinds) / sizeof(*kinds))
#define OTHER		NR_KINDS
#define USER		(NR_KINDS + 1)

/**
 * struct symbol - a function of the guest's
 * @addr: where it begins
 * @name: what it is called
 * @kind: index in kinds[], OTHER, USER
 * @count: instructions per unit, of each stack
 */
struct symbol {
	uint64_t	addr;
	char		*name;
	size_t		kind;
	double		count[NR_STACKS];
};

static struct symbol *symbols;
static size_t nr_symbols;

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("profile: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(1);
}

static FILE *open_in(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "r");
	if (!f)
		die("%s: %m", path);
	return f;
}

static size_t kind_of(const char *name, const char *module)
{
	for (size_t i = 0; i < NR_KINDS; i++) {
		for (int j = 0; j < PATTERNS && kinds[i].patterns[j]; j++) {
			const char *p = kinds[i].patterns[j];

			if (*p == '[' ? !strcmp(p, module) : !fnmatch(p, name, 0))
				return i;
		}
	}
	return OTHER;
}

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* What is in user space is the first of them, at address 0. */
static void read_symbols(FILE *f)
{
	char line[1024], name[512], module[512], type;
	size_t room = 1;
	uint64_t addr;

	symbols = malloc(sizeof(*symbols));
	if (!symbols)
		die("no memory");
	symbols[nr_symbols++] = (struct symbol){ .name = "(user space)", .kind = USER };
	while (fgets(line, sizeof(line), f)) {
		*module = '\0';
		if (sscanf(line, "%" SCNx64 " %c %511s %511s", &addr, &type, name, module) < 3 ||
		    !strchr("tTwW", type))
			continue;
		if (nr_symbols == room) {
			room *= 2;
			symbols = realloc(symbols, room * sizeof(*symbols));
			if (!symbols)
				die("no memory");
		}
		symbols[nr_symbols++] = (struct symbol){
			.addr = addr, .name = strdup(name), .kind = kind_of(name, module),
		};
	}
	if (nr_symbols < 1000)
		die("the kernel shows no symbols");
	qsort(symbols, nr_symbols, sizeof(*symbols), by_addr);
}

static struct symbol *symbol_at(uint64_t addr)
{
	size_t low = 0, high = nr_symbols;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;

		if (symbols[mid].addr <= addr)
			low = mid;
		else
			high = mid;
	}
	/* what the kernel does not name is not user space, whatever lies before it */
	return &symbols[low];
}

/* The counts of one turn, to the end of the file or the next one's first line. */
static void read_turn(FILE *f, double units, int stack)
{
	char line[128];
	uint64_t addr, n;

	while (fgets(line, sizeof(line), f) && strcmp(line, "turn\n")) {
		if (sscanf(line, "%" SCNx64 " %" SCNu64, &addr, &n) != 2)
			die("not a count: %s", line);
		symbol_at(addr)->count[stack] += n / units;
	}
}

static void print_line(const char *name, const double count[NR_STACKS])
{
	printf("  %-40s %10.0f %10.0f %+10.0f", name, count[KERNEL], count[XTCP],
	       count[XTCP] - count[KERNEL]);
	if (count[KERNEL] >= 1)
		printf("  %5.2f", count[XTCP] / count[KERNEL]);
	putchar('\n');
}

static double difference(const struct symbol *s)
{
	double d = s->count[XTCP] - s->count[KERNEL];

	return d < 0 ? -d : d;
}

static int by_difference(const void *a, const void *b)
{
	double x = difference(*(struct symbol *const *)a);
	double y = difference(*(struct symbol *const *)b);

	return (x < y) - (x > y);
}

static void print_functions(size_t limit)
{
	struct symbol **some = calloc(nr_symbols, sizeof(*some));
	size_t n = 0;

	if (!some)
		die("no memory");
	for (size_t i = 0; i < nr_symbols; i++) {
		if (symbols[i].count[KERNEL] + symbols[i].count[XTCP] >= 1)
			some[n++] = &symbols[i];
	}
	qsort(some, n, sizeof(*some), by_difference);
	for (size_t i = 0; i < n && i < limit; i++)
		print_line(some[i]->name, some[i]->count);
	free(some);
}

static void print_row(const char *row, const char *unit, size_t limit)
{
	double kind[NR_KINDS + 2][NR_STACKS] = { 0 }, all[NR_STACKS] = { 0 };

	for (size_t i = 0; i < nr_symbols; i++) {
		for (int s = 0; s < NR_STACKS; s++) {
			kind[symbols[i].kind][s] += symbols[i].count[s];
			all[s] += symbols[i].count[s];
		}
	}
	printf("%s: instructions a %s\n", row, unit);
	printf("  %-40s %10s %10s %10s  %5s\n", "", "kernel TCP", "xtcp", "more", "ratio");
	for (size_t i = 0; i < NR_KINDS; i++)
		print_line(kinds[i].name, kind[i]);
	print_line("others", kind[OTHER]);
	print_line("user space", kind[USER]);
	print_line("all", all);
	putchar('\n');
	print_functions(limit);
	putchar('\n');
	for (size_t i = 0; i < nr_symbols; i++)
		memset(symbols[i].count, 0, sizeof(symbols[i].count));
}

int main(int argc, char **argv)
{
	char row[64], stack[64], unit[64], line[16];
	size_t limit = argc > 2 ? atoi(argv[2]) : 40;
	FILE *counts, *turns, *syms;
	double units;

	if (argc < 2) {
		fprintf(stderr, "usage: profile DIRECTORY [FUNCTIONS]\n");
		return 2;
	}
	syms = open_in(argv[1], "kallsyms");
	turns = open_in(argv[1], "turns");
	counts = open_in(argv[1], "counts");
	read_symbols(syms);
	if (!fgets(line, sizeof(line), counts) || strcmp(line, "turn\n"))
		die("nothing was counted");
	while (fscanf(turns, "%63s %63s %lf %63s", row, stack, &units, unit) == 4) {
		bool last = !strcmp(stack, "xtcp");

		read_turn(counts, units, last ? XTCP : KERNEL);
		if (last)
			print_row(row, unit, limit);
	}
	return 0;
}
