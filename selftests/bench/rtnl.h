/* SPDX-License-Identifier: GPL-2.0 */
/* One request to rtnetlink, and its answer. */
#ifndef XTCP_BENCH_RTNL_H
#define XTCP_BENCH_RTNL_H

#include <libmnl/libmnl.h>

/**
 * struct rtnl - a request
 * @nlh: its header, as libmnl's functions want it
 * @room: where it is
 */
struct rtnl {
	struct nlmsghdr	*nlh;
	char		room[1024];
};

void *rtnl_new(struct rtnl *r, uint16_t type, uint16_t flags, size_t extra);
struct nlattr *rtnl_begin(struct rtnl *r, uint16_t type, const void *head, size_t len);
void rtnl_end(struct rtnl *r, struct nlattr *attr);
void rtnl_ask(struct rtnl *r, const char *what);

static inline void rtnl_put(struct rtnl *r, uint16_t type, const void *data, size_t len)
{
	mnl_attr_put(r->nlh, type, len, data);
}

#endif /* XTCP_BENCH_RTNL_H */
