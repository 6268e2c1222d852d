/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fixture of every wire test: self->w, and one peer that tests call p.
 */
#ifndef XTCP_SELFTESTS_FIXTURE_H
#define XTCP_SELFTESTS_FIXTURE_H

/*
 * The harness keeps a variable across setjmp(); whether the compiler notices
 * depends on what it inlines.
 */
#pragma GCC diagnostic ignored "-Wclobbered"

#include "harness.h"

#include "siit.h"
#include "util.h"
#include "wire.h"

/**
 * WIRE_FIXTURE - define a fixture, once per file
 * @name: its name, the first part of the tests' names
 *
 * A test may be kept from the processor between two lines, so nothing is sent again before
 * it had the time to answer: see wire_long_rto().
 */
#define WIRE_FIXTURE(name)	__WIRE_FIXTURE(name, wire_long_rto())

/* WIRE_FIXTURE_TIMERS - the same for tests of what is sent again, with the usual timers */
#define WIRE_FIXTURE_TIMERS(name)	__WIRE_FIXTURE(name, (void)0)

/* WIRE_FIXTURE_6 - of what is about IPv6 itself: the wire is one of IPv6 */
#define WIRE_FIXTURE_6(name)						\
	__WIRE_FIXTURE_ON(name, setenv("WIRE_IP", "6", 1), wire_long_rto())

#define __WIRE_FIXTURE(name, prepare)	__WIRE_FIXTURE_ON(name, (void)0, prepare)

#define __WIRE_FIXTURE_ON(name, choose, prepare)			\
	FIXTURE(name) {							\
		struct wire w;						\
		struct peer p;						\
	};								\
	FIXTURE_SETUP(name)						\
	{								\
		const char *missing;					\
									\
		choose;							\
		missing = wire_open(&self->w);				\
		if (missing)						\
			SKIP(return, "%s", missing);			\
		peer_init(&self->p, &self->w);				\
		prepare;						\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
		wire_close(&self->w);					\
	}

/* What only xtcp has. */
#define XTCP_ONLY()							\
	do {								\
		if (test_inet())					\
			SKIP(return, "the kernel's TCP has no such thing"); \
	} while (0)

/* What is about IPv4 itself. */
#define IPV4_ONLY(why)							\
	do {								\
		if (siit_mode() == SIIT_6)				\
			SKIP(return, "IPv4 only: " why);		\
	} while (0)

/* The socket's state, once it got there. */
#define ASSERT_STATE(fd, state)						\
	ASSERT_TRUE(await(fd_state(fd) == (state))) {			\
		TH_LOG("state %d instead of %s", fd_state(fd), #state);	\
	}

/* The state of the peer's connection, which may have lost its socket. */
#define ASSERT_PEER_STATE(p, state)					\
	ASSERT_TRUE(await(peer_state(p) == (state))) {			\
		TH_LOG("state %d instead of %s", peer_state(p), #state); \
	}

#endif /* XTCP_SELFTESTS_FIXTURE_H */
