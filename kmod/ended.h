/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The last connections that ended: how, and by whom.
 */
#ifndef XTCP_ENDED_H
#define XTCP_ENDED_H

#include <linux/sched.h>
#include <linux/uidgid.h>

#include "taken.h"

/* So many of each namespace are remembered on each processor. */
#define XTCP_ENDED_KEPT		16

/* What struct xtcp_told knows of a cause. */
enum xtcp_told_by {
	XTCP_TOLD_BY_NOTHING,
	XTCP_TOLD_BY_SEGMENT,
	XTCP_TOLD_BY_TIMER,
	XTCP_TOLD_BY_CALL,
};

/**
 * struct xtcp_told_segment - the segment that took an edge, as it came
 * @seq: SEG.SEQ
 * @ack: SEG.ACK
 * @len: SEG.LEN without SYN and FIN, bytes
 * @window: not scaled
 * @flags: control bits
 * @hop_limit: or TTL
 */
struct xtcp_told_segment {
	u32	seq;
	u32	ack;
	u32	len;
	u16	window;
	u8	flags;
	u8	hop_limit;
};

/**
 * struct xtcp_told_call - the process whose call took an edge
 * @pid: its number in the initial namespace
 * @comm: its name
 */
struct xtcp_told_call {
	u32	pid;
	char	comm[TASK_COMM_LEN];
};

/**
 * struct xtcp_owner - whose a socket is, and what went over it
 * @uid: its owner
 * @acked: payload that the peer acknowledged, bytes
 * @received: payload that the peer sent, bytes
 */
struct xtcp_owner {
	kuid_t	uid;
	u64	acked;
	u64	received;
};

/**
 * struct xtcp_told - an edge that was taken, told when what took it may be gone
 * @time_ns: when, CLOCK_REALTIME
 * @edge: enum xtcp_edge
 * @why: enum xtcp_reason
 * @by: enum xtcp_told_by: which of @segment, @timer and @call is set
 * @peer_hop_limit: that of the peer's segments before, or TTL; 0: not known
 * @has_sock: there is an @owner
 * @error: errno that the user will see, 0: none
 * @owner: of the socket
 * @segment: what did it
 * @timer: likewise
 * @call: likewise
 */
struct xtcp_told {
	u64	time_ns;
	u8	edge;
	u8	why;
	u8	by;
	u8	peer_hop_limit;
	bool	has_sock;
	int	error;
	struct xtcp_owner owner;
	union {
		struct xtcp_told_segment segment;
		struct xtcp_cause_timer timer;
		struct xtcp_told_call call;
	};
};

/**
 * struct xtcp_ended - a connection that ended
 * @told: its last edge
 * @key: which it was; its namespace is the one that remembers it
 * @family: AF_INET or AF_INET6: what its socket was
 */
struct xtcp_ended {
	struct xtcp_told	told;
	struct xtcp_key		key;
	u8			family;
};

bool xtcp_tell_call(enum xtcp_reason why, struct xtcp_told_call *call);
bool xtcp_tell_owner(const struct sock *sk, struct xtcp_owner *owner);
void xtcp_tell(const struct xtcp_taken *taken, struct xtcp_told *told);
void xtcp_ended_note(struct xtcp_net *xn, const struct xtcp_taken *taken);
bool xtcp_ended_get(const struct xtcp_net *xn, int cpu, unsigned int i, struct xtcp_ended *ended);
int xtcp_ended_netns_init(struct xtcp_net *xn);
void xtcp_ended_netns_exit(struct xtcp_net *xn);

#endif /* XTCP_ENDED_H */
