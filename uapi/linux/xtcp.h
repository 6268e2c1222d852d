/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * xtcp: what user space needs to know.
 *
 *	fd = socket(AF_XTCP, SOCK_STREAM, 0);
 *
 * gives a TCP socket over IPv4 that takes ordinary struct sockaddr_in
 * addresses (family AF_INET) and the ordinary TCP socket options.  So does
 *
 *	fd = socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP);
 *
 * XTCPPROTO_IPV6 as third argument, or AF_INET6 as first, give one over IPv6, for
 * struct sockaddr_in6 (family AF_INET6), that speaks IPv4 as well unless IPV6_V6ONLY is
 * set.
 */
#ifndef _UAPI_LINUX_XTCP_H
#define _UAPI_LINUX_XTCP_H

#include <linux/types.h>
#include <linux/xtcp_fsm.h>
#include <linux/xtcp_reason.h>
#include <linux/xtcp_verdict.h>
#include <linux/xtcp_wait.h>

/*
 * Every family number below AF_MAX has an owner; AF_ASH has had no code since
 * its birth.  The module parameter "family" chooses another one, and
 * /sys/module/xtcp/parameters/family tells which is in use.
 */
#ifndef AF_XTCP
#define AF_XTCP			18
#endif
#ifndef PF_XTCP
#define PF_XTCP			AF_XTCP
#endif

/* Third argument of socket(): 0 and IPPROTO_TCP give IPv4, this gives IPv6. */
#define XTCPPROTO_IPV4		0
#define XTCPPROTO_IPV6		1

/*
 * Third argument of socket(AF_INET or AF_INET6, SOCK_STREAM, ...) that gives the same; above
 * a byte, so no protocol of IP.  The module parameter "protocol" chooses another
 * one, or 0 for none, and /sys/module/xtcp/parameters/protocol tells.
 */
#define IPPROTO_XTCP		261

/* Socket options of xtcp's own: level, and names. */
#define SOL_XTCP		261
#define XTCP_WATCH		1	/* int: the socket, and who it accepts, have clocks */
#define XTCP_WAIT		2	/* struct xtcp_wait_info, to be read */
#define XTCP_CLOCKS		3	/* struct xtcp_clock_info, to be read; ENODATA: none */
#define XTCP_LISTENER		4	/* struct xtcp_listener_info; EINVAL: it does not listen */

/*
 * sock_diag: what a request may have besides inet_diag's attributes, and an answer then
 * has, of sockets.  The numbers are beyond those that inet_diag may get.
 */
#define XTCP_DIAG_REQ_SHOW	0x100	/* u32, XTCP_DIAG_SHOW_* */

#define XTCP_DIAG_SHOW_WAIT	0x1
#define XTCP_DIAG_SHOW_CLOCKS	0x2	/* of those that have some */
#define XTCP_DIAG_SHOW_LISTENER	0x4	/* of listeners */

#define XTCP_DIAG_WAIT		0x100	/* struct xtcp_wait_info */
#define XTCP_DIAG_CLOCKS	0x101	/* struct xtcp_clock_info */
#define XTCP_DIAG_LISTENER	0x102	/* struct xtcp_listener_info */

/* Generic netlink: family, version and the group that carries transitions. */
#define XTCP_GENL_NAME		"xtcp"
#define XTCP_GENL_VERSION	1
#define XTCP_GENL_MCGRP_EVENTS	"events"

/* The format of each message is specified in uapi/xtcp.yaml. */
enum xtcp_genl_cmd {
	XTCP_CMD_UNSPEC,
	XTCP_CMD_EDGES_GET,	/* dump: one message per edge */
	XTCP_CMD_STATES_GET,	/* dump: one message per state */
	XTCP_CMD_TRANSITION_NTF, /* multicast: a connection took an edge */
	XTCP_CMD_REASONS_GET,	/* dump: one message per reason */
	XTCP_CMD_SOCK_SET,	/* do: settings of a socket; for CAP_NET_ADMIN */
	XTCP_CMD_RESET_NTF,	/* multicast: a RST came or was sent */
	XTCP_CMD_ENDED_GET,	/* dump: the last connections that ended; for CAP_NET_ADMIN */
	__XTCP_CMD_MAX
};
#define XTCP_CMD_MAX (__XTCP_CMD_MAX - 1)

