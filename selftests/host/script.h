/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tests as exchanges with a peer that does what the script says.
 *
 *	TEST(input__in_order_text_is_acknowledged)
 *	{
 *		given(ESTABLISHED);
 *		rcv("P. 1:101(100) ack 1");
 *		expect(". 1:1(0) ack 101");
 *		expect_read(100);
 *	}
 *
 * Segments are written as tcpdump and packetdrill write them, with sequence
 * numbers from the ISS and IRS, which are 0: so the first byte of either
 * direction is 1.  "seq" may stand for "seq:end(len)" when there is no payload.
 * Options are mss N, wscale N, sackOK, TS val N ecr N, and sack A:B,C:D with numbers
 * of the other side; "sack none" expects that there are no SACK blocks.
 * "merged N" is a segment that was merged of some of N bytes, the last maybe of less.
 * "ect0" and "ce" are the ECN field of the IP header; without, it is not ECN-capable.
 * What a segment of the peer does not mention is: win, the last one; no options.
 * What an expectation does not mention may be anything.
 *
 * A test fails when a segment leaves that it does not expect, and each is run
 * with several ISS and IRS, some of which wrap around in its middle.
 */
#ifndef XTCP_HOST_SCRIPT_H
#define XTCP_HOST_SCRIPT_H

#include "endpoint.h"

#define MSS	1000	/* of both ends */

/* the endpoint that is tested, and what it will be like: change before given() */
extern struct endpoint ep;
extern struct endpoint_conf conf;
extern xtcp_usec_t now;

void script_add(const char *name, void (*fn)(void));
int script_main(void);

/* what the peer's SYN has behind its MSS, as " sackOK": change before given() */
extern const char *peer_options;

/* with so many pairs of ISS and IRS; all of them by default */
extern unsigned int script_bases;

/* for tests that are made at run time: script_arg is @arg while one runs */
extern unsigned int script_arg;
void script_add_arg(const char *name, void (*fn)(void), unsigned int arg);

/* one of these per test */
#define TEST(name)							\
	static void name(void);						\
	static void __attribute__((constructor)) add_##name(void)	\
	{								\
		script_add(#name, name);				\
	}								\
	static void name(void)

#define TESTS_MAIN							\
	int main(void)							\
	{								\
		return script_main();					\
	}

void fail(const char *file, int line, const char *fmt, ...)
	__printf(3, 4) __noreturn;

#define CHECK(cond)							\
	do {								\
		if (!(cond))						\
			fail(__FILE__, __LINE__, "%s", #cond);		\
	} while (0)

#define CHECK_EQ(a, b)							\
	do {								\
		long long a_ = (a), b_ = (b);				\
									\
		if (a_ != b_)						\
			fail(__FILE__, __LINE__, "%s is %lld, not %lld", \
			     #a, a_, b_);				\
	} while (0)

/* Where the test begins: a state, reached the shortest way. */
void script_given(const char *file, int line, u8 state, bool active);
#define given(state)		script_given(__FILE__, __LINE__, XTCP_##state, false)
#define given_active(state)	script_given(__FILE__, __LINE__, XTCP_##state, true)

/* The peer. */
void script_rcv(const char *file, int line, const char *text);
#define rcv(text)		script_rcv(__FILE__, __LINE__, text)
__printf(3, 4)
void script_rcvf(const char *file, int line, const char *fmt, ...);
#define rcvf(...)		script_rcvf(__FILE__, __LINE__, __VA_ARGS__)
void script_expect(const char *file, int line, const char *text);
#define expect(text)		script_expect(__FILE__, __LINE__, text)
__printf(3, 4)
void script_expectf(const char *file, int line, const char *fmt, ...);
#define expectf(...)		script_expectf(__FILE__, __LINE__, __VA_ARGS__)
void script_expect_nothing(const char *file, int line);
#define expect_nothing()	script_expect_nothing(__FILE__, __LINE__)
unsigned int ignore_output(void);
bool script_pop_flags(u8 *flags);
void peer_window(u16 wnd);
void script_init(void);

/* The user. */
void usr_listen(void);
void usr_connect(void);
void usr_shutdown(void);
void usr_close(void);
void usr_abort(void);
void script_write(const char *file, int line, u32 len);
#define usr_write(len)		script_write(__FILE__, __LINE__, len)
void script_expect_read(const char *file, int line, u32 len);
#define expect_read(len)	script_expect_read(__FILE__, __LINE__, len)

/* The clock, in milliseconds: timers fire on the way. */
void advance(u32 ms);
void advance_us(xtcp_usec_t us);

/* What it is like now. */
void script_expect_state(const char *file, int line, u8 state);
#define expect_state(name)	script_expect_state(__FILE__, __LINE__, XTCP_##name)
void script_expect_edge(const char *file, int line, unsigned int edge);
#define expect_edge(name)	script_expect_edge(__FILE__, __LINE__, XTCP_EDGE_##name)
/* an edge was taken, or a RST sent, for this reason */
void script_expect_why(const char *file, int line, unsigned int why);
#define expect_why(name)	script_expect_why(__FILE__, __LINE__, XTCP_WHY_##name)
void script_expect_verdict(const char *file, int line, unsigned int drop);
#define expect_verdict(name)	script_expect_verdict(__FILE__, __LINE__, XTCP_VERDICT_##name)
void script_expect_error(const char *file, int line, int error);
#define expect_error(errno_)	script_expect_error(__FILE__, __LINE__, errno_)
/* deadline of a timer from now, milliseconds; -1: off */
long due_ms(enum xtcp_timer timer);

/* Sequence numbers as in the script. */
u32 our(u32 seq);
u32 peers(u32 seq);

#endif /* XTCP_HOST_SCRIPT_H */
