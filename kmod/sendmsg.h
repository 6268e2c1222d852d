/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The calls that move data.
 */
#ifndef XTCP_SENDMSG_H
#define XTCP_SENDMSG_H

#include "compat.h"
#include "sock.h"

int xtcp_sendmsg(struct socket *sock, struct msghdr *msg, size_t size);
void xtcp_splice_eof(struct socket *sock);
int xtcp_recvmsg(struct socket *sock, struct msghdr *msg, size_t size, int flags);

ssize_t xtcp_splice_read(struct socket *sock, loff_t *ppos, struct pipe_inode_info *pipe,
			 size_t len, unsigned int flags);
#ifdef XTCP_HAVE_SENDPAGE
ssize_t xtcp_sendpage(struct socket *sock, struct page *page, int offset, size_t size,
		      int flags);
#endif

#endif /* XTCP_SENDMSG_H */
