// SPDX-License-Identifier: GPL-2.0
/*
 * The counters of /proc/net/xtcp_netstat, and what each of them means.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/xtcp_verdict.h>

#include "xtcpstat.h"

#define COUNTERS	"/proc/net/xtcp_netstat"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

static const struct meaning {
	const char *name;
	const char *text;
} meanings[] = {
	{ "ActiveOpens",	"active connection openings" },
	{ "PassiveOpens",	"passive connection openings" },
	{ "AttemptFails",	"failed connection attempts" },
	{ "EstabResets",	"connection resets received" },
	{ "InSegs",		"segments received" },
	{ "OutSegs",		"segments sent out" },
	{ "RetransSegs",	"segments retransmitted" },
	{ "OutRsts",		"resets sent" },
	{ "Timeouts",		"retransmission timeouts" },
	{ "TimeoutRehash",	"of those, times that another path was chosen" },
	{ "FastRetrans",	"segments retransmitted in fast recovery" },
	{ "SlowStartRetrans",	"segments retransmitted in slow start after a timeout" },
	{ "LostRetransmit",	"retransmissions that were lost as well" },
	{ "RetransFail",	"retransmissions that could not be sent" },
	{ "SpuriousRtxHostQueues", "retransmissions of what had not left this host" },
	{ "WqueueTooBig",	"send buffers not split for being too many" },
	{ "RenoRecovery",	"losses found by duplicate ACKs" },
	{ "SackRecovery",	"losses found by selective acknowledgments" },
	{ "RenoReorder",	"times reordering was found by duplicate ACKs" },
	{ "SACKReorder",	"times reordering was found by selective acknowledgments" },
	{ "TSReorder",		"times reordering was found by timestamps" },
	{ "SACKReneging",	"times a peer forgot what it had acknowledged selectively" },
	{ "SACKDiscard",	"impossible SACK blocks" },
	{ "DSACKRecv",		"reports of duplicates of old data received" },
	{ "DSACKOfoRecv",	"reports of duplicates of data out of order received" },
	{ "DSACKRecvSegs",	"segments in all reports of duplicates received" },
	{ "DSACKIgnoredOld",	"reports of duplicates too old to mean anything" },
	{ "DSACKIgnoredNoUndo",	"reports of duplicates with nothing to undo" },
	{ "DSACKIgnoredDubious", "reports of more duplicates than were sent" },
	{ "FullUndo",		"congestion windows restored at the end of recovery" },
	{ "PartialUndo",	"congestion windows restored during recovery" },
	{ "DSACKUndo",		"congestion windows restored as duplicates were reported" },
	{ "LossUndo",		"congestion windows restored after a timeout" },
	{ "SpuriousRTOs",	"timeouts that F-RTO found to be spurious" },
	{ "LossProbes",		"tail loss probes sent" },
	{ "LossProbeRecovery",	"losses repaired by a tail loss probe" },
	{ "RenoFailures",	"timeouts after duplicate ACKs" },
	{ "SackFailures",	"timeouts after selective acknowledgments" },
	{ "LossFailures",	"timeouts in slow start after a timeout" },
	{ "RenoRecoveryFail",	"timeouts in recovery without SACK" },
	{ "SackRecoveryFail",	"timeouts in recovery with SACK" },
	{ "AutoCorking",	"small writes held back until what is in the queues has left" },
	{ "DelayedACKs",	"delayed ACKs sent" },
	{ "AckCompressed",	"ACKs saved behind gaps by waiting for more segments" },
	{ "OFOQueue",		"segments queued out of order" },
	{ "PruneCalled",	"times that a full receive buffer was pruned" },
	{ "OfoPruned",		"of those, times that it gave up what waited behind gaps" },
	{ "RcvCollapsed",	"buffers merged as receive memory became short" },
	{ "OFOMerge",		"segments queued out of order that came again in another one" },
	{ "DSACKOldSent",	"duplicates of old data reported" },
	{ "DSACKOfoSent",	"duplicates of data queued out of order reported" },
	{ "OptionIgnored",	"segments with an option of the wrong length, which was skipped" },
	{ "BeyondWindow",	"segments that end behind the receive window, and were dropped" },
	{ "ZeroWindowDrop",	"segments in order dropped as the receive window was shut" },
	{ "RcvQDrop",		"segments in order dropped as the receive buffer was full" },
	{ "OFODrop",		"out-of-order segments dropped for lack of memory" },
	{ "RcvPruned",		"out-of-order segments thrown away again" },
	{ "RcvCoalesce",	"segments merged in receive queues" },
	{ "BacklogCoalesce",	"segments merged in socket backlogs" },
	{ "ChallengeACK",	"challenge ACKs sent" },
	{ "ChallengeLimited",	"challenge ACKs withheld by the rate limit" },
	{ "DupAckSent",		"duplicate ACKs sent" },
	{ "ACKSkipped",		"ACKs of invalid segments withheld by the rate limit" },
	{ "ReqQFullDoCookies",	"SYNs answered with a cookie: the SYN queue was full" },
	{ "ReqQFullDrop",	"SYNs dropped: the SYN queue was full" },
	{ "SyncookiesSent",	"SYN cookies sent" },
	{ "SyncookiesRecv",	"SYN cookies that came back" },
	{ "SyncookiesFailed",	"ACKs that brought no valid SYN cookie" },
	{ "FastOpenActive",	"SYNs whose text the server took (Fast Open)" },
	{ "FastOpenActiveFail",	"SYNs whose text the server did not take, or that timed out" },
	{ "FastOpenPassive",	"connections that a SYN with a Fast Open cookie made" },
	{ "FastOpenPassiveFail", "SYNs whose Fast Open cookie was not good" },
	{ "FastOpenPassiveAltKey", "SYNs whose Fast Open cookie was good by the backup key" },
	{ "FastOpenListenOverflow", "SYNs with Fast Open while too many were pending" },
	{ "FastOpenCookieReqd",	"SYNs that asked for a Fast Open cookie" },
	{ "FastOpenBlackhole",	"times that active Fast Open was switched off for a while" },
	{ "ListenDrops",	"SYNs to listening sockets dropped, for whatever reason" },
	{ "TW",			"connections that entered TIME_WAIT" },
	{ "TWRecycled",		"TIME_WAIT entries taken over by new connections" },
	{ "TWOverflow",		"TIME_WAIT entries not made because of their number" },
	{ "AbortOnData",	"connections reset due to unexpected data" },
	{ "AbortOnClose",	"connections reset due to early user close" },
	{ "AbortOnTimeout",	"connections aborted due to timeout" },
	{ "AbortOnLinger",	"connections aborted after user close in linger timeout" },
	{ "AbortOnMemory",	"connections aborted due to memory pressure" },
	{ "MemoryPressures",	"times that memory for buffers became short" },
	{ "KeepAlive",		"keepalive probes sent" },
	{ "WinProbe",		"zero-window probes sent" },
	{ "OutNoMemory",	"segments not sent for lack of memory" },
	{ "OutError",		"segments refused by the IP layer" },
	{ "IcmpIn",		"ICMP errors for our connections" },
	{ "OutOfWindowIcmps",	"ICMP errors ignored: sequence number outside the window" },
	{ "PmtuShrunk",		"times that a path MTU shrank" },
	{ "NoEdge",		"events for which the state machine has no edge" },
	{ "EventLost",		"transitions not reported over netlink" },
};

/* What became of segments. */
#define VERDICT(name, kind, counter, text, clause)	{ counter, text },
static const struct meaning verdicts[] = {
	XTCP_VERDICTS(VERDICT)
};

