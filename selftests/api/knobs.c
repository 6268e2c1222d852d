// SPDX-License-Identifier: GPL-2.0
/*
 * XTCP_CMD_SOCK_SET: what an administrator sets of a socket that is not his; what is refused,
 * with which words, and that it has changed nothing.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/xtcp.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fixture.h"

#define PORT	7000
#define NO_COOKIE	(UINT64_MAX - 1)	/* the attribute is left out */

#ifndef SO_COOKIE
#define SO_COOKIE	57
#endif

/**
 * struct target - which socket a request means
 * @family: AF_INET or AF_INET6
 * @local: its address
 * @remote: the peer's
 * @size: of the addresses
 * @sport: its port, host order
 * @dport: the peer's
 * @cookie: which one
 */
struct target {
	uint8_t family;
	uint8_t local[16];
	uint8_t remote[16];
	size_t size;
	uint16_t sport;
	uint16_t dport;
	uint64_t cookie;
};

FIXTURE(knobs) {
	int		listener;
	int		fd;
	int		peer;
	struct target	target;
};

static struct sockaddr_in address(void)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static struct target target_of(int fd)
{
	struct sockaddr_in local = {}, remote = {};
	socklen_t len = sizeof(local), cookie_len = sizeof(uint64_t);
	struct target t = { .family = AF_INET, .size = 4 };

	getsockname(fd, (void *)&local, &len);
	getpeername(fd, (void *)&remote, &len);
	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &t.cookie, &cookie_len);
	memcpy(t.local, &local.sin_addr, 4);
	memcpy(t.remote, &remote.sin_addr, 4);
	t.sport = ntohs(local.sin_port);
	t.dport = ntohs(remote.sin_port);
	return t;
}

static int loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = ioctl(fd, SIOCSIFFLAGS, &lo);

	close(fd);
	return rc;
}

