// SPDX-License-Identifier: GPL-2.0
/*
 * The list of sockets, asked for by sock_diag and printed as netstat does.
 */
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

/* Widths of netstat's columns. */
#define ADDR_WIDTH	23
#define PROGRAM_WIDTH	20

/**
 * struct listing - one pass over all sockets
 * @opt: the command line
 * @processes: who holds them, for -p
 * @json: array that takes them, NULL: they are printed
 * @begun: the heading was printed, once it was clear that there is a module
 */
struct listing {
	const struct options *opt;
	struct processes processes;
	json_t *json;
	bool begun;
};

static const char *timer_name(unsigned int timer)
{
	static const char *const names[] = { "off", "on", "keepalive", "timewait", "probe" };

	return timer < sizeof(names) / sizeof(names[0]) ? names[timer] : "unknown";
}

/* The kernel tells one number: timeouts of a retransmission, else probes. */
static void timer_text(char *buf, size_t size, const struct inet_diag_msg *msg)
{
	bool rexmit = msg->idiag_timer == 1;

	snprintf(buf, size, "%s (%.2f/%u/%u)", timer_name(msg->idiag_timer),
		 msg->idiag_expires / 1000.0, rexmit ? msg->idiag_retrans : 0,
		 rexmit ? 0 : msg->idiag_retrans);
}

static const char *proto_text(const struct inet_diag_msg *msg)
{
	return msg->idiag_family == AF_INET6 ? "xtcp6" : "xtcp";
}

/* What ss -i shows, in its words. */
static void print_info(const struct sock_info *s)
{
	const struct tcp_info *i = &s->info;

	/* Of a listener it has the backlog only, in fields that say otherwise. */
	if (!s->has_info || s->msg->idiag_state == XTCP_LISTEN)
		return;
	printf("\t%s", s->cong ? s->cong : "");
	if (i->tcpi_options & TCPI_OPT_TIMESTAMPS)
		printf(" ts");
	if (i->tcpi_options & TCPI_OPT_SACK)
		printf(" sack");
	if (i->tcpi_options & TCPI_OPT_WSCALE)
		printf(" wscale:%u,%u", i->tcpi_snd_wscale, i->tcpi_rcv_wscale);
	printf(" rto:%g rtt:%.3f/%.3f mss:%u pmtu:%u rcvmss:%u advmss:%u cwnd:%u",
	       i->tcpi_rto / 1000.0, i->tcpi_rtt / 1000.0, i->tcpi_rttvar / 1000.0,
	       i->tcpi_snd_mss, i->tcpi_pmtu, i->tcpi_rcv_mss, i->tcpi_advmss,
	       i->tcpi_snd_cwnd);
	if (i->tcpi_snd_ssthresh < 0xffff)
		printf(" ssthresh:%u", i->tcpi_snd_ssthresh);
	printf(" bytes_acked:%llu bytes_received:%llu segs_out:%u segs_in:%u",
	       (unsigned long long)i->tcpi_bytes_acked,
	       (unsigned long long)i->tcpi_bytes_received,
	       i->tcpi_segs_out, i->tcpi_segs_in);
	if (i->tcpi_unacked || i->tcpi_total_retrans || i->tcpi_lost || i->tcpi_sacked)
		printf(" unacked:%u retrans:%u/%u lost:%u sacked:%u",
		       i->tcpi_unacked, i->tcpi_retrans, i->tcpi_total_retrans,
		       i->tcpi_lost, i->tcpi_sacked);
	printf(" rcv_space:%u\n", i->tcpi_rcv_space);
}

/* Of an entry there is none. */
static void print_memory(const struct sock_info *s)
{
	const uint32_t *m = s->mem;

	if (s->has_mem)
		printf("\tskmem:(r%u,rb%u,t%u,tb%u,f%u,w%u,o%u,bl%u,d%u)\n",
		       m[SK_MEMINFO_RMEM_ALLOC], m[SK_MEMINFO_RCVBUF],
		       m[SK_MEMINFO_WMEM_ALLOC], m[SK_MEMINFO_SNDBUF],
		       m[SK_MEMINFO_FWD_ALLOC], m[SK_MEMINFO_WMEM_QUEUED],
		       m[SK_MEMINFO_OPTMEM], m[SK_MEMINFO_BACKLOG], m[SK_MEMINFO_DROPS]);
}

