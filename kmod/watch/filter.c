// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel has an interpreter of its own, in a module (inet_diag) that need
 * not be loaded and for struct sock only; SYN_RECV and TIME_WAIT entries here
 * are not that.
 *
 * A program is a row of instructions, each a struct inet_diag_bc_op and an
 * operand.  It says by how many bytes to go on if its condition holds ("yes")
 * and if not ("no"), forwards only.  To arrive exactly at the end accepts; to
 * arrive four bytes behind it rejects.
 */
#include <linux/bitmap.h>
#include <linux/inet_diag.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "watch/filter.h"
#include "watch/view.h"

#define STEP		((unsigned int)sizeof(struct inet_diag_bc_op))

static const struct inet_diag_bc_op *op_at(const struct nlattr *filter,
					   unsigned int off)
{
	return nla_data(filter) + off;
}

static int host_len(const struct inet_diag_hostcond *cond, unsigned int left)
{
	unsigned int addr_len;

	if (left < sizeof(*cond))
		return -EINVAL;
	switch (cond->family) {
	case AF_UNSPEC:
		addr_len = 0;
		break;
	case AF_INET:
		addr_len = sizeof(struct in_addr);
		break;
	case AF_INET6:
		addr_len = sizeof(struct in6_addr);
		break;
	default:
		return -EINVAL;
	}
	if (cond->prefix_len > 8 * addr_len)
		return -EINVAL;
	return sizeof(*cond) + addr_len;
}

/* Length of an instruction's operand, or an error; @left is behind the op. */
static int operand_len(const struct inet_diag_bc_op *op, unsigned int left,
		       bool net_admin)
{
	switch (op->code) {
	case INET_DIAG_BC_NOP:
	case INET_DIAG_BC_JMP:
	case INET_DIAG_BC_AUTO:
		return 0;
	case INET_DIAG_BC_S_EQ:
	case INET_DIAG_BC_S_GE:
	case INET_DIAG_BC_S_LE:
	case INET_DIAG_BC_D_EQ:
	case INET_DIAG_BC_D_GE:
	case INET_DIAG_BC_D_LE:
		return sizeof(struct inet_diag_bc_op);	/* the port is its "no" */
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		return host_len((const void *)(op + 1), left);
	case INET_DIAG_BC_DEV_COND:
		return sizeof(u32);
	case INET_DIAG_BC_MARK_COND:
		return net_admin ? sizeof(struct inet_diag_markcond) : -EPERM;
	case INET_DIAG_BC_CGROUP_COND:
		return sizeof(u64);
	default:
		return -EINVAL;
	}
}

/* A jump has to pass the operand and to end no later than the reject point. */
static bool jump_ok(unsigned int jump, unsigned int size, unsigned int left)
{
	return jump >= size && jump <= left + STEP && jump % STEP == 0;
}

/* Walk the instructions, one after the other, and note where each begins. */
static int check_ops(const struct nlattr *filter, bool net_admin,
		     unsigned long *begins)
{
	unsigned int len = nla_len(filter), off = 0;

	while (off < len) {
		const struct inet_diag_bc_op *op = op_at(filter, off);
		unsigned int left = len - off;
		int size;

		if (left < STEP)
			return -EINVAL;
		size = operand_len(op, left - STEP, net_admin);
		if (size < 0)
			return size;
		size += STEP;
		if (left < size || !jump_ok(op->yes, size, left))
			return -EINVAL;
		if (op->code != INET_DIAG_BC_NOP && !jump_ok(op->no, size, left))
			return -EINVAL;
		__set_bit(off / STEP, begins);
		off += op->yes;
	}
	return off == len ? 0 : -EINVAL;
}

/* Nor may a jump end inside an instruction. */
static bool targets_ok(const struct nlattr *filter, const unsigned long *begins)
{
	unsigned int len = nla_len(filter), off;

	for (off = 0; off < len; off += op_at(filter, off)->yes) {
		const struct inet_diag_bc_op *op = op_at(filter, off);

		if (op->code != INET_DIAG_BC_NOP && off + op->no < len &&
		    !test_bit((off + op->no) / STEP, begins))
			return false;
	}
	return true;
}

