// SPDX-License-Identifier: GPL-2.0
/*
 * /proc/net/xtcp and xtcp6: the format of /proc/net/tcp and tcp6, for netstat,
 *	ss and everything else that reads those.
 * /proc/net/xtcp_netstat: the format of /proc/net/netstat, for nstat.
 * /proc/net/xtcp_edges: the state machine, for people; xtcp_reasons: why its edges
 * were taken and RSTs sent.
 */
#include <linux/ctype.h>
#include <linux/math64.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>
#include <linux/seq_file_net.h>
#include <linux/slab.h>

#include "core/fsm.h"
#include "table.h"
#include "watch/mib.h"
#include "watch/observe.h"
#include "watch/view.h"

#define ROW4_LEN	149	/* of a row of /proc/net/tcp, without the newline */

/**
 * struct rows - a reader of /proc/net/xtcp or xtcp6
 * @net: its namespace, with a reference
 * @family: AF_INET or AF_INET6: which sockets it sees
 * @it: the walk
 * @index: number of the row that comes next
 * @tbl: hash table that the flows' part of the position belongs to
 * @listener: position in @it before row @index, and so on
 * @flows: of xtcp_iter.flows
 * @walk_slot: of the walk in @tbl
 * @walk_skip: of the walk in @tbl
 *
 * The walk stays registered with the table from open to release.  When the
 * table is resized meanwhile, it begins again: rows come twice, none is lost.
 */
struct rows {
	struct net		*net;
	u8			family;
	struct xtcp_iter	it;
	loff_t			index;
	const void		*tbl;
	unsigned long		listener;
	unsigned int		walk_slot;
	unsigned int		walk_skip;
	bool			flows;
};

/* seq_file asks for a row that it had no room for again: save before, not after. */
static void rows_save(struct rows *r)
{
	r->listener = r->it.listener;
	r->flows = r->it.flows;
	r->tbl = r->it.walk.walker.tbl;
	r->walk_slot = r->it.walk.slot;
	r->walk_skip = r->it.walk.skip;
}

static void rows_restore(struct rows *r)
{
	r->it.listener = r->listener;
	r->it.flows = r->flows;
	if (r->tbl != r->it.walk.walker.tbl)
		return;		/* resized: from its start */
	r->it.walk.p = NULL;
	r->it.walk.slot = r->walk_slot;
	r->it.walk.skip = r->walk_skip;
}

/* As seq_file wants it; rows_show() only looks at it. */
static void *rows_next(struct rows *r) __must_hold(RCU)
{
	const struct xtcp_flow *flow;
	struct xtcp_ends ends;
	bool mine;

	rows_save(r);
	while ((flow = xtcp_iter_next(&r->it))) {
		if (!xtcp_view_hold(flow, r->net))
			continue;
		xtcp_view_ends(flow, &ends);
		mine = ends.family == r->family;
		xtcp_view_drop(flow);
		if (mine)
			break;
	}
	return (void *)flow;
}

static void *rows_start(struct seq_file *seq, loff_t *pos)
	__acquires(RCU)
{
	struct rows *r = seq->private;
	void *row = SEQ_START_TOKEN;
	loff_t n;

	if (*pos && *pos == r->index) {
		xtcp_iter_start(&r->it);
		rows_restore(r);
		return rows_next(r);
	}
	/* From the start, or somewhere by lseek(). */
	xtcp_iter_exit(&r->it);
	xtcp_iter_enter(&r->it, r->net);
	xtcp_iter_start(&r->it);
	for (n = 0; n < *pos && row; n++)
		row = rows_next(r);
	r->index = *pos;
	return row;
}

static void *rows_advance(struct seq_file *seq, void *v, loff_t *pos)
	__must_hold(RCU)
{
	struct rows *r = seq->private;

	r->index = ++*pos;
	return rows_next(r);
}

static void rows_stop(struct seq_file *seq, void *v)
	__releases(RCU)
{
	struct rows *r = seq->private;

	xtcp_iter_stop(&r->it);
}

