/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests that read like a packet trace.
 *
 * A wire is a network namespace with one TUN device: the sockets under test
 * are on its local end, 192.0.2.1, and the test itself plays every host
 * beyond, byte by byte.  Most tests need one peer, 192.0.2.2:
 *
 *	fd = start_connect(p);
 *	packets(p, "> S  0:0(0) <mss 1460,sackOK,TS *,nop,wscale *>",
 *		   "< S. 0:0(0) ack 1 win 65535 <mss 1460>",
 *		   "> .  1:1(0) ack 1");
 *
 * A line is "<", a segment that the peer sends, or ">", the next one that must
 * come from the socket.  Sequence numbers are relative to the ISS of whoever
 * sends them, acknowledgements to that of the other side; =N is an absolute
 * number.  In full:
 *
 *	[+T] > FLAGS SEQ:END(LEN) [ack N] [win N] [urg N] [ECN] [<OPTION,...>]
 *	     < FLAGS SEQ:END(LEN) [ack N] [win N] [urg N] [ECN] [<OPTION,...>] [!RAW ...]
 *	quiet MS		nothing may come for this many milliseconds
 *
 * FLAGS	S F R P U E W, and "." for ACK; - none; * any
 * T		seconds since the previous line, with a tolerance for slow
 *		machines: too early is what comes too early however late the
 *		previous line was read; without it the segment may come at any time
 * ECN	noect, ect0, ect1, ce: the field in the IP header; ">" without it accepts
 *		any and "<" sends noect
 * OPTION	mss N, wscale N, sackOK, TS val N ecr N, sack A:B C:D, nop, eol,
 *		md5, hex DIGITS.  A list names every option in its order; without a
 *		list ">" accepts any and "<" sends none (timestamps, once they
 *		are agreed on).  "ecr last" echoes the newest TSval.  With a secret
 *		(RFC 2385) "md5" is the right signature; what comes without one is
 *		wrong, and what the peer sends without a list has one.
 * RAW		merged N: one that was merged of some of N bytes (wire_open_device());
 *		badcsum: wrong checksum; short N: only N bytes of the TCP
 *		segment; off N: this data offset; urg N: urgent pointer
 *
 * In ">" each number may be *, and win may be >N.  Payload is checked: see
 * wire_pattern().
 *
 * The environment variable WIRE_FAMILY=inet runs a test against the kernel's
 * own TCP.  All that is meant to be as Linux does passes with both.  With
 * WIRE_FAMILY=protosw the sockets of AF_XTCP are made by AF_INET (IPPROTO_XTCP).
 *
 * Errors of the set-up and unexpected segments end the test by abort(), which
 * the harness reports as an assertion, after the whole exchange was printed.
 */
#ifndef XTCP_SELFTESTS_WIRE_H
#define XTCP_SELFTESTS_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_LOCAL	"192.0.2.1"
#define WIRE_REMOTE	"192.0.2.2"
#define WIRE_MTU	1500
#define WIRE_MSS	1460
/* Port of servers under test, and of the peer when it is the server. */
#define WIRE_PORT	8080

struct wire_packet;

/**
 * struct wire - a namespace with a TUN device
 * @family: of the sockets under test, AF_XTCP or AF_INET
 * @tun: the device
 * @vnet: a struct virtio_net_hdr comes before each packet
 * @start: when it was made, nanoseconds
 * @last: when the last segment had been read or written, nanoseconds
 * @last_since: when it had not left yet
 * @silent: when nothing was to be read for the last time
 * @stalled: how much longer than asked for it took to look for what is expected, nanoseconds
 * @trace: what happened so far, for people
 * @trace_len: its length, bytes
 * @pending: segments that were read but belong to another peer
 */
struct wire {
	int			family;
	int			tun;
	bool			vnet;
	uint64_t		start;
	uint64_t		last;
	uint64_t		last_since;
	uint64_t		silent;
	uint64_t		stalled;
	char			*trace;
	size_t			trace_len;
	struct wire_packet	*pending;
};

/**
 * struct peer - a connection's other end
 * @w: its wire
 * @addr: its address, network order
 * @laddr: the socket's address, network order
 * @port: its port
 * @lport: the socket's port, 0: that of the next SYN
 * @iss: its initial sequence number
 * @irs: the socket's, when @synced
 * @synced: a SYN of the socket was seen
 * @ts: timestamps are agreed on
 * @tsval: its next TSval
 * @ts_recent: newest TSval of the socket
 * @win: window field of segments without "win"
 * @rcv_win: window field of the last segment that came
 * @ecn: ECN field of what the peer sends
 * @tos: the rest of that byte
 * @ttl: TTL of what it sends
 * @secret: what segments are signed with, NULL: nothing
 * @no_verify: do not compare payload with wire_pattern()
 * @last: the last segment that came, from its IP header on
 * @last_len: length of @last, bytes
 * @ip_opts: IP options of every packet that the peer sends
 * @ip_opts_len: their length, bytes, a multiple of four
 */
struct peer {
	struct wire	*w;
	uint32_t	addr;
	uint32_t	laddr;
	uint16_t	port;
	uint16_t	lport;
	uint32_t	iss;
	uint32_t	irs;
	bool		synced;
	bool		ts;
	uint32_t	tsval;
	uint32_t	ts_recent;
	uint16_t	win;
	uint16_t	rcv_win;
	uint8_t		ecn;
	uint8_t		tos;
	uint8_t		ttl;
	const char	*secret;
	bool		no_verify;
	uint8_t		last[WIRE_MTU];
	size_t		last_len;
	uint8_t		ip_opts[40];
	size_t		ip_opts_len;
};

const char *wire_open(struct wire *w);
const char *wire_open_device(struct wire *w, short flags);
void wire_long_rto(void);
void wire_queue(uint32_t limit);
void wire_close(struct wire *w);
void wire_note(struct wire *w, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void wire_fail(struct wire *w, const char *format, ...)
	__attribute__((format(printf, 2, 3), noreturn));

void peer_init(struct peer *p, struct wire *w);
void peer_clone(struct peer *p, const struct peer *from, uint16_t port);
void peer_icmp(struct peer *p, uint8_t type, uint8_t code, uint32_t info);
bool peer_hears(struct peer *p, unsigned int ms);
void peer_settle(struct peer *p, unsigned int ms);

/**
 * packets - play an exchange
 * @p: the peer
 * @...: lines as described at the head of this file
 */
#define packets(p, ...)							\
	__packets(p, __FILE__, __LINE__, (const char *const []){ __VA_ARGS__, NULL })
void __packets(struct peer *p, const char *file, int line,
	       const char *const *lines);

const char *fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));

uint8_t wire_pattern(size_t offset);
void put_pattern(int fd, size_t offset, size_t len);
void get_pattern(int fd, size_t offset, size_t len);

/* Sockets under test. */
int wire_socket(struct wire *w, int type);
int start_listen(struct wire *w, int backlog);
int start_connect(struct peer *p);
int do_accept(struct wire *w, int listener);
int open_active(struct peer *p);
int open_passive(struct peer *p);
struct sockaddr_in peer_sockaddr(const struct peer *p);
struct sockaddr_in wire_sockaddr(uint16_t port);

int peer_state(const struct peer *p);

#endif /* XTCP_SELFTESTS_WIRE_H */