/**
 * xtcp_filter_check - whether a program can be run
 * @filter: from user space
 * @net_admin: who sent it may see marks
 *
 * Return: 0, -EINVAL, -EPERM or -ENOMEM.  Process context.
 */
int xtcp_filter_check(const struct nlattr *filter, bool net_admin)
{
	unsigned long *begins;
	int err;

	if (nla_len(filter) < STEP)
		return -EINVAL;
	begins = bitmap_zalloc(nla_len(filter) / STEP + 1, GFP_KERNEL);
	if (!begins)
		return -ENOMEM;
	err = check_ops(filter, net_admin, begins);
	if (!err && !targets_ok(filter, begins))
		err = -EINVAL;
	bitmap_free(begins);
	return err;
}

static bool host_match(const struct inet_diag_hostcond *cond,
		       const struct in6_addr *addr, u16 port, u8 family)
{
	struct in6_addr v6;
	__be32 v4;

	if (cond->port != -1 && cond->port != port)
		return false;
	switch (cond->family) {
	case AF_INET:
		/* An IPv6 socket that talks IPv4 has mapped addresses, too. */
		if (!ipv6_addr_v4mapped(addr))
			return false;
		memcpy(&v4, cond->addr, sizeof(v4));
		ipv6_addr_set_v4mapped(v4, &v6);
		return ipv6_prefix_equal(addr, &v6, 96 + cond->prefix_len);
	case AF_INET6:
		if (family != AF_INET6)
			return false;
		memcpy(&v6, cond->addr, sizeof(v6));
		return ipv6_prefix_equal(addr, &v6, cond->prefix_len);
	default:
		return true;
	}
}

static bool op_match(const struct inet_diag_bc_op *op,
		     const struct xtcp_filter_subject *s)
{
	const struct xtcp_ends *e = s->ends;
	const void *operand = op + 1;

	switch (op->code) {
	case INET_DIAG_BC_JMP:
		return false;
	case INET_DIAG_BC_S_EQ:
		return e->lport == op[1].no;
	case INET_DIAG_BC_S_GE:
		return e->lport >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return e->lport <= op[1].no;
	case INET_DIAG_BC_D_EQ:
		return e->rport == op[1].no;
	case INET_DIAG_BC_D_GE:
		return e->rport >= op[1].no;
	case INET_DIAG_BC_D_LE:
		return e->rport <= op[1].no;
	case INET_DIAG_BC_AUTO:
		return s->autobound;
	case INET_DIAG_BC_S_COND:
		return host_match(operand, &e->laddr, e->lport, e->family);
	case INET_DIAG_BC_D_COND:
		return host_match(operand, &e->raddr, e->rport, e->family);
	case INET_DIAG_BC_DEV_COND:
		return s->ifindex == *(const u32 *)operand;
	case INET_DIAG_BC_MARK_COND: {
		const struct inet_diag_markcond *cond = operand;

		return (s->mark & cond->mask) == cond->mark;
	}
	case INET_DIAG_BC_CGROUP_COND:	/* aligned to 4 bytes only */
		return !memcmp(&s->cgroup_id, operand, sizeof(s->cgroup_id));
	default:
		return true;
	}
}

/**
 * xtcp_filter_match - run a program
 * @filter: one that xtcp_filter_check() found good; NULL accepts everything
 * @subject: what about
 *
 * Return: whether it accepts.  Any context.
 */
bool xtcp_filter_match(const struct nlattr *filter,
		       const struct xtcp_filter_subject *subject)
{
	unsigned int len, off = 0;

	if (!filter)
		return true;
	len = nla_len(filter);
	while (off < len) {
		const struct inet_diag_bc_op *op = op_at(filter, off);

		off += op_match(op, subject) ? op->yes : op->no;
	}
	return off == len;
}