FIXTURE_SETUP(knobs)
{
	struct sockaddr_in addr = address();
	const char *why = xtcp_missing();
	int on = 1;

	if (why)
		SKIP(return, "%s", why);
	if (test_inet())
		SKIP(return, "the kernel's TCP has no such thing");
	ASSERT_EQ(unshare(CLONE_NEWNET), 0);
	ASSERT_EQ(loopback_up(), 0);
	self->listener = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(self->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	ASSERT_EQ(bind(self->listener, (void *)&addr, sizeof(addr)), 0);
	ASSERT_EQ(listen(self->listener, 1), 0);
	self->fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(connect(self->fd, (void *)&addr, sizeof(addr)), 0);
	self->peer = accept(self->listener, NULL, NULL);
	ASSERT_GE(self->peer, 0);
	self->target = target_of(self->fd);
}

FIXTURE_TEARDOWN(knobs)
{
	close(self->fd);
	close(self->peer);
	close(self->listener);
}

/* ---- requests ---- */

/**
 * struct request - one, and its answer
 * @nl: the socket
 * @family: number of the module's family
 * @nlh: the message
 * @err: 0 or a negative errno
 * @text: the kernel's words
 * @bad: the attribute that it points at, 0: none
 * @buf: room for the message
 */
struct request {
	struct mnl_socket *nl;
	uint16_t family;
	struct nlmsghdr *nlh;
	int err;
	char text[128];
	int bad;
	char buf[1024];
};

static int read_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			*(uint16_t *)arg = mnl_attr_get_u16(attr);
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *begin(char *buf, uint16_t type, uint16_t flags, uint8_t cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = 1;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static void find_family(struct request *r)
{
	char buf[8192];
	struct nlmsghdr *nlh = begin(buf, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	ssize_t len;

	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, XTCP_GENL_NAME);
	mnl_socket_sendto(r->nl, nlh, nlh->nlmsg_len);
	len = mnl_socket_recvfrom(r->nl, buf, sizeof(buf));
	if (len > 0)
		mnl_cb_run(buf, len, 1, 0, read_family, &r->family);
}

static void request_open(struct request *r)
{
	int on = 1;

	memset(r, 0, sizeof(*r));
	r->nl = mnl_socket_open(NETLINK_GENERIC);
	mnl_socket_bind(r->nl, 0, MNL_SOCKET_AUTOPID);
	mnl_socket_setsockopt(r->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	find_family(r);
}

/* Whom it means. */
static void request_begin(struct request *r, const struct target *t)
{
	r->nlh = begin(r->buf, r->family, NLM_F_ACK, XTCP_CMD_SOCK_SET);
	if (t->family)
		mnl_attr_put_u8(r->nlh, XTCP_A_SOCK_FAMILY, t->family);
	if (t->size) {
		mnl_attr_put(r->nlh, XTCP_A_SOCK_SADDR, t->size, t->local);
		mnl_attr_put(r->nlh, XTCP_A_SOCK_DADDR, t->size, t->remote);
	}
	mnl_attr_put_u16(r->nlh, XTCP_A_SOCK_SPORT, t->sport);
	mnl_attr_put_u16(r->nlh, XTCP_A_SOCK_DPORT, t->dport);
	if (t->cookie != NO_COOKIE)
		mnl_attr_put_u64(r->nlh, XTCP_A_SOCK_COOKIE, t->cookie);
}

static void read_words(struct request *r, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(*err);
	const struct nlattr *attr;

	if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
		offset += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	mnl_attr_for_each(attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			snprintf(r->text, sizeof(r->text), "%s", mnl_attr_get_str(attr));
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_OFFS)
			r->bad = ((struct nlattr *)(r->buf + mnl_attr_get_u32(attr)))->nla_type;
	}
}

static int request_send(struct request *r)
{
	const struct nlmsghdr *nlh;
	char buf[8192];
	ssize_t len;

	r->text[0] = '\0';
	r->bad = 0;
	mnl_socket_sendto(r->nl, r->nlh, r->nlh->nlmsg_len);
	len = mnl_socket_recvfrom(r->nl, buf, sizeof(buf));
	nlh = (void *)buf;
	if (len < (ssize_t)sizeof(*nlh) || nlh->nlmsg_type != NLMSG_ERROR)
		return -EBADMSG;
	r->err = ((struct nlmsgerr *)mnl_nlmsg_get_payload(nlh))->error;
	read_words(r, nlh);
	return r->err;
}

/* ---- the tests ---- */

/* All at once; a user reads what he could have set. */
TEST_F(knobs, set__what_setsockopt_sets)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	uint64_t rate = 0;
	struct request r;

	request_open(&r);
	request_begin(&r, &self->target);
	mnl_attr_put_strz(r.nlh, XTCP_A_SOCK_CONGESTION, "reno");
	mnl_attr_put_u32(r.nlh, XTCP_A_SOCK_USER_TIMEOUT, 12345);
	mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_KEEPALIVE, 1);
	mnl_attr_put_u32(r.nlh, XTCP_A_SOCK_KEEPIDLE, 11);
	mnl_attr_put_u32(r.nlh, XTCP_A_SOCK_KEEPINTVL, 12);
	mnl_attr_put_u32(r.nlh, XTCP_A_SOCK_KEEPCNT, 13);
	mnl_attr_put_u64(r.nlh, XTCP_A_SOCK_MAX_PACING_RATE, 5000000000ULL);
	mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_WATCH, 1);
	ASSERT_EQ(request_send(&r), 0) {
		TH_LOG("%s", r.text);
	}
	getsockopt(self->fd, SOL_TCP, TCP_CONGESTION, name, &len);
	EXPECT_STREQ(name, "reno");
	EXPECT_EQ(get_int(self->fd, SOL_TCP, TCP_USER_TIMEOUT), 12345);
	EXPECT_EQ(get_int(self->fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	EXPECT_EQ(get_int(self->fd, SOL_TCP, TCP_KEEPIDLE), 11);
	EXPECT_EQ(get_int(self->fd, SOL_TCP, TCP_KEEPINTVL), 12);
	EXPECT_EQ(get_int(self->fd, SOL_TCP, TCP_KEEPCNT), 13);
	len = sizeof(rate);
	getsockopt(self->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len);
	EXPECT_EQ(rate, 5000000000ULL);
	EXPECT_EQ(get_int(self->fd, SOL_XTCP, XTCP_WATCH), 1);

	request_begin(&r, &self->target);
	mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_KEEPALIVE, 0);
	mnl_attr_put_u64(r.nlh, XTCP_A_SOCK_MAX_PACING_RATE, UINT64_MAX);
	mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_WATCH, 0);
	ASSERT_EQ(request_send(&r), 0);
	EXPECT_EQ(get_int(self->fd, SOL_XTCP, XTCP_WATCH), 0);
	EXPECT_EQ(get_int(self->fd, SOL_SOCKET, SO_KEEPALIVE), 0);
	getsockopt(self->fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, &len);
	EXPECT_EQ(rate, UINT64_MAX);
	mnl_socket_close(r.nl);
}

