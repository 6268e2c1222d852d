// SPDX-License-Identifier: GPL-2.0
/*
 * Congestion control: how an algorithm is chosen, by whom, what it tells of
 * itself, one that another module brings, and what limits a socket besides cwnd:
 * pacing, and the small-queue limit.
 *
 * All of it is as the kernel's TCP has it, but for the module.
 */
#include <fcntl.h>
#include <libgen.h>
#include <linux/inet_diag.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <linux/capability.h>
#include <unistd.h>

#include "lib/fixture.h"

#ifndef SO_MAX_PACING_RATE
#define SO_MAX_PACING_RATE	47
#endif
#define INFO_PACING_RATE	104	/* offset of tcpi_pacing_rate */
#define INFO_MAX_PACING_RATE	112

WIRE_FIXTURE_TIMERS(cong)

static int choose(int fd, const char *name)
{
	return setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name)) ?
	       errno : 0;
}

static const char *chosen(int fd)
{
	static char name[16];
	socklen_t len = sizeof(name);

	memset(name, 0, sizeof(name));
	return getsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, &len) ? "?" : name;
}

static uint64_t info64(int fd, unsigned int offset)
{
	uint64_t info[64] = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len);
	return info[offset / 8];
}

static struct tcp_info tcp_info(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len);
	return info;
}

static int fresh(void)
{
	return socket(test_family(), SOCK_STREAM, 0);
}

static bool conf_get(const char *name, char *buf, int size)
{
	char path[200];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s%s",
		 test_inet() ? "ipv4/tcp_" : "xtcp/", name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n - 1 : 0] = 0;	/* the newline */
	return n > 0;
}

/* ---- names and who may use them ------------------------------------------ */

TEST_F(cong, choose__by_name)
{
	int fd = fresh();

	EXPECT_STREQ(chosen(fd), "cubic");
	EXPECT_EQ(choose(fd, "reno"), 0);
	EXPECT_STREQ(chosen(fd), "reno");
	EXPECT_EQ(choose(fd, "no-such"), ENOENT);
	EXPECT_STREQ(chosen(fd), "reno");
	EXPECT_EQ(setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, "", 0), -1);
	EXPECT_EQ(errno, EINVAL);
	close(fd);
}

TEST_F(cong, choose__all_that_are_built_in)
{
	static const char *const names[] = { "bbr", "dctcp", "cubic", "reno" };
	unsigned int i;
	int fd;

	XTCP_ONLY();
	fd = fresh();
	for (i = 0; i < 4; i++) {
		EXPECT_EQ(choose(fd, names[i]), 0);
		EXPECT_STREQ(chosen(fd), names[i]);
	}
	close(fd);
}

TEST_F(cong, sysctl__names)
{
	char buf[200];

	ASSERT_TRUE(conf_get("congestion_control", buf, sizeof(buf)));
	EXPECT_STREQ(buf, "cubic");
	ASSERT_TRUE(conf_get("available_congestion_control", buf, sizeof(buf)));
	EXPECT_EQ(strncmp(buf, "reno cubic", 10), 0);
	ASSERT_TRUE(conf_get("allowed_congestion_control", buf, sizeof(buf)));
	EXPECT_NE(strstr(buf, "reno"), NULL);
	EXPECT_NE(strstr(buf, "cubic"), NULL);
	EXPECT_EQ(strstr(buf, "dctcp"), NULL);
}

TEST_F(cong, sysctl__default_of_new_sockets)
{
	int before = fresh(), after;

	ASSERT_TRUE(conf_set("congestion_control", "reno"));
	after = fresh();
	EXPECT_STREQ(chosen(before), "cubic");
	EXPECT_STREQ(chosen(after), "reno");
	EXPECT_FALSE(conf_set("congestion_control", "no-such"));
	/* another namespace cannot default to what is not allowed to everybody */
	if (!test_inet())
		EXPECT_FALSE(conf_set("congestion_control", "dctcp"));
	close(before);
	close(after);
}