/* Attributes of XTCP_CMD_EDGES_GET. */
enum xtcp_genl_edge_attr {
	XTCP_A_EDGE_UNSPEC,
	XTCP_A_EDGE_ID,		/* u32, enum xtcp_edge */
	XTCP_A_EDGE_FROM,	/* u8, enum xtcp_state */
	XTCP_A_EDGE_TO,		/* u8, enum xtcp_state */
	XTCP_A_EDGE_EVENT,	/* u8, enum xtcp_event */
	XTCP_A_EDGE_NAME,	/* string, FROM__EVENT */
	XTCP_A_EDGE_ACTION,	/* string, what the figure says is sent or done */
	XTCP_A_EDGE_CLAUSE,	/* string, the RFC clause */
	XTCP_A_EDGE_COUNT,	/* u64, taken in this namespace since load */
	XTCP_A_EDGE_PAD,
	__XTCP_A_EDGE_MAX
};
#define XTCP_A_EDGE_MAX (__XTCP_A_EDGE_MAX - 1)

/* Attributes of XTCP_CMD_STATES_GET. */
enum xtcp_genl_state_attr {
	XTCP_A_STATE_UNSPEC,
	XTCP_A_STATE_ID,	/* u8, enum xtcp_state */
	XTCP_A_STATE_NAME,	/* string */
	XTCP_A_STATE_COUNT,	/* u32, objects in this state now; not for CLOSE */
	__XTCP_A_STATE_MAX
};
#define XTCP_A_STATE_MAX (__XTCP_A_STATE_MAX - 1)

/* Attributes of XTCP_CMD_TRANSITION_NTF, XTCP_CMD_RESET_NTF and XTCP_CMD_ENDED_GET. */
enum xtcp_genl_transition_attr {
	XTCP_A_TRANSITION_UNSPEC,
	XTCP_A_TRANSITION_TIME_NS,	/* u64, CLOCK_REALTIME */
	XTCP_A_TRANSITION_EDGE,		/* u32, enum xtcp_edge */
	XTCP_A_TRANSITION_FROM,		/* u8, enum xtcp_state */
	XTCP_A_TRANSITION_TO,		/* u8, enum xtcp_state */
	XTCP_A_TRANSITION_EVENT,	/* u8, enum xtcp_event */
	XTCP_A_TRANSITION_FAMILY,	/* u8, AF_INET or AF_INET6 */
	XTCP_A_TRANSITION_SADDR,	/* binary, 4 or 16 bytes, local */
	XTCP_A_TRANSITION_DADDR,	/* binary, 4 or 16 bytes, remote */
	XTCP_A_TRANSITION_SPORT,	/* u16, local, host order */
	XTCP_A_TRANSITION_DPORT,	/* u16, remote, host order */
	XTCP_A_TRANSITION_COOKIE,	/* u64, the socket's cookie, 0: no socket */
	XTCP_A_TRANSITION_ERROR,	/* u32, errno the user will see, 0: none */
	XTCP_A_TRANSITION_PAD,
	XTCP_A_TRANSITION_REASON,	/* u32, enum xtcp_reason */
	/* Of the segment that did it, as it came, if one did: */
	XTCP_A_TRANSITION_SEQ,		/* u32 */
	XTCP_A_TRANSITION_ACK,		/* u32 */
	XTCP_A_TRANSITION_FLAGS,	/* u8, control bits as in the TCP header */
	XTCP_A_TRANSITION_LEN,		/* u32, payload, bytes */
	XTCP_A_TRANSITION_WINDOW,	/* u16, not scaled */
	XTCP_A_TRANSITION_HOP_LIMIT,	/* u8, or TTL */
	/* Of the process whose call did it, if one did, outside of user namespaces: */
	XTCP_A_TRANSITION_PID,		/* u32, in the initial namespace */
	XTCP_A_TRANSITION_COMM,		/* string */
	XTCP_A_TRANSITION_DEVICE,	/* u32, number of the device that it is bound to, 0: none */
	/* Of the socket, if it is one: */
	XTCP_A_TRANSITION_UID,		/* u32, its owner */
	XTCP_A_TRANSITION_BYTES_ACKED,	/* u64, payload that the peer acknowledged */
	XTCP_A_TRANSITION_BYTES_RECEIVED, /* u64, payload that the peer sent */
	/* Of the timer that did it, if one did: */
	XTCP_A_TRANSITION_TIMER,	/* u8, enum xtcp_by_timer */
	XTCP_A_TRANSITION_TIMER_COUNT,	/* u32, how often in a row it came to nothing */
	XTCP_A_TRANSITION_TIMER_LIMIT,	/* u32, it may so often; 0: another rule ends it */
	/* Of the peer's last segment that was taken before, if one was: */
	XTCP_A_TRANSITION_PEER_HOP_LIMIT, /* u8, or TTL */
	XTCP_A_TRANSITION_CLOCKS,	/* struct xtcp_clock_info, of what ends and was watched */
	/* XTCP_CMD_RESET_NTF, of a RST that came; what it did comes next, as a transition: */
	XTCP_A_TRANSITION_VERDICT,	/* u8, enum xtcp_rst_verdict */
	XTCP_A_TRANSITION_RCV_NXT,	/* u32, the sequence number that was awaited */
	__XTCP_A_TRANSITION_MAX
};
#define XTCP_A_TRANSITION_MAX (__XTCP_A_TRANSITION_MAX - 1)