/* What it is told is at the boundary, or the attribute that is pointed at. */
TEST_F(knobs, set__refused_has_changed_nothing)
{
	static const struct {
		int attr;
		int size;
		uint64_t val;
		int err;
	} bad[] = {
		{ XTCP_A_SOCK_USER_TIMEOUT,	4, 1ULL << 31,	-ERANGE },
		{ XTCP_A_SOCK_USER_TIMEOUT,	2, 1,		-EINVAL },
		{ XTCP_A_SOCK_KEEPALIVE,	1, 2,		-ERANGE },
		{ XTCP_A_SOCK_WATCH,		1, 2,		-ERANGE },
		{ XTCP_A_SOCK_KEEPIDLE,		4, 0,		-ERANGE },
		{ XTCP_A_SOCK_KEEPIDLE,		4, 32768,	-ERANGE },
		{ XTCP_A_SOCK_KEEPINTVL,	4, 0,		-ERANGE },
		{ XTCP_A_SOCK_KEEPCNT,		4, 128,		-ERANGE },
		{ XTCP_A_SOCK_KEEPCNT,		8, 1,		-EINVAL },
		{ XTCP_A_SOCK_MAX_PACING_RATE,	8, 0,		-ERANGE },
		{ XTCP_A_SOCK_MAX_PACING_RATE,	4, 1,		-EINVAL },
		/* a text without its end; longer than names are; of no congestion control */
		{ XTCP_A_SOCK_CONGESTION,	4, 0x6f6e6572,	-EINVAL },
		{ XTCP_A_SOCK_CONGESTION,	4, 0x787878,	-ENOENT },
		{ XTCP_A_SOCK_MAX + 1,		4, 1,		-EINVAL },
	};
	struct request r;
	size_t i;

	request_open(&r);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		request_begin(&r, &self->target);
		mnl_attr_put_u32(r.nlh, XTCP_A_SOCK_USER_TIMEOUT, 777);
		if (bad[i].attr != XTCP_A_SOCK_KEEPALIVE)
			mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_KEEPALIVE, 1);
		mnl_attr_put(r.nlh, bad[i].attr, bad[i].size, &bad[i].val);
		EXPECT_EQ(request_send(&r), bad[i].err) {
			TH_LOG("%zu: %s", i, r.text);
		}
		EXPECT_EQ(r.bad & NLA_TYPE_MASK, bad[i].attr);
		EXPECT_NE(r.text[0], '\0');
		EXPECT_EQ(get_int(self->fd, SOL_SOCKET, SO_KEEPALIVE), 0);
		EXPECT_EQ(get_int(self->fd, SOL_TCP, TCP_USER_TIMEOUT), 0);
	}
	mnl_socket_close(r.nl);
}

static int set_one(struct request *r, const struct target *t)
{
	request_begin(r, t);
	mnl_attr_put_u32(r->nlh, XTCP_A_SOCK_KEEPIDLE, 99);
	return request_send(r);
}