/* Not allowed, and no CAP_NET_ADMIN: in a child, which gives it up. */
TEST_F(cong, choose__not_allowed)
{
	int status = -1;
	pid_t pid;

	XTCP_ONLY();
	pid = must_fork();
	if (!pid) {
		struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
		struct __user_cap_data_struct d[2];
		int fd = fresh();

		syscall(SYS_capget, &h, d);
		d[0].effective &= ~(1U << CAP_NET_ADMIN);
		syscall(SYS_capset, &h, d);
		if (choose(fd, "dctcp") != EPERM)
			_exit(1);
		if (choose(fd, "reno") || choose(fd, "bbr"))
			_exit(2);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	EXPECT_EQ(status, 0);
}

/* ---- whose it is ----------------------------------------------------------- */

TEST_F(cong, inherit__what_was_chosen_for_the_listener)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8), fd;

	ASSERT_EQ(choose(listener, "reno"), 0);
	p->lport = WIRE_PORT;
	packets(p, "< S 0:0(0) win 65535 <mss 1460>",
		   "> S. 0:0(0) ack 1 <mss 1460>",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	EXPECT_STREQ(chosen(fd), "reno");
	close(listener);
}

/* The default is that of the time when the connection came. */
TEST_F(cong, inherit__otherwise_the_default)
{
	struct peer *p = &self->p;
	int listener = start_listen(p->w, 8), fd;

	ASSERT_TRUE(conf_set("congestion_control", "reno"));
	p->lport = WIRE_PORT;
	packets(p, "< S 0:0(0) win 65535 <mss 1460>",
		   "> S. 0:0(0) ack 1 <mss 1460>",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	EXPECT_STREQ(chosen(fd), "reno");
	EXPECT_STREQ(chosen(listener), "cubic");
	close(listener);
}

TEST_F(cong, change__of_a_connection_that_lives)
{
	struct peer *p = &self->p;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1");
	EXPECT_EQ(choose(fd, "reno"), 0);
	packets(p, "< . 1:1(0) ack 101");
	if (!test_inet()) {
		EXPECT_EQ(choose(fd, "bbr"), 0);
		put_pattern(fd, 100, 100);
		packets(p, "> P. 101:201(100) ack 1",
			   "< . 1:1(0) ack 201");
		EXPECT_EQ(choose(fd, "cubic"), 0);
	}
	put_pattern(fd, 200, 100);
	EXPECT_STREQ(chosen(fd), test_inet() ? "reno" : "cubic");
}

TEST_F(cong, info__of_bbr)
{
	struct peer *p = &self->p;
	union tcp_cc_info info;
	socklen_t len = sizeof(info);
	int fd;

	XTCP_ONLY();
	ASSERT_TRUE(conf_set("congestion_control", "bbr"));
	fd = open_active(p);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101");
	ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, &info, &len), 0);
	EXPECT_EQ(len, sizeof(info.bbr));
	EXPECT_EQ(info.bbr.bbr_pacing_gain, 739);
	EXPECT_GT(info.bbr.bbr_min_rtt, 0);
	EXPECT_NE(info64(fd, INFO_PACING_RATE), ~0ULL);
	/* cubic has none */
	ASSERT_EQ(choose(fd, "cubic"), 0);
	len = sizeof(info);
	ASSERT_EQ(getsockopt(fd, IPPROTO_TCP, TCP_CC_INFO, &info, &len), 0);
	EXPECT_EQ(len, 0);
}

/* ---- a module ---------------------------------------------------------------- */

static int load(void)
{
	char path[500], ko[400];
	int fd, rc;

	snprintf(ko, sizeof(ko), "%s", getenv("XTCP_KO") ? : "");
	snprintf(path, sizeof(path), "%s/selftests/modules/xtcp_fixed.ko", dirname(ko));
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return ENOENT;
	rc = syscall(SYS_finit_module, fd, "window=5", 0) ? errno : 0;
	close(fd);
	return rc;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "xtcp_fixed", O_NONBLOCK) ? errno : 0;
}

