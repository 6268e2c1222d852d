// SPDX-License-Identifier: GPL-2.0
/*
 * A socket that sends: see sender.h.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sender.h"
#include "util.h"

/* How often a handshake begins that is to take so long and no longer. */
#define SHAKES	5

/**
 * open_sender - a connection whose peer opened it, to send to
 * @p: the peer
 * @offers: SENDER_*
 *
 * Tail loss probes are off, since on a slow machine every tail seems to be
 * lost; those who want them set net.xtcp.early_retrans. Each write is sent at
 * once (TCP_NODELAY).
 *
 * Return: the descriptor.
 */
int open_sender(struct peer *p, unsigned int offers)
{
	return open_sender_rtt(p, offers, 0);
}

/* The peer's SYN, and the answer. */
static void begin(struct peer *p, unsigned int offers)
{
	if (offers & SENDER_TS) {
		packets(p, offers & SENDER_SACK ?
			   "< S  0:0(0) win 65535 <mss 1012,sackOK,TS val 100 ecr 0>" :
			   "< S  0:0(0) win 65535 <mss 1012,nop,nop,TS val 100 ecr 0>",
			   "> S. 0:0(0) ack 1");
		p->ts = true;
		p->tsval = 101;
	} else {
		packets(p, offers & SENDER_SACK ?
			   "< S  0:0(0) win 65535 <mss 1000,nop,nop,sackOK>" :
			   "< S  0:0(0) win 65535 <mss 1000>",
			   "> S. 0:0(0) ack 1");
	}
}

/*
 * Shake hands, in @rtt_ms milliseconds.
 * Return: the descriptor; -1: this machine took so long that the SYN,ACK came again.
 */
static int shake_hands(struct peer *p, int listener, unsigned int offers,
		       unsigned int rtt_ms)
{
	int fd;

	begin(p, offers);
	if (rtt_ms && peer_hears(p, rtt_ms))
		return -1;
	packets(p, "<  . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	if (!rtt_ms || !peer_hears(p, 0))
		return fd;
	close(fd);
	return -1;
}

/**
 * open_sender_rtt - the same, and the handshake takes a while
 * @p: the peer
 * @offers: SENDER_*
 * @rtt_ms: round-trip time, milliseconds
 *
 * Who is kept from the processor until the SYN,ACK comes again begins anew.
 *
 * Return: the descriptor.
 */
int open_sender_rtt(struct peer *p, unsigned int offers, unsigned int rtt_ms)
{
	int listener = start_listen(p->w, 8), fd, tries = 0;

	conf_set("early_retrans", "0");
	p->lport = WIRE_PORT;
	p->port = 40000;
	while ((fd = shake_hands(p, listener, offers, rtt_ms)) < 0) {
		if (++tries == SHAKES)
			wire_fail(p->w, "the SYN,ACK came again each time within %u ms", rtt_ms);
		packets(p, "< R 1:1(0)");
		p->port++;
		p->synced = false;
		p->ts = false;
	}
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	close(listener);
	return fd;
}

/**
 * queue_segs - write segments
 * @fd: socket
 * @first: the number of the first one in the stream, from 0
 * @n: how many
 */
void queue_segs(int fd, unsigned int first, unsigned int n)
{
	put_pattern(fd, first * SEG, n * SEG);
}

/**
 * segs_leave - segments must come
 * @p: the peer
 * @first: the number of the first one in the stream, from 0
 * @n: how many
 */
void segs_leave(struct peer *p, unsigned int first, unsigned int n)
{
	for (; n; first++, n--)
		packets(p, fmt("> * %u:%u(%u) ack 1", 1 + first * SEG,
			       1 + (first + 1) * SEG, SEG));
}

/**
 * send_segs - segments are written, and leave
 * @p: the peer
 * @fd: socket
 * @first: the number of the first one in the stream, from 0
 * @n: how many
 */
void send_segs(struct peer *p, int fd, unsigned int first, unsigned int n)
{
	queue_segs(fd, first, n);
	segs_leave(p, first, n);
}

/* ---- TCP_INFO ------------------------------------------------------------ */

struct tcp_info info_of(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

static const char *const ca_states[] = { "open", "disorder", "cwr", "recovery", "loss" };

static unsigned int number_of(const struct tcp_info *info, const char *name)
{
	const struct {
		const char *name;
		unsigned int value;
	} fields[] = {
		{ "unacked", info->tcpi_unacked },
		{ "sacked", info->tcpi_sacked },
		{ "lost", info->tcpi_lost },
		{ "retrans", info->tcpi_retrans },
		{ "total_retrans", info->tcpi_total_retrans },
		{ "retransmits", info->tcpi_retransmits },
		{ "backoff", info->tcpi_backoff },
		{ "probes", info->tcpi_probes },
		{ "cwnd", info->tcpi_snd_cwnd },
		{ "ssthresh", info->tcpi_snd_ssthresh },
		{ "reordering", info->tcpi_reordering },
		{ "reord_seen", info->tcpi_reord_seen },
		{ "dsack_dups", info->tcpi_dsack_dups },
		{ "delivered", info->tcpi_delivered },
		{ "notsent", info->tcpi_notsent_bytes },
		{ "mss", info->tcpi_snd_mss },
	};
	unsigned int i;

	for (i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (!strcmp(fields[i].name, name))
			return fields[i].value;
	fprintf(stderr, "# TCP_INFO has no \"%s\" here\n", name);
	abort();
}

/**
 * info_differs - compare TCP_INFO
 * @fd: socket
 * @want: words: the state of congestion control (open, disorder, cwr, recovery,
 *	  loss), and names of fields with values, as "sacked 3 lost 1"
 *
 * Return: NULL, or which of them differ.
 */
const char *info_differs(int fd, const char *want)
{
	struct tcp_info info = info_of(fd);
	const char *state = ca_states[info.tcpi_ca_state];
	static char why[512];
	char name[32];
	size_t len = 0;
	int n;

	for (; sscanf(want, " %31s%n", name, &n) == 1; want += n) {
		unsigned int wanted, seen;
		bool is_state = false;
		int i;

		for (i = 0; i < 5; i++)
			is_state |= !strcmp(name, ca_states[i]);
		want += n;
		n = 0;
		if (is_state) {
			if (strcmp(name, state))
				len += snprintf(why + len, sizeof(why) - len,
						"%s, not %s; ", state, name);
			continue;
		}
		seen = number_of(&info, name);
		if (sscanf(want, "%u%n", &wanted, &n) != 1)
			abort();
		if (seen != wanted)
			len += snprintf(why + len, sizeof(why) - len,
					"%s %u, not %u; ", name, seen, wanted);
	}
	return len ? why : NULL;
}
