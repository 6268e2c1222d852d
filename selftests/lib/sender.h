/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket that sends, and what it knows about it.
 *
 * Segments have 1,000 bytes, ten may leave at first, and TCP_INFO is compared by
 * name:
 *
 *	fd = open_sender(p, SENDER_SACK);
 *	send_segs(p, fd, 0, 10);
 *	packets(p, "< . 1:1(0) ack 1 <nop,nop,sack 1001:4001>",
 *		   "> . 1:1001(1000) ack 1");
 *	EXPECT_INFO(fd, "recovery sacked 3 lost 1 retrans 1 cwnd 7");
 */
#ifndef XTCP_SELFTESTS_SENDER_H
#define XTCP_SELFTESTS_SENDER_H

/* has more than <netinet/tcp.h>, which cannot be beside it */
#include <linux/tcp.h>

#include "wire.h"

#define SEG	1000
#define CWND	10

/* What the peer offers in its SYN. */
#define SENDER_SACK	0x01
#define SENDER_TS	0x02

int open_sender(struct peer *p, unsigned int offers);
int open_sender_rtt(struct peer *p, unsigned int offers, unsigned int rtt_ms);
void send_segs(struct peer *p, int fd, unsigned int first, unsigned int n);
void queue_segs(int fd, unsigned int first, unsigned int n);
void segs_leave(struct peer *p, unsigned int first, unsigned int n);

struct tcp_info info_of(int fd);
const char *info_differs(int fd, const char *want);

/* TCP_INFO now: see info_differs(). */
#define EXPECT_INFO(fd, want)						\
	do {								\
		const char *__why = info_differs(fd, want);		\
									\
		EXPECT_NULL(__why) {					\
			TH_LOG("%s", __why);				\
		}							\
	} while (0)

#endif /* XTCP_SELFTESTS_SENDER_H */