TEST_F(cong, module__is_loaded_used_and_unloaded)
{
	struct peer *p = &self->p;
	char buf[200];
	int fd, other;

	XTCP_ONLY();
	other = fresh();
	EXPECT_EQ(choose(other, "fixed"), ENOENT);
	ASSERT_EQ(load(), 0);
	ASSERT_TRUE(conf_get("available_congestion_control", buf, sizeof(buf)));
	EXPECT_NE(strstr(buf, "fixed"), NULL);
	EXPECT_EQ(choose(other, "fixed"), 0);
	EXPECT_STREQ(chosen(other), "fixed");
	EXPECT_NE(unload(), 0);
	EXPECT_EQ(choose(other, "cubic"), 0);
	close(other);

	fd = open_active(p);
	put_pattern(fd, 0, 10000);
	ASSERT_EQ(choose(fd, "fixed"), 0);
	EXPECT_EQ(tcp_info(fd).tcpi_snd_cwnd, 5);
	EXPECT_EQ(unload(), EAGAIN);
	ASSERT_EQ(choose(fd, "reno"), 0);
	/* nobody uses it now */
	EXPECT_TRUE(await(unload() == 0));
	EXPECT_EQ(choose(fd, "fixed"), ENOENT);
}

/* A socket that is closed gives it back by itself. */
TEST_F(cong, module__goes_with_the_last_socket)
{
	int fd;

	XTCP_ONLY();
	ASSERT_EQ(load(), 0);
	fd = fresh();
	ASSERT_EQ(choose(fd, "fixed"), 0);
	EXPECT_EQ(unload(), EAGAIN);
	close(fd);
	EXPECT_TRUE(await(unload() == 0));
}

/* ---- a window that is not used ----------------------------------------------------- */

/*
 * An RTO that is long enough for pauses on a slow machine, and a cwnd that grew.
 * Return: the connection; @seq: what it sends next.
 */
static int open_wide(struct peer *p, int *seq)
{
	int fd = start_connect(p), i;

	packets(p, "> S 0:0(0)",
		   "quiet 200",
		   "< S. 0:0(0) ack 1 win 65535 <mss 1460>",
		   "> . 1:1(0) ack 1");
	put_pattern(fd, 0, 11 * WIRE_MSS);
	for (i = 0; i < 10; i++)
		packets(p, "> * *:*(*) ack 1");
	packets(p, fmt("< . 1:1(0) ack %d", 1 + 10 * WIRE_MSS),
		   "> P. *:*(*) ack 1");
	*seq = 1 + 11 * WIRE_MSS;
	packets(p, fmt("< . 1:1(0) ack %d", *seq));
	return fd;
}

static void send_little(struct peer *p, int fd, int *seq)
{
	put_pattern(fd, *seq - 1, 100);
	packets(p, fmt("> P. %d:%d(100) ack 1", *seq, *seq + 100),
		   fmt("< . 1:1(0) ack %d", *seq + 100));
	*seq += 100;
}

/* RFC 7661: a window that is not filled does not grow. */
TEST_F(cong, unused__does_not_grow)
{
	struct peer *p = &self->p;
	int seq, fd = open_wide(p, &seq), i, cwnd;

	send_little(p, fd, &seq);
	cwnd = tcp_info(fd).tcpi_snd_cwnd;
	ASSERT_GT(cwnd, 16);
	for (i = 0; i < 20; i++)
		send_little(p, fd, &seq);
	EXPECT_EQ(tcp_info(fd).tcpi_snd_cwnd, cwnd);
}

