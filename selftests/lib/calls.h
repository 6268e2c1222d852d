/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random calls, made in two worlds that are alike: one has sockets of the kernel's TCP,
 * the other those of xtcp.
 *
 * A world is a network namespace with a loopback device, a wire at which nobody answers,
 * and a few slots for descriptors.  A call is a kind and a seed: its arguments are drawn
 * while it is made, so they are the same in both worlds, and a sequence of calls with
 * some left out is a sequence of calls.
 *
 * Each call leaves a text of what was called and one of what came of it, in which what
 * chance chooses (ports) has a name instead.  After each call both worlds are looked at,
 * until they look the same and at rest, so no clock decides what the next call sees.
 *
 *	calls_args.c	arguments, and their text
 *	calls_world.c	worlds, and what they look like
 *	calls_open.c	kinds of calls: from socket() to close()
 *	calls_data.c	kinds of calls: data
 *	calls_option.c	kinds of calls: options, ioctl() and fcntl()
 *	calls_wait.c	kinds of calls: poll(), select(), epoll
 *	calls_differ.c	differences that are meant, and what is not compared
 *	calls_run.c	sequences are drawn, played, compared and shortened
 */
#ifndef XTCP_SELFTESTS_CALLS_H
#define XTCP_SELFTESTS_CALLS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "wire.h"

/* Descriptors that a world has room for, and the longest sequence. */
#define CALLS_SLOTS	6
#define CALLS_MOST	64
/*
 * Segments are at most half the largest window that the peer has offered, which grows as
 * its buffer's contents say: chance.  The first one is twice this.
 */
#define CALLS_HALF_WINDOW	32000
/* Ports of a sequence. */
#define CALLS_PORTS	4

enum side { KERNEL, XTCP, SIDES };

/**
 * struct slot - a descriptor
 * @fd: it, -1: none
 * @six: of IPv6
 * @mapped: of IPv6, and has tried to speak IPv4
 * @shrunk: its receive buffer is another one than it was
 * @shut: shutdown() failed here; row "`shutdown()` of a socket that is not connected"
 */
struct slot {
	int	fd;
	bool	six;
	bool	mapped;
	bool	shrunk;
	bool	shut;
};

/**
 * struct world - where calls are made
 * @side: whose sockets
 * @ns: the namespace
 * @wire: its device
 * @slot: descriptors, by their number
 * @port: the first of the sequence's ports
 * @chosen: ports that the host chose, in the order of their appearance
 * @nr_chosen: how many
 * @pipe: for splice()
 * @file: for sendfile()
 * @epoll: for epoll_wait()
 */
struct world {
	enum side	side;
	int		ns;
	struct wire	wire;
	struct slot	slot[CALLS_SLOTS];
	uint16_t	port;
	uint16_t	chosen[64];
	unsigned int	nr_chosen;
	int		pipe[2];
	int		file;
	int		epoll;
};

/**
 * struct call - a call
 * @kind: which
 * @slot: whose descriptor
 * @other: another one: the new descriptor's, or whose address is meant
 * @seed: of its arguments
 */
struct call {
	const struct call_kind	*kind;
	uint8_t			slot;
	uint8_t			other;
	uint64_t		seed;
};

/**
 * struct outcome - what came of a call
 * @call: the call, as one would write it
 * @result: what it returned
 */
struct outcome {
	char	call[256];
	char	result[768];
};

/**
 * struct call_kind - a kind of calls
 * @name: what it is called
 * @weight: how often it is drawn; 0: only in openings
 * @make: make the call, and tell
 * @opens: @other is the slot of a new descriptor
 * @closes: @slot is empty afterwards
 */
struct call_kind {
	const char	*name;
	unsigned int	weight;
	void		(*make)(struct world *w, const struct call *c, struct outcome *o);
	bool		opens;
	bool		closes;
};

/* CALL_KIND - a row of a table of them, which an empty one ends */
#define CALL_KIND(kind, often, ...)	{					\
	.name = #kind, .weight = (often), .make = make_##kind, ##__VA_ARGS__	\
}

extern const struct call_kind calls_open[], calls_data[], calls_option[], calls_wait[];

/**
 * struct slot_view - what can be seen of a descriptor without changing anything
 *
 * As the calls return it, or minus errno.
 */
struct slot_view {
	int	state;
	int	poll;
	int	inq;
	int	outq;
	int	outqnsd;
	int	atmark;
	int	backlog;
	int	options;
	int	mss;
	int	unacked;
};

struct world_view {
	struct slot_view	slot[CALLS_SLOTS];
};

/* calls_args.c */
void call_text(struct outcome *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void result_text(struct outcome *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
long result_of(struct outcome *o, long value);
void result_bytes(struct outcome *o, const void *bytes, size_t len);
int draw_number(void);
size_t draw_length(void);
int draw_flags(struct outcome *o, bool receives);
const void *draw_bytes(size_t len);
socklen_t draw_address(struct world *w, const struct call *c, struct outcome *o,
		       struct sockaddr_storage *to);
void result_address(struct world *w, struct outcome *o, const struct sockaddr_storage *a,
		    socklen_t len);
const char *tcp_state_name(int state);
const char *poll_names(int bits);

/* calls_world.c */
const char *world_open(struct world *w, enum side side);
void world_close(struct world *w);
void world_begin(struct world *w, uint16_t port);
void world_end(struct world *w);
void world_enter(const struct world *w);
void world_put(struct world *w, int slot, int fd, bool six);
int world_fd(const struct world *w, int slot);
void world_look(const struct world *w, struct world_view *v);
void view_text(char *to, size_t room, const struct slot_view *v);

/* calls_differ.c */
const char *calls_meant(const struct call *c, const struct world_view *before,
			const struct outcome o[SIDES], bool *goes_on);
void calls_reconcile(struct slot_view *v[SIDES]);
const char *calls_looks_meant(const struct world *w, const struct call *c,
			      const struct world_view *before,
			      const struct world_view v[SIDES]);

/* calls_run.c */

/**
 * struct calls_tally - what became of sequences
 * @sequences: how many were played
 * @calls: how many calls that was
 * @cut: ended early, at a difference that is meant
 * @passing: differed once, and not again with more time
 */
struct calls_tally {
	unsigned long	sequences, calls, cut, passing;
};

const char *calls_run(uint64_t seed, unsigned long count, struct calls_tally *tally);

#endif /* XTCP_SELFTESTS_CALLS_H */