static void print_socket(const struct listing *l, const struct sock_info *s)
{
	const struct inet_diag_msg *msg = s->msg;
	const struct options *opt = l->opt;
	char local[ADDR_TEXT_MAX], remote[ADDR_TEXT_MAX], text[64];
	const struct process *p;

	end_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src,
		 ntohs(msg->id.idiag_sport), opt->numeric);
	end_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst,
		 ntohs(msg->id.idiag_dport), opt->numeric);
	printf("%-5s %6u %6u %-*s %-*s %-11s", proto_text(msg), msg->idiag_rqueue,
	       msg->idiag_wqueue, ADDR_WIDTH, local, ADDR_WIDTH, remote,
	       state_text(msg->idiag_state));
	if (opt->extend) {
		user_text(text, sizeof(text), msg->idiag_uid, opt->numeric);
		printf(" %-10s %-10u", text, msg->idiag_inode);
	}
	if (opt->programs) {
		p = processes_find(&l->processes, msg->idiag_inode);
		if (p)
			snprintf(text, sizeof(text), "%d/%s", p->pid, p->name);
		printf(" %-*.*s", PROGRAM_WIDTH, PROGRAM_WIDTH, p ? text : "-");
	}
	if (opt->timers) {
		timer_text(text, sizeof(text), msg);
		printf(" %s", text);
	}
	putchar('\n');
	if (opt->memory)
		print_memory(s);
	if (opt->info)
		print_info(s);
}

static json_t *json_info(const struct sock_info *s)
{
	const struct tcp_info *i = &s->info;

	return json_pack("{s:s?, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:I, s:I, s:i, s:i, s:i, s:i, s:I, s:f}",
			 "congestion_control", s->cong,
			 "snd_wscale", i->tcpi_snd_wscale,
			 "rcv_wscale", i->tcpi_rcv_wscale,
			 "rto_us", i->tcpi_rto,
			 "rtt_us", i->tcpi_rtt,
			 "rttvar_us", i->tcpi_rttvar,
			 "snd_mss", i->tcpi_snd_mss,
			 "pmtu", i->tcpi_pmtu,
			 "snd_cwnd", (json_int_t)i->tcpi_snd_cwnd,
			 "snd_ssthresh", (json_int_t)i->tcpi_snd_ssthresh,
			 "bytes_acked", (json_int_t)i->tcpi_bytes_acked,
			 "bytes_received", (json_int_t)i->tcpi_bytes_received,
			 "segs_out", i->tcpi_segs_out,
			 "segs_in", i->tcpi_segs_in,
			 "unacked", i->tcpi_unacked,
			 "total_retrans", i->tcpi_total_retrans,
			 "pacing_rate", (json_int_t)i->tcpi_pacing_rate,
			 /* all ones, no limit, is more than an integer holds */
			 "max_pacing_rate", (double)i->tcpi_max_pacing_rate);
}

static json_t *json_memory(const struct sock_info *s)
{
	const uint32_t *m = s->mem;

	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
			 "rmem_alloc", (json_int_t)m[SK_MEMINFO_RMEM_ALLOC],
			 "rcvbuf", (json_int_t)m[SK_MEMINFO_RCVBUF],
			 "wmem_alloc", (json_int_t)m[SK_MEMINFO_WMEM_ALLOC],
			 "sndbuf", (json_int_t)m[SK_MEMINFO_SNDBUF],
			 "fwd_alloc", (json_int_t)m[SK_MEMINFO_FWD_ALLOC],
			 "wmem_queued", (json_int_t)m[SK_MEMINFO_WMEM_QUEUED],
			 "optmem", (json_int_t)m[SK_MEMINFO_OPTMEM],
			 "backlog", (json_int_t)m[SK_MEMINFO_BACKLOG],
			 "drops", (json_int_t)m[SK_MEMINFO_DROPS]);
}

