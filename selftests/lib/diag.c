// SPDX-License-Identifier: GPL-2.0
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "siit.h"
#include "util.h"

static void set_address(__be32 *to, uint32_t addr)
{
	struct in6_addr six;

	to[0] = addr;
	if (siit_mode() == SIIT_4)
		return;
	siit_address(&six, addr);
	memcpy(to, &six, sizeof(six));
}

/**
 * diag_request - ask sock_diag about sockets, or to end one
 * @type: SOCK_DIAG_BY_FAMILY, SOCK_DESTROY
 * @flags: NLM_F_DUMP, NLM_F_ACK, 0
 * @local: local address and port, NULL: all sockets
 * @remote: the peer's, NULL: none
 *
 * Return: the message; it asks for every state, every attribute and any cookie.
 */
struct diag_request diag_request(int type, int flags, const struct sockaddr_in *local,
				 const struct sockaddr_in *remote)
{
	struct diag_request r = {
		.nlh = {
			.nlmsg_len = sizeof(r),
			.nlmsg_type = type,
			.nlmsg_flags = NLM_F_REQUEST | flags,
			.nlmsg_seq = 1,
		},
		.req = {
			.sdiag_family = test_family(),
			.sdiag_protocol = IPPROTO_TCP,
			.idiag_ext = 0xff,
			.idiag_states = ~0U,
			.id.idiag_cookie = { INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE },
		},
	};

	if (local) {
		r.req.id.idiag_sport = local->sin_port;
		set_address(r.req.id.idiag_src, local->sin_addr.s_addr);
	}
	if (remote) {
		r.req.id.idiag_dport = remote->sin_port;
		set_address(r.req.id.idiag_dst, remote->sin_addr.s_addr);
	}
	return r;
}

/* A socket for requests, -1: none. */
int diag_open(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
}

/**
 * diag_destroy - ask sock_diag to abort a connection (ss --kill)
 * @local: its local address
 * @remote: the peer's
 *
 * Return: 0, or a negative errno.
 */
int diag_destroy(const struct sockaddr_in *local, const struct sockaddr_in *remote)
{
	const struct diag_request r = diag_request(SOCK_DESTROY, NLM_F_ACK, local, remote);
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
		char rest[512];
	} answer;
	int fd = diag_open(), rc = -EIO;

	if (fd < 0)
		return -errno;
	if (send(fd, &r, sizeof(r), 0) < 0)
		rc = -errno;
	else if (recv(fd, &answer, sizeof(answer), 0) >=
		 (ssize_t)offsetof(typeof(answer), rest) &&
		 answer.nlh.nlmsg_type == NLMSG_ERROR)
		rc = answer.err.error;
	close(fd);
	return rc;
}
