/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A socket begins, and ends.
 */
#ifndef XTCP_LIFETIME_H
#define XTCP_LIFETIME_H

#include "sock.h"

/* Those of our sockets: proto.c's, which stands above those who ask. */
extern struct proto *xtcp_proto[2];

/* Is it a socket, or an entry that shows itself as one, of ours? */
static inline bool xtcp_is_ours(const struct sock *sk)
{
	return sk->sk_prot == xtcp_proto[0] || sk->sk_prot == xtcp_proto[1];
}

void xtcp_init_fields(struct sock *sk);
void xtcp_lifetime_wait(void);

#endif /* XTCP_LIFETIME_H */