/* It takes all of an identity, and the cookie that goes with it. */
TEST_F(knobs, set__of_nobody_else)
{
	struct target t = self->target;
	struct request r;

	request_open(&r);
	request_begin(&r, &t);
	EXPECT_EQ(request_send(&r), -EINVAL);
	EXPECT_STREQ(r.text, "nothing is to be set");
	t.cookie++;
	EXPECT_EQ(set_one(&r, &t), -ESRCH);
	t.cookie = NO_COOKIE;
	EXPECT_EQ(set_one(&r, &t), -EINVAL);
	t = self->target;
	t.dport++;
	EXPECT_EQ(set_one(&r, &t), -ESRCH);
	t = self->target;
	t.family = 0;
	EXPECT_EQ(set_one(&r, &t), -EINVAL);
	t.family = AF_UNIX;
	EXPECT_EQ(set_one(&r, &t), -EAFNOSUPPORT);
	t.family = AF_INET6;
	EXPECT_EQ(set_one(&r, &t), -EINVAL);
	t.size = 16;
	EXPECT_EQ(set_one(&r, &t), -ESRCH);	/* these are addresses of another */
	t.family = AF_INET;
	EXPECT_EQ(set_one(&r, &t), -EINVAL);
	t.size = 0;
	EXPECT_EQ(set_one(&r, &t), -EINVAL);
	mnl_socket_close(r.nl);
}

/* A listener's is for the connections to come; an entry has nothing that could be set. */
TEST_F(knobs, set__in_other_states)
{
	struct target t = target_of(self->listener);
	struct request r;
	int child, fd;
	struct sockaddr_in addr = address();

	request_open(&r);
	ASSERT_EQ(set_one(&r, &t), 0) {
		TH_LOG("%s", r.text);
	}
	fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
	ASSERT_EQ(connect(fd, (void *)&addr, sizeof(addr)), 0);
	child = accept(self->listener, NULL, NULL);
	EXPECT_EQ(get_int(child, SOL_TCP, TCP_KEEPIDLE), 99);
	close(fd);
	close(child);

	/* in TIME_WAIT, of which sock_diag tells the cookie zero */
	shutdown(self->fd, SHUT_WR);
	shutdown(self->peer, SHUT_WR);
	close(self->peer);
	close(self->fd);
	t = self->target;
	EXPECT_TRUE(await(set_one(&r, &t) == -ESRCH));
	t.cookie = 0;
	EXPECT_EQ(set_one(&r, &t), -EOPNOTSUPP);
	mnl_socket_close(r.nl);
	self->fd = -1;
	self->peer = -1;
}

/* CAP_NET_ADMIN where the namespace belongs, and nowhere else. */
TEST_F(knobs, set__for_administrators)
{
	int status = 0;
	struct request r;
	pid_t pid = must_fork();

	if (!pid) {
		if (setresuid(65534, 65534, 65534))
			_exit(2);
		request_open(&r);
		_exit(set_one(&r, &self->target) != -EPERM);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(status, 0);
	EXPECT_NE(get_int(self->fd, SOL_TCP, TCP_KEEPIDLE), 99);
}

static bool stop;

static void *turn(void *arg)
{
	struct target t = *(struct target *)arg;
	struct request r;

	request_open(&r);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		request_begin(&r, &t);
		mnl_attr_put_strz(r.nlh, XTCP_A_SOCK_CONGESTION, "bbr");
		mnl_attr_put_u8(r.nlh, XTCP_A_SOCK_KEEPALIVE, 1);
		mnl_attr_put_u64(r.nlh, XTCP_A_SOCK_MAX_PACING_RATE, 1000000);
		request_send(&r);
	}
	mnl_socket_close(r.nl);
	return NULL;
}

/* Its user opens and closes it meanwhile. */
TEST_F_TIMEOUT(knobs, set__while_it_ends, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(1) * 1000000000ULL;
	struct sockaddr_in addr = address();
	struct target t;
	pthread_t other;
	int fd, child;

	do {
		fd = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0);
		ASSERT_EQ(connect(fd, (void *)&addr, sizeof(addr)), 0);
		t = target_of(fd);
		stop = false;
		ASSERT_EQ(pthread_create(&other, NULL, turn, &t), 0);
		child = accept(self->listener, NULL, NULL);
		send(fd, "x", 1, MSG_NOSIGNAL);
		close(child);
		close(fd);
		__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(other, NULL);
	} while (now_ns() < end);
}

TEST_HARNESS_MAIN