static json_t *json_processes(const struct processes *p, unsigned long inode)
{
	const struct process *one = processes_find(p, inode);
	json_t *array = json_array();

	for (; one && one < p->list + p->count && one->inode == inode; one++)
		json_array_append_new(array, json_pack("{s:i, s:s}", "pid", one->pid,
						       "program", one->name));
	return array;
}

static void json_socket(const struct listing *l, const struct sock_info *s)
{
	const struct inet_diag_msg *msg = s->msg;
	char local[64], remote[64];
	json_t *o;

	addr_text(local, sizeof(local), msg->idiag_family, msg->id.idiag_src);
	addr_text(remote, sizeof(remote), msg->idiag_family, msg->id.idiag_dst);
	o = json_pack("{s:s, s:s, s:i, s:s, s:i, s:s, s:I, s:I, s:I, s:I}",
		      "proto", proto_text(msg),
		      "local_address", local,
		      "local_port", ntohs(msg->id.idiag_sport),
		      "remote_address", remote,
		      "remote_port", ntohs(msg->id.idiag_dport),
		      "state", state_text(msg->idiag_state),
		      "recv_q", (json_int_t)msg->idiag_rqueue,
		      "send_q", (json_int_t)msg->idiag_wqueue,
		      "uid", (json_int_t)msg->idiag_uid,
		      "inode", (json_int_t)msg->idiag_inode);
	json_object_set_new(o, "cookie", json_integer(sock_cookie(msg)));
	json_object_set_new(o, "timer",
			    json_pack("{s:s, s:I, s:i}", "name", timer_name(msg->idiag_timer),
				      "expires_ms", (json_int_t)msg->idiag_expires,
				      "count", msg->idiag_retrans));
	if (l->opt->programs)
		json_object_set_new(o, "processes",
				    json_processes(&l->processes, msg->idiag_inode));
	if (s->has_mem)
		json_object_set_new(o, "memory", json_memory(s));
	if (s->has_info)
		json_object_set_new(o, "info", json_info(s));
	json_array_append_new(l->json, o);
}

static void print_head(struct listing *l)
{
	const struct options *opt = l->opt;

	if (l->begun)
		return;
	l->begun = true;
	printf("Active Internet connections %s\n",
	       opt->listening ? "(only servers)" :
	       opt->all ? "(servers and established)" : "(w/o servers)");
	printf("Proto Recv-Q Send-Q %-*s %-*s %-11s", ADDR_WIDTH, "Local Address",
	       ADDR_WIDTH, "Foreign Address", "State");
	if (opt->extend)
		printf(" %-10s %-10s", "User", "Inode");
	if (opt->programs)
		printf(" %-*s", PROGRAM_WIDTH, "PID/Program name");
	if (opt->timers)
		printf(" Timer");
	putchar('\n');
}

static void see_socket(const struct sock_info *s, void *arg)
{
	struct listing *l = arg;

	if (l->json) {
		json_socket(l, s);
	} else {
		print_head(l);
		print_socket(l, s);
	}
}

static void list_sockets(struct mnl_socket *nl, struct listing *l)
{
	struct selection sel;

	selection_init(&sel, l->opt);
	if (l->opt->programs)
		processes_read(&l->processes);
	if (l->processes.hidden)
		fputs("xtcpstat: not all processes could be looked into; root sees them all\n",
		      stderr);
	if (l->opt->json)
		l->json = json_array();
	l->begun = l->opt->no_header;
	dump_sockets(nl, &sel, see_socket, l);
	if (l->opt->json)
		print_json(l->json);
	else
		print_head(l);
	processes_free(&l->processes);
}

/**
 * command_sockets - list the sockets
 * @opt: the command line
 *
 * Return: exit status.
 */
int command_sockets(const struct options *opt)
{
	struct mnl_socket *nl = link_open(NETLINK_SOCK_DIAG);
	struct listing l = { .opt = opt };
	unsigned int times = 0;

	for (;;) {
		list_sockets(nl, &l);
		fflush(stdout);
		if (!opt->continuous || ++times == opt->count || ferror(stdout))
			break;
		pause_for(opt->delay);
	}
	mnl_socket_close(nl);
	return EXIT_SUCCESS;
}
