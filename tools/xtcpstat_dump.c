// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets and entries, asked for by sock_diag, for every command that lists them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <linux/netlink.h>
#include <netinet/in.h>

#include "xtcpstat.h"

#define FAMILY_PARAM	"/sys/module/xtcp/parameters/family"

/* Times that a dump is begun anew because the kernel's table was resized under way. */
#define TRIES	5

/**
 * struct dump - the answers of a dump, which are told when they are complete
 * @sel: who is meant
 * @list: messages, one behind the other
 * @len: bytes of them
 * @size: room, bytes
 */
struct dump {
	const struct selection *sel;
	char *list;
	size_t len;
	size_t size;
};

/**
 * family_number - the number that stands for AF_XTCP
 *
 * Return: the module's parameter, or the usual number.
 */
int family_number(void)
{
	int family = AF_XTCP;
	FILE *f = fopen(FAMILY_PARAM, "re");

	if (f) {
		if (fscanf(f, "%d", &family) != 1)
			family = AF_XTCP;
		fclose(f);
	}
	return family;
}

/**
 * sock_cookie - what tells a socket from all others there ever were
 * @msg: the answer
 *
 * Return: 0 of an entry, which is no socket.
 */
uint64_t sock_cookie(const struct inet_diag_msg *msg)
{
	return (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
}

/**
 * selection_init - the sockets that a command line means
 * @sel: out
 * @opt: the command line
 *
 * Who does not speak of listeners does not mean them.
 */
void selection_init(struct selection *sel, const struct options *opt)
{
	memset(sel, 0, sizeof(*sel));
	sel->family = opt->family;
	sel->filter = opt->filter;
	sel->states = ~0U;
	if (opt->listening)
		sel->states = 1U << XTCP_LISTEN;
	else if (!opt->all && !filter_asks_state(opt->filter))
		sel->states &= ~(1U << XTCP_LISTEN);
	if (opt->info)
		sel->ext |= 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	if (opt->memory)
		sel->ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
}

static bool is_meant(const struct selection *sel, const struct inet_diag_msg *msg)
{
	const struct filter_subject s = {
		.states = 1U << msg->idiag_state,
		.family = msg->idiag_family,
		.local = msg->id.idiag_src,
		.remote = msg->id.idiag_dst,
		.lport = ntohs(msg->id.idiag_sport),
		.rport = ntohs(msg->id.idiag_dport),
		.ifindex = msg->id.idiag_if,
		.uid = msg->idiag_uid,
		.has_uid = sock_cookie(msg),
	};

	if (sel->family && sel->family != msg->idiag_family)
		return false;
	return filter_match(sel->filter, &s);
}

/* A newer kernel may tell more, an older one less. */
static void copy_known(void *to, size_t size, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);

	memcpy(to, mnl_attr_get_payload(attr), len < size ? len : size);
}

/**
 * copy_clocks - what a connection spent its time with
 * @c: out
 * @attr: from the kernel
 *
 * Return: false: of a module with other states or waits than we know, it is not understood.
 */
bool copy_clocks(struct xtcp_clock_info *c, const struct nlattr *attr)
{
	const struct xtcp_clock_info *from = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (len != sizeof(*c) || from->states != XTCP_STATE_NR ||
	    from->sends != XTCP_SEND_WAIT_NR || from->recvs != XTCP_RECV_WAIT_NR)
		return false;
	memcpy(c, from, sizeof(*c));
	return true;
}