/* /proc counts time in ticks of USER_HZ. */
static unsigned long us_to_ticks(u64 us)
{
	return div_u64(us, USEC_PER_SEC / USER_HZ);
}

static u32 raw(const struct in6_addr *a, int word)
{
	return (__force u32)a->s6_addr32[word];
}

static void show_ends(struct seq_file *seq, const struct xtcp_ends *e)
{
	unsigned long sl = seq->index - 1;

	if (e->family == AF_INET)
		seq_printf(seq, "%4lu: %08X:%04X %08X:%04X", sl,
			   raw(&e->laddr, 3), e->lport, raw(&e->raddr, 3), e->rport);
	else
		seq_printf(seq, "%4lu: %08X%08X%08X%08X:%04X %08X%08X%08X%08X:%04X", sl,
			   raw(&e->laddr, 0), raw(&e->laddr, 1),
			   raw(&e->laddr, 2), raw(&e->laddr, 3), e->lport,
			   raw(&e->raddr, 0), raw(&e->raddr, 1),
			   raw(&e->raddr, 2), raw(&e->raddr, 3), e->rport);
}

static int show_flow(struct seq_file *seq, const struct xtcp_flow *flow)
{
	const void *object = flow;
	struct xtcp_view view;

	xtcp_view_fill(flow, &view);
	/* An entry may have been freed and made again since it was chosen. */
	if (view.ends.family != ((struct rows *)seq->private)->family)
		return SEQ_SKIP;
	if (flow->kind == XTCP_KIND_SOCK)
		object = xtcp_view_sk(flow);
	show_ends(seq, &view.ends);
	seq_printf(seq, " %02X %08X:%08X %02X:%08lX %08X %5u %8d %lu %d %pK",
		   view.state, view.tx_queue, view.rx_queue, view.timer,
		   us_to_ticks(view.expires_us), view.retransmits,
		   from_kuid_munged(seq_user_ns(seq), view.uid), view.probes,
		   view.inode, view.refs, object);
	if (flow->kind == XTCP_KIND_SOCK)
		seq_printf(seq, " %lu %lu %u %u %d", us_to_ticks(view.rto_us),
			   us_to_ticks(view.ato_us),
			   (view.quick << 1) | view.pingpong, view.cwnd,
			   view.ssthresh);
	return 0;
}

