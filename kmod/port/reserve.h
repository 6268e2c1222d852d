/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeping the kernel's TCP off the addresses and ports that are ours, and us
 * off the kernel's.
 */
#ifndef XTCP_RESERVE_H
#define XTCP_RESERVE_H

#include <linux/in6.h>
#include <linux/types.h>

struct inet_timewait_sock;
struct net;

/**
 * struct xtcp_place - where a socket is bound, but for the port
 * @addr: local address; IPv4 is kept mapped, ::ffff:a.b.c.d
 * @dev: SO_BINDTODEVICE, 0: any
 * @l3mdev: the VRF that @dev belongs to, 0: none
 * @v6only: @addr is :: and stands for no IPv4 address
 */
struct xtcp_place {
	struct in6_addr	addr;
	int		dev;
	int		l3mdev;
	bool		v6only;
};

bool xtcp_place_overlap(const struct xtcp_place *a, const struct xtcp_place *b);

/* What a reservation may stand beside. */
#define XTCP_BESIDE_OURS	0x1	/* other reservations of ours */
#define XTCP_BESIDE_TW_REUSE	0x2	/* kernel TIME_WAIT, SO_REUSEADDR */
#define XTCP_BESIDE_TW_GROUP	0x4	/* kernel TIME_WAIT, SO_REUSEPORT */

int xtcp_reserve_take(struct inet_timewait_sock *rsv, struct net *net,
		      const struct xtcp_place *at, u16 port, unsigned int beside);
void xtcp_reserve_drop(struct inet_timewait_sock *rsv);

int xtcp_reserve_init(void);
void xtcp_reserve_exit(void);

#endif /* XTCP_RESERVE_H */