/* EdgeSynSentRcvSynAck is SYN_SENT__RCV_SYN_ACK: case and '_' do not count. */
static bool same_edge(const char *camel, const char *name)
{
	for (;; camel++, name++) {
		while (*name == '_')
			name++;
		if (tolower((unsigned char)*camel) != tolower((unsigned char)*name))
			return false;
		if (!*name)
			return true;
	}
}

static bool edge_meaning(char *buf, size_t size, const char *camel)
{
	static struct machine m;
	unsigned int i;

	if (!m.nr_edges)
		machine_init(&m);
	for (i = 0; i < m.nr_edges; i++) {
		const struct edge *e = &m.edge[i];

		if (!same_edge(camel, e->name))
			continue;
		snprintf(buf, size, "transitions %s -> %s on %s", state_text(e->from),
			 state_text(e->to), event_text(e->event));
		return true;
	}
	return false;
}

static const struct meaning *find(const struct meaning *table, size_t nr, const char *name)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
	}
	return NULL;
}

/**
 * counter_is_verdict - whether a counter is one of the book of segments
 * @name: the counter, without XTcp
 *
 * Return: that.
 */
bool counter_is_verdict(const char *name)
{
	return find(verdicts, NR(verdicts), name);
}

/**
 * counter_meaning - what a counter counts
 * @buf: out
 * @size: of @buf, bytes
 * @name: the counter, without XTcp
 *
 * Return: false when this program does not know it; @buf is empty then.
 */