static int rows_show(struct seq_file *seq, void *v)
{
	struct rows *r = seq->private;
	bool v4 = r->family == AF_INET;
	int err = 0;

	if (v4)
		seq_setwidth(seq, ROW4_LEN);
	if (v == SEQ_START_TOKEN) {
		if (v4)
			seq_puts(seq, "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
		else
			seq_puts(seq, "  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode");
	} else {
		if (!xtcp_view_hold(v, r->net))
			return SEQ_SKIP;
		err = show_flow(seq, v);
		xtcp_view_drop(v);
	}
	if (v4)
		seq_pad(seq, '\n');
	else
		seq_putc(seq, '\n');
	return err;
}

static const struct seq_operations rows_ops = {
	.start	= rows_start,
	.next	= rows_advance,
	.stop	= rows_stop,
	.show	= rows_show,
};

static int rows_open(struct inode *inode, struct file *file, u8 family)
{
	struct net *net = maybe_get_net(pde_data(inode));
	struct rows *r;

	if (!net)
		return -ENXIO;
	r = __seq_open_private(file, &rows_ops, sizeof(*r));
	if (!r) {
		put_net(net);
		return -ENOMEM;
	}
	r->net = net;
	r->family = family;
	xtcp_iter_enter(&r->it, net);
	return 0;
}

static int rows_open4(struct inode *inode, struct file *file)
{
	return rows_open(inode, file, AF_INET);
}

static int rows_open6(struct inode *inode, struct file *file)
{
	return rows_open(inode, file, AF_INET6);
}

static int rows_release(struct inode *inode, struct file *file)
{
	struct rows *r = ((struct seq_file *)file->private_data)->private;

	xtcp_iter_exit(&r->it);
	put_net(r->net);
	return seq_release_private(inode, file);
}

static const struct proc_ops rows4_proc_ops = {
	.proc_open	= rows_open4,
	.proc_read_iter	= seq_read_iter,
	.proc_lseek	= seq_lseek,
	.proc_release	= rows_release,
};

static const struct proc_ops rows6_proc_ops = {
	.proc_open	= rows_open6,
	.proc_read_iter	= seq_read_iter,
	.proc_lseek	= seq_lseek,
	.proc_release	= rows_release,
};

static struct xtcp_mib *mib_of(struct seq_file *seq)
{
	struct xtcp_mib *sum = kmalloc(sizeof(*sum), GFP_KERNEL);

	if (sum)
		xtcp_mib_sum(xtcp_net(seq_file_single_net(seq)), sum);
	return sum;
}

/* SYN_SENT__RCV_SYN_ACK becomes EdgeSynSentRcvSynAck, which nstat can match. */
static void edge_name(struct seq_file *seq, const char *name)
{
	bool first = true;

	seq_puts(seq, " Edge");
	for (; *name; name++) {
		if (*name != '_')
			seq_putc(seq, first ? *name : tolower(*name));
		first = *name == '_';
	}
}

static int netstat_show(struct seq_file *seq, void *v)
{
	struct xtcp_mib *sum = mib_of(seq);
	int i;

	if (!sum)
		return -ENOMEM;
	/* nstat pairs names and values by position alone. */
	seq_puts(seq, "XTcp:");
	for (i = 0; i < XTCP_MIB_NR; i++)
		seq_printf(seq, " %s", xtcp_mib_names[i]);
	/* what waits is no counter */
	for (i = XTCP_VERDICT_WAITS + 1; i < XTCP_VERDICT_NR; i++)
		seq_printf(seq, " %s", xtcp_verdicts[i].counter);
	for (i = 0; i < XTCP_EDGE_NR; i++)
		edge_name(seq, xtcp_edges[i].name);
	seq_puts(seq, "\nXTcp:");
	for (i = 0; i < XTCP_MIB_NR; i++)
		seq_printf(seq, " %lu", sum->item[i]);
	for (i = XTCP_VERDICT_WAITS + 1; i < XTCP_VERDICT_NR; i++)
		seq_printf(seq, " %lu", sum->verdict[i]);
	for (i = 0; i < XTCP_EDGE_NR; i++)
		seq_printf(seq, " %lu", sum->edge[i]);
	seq_putc(seq, '\n');
	kfree(sum);
	return 0;
}

static int edges_show(struct seq_file *seq, void *v)
{
	struct xtcp_mib *sum = mib_of(seq);
	unsigned int i;

	if (!sum)
		return -ENOMEM;
	seq_printf(seq, "%10s  %-11s\n", "now", "state");
	for (i = 1; i < XTCP_STATE_NR; i++) {
		/* A TCB is born in CLOSE and dies there: nothing to count. */
		if (i != XTCP_CLOSE)
			seq_printf(seq, "%10ld  %s\n", xtcp_mib_in_state(sum, i),
				   xtcp_state_name(i));
	}
	seq_printf(seq, "\n%10s  %-11s  %-11s  %-18s  %-11s  %s\n", "count",
		   "from", "to", "event", "action", "RFC 9293");
	for (i = 0; i < XTCP_EDGE_NR; i++) {
		const struct xtcp_edge_desc *e = &xtcp_edges[i];

		seq_printf(seq, "%10lu  %-11s  %-11s  %-18s  %-11s  %s\n",
			   sum->edge[i], xtcp_state_name(e->from),
			   xtcp_state_name(e->to), xtcp_event_name(e->event),
			   *e->action ? e->action : "x", e->clause);
	}
	kfree(sum);
	return 0;
}

/* Why edges were taken and RSTs sent. */
static int reasons_show(struct seq_file *seq, void *v)
{
	struct xtcp_mib *sum = mib_of(seq);
	unsigned int i;

	if (!sum)
		return -ENOMEM;
	seq_printf(seq, "%10s  %10s  %10s  %-20s  %s\n", "edges", "RSTs", "sent", "reason",
		   "what happened");
	for (i = XTCP_WHY_NONE + 1; i < XTCP_WHY_NR; i++) {
		const struct xtcp_reason_desc *r = &xtcp_reasons[i];

		seq_printf(seq, "%10lu  %10lu  %10lu  %-20s  %s\n", sum->why[i], sum->rst[i],
			   sum->sent[i], r->name, r->text);
	}
	kfree(sum);
	return 0;
}

/* What became of all segments that came: a book whose sum is how many did. */
static int segments_show(struct seq_file *seq, void *v)
{
	struct xtcp_mib *sum = mib_of(seq);
	unsigned int i;

	if (!sum)
		return -ENOMEM;
	seq_printf(seq, "%10s  %-9s  %-15s  %s\n", "segments", "kind", "verdict",
		   "what became of them");
	for (i = XTCP_VERDICT_NONE + 1; i < XTCP_VERDICT_NR; i++) {
		const struct xtcp_verdict_desc *d = &xtcp_verdicts[i];

		seq_printf(seq, "%10lu  %-9s  %-15s  %s\n", sum->verdict[i],
			   xtcp_verdict_kinds[d->kind], d->name, d->text);
	}
	seq_printf(seq, "%10lu  sum\n%10lu  came\n", xtcp_mib_segments(sum),
		   sum->item[XTCP_MIB_IN_SEGS]);
	kfree(sum);
	return 0;
}

/**
 * xtcp_proc_netns_init - make a namespace's files
 * @net: the namespace; its xtcp_net is complete
 *
 * Return: 0 or -ENOMEM.  Process context.
 */
int xtcp_proc_netns_init(struct net *net)
{
	/* proc_create_net() has no hook for release, which a walk needs. */
	if (!proc_create_data("xtcp", 0444, net->proc_net, &rows4_proc_ops, net))
		goto fail;
	if (!proc_create_data("xtcp6", 0444, net->proc_net, &rows6_proc_ops, net))
		goto fail_xtcp;
	if (!proc_create_net_single("xtcp_netstat", 0444, net->proc_net,
				    netstat_show, NULL))
		goto fail_xtcp6;
	if (!proc_create_net_single("xtcp_edges", 0444, net->proc_net,
				    edges_show, NULL))
		goto fail_netstat;
	if (!proc_create_net_single("xtcp_reasons", 0444, net->proc_net,
				    reasons_show, NULL))
		goto fail_edges;
	if (!proc_create_net_single("xtcp_segments", 0444, net->proc_net,
				    segments_show, NULL))
		goto fail_reasons;
	return 0;

fail_reasons:
	remove_proc_entry("xtcp_reasons", net->proc_net);
fail_edges:
	remove_proc_entry("xtcp_edges", net->proc_net);
fail_netstat:
	remove_proc_entry("xtcp_netstat", net->proc_net);
fail_xtcp6:
	remove_proc_entry("xtcp6", net->proc_net);
fail_xtcp:
	remove_proc_entry("xtcp", net->proc_net);
fail:
	return -ENOMEM;
}

/**
 * xtcp_proc_netns_exit - remove a namespace's files
 * @net: the namespace; its xtcp_net still exists
 *
 * Returns when no reader is inside any more.  Process context.
 */
void xtcp_proc_netns_exit(struct net *net)
{
	remove_proc_entry("xtcp_segments", net->proc_net);
	remove_proc_entry("xtcp_reasons", net->proc_net);
	remove_proc_entry("xtcp_edges", net->proc_net);
	remove_proc_entry("xtcp_netstat", net->proc_net);
	remove_proc_entry("xtcp6", net->proc_net);
	remove_proc_entry("xtcp", net->proc_net);
}
