/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The same calls on a socket of the kernel's TCP and on one of xtcp.
 *
 * A story is a function that makes system calls and tells what they returned.
 * The test runs it for both families, each time in a new namespace, and wants
 * to hear the same story twice. So the expected values are Linux's own.
 */
#ifndef XTCP_SELFTESTS_STORY_H
#define XTCP_SELFTESTS_STORY_H

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fixture.h"

/**
 * struct story - what a function told
 * @family: of the sockets that it makes
 * @text: its lines
 * @len: their length, bytes
 * @w: a namespace with a loopback device and a wire at which nobody answers
 */
struct story {
	int		family;
	char		text[65536];
	size_t		len;
	struct wire	w;
};

/* tell - note an expression, its value and errno */
#define tell(s, expr)							\
	do {								\
		long __v;						\
									\
		errno = 0;						\
		__v = (long)(expr);					\
		tell_value(s, #expr, __v, __v < 0 ? errno : 0);		\
	} while (0)
/* tell_fd - the same for a descriptor, whose number does not matter */
#define tell_fd(s, expr)						\
	do {								\
		int __fd;						\
									\
		errno = 0;						\
		__fd = (expr);						\
		tell_value(s, #expr, __fd < 0 ? -1 : 0, __fd < 0 ? errno : 0); \
	} while (0)
/* tell_text - note something as printf() */
#define tell_text(s, ...)						\
	((s)->len += snprintf((s)->text + (s)->len,			\
			      sizeof((s)->text) - (s)->len, __VA_ARGS__))

void tell_value(struct story *s, const char *what, long value, int err);
const char *compare_stories(void (*teller)(struct story *s));

int story_socket(struct story *s);
int story_listener(struct story *s, uint16_t port);
void story_pair(struct story *s, int fd[2]);
struct sockaddr_in loopback(uint16_t port);
int revents(int fd);
int settled_state(int fd);
int drain(int fd);

/**
 * STORY - define a test that compares
 * @fixture: a WIRE_FIXTURE()-less fixture, made by STORIES()
 * @name: of the test
 *
 * The body has "s", the story.
 */
#define STORY(fixture, name)						\
	static void name##_story(struct story *s);			\
	TEST_F(fixture, name)						\
	{								\
		const char *difference = compare_stories(name##_story);	\
									\
		EXPECT_NULL(difference) {				\
			TH_LOG("the stories differ:%s", difference);	\
		}							\
	}								\
	static void name##_story(struct story *s)

#define STORIES(name)							\
	FIXTURE(name) { int unused; };					\
	FIXTURE_SETUP(name)						\
	{								\
		const char *missing = xtcp_missing();			\
									\
		if (missing)						\
			SKIP(return, "%s", missing);			\
	}								\
	FIXTURE_TEARDOWN(name)						\
	{								\
	}

#endif /* XTCP_SELFTESTS_STORY_H */