static void read_attr(struct sock_info *s, const struct nlattr *attr)
{
	switch (mnl_attr_get_type(attr)) {
	case INET_DIAG_CONG:
		if (!mnl_attr_validate(attr, MNL_TYPE_NUL_STRING))
			s->cong = mnl_attr_get_str(attr);
		break;
	case INET_DIAG_INFO:
		copy_known(&s->info, sizeof(s->info), attr);
		s->has_info = true;
		break;
	case INET_DIAG_SKMEMINFO:
		copy_known(s->mem, sizeof(s->mem), attr);
		s->has_mem = true;
		break;
	case XTCP_DIAG_WAIT:
		copy_known(&s->wait, sizeof(s->wait), attr);
		s->has_wait = true;
		break;
	case XTCP_DIAG_CLOCKS:
		s->has_clocks = copy_clocks(&s->clocks, attr);
		break;
	case XTCP_DIAG_LISTENER:
		copy_known(&s->listener, sizeof(s->listener), attr);
		s->has_listener = true;
		break;
	}
}

static void tell(const struct nlmsghdr *nlh, sock_seen_t seen, void *arg)
{
	struct sock_info s = { .msg = mnl_nlmsg_get_payload(nlh) };
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(*s.msg))
		read_attr(&s, attr);
	seen(&s, arg);
}

static void keep(struct dump *d, const struct nlmsghdr *nlh)
{
	size_t len = MNL_ALIGN(nlh->nlmsg_len);

	while (d->len + len > d->size) {
		d->size = d->size ? d->size * 2 : 65536;
		d->list = realloc(d->list, d->size);
		if (!d->list)
			die("out of memory");
	}
	memcpy(d->list + d->len, nlh, nlh->nlmsg_len);
	d->len += len;
}

static int read_socket(const struct nlmsghdr *nlh, void *arg)
{
	struct dump *d = arg;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(struct inet_diag_msg) &&
	    is_meant(d->sel, mnl_nlmsg_get_payload(nlh)))
		keep(d, nlh);
	return MNL_CB_OK;
}

static void put_filter(struct nlmsghdr *nlh, const struct filter_node *filter)
{
	static uint32_t code[FILTER_BYTECODE_MAX / sizeof(uint32_t)];
	size_t len = filter_bytecode(filter, code, sizeof(code));

	if (len)
		mnl_attr_put(nlh, INET_DIAG_REQ_BYTECODE, len, code);
}

static int request(struct mnl_socket *nl, struct dump *d)
{
	static char buf[FILTER_BYTECODE_MAX + 1024];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct inet_diag_req_v2 *req;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof(*req));
	req->sdiag_family = d->sel->kernel ? d->sel->kernel : family_number();
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = d->sel->states & filter_states(d->sel->filter);
	req->idiag_ext = d->sel->ext;
	put_filter(nlh, d->sel->filter);
	if (d->sel->show)
		mnl_attr_put_u32(nlh, XTCP_DIAG_REQ_SHOW, d->sel->show);
	return link_dump(nl, nlh, read_socket, d);
}

/**
 * dump_sockets - ask for sockets and entries
 * @nl: a socket to NETLINK_SOCK_DIAG
 * @sel: which
 * @seen: is told of each that @sel means
 * @arg: for @seen
 *
 * Ends the program when the kernel refuses.
 */
void dump_sockets(struct mnl_socket *nl, const struct selection *sel, sock_seen_t seen,
		  void *arg)
{
	struct dump d = { .sel = sel };
	int err, tries = 0, len;
	const struct nlmsghdr *nlh;

	do {
		d.len = 0;
		err = request(nl, &d);
	} while (err == -EINTR && ++tries < TRIES);
	/* Either no module has registered the family number, or no module xtcp. */
	if (!sel->kernel && (err == -ENOENT || err == -EINVAL))
		die_not_loaded();
	/* a kernel without tcp_diag, or without IPv6, has nobody to show */
	if (sel->kernel && err == -ENOENT)
		err = 0;
	if (err == -EINTR)
		fputs("xtcpstat: so much changed meanwhile that some may be missing, or there twice\n",
		      stderr);
	else if (err)
		die("sock_diag: %s", strerror(-err));
	len = d.len;
	for (nlh = (void *)d.list; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len))
		tell(nlh, seen, arg);
	free(d.list);
}