/* Nor does it shrink while ACKs come, as RFC 2861 would have it. */
TEST_F(cong, unused__does_not_shrink)
{
	struct peer *p = &self->p;
	int seq, fd = open_wide(p, &seq), i, cwnd;

	send_little(p, fd, &seq);
	cwnd = tcp_info(fd).tcpi_snd_cwnd;
	ASSERT_GT(cwnd, 16);
	for (i = 0; i < 4; i++) {
		packets(p, fmt("quiet %u", tcp_info(fd).tcpi_rto / 2000));
		send_little(p, fd, &seq);
	}
	EXPECT_EQ(tcp_info(fd).tcpi_snd_cwnd, cwnd);
}

/* RFC 5681 4.1: after an RTO in which nothing was sent, ten segments again. */
TEST_F(cong, idle__slow_start_again)
{
	struct peer *p = &self->p;
	int seq, fd = open_wide(p, &seq), cwnd = tcp_info(fd).tcpi_snd_cwnd;
	int rto_ms = tcp_info(fd).tcpi_rto / 1000;

	ASSERT_GT(rto_ms, 300);
	ASSERT_GT(cwnd, 16);
	packets(p, fmt("quiet %d", rto_ms * 12 / 10));
	EXPECT_EQ(tcp_info(fd).tcpi_snd_cwnd, cwnd);
	send_little(p, fd, &seq);
	EXPECT_EQ(tcp_info(fd).tcpi_snd_cwnd, 10);
}

TEST_F(cong, idle__switched_off)
{
	struct peer *p = &self->p;
	int seq, fd, cwnd;

	ASSERT_TRUE(conf_set("slow_start_after_idle", "0"));
	fd = open_wide(p, &seq);
	cwnd = tcp_info(fd).tcpi_snd_cwnd;
	packets(p, fmt("quiet %u", tcp_info(fd).tcpi_rto / 1000 * 12 / 10));
	send_little(p, fd, &seq);
	EXPECT_GE(tcp_info(fd).tcpi_snd_cwnd, cwnd);
}

/* ---- pacing -------------------------------------------------------------------- */

TEST_F(cong, pacing__rate_that_tcp_info_shows)
{
	struct peer *p = &self->p;
	uint32_t rate = 100000, got = 0;
	socklen_t len = sizeof(got);
	uint64_t wide = 1ULL << 33;
	int fd = open_active(p);

	EXPECT_EQ(info64(fd, INFO_MAX_PACING_RATE), ~0ULL);
	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)), 0);
	ASSERT_EQ(getsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &got, &len), 0);
	EXPECT_EQ(got, rate);
	EXPECT_EQ(info64(fd, INFO_MAX_PACING_RATE), rate);
	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "< . 1:1(0) ack 101");
	EXPECT_EQ(info64(fd, INFO_PACING_RATE), rate);
	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &wide, sizeof(wide)), 0);
	EXPECT_EQ(info64(fd, INFO_MAX_PACING_RATE), wide);
	rate = ~0U;
	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &rate, sizeof(rate)), 0);
	EXPECT_EQ(info64(fd, INFO_MAX_PACING_RATE), ~0ULL);
}

/* 200 % of cwnd per SRTT, as of the last ACK: nobody need have sent since. */
TEST_F(cong, pacing__rate_follows_the_acks)
{
	struct peer *p = &self->p;
	struct tcp_info info;
	double rate, due;
	int fd = open_active(p);

	put_pattern(fd, 0, 100);
	packets(p, "> P. 1:101(100) ack 1",
		   "quiet 50",
		   "< . 1:1(0) ack 101");
	ASSERT_TRUE(await(tcp_info(fd).tcpi_unacked == 0));
	info = tcp_info(fd);
	rate = info64(fd, INFO_PACING_RATE);
	due = 2e6 * info.tcpi_snd_mss * info.tcpi_snd_cwnd / info.tcpi_rtt;
	EXPECT_GT(rate, 0.99 * due);
	EXPECT_LT(rate, 1.01 * due);
}

TEST_HARNESS_MAIN