bool counter_meaning(char *buf, size_t size, const char *name)
{
	const struct meaning *m = find(verdicts, NR(verdicts), name);

	if (m) {
		snprintf(buf, size, "segments: %s", m->text);
		return true;
	}
	m = find(meanings, NR(meanings), name);
	if (m) {
		snprintf(buf, size, "%s", m->text);
		return true;
	}
	if (!strncmp(name, "Edge", 4) && edge_meaning(buf, size, name + 4))
		return true;
	*buf = '\0';
	return false;
}

/**
 * counters_read - read all counters
 * @seen: is told of each, without XTcp
 * @arg: for @seen
 *
 * Ends the program when there are none.
 */
void counters_read(counter_seen_t seen, void *arg)
{
	char *names = NULL, *values = NULL, *name, *value, *n, *v;
	size_t names_size = 0, values_size = 0;
	FILE *f = fopen(COUNTERS, "re");

	if (!f && errno == ENOENT)
		die_not_loaded();
	if (!f || getline(&names, &names_size, f) < 0 ||
	    getline(&values, &values_size, f) < 0)
		die(COUNTERS ": %s", strerror(errno));
	fclose(f);
	strtok_r(names, " \n", &n);	/* "XTcp:" twice */
	strtok_r(values, " \n", &v);
	for (;;) {
		name = strtok_r(NULL, " \n", &n);
		value = strtok_r(NULL, " \n", &v);
		if (!name || !value)
			break;
		seen(name, strtoull(value, NULL, 10), arg);
	}
	free(names);
	free(values);
}

/**
 * struct listing - where counters go
 * @opt: the command line
 * @json: an object, NULL: they are printed
 */
struct listing {
	const struct options *opt;
	json_t *json;
};

static void show(const char *name, uint64_t value, void *arg)
{
	const struct listing *l = arg;
	char text[128], key[64];

	if (!value && !l->opt->all)
		return;
	if (l->json) {
		snprintf(key, sizeof(key), "XTcp%s", name);
		json_object_set_new(l->json, key, json_integer(value));
		return;
	}
	counter_meaning(text, sizeof(text), name);
	if (l->opt->statistics)
		printf("    %llu %s\n", (unsigned long long)value, *text ? text : name);
	else
		printf("XTcp%-36s %12llu  %s\n", name, (unsigned long long)value, text);
}

/**
 * command_counters - "xtcpstat counters" and -s: the counters
 * @opt: the command line
 *
 * With -s in the manner of netstat, otherwise of nstat.
 *
 * Return: exit status.
 */
int command_counters(const struct options *opt)
{
	struct listing l = { .opt = opt, .json = opt->json ? json_object() : NULL };

	if (opt->statistics && !l.json)
		puts("XTcp:");
	counters_read(show, &l);
	segments_show(opt, l.json);
	if (l.json)
		print_json(l.json);
	return EXIT_SUCCESS;
}
