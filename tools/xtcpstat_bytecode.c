// SPDX-License-Identifier: GPL-2.0
/*
 * A filter as a program for INET_DIAG_REQ_BYTECODE: what the kernel can ask of it.
 *
 * A program is a row of instructions. Each says by how many bytes to go on if its condition
 * holds, which is to the next one here always, and by how many if not. To arrive at the end
 * accepts, four bytes behind it rejects. The same is true of each part of a program, which
 * is how parts are joined:
 *
 *	A and B		A, B: who left A behind its end has to leave B there
 *	A or B		A, a jump over B, B: behind the end of A, B begins
 *	not A		A, a jump behind the end
 */
#include <string.h>
#include <sys/socket.h>

#include <linux/inet_diag.h>

#include "xtcpstat_filter.h"

#define STEP	((size_t)sizeof(struct inet_diag_bc_op))

/**
 * struct program - as far as it is written
 * @code: instructions
 * @len: bytes of them
 * @size: of @code, bytes
 * @full: there was no room
 */
struct program {
	char *code;
	size_t len;
	size_t size;
	bool full;
};

/* Room for an instruction and its operand; it is cleared. */
static struct inet_diag_bc_op *put_op(struct program *p, uint8_t code, size_t operand)
{
	struct inet_diag_bc_op *op = (void *)(p->code + p->len);

	if (p->len + STEP + operand > p->size) {
		p->full = true;
		return NULL;
	}
	memset(op, 0, STEP + operand);
	op->code = code;
	op->yes = STEP + operand;
	op->no = STEP + operand + STEP;
	p->len += STEP + operand;
	return op;
}

static void put_jump(struct program *p, size_t over)
{
	struct inet_diag_bc_op *op = put_op(p, INET_DIAG_BC_JMP, 0);

	if (op)
		op->no = STEP + over;
}

static void put_port(struct program *p, uint8_t code, uint16_t port)
{
	struct inet_diag_bc_op *op = put_op(p, code, STEP);

	if (op)
		op[1].no = port;
}

/* Who left the part that ends at @end behind it has to jump by @more bytes further. */
static void move_reject(struct program *p, size_t begin, size_t end, size_t more)
{
	struct inet_diag_bc_op *op;
	size_t at;

	for (at = begin; at < end; at += op->yes) {
		op = (void *)(p->code + at);
		if (at + op->no == end + STEP)
			op->no += more;
	}
}

static void put_range(struct program *p, const struct filter_node *f)
{
	size_t begin = p->len, middle;

	put_port(p, f->remote ? INET_DIAG_BC_D_GE : INET_DIAG_BC_S_GE, f->least);
	middle = p->len;
	put_port(p, f->remote ? INET_DIAG_BC_D_LE : INET_DIAG_BC_S_LE, f->most);
	if (!p->full)
		move_reject(p, begin, middle, p->len - middle);
}

static void put_host(struct program *p, const struct filter_node *f)
{
	size_t addr_len = f->host.family == AF_INET ? 4 : f->host.family == AF_INET6 ? 16 : 0;
	struct inet_diag_hostcond *cond;
	struct inet_diag_bc_op *op;

	op = put_op(p, f->remote ? INET_DIAG_BC_D_COND : INET_DIAG_BC_S_COND,
		    sizeof(*cond) + addr_len);
	if (!op)
		return;
	cond = (void *)(op + 1);
	cond->family = f->host.family;
	cond->prefix_len = f->host.prefix;
	cond->port = f->host.port;
	memcpy(cond->addr, f->host.addr, addr_len);
}

static void put_device(struct program *p, const struct filter_node *f)
{
	struct inet_diag_bc_op *op = put_op(p, INET_DIAG_BC_DEV_COND, sizeof(f->number));

	if (op)
		memcpy(op + 1, &f->number, sizeof(f->number));
}

static void put_leaf(struct program *p, const struct filter_node *f)
{
	switch (f->kind) {
	case FILTER_PORT:
		put_range(p, f);
		break;
	case FILTER_HOST:
		put_host(p, f);
		break;
	default:
		put_device(p, f);
	}
	if (f->negated)
		put_jump(p, STEP);
}

/* Can the kernel be asked for less than everything? */
static bool narrows(const struct filter_node *f)
{
	switch (f->kind) {
	case FILTER_AND:
		return narrows(f->left) || narrows(f->right);
	case FILTER_OR:
		return narrows(f->left) && narrows(f->right);
	case FILTER_PORT:
	case FILTER_HOST:
	case FILTER_DEVICE:
		return true;
	default:
		return false;
	}
}

static void put_node(struct program *p, const struct filter_node *f);

static void put_and(struct program *p, const struct filter_node *f)
{
	size_t begin = p->len, middle;

	if (narrows(f->left))
		put_node(p, f->left);
	middle = p->len;
	if (narrows(f->right))
		put_node(p, f->right);
	if (!p->full)
		move_reject(p, begin, middle, p->len - middle);
}

static void put_or(struct program *p, const struct filter_node *f)
{
	struct inet_diag_bc_op *jump;
	size_t middle;

	put_node(p, f->left);
	middle = p->len;
	put_jump(p, 0);
	put_node(p, f->right);
	if (p->full)
		return;
	jump = (void *)(p->code + middle);
	jump->no = p->len - middle;
}

static void put_node(struct program *p, const struct filter_node *f)
{
	if (p->full)
		return;
	if (f->kind == FILTER_AND)
		put_and(p, f);
	else if (f->kind == FILTER_OR)
		put_or(p, f);
	else
		put_leaf(p, f);
}

/**
 * filter_bytecode - what the kernel can ask of a filter
 * @f: the filter, or NULL
 * @buf: out, aligned to 4 bytes
 * @size: of @buf, bytes; FILTER_BYTECODE_MAX at most
 *
 * The program accepts whatever the filter accepts, in the states of filter_states(), and
 * may accept more.
 *
 * Return: the program's length, bytes; 0: nothing, or too much.
 */
size_t filter_bytecode(const struct filter_node *f, void *buf, size_t size)
{
	struct program p = { .code = buf, .size = size };

	if (!f || !narrows(f))
		return 0;
	put_node(&p, f);
	return p.full ? 0 : p.len;
}
