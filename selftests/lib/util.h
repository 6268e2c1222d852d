/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests ask the kernel, and how they wait.
 */
#ifndef XTCP_SELFTESTS_UTIL_H
#define XTCP_SELFTESTS_UTIL_H

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include <linux/xtcp_fsm.h>
#include <linux/xtcp_reason.h>

/* No condition takes longer on a machine that is merely slow. */
#define PATIENCE_MS	10000

/*
 * For TEST_F_TIMEOUT() of a race, which runs for race_seconds(): what limits it is
 * run_tests.sh, which knows how long that is.
 */
#define RACE_TIMEOUT	(24 * 60 * 60)

/**
 * await - poll until a condition holds
 * @cond: an expression
 *
 * Return: whether it came to hold within PATIENCE_MS.
 */
#define await(cond)	await_ms(cond, PATIENCE_MS)
#define await_ms(cond, ms) ({						\
	uint64_t __end = now_ns() + (ms) * 1000000ULL;			\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && now_ns() < __end)			\
		poll_pause();						\
	__ok;								\
})

uint64_t now_ns(void);
void poll_pause(void);
pid_t must_fork(void);

int test_family(void);
bool test_inet(void);
bool test_protosw(void);
int xtcp_family(void);
int xtcp_protocol(void);
const char *xtcp_missing(void);
bool kernel_before(unsigned int major, unsigned int minor);

int fd_state(int fd);
bool fd_syn_data_acked(int fd);
int fd_fastopen_fail(int fd);
int fd_poll(int fd, int events, int ms);
int fd_error(int fd);
int set_int(int fd, int level, int name, int value);
int get_int(int fd, int level, int name);
int set_linger(int fd, int seconds);
void set_nonblock(int fd, bool on);

bool conf_set(const char *name, const char *value);
void bring_up_loopback(void);
bool command(const char *format, ...) __attribute__((format(printf, 1, 2)));
bool proc_write(const char *path, const char *value);

int env_number(const char *name, int otherwise);
int race_seconds(int otherwise);

long long counter(const char *name);
bool book_balances(void);
long long verdict_count(const char *verdict);
long long stat_counter(const char *name);
long long snmp_counter(const char *name);
long long edge_count(enum xtcp_edge edge);
long long reason_count(enum xtcp_reason why, long long *rsts);
long long reason_sent(enum xtcp_reason why);
int conn_state(const struct sockaddr_in *local, const struct sockaddr_in *remote);
int conns_in_state(int state);
long memory_pages(void);
long most_spare_pages(void);

#endif /* XTCP_SELFTESTS_UTIL_H */