/* Attributes of XTCP_CMD_REASONS_GET. */
enum xtcp_genl_reason_attr {
	XTCP_A_REASON_UNSPEC,
	XTCP_A_REASON_ID,	/* u32, enum xtcp_reason */
	XTCP_A_REASON_NAME,	/* string */
	XTCP_A_REASON_TEXT,	/* string, what happened */
	XTCP_A_REASON_CLAUSE,	/* string, the RFC clause, empty: none */
	XTCP_A_REASON_EDGES,	/* u64, edges taken for it in this namespace since load */
	XTCP_A_REASON_RSTS,	/* u64, RSTs sent for it in this namespace since load */
	XTCP_A_REASON_PAD,
	XTCP_A_REASON_SENT,	/* u64, ACKs without text and what was sent again for it */
	__XTCP_A_REASON_MAX
};
#define XTCP_A_REASON_MAX (__XTCP_A_REASON_MAX - 1)

/* Attributes of XTCP_CMD_SOCK_SET. */
enum xtcp_genl_sock_attr {
	XTCP_A_SOCK_UNSPEC,
	/* Which socket, as sock_diag tells of it; all of it but the device: */
	XTCP_A_SOCK_FAMILY,		/* u8, AF_INET or AF_INET6 */
	XTCP_A_SOCK_SADDR,		/* binary, 4 or 16 bytes, local */
	XTCP_A_SOCK_DADDR,		/* binary, 4 or 16 bytes, remote */
	XTCP_A_SOCK_SPORT,		/* u16, local, host order */
	XTCP_A_SOCK_DPORT,		/* u16, remote, host order */
	XTCP_A_SOCK_DEVICE,		/* u32, number of the device that it is bound to */
	XTCP_A_SOCK_COOKIE,		/* u64; all ones: any */
	/* What to set, one at least: */
	XTCP_A_SOCK_CONGESTION,		/* string, as TCP_CONGESTION */
	XTCP_A_SOCK_USER_TIMEOUT,	/* u32, milliseconds, as TCP_USER_TIMEOUT */
	XTCP_A_SOCK_KEEPALIVE,		/* u8, 0 or 1, as SO_KEEPALIVE */
	XTCP_A_SOCK_KEEPIDLE,		/* u32, seconds, as TCP_KEEPIDLE */
	XTCP_A_SOCK_KEEPINTVL,		/* u32, seconds, as TCP_KEEPINTVL */
	XTCP_A_SOCK_KEEPCNT,		/* u32, as TCP_KEEPCNT */
	XTCP_A_SOCK_MAX_PACING_RATE,	/* u64, bytes per second, as SO_MAX_PACING_RATE */
	XTCP_A_SOCK_PAD,
	XTCP_A_SOCK_WATCH,		/* u8, 0 or 1, as XTCP_WATCH of SOL_XTCP */
	__XTCP_A_SOCK_MAX
};
#define XTCP_A_SOCK_MAX (__XTCP_A_SOCK_MAX - 1)

#endif /* _UAPI_LINUX_XTCP_H */
