/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TCP_ZEROCOPY_RECEIVE.
 */
#ifndef XTCP_ZCRECV_H
#define XTCP_ZCRECV_H

#include "compat.h"
#include "sock.h"

#ifdef XTCP_HAVE_ZAP
int xtcp_mmap(struct file *file, struct socket *sock, struct vm_area_struct *vma);
int xtcp_zcrecv(struct sock *sk, char __user *optval, int __user *optlen, int len);
#else
#define xtcp_mmap	sock_no_mmap

static inline int xtcp_zcrecv(struct sock *sk, char __user *optval, int __user *optlen, int len)
{
	return -ENOPROTOOPT;
}
#endif

#endif /* XTCP_ZCRECV_H */
