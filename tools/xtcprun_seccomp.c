// SPDX-License-Identifier: GPL-2.0
/*
 * Sockets of programs that nothing can be loaded into: a seccomp filter stops socket(2) of
 * TCP, a supervisor makes the socket and puts it into the program's table of descriptors.
 * It is inherited over fork and exec; what the socket does afterwards costs nothing.
 *
 * The filter is sixteen instructions and the rest are calls of ioctl(2), for which
 * libseccomp has nothing: so it is not used.
 *
 * A call's arguments are registers, which the program cannot change while it waits, and the
 * kernel's answer is to the call, not to a process number: SECCOMP_ADDFD_FLAG_SEND puts the
 * descriptor there and ends the call in one step, or does neither.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "xtcprun.h"

/* Of 5.14 and 5.19: the system's headers may be older than the kernel. */
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND			2
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV	32
#endif

#if defined(__x86_64__)
#define ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH	AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH	AUDIT_ARCH_RISCV64
#elif defined(__s390x__)
#define ARCH	AUDIT_ARCH_S390X
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCH	AUDIT_ARCH_PPC64LE
#else
#define ARCH	0	/* no program has it: nothing is stopped */
#endif

/* The kernel reads int arguments from the lower half of a register, whatever is above. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define LOWER_HALF	4
#else
#define LOWER_HALF	0
#endif
#define ARG(n)	(offsetof(struct seccomp_data, args[n]) + LOWER_HALF)
#define LOAD(at)	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define EQUAL(k, yes, no)	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)

/*
 * Streams of IP that the kernel's TCP would make. For every other call of the system the
 * verdict depends on nothing but its number, so that the kernel remembers it.
 */
static struct sock_filter filter[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	EQUAL(ARCH, 0, 12),
	LOAD(offsetof(struct seccomp_data, nr)),
	EQUAL(SYS_socket, 0, 10),
	LOAD(ARG(0)),
	EQUAL(AF_INET, 1, 0),
	EQUAL(AF_INET6, 0, 7),
	LOAD(ARG(1)),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, (unsigned int)~(SOCK_NONBLOCK | SOCK_CLOEXEC)),
	EQUAL(SOCK_STREAM, 0, 4),
	LOAD(ARG(2)),
	EQUAL(0, 3, 0),
	EQUAL(IPPROTO_TCP, 2, 0),
	EQUAL(IPPROTO_MPTCP, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
};

static int install(unsigned int flags)
{
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		       SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_SPEC_ALLOW | flags,
		       &program);
}

/**
 * seccomp_filter_install - from now on calls of ours are told
 *
 * Who has not CAP_SYS_ADMIN gives up that a program gains privileges (no_new_privs).
 *
 * Return: where they are told, -1 with errno.
 */
int seccomp_filter_install(void)
{
	int fd, old = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	/* once the supervisor has a call, no signal but a deadly one takes it back */
	fd = install(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd < 0 && errno == EACCES && !old && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		fd = install(SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (fd < 0 && errno == EINVAL)
		fd = install(0);
	return fd;
}

__attribute__((format(printf, 3, 4)))
static void say(const struct supervisor *s, pid_t pid, const char *fmt, ...)
{
	char path[64], name[64] = "?", text[REASON_MAX];
	va_list ap;
	ssize_t n;
	int comm;

	if (s->quiet)
		return;
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	comm = open(path, O_RDONLY | O_CLOEXEC);
	if (comm >= 0) {
		n = read(comm, name, sizeof(name) - 1);
		name[n > 0 ? n - 1 : 0] = '\0';
		close(comm);
	}
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "xtcprun: %s[%d]: %s\n", name, (int)pid, text);
}

/* The thread's user and group as the file system has them: a socket is made in their name. */
static bool read_owner(pid_t pid, uid_t *uid, gid_t *gid)
{
	char path[64], line[256];
	unsigned int id;
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (found < 2 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "Uid: %*u %*u %*u %u", &id) == 1) {
			*uid = id;
			found++;
		} else if (sscanf(line, "Gid: %*u %*u %*u %u", &id) == 1) {
			*gid = id;
			found++;
		}
	}
	fclose(f);
	return found == 2;
}

/*
 * A socket in the network namespace of its program, which need not be ours. Where we cannot
 * look, or not go, there is none: nobody gets out of a namespace through us.
 */
static int make_there(const struct supervisor *s, pid_t pid, int type, int protocol)
{
	struct stat ours, theirs;
	int there, here, fd, err;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)pid);
	there = open(path, O_RDONLY | O_CLOEXEC);
	here = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (there < 0 || here < 0 || fstat(there, &theirs) || fstat(here, &ours)) {
		say(s, pid, "its network namespace cannot be looked at (%s), so it gets no socket",
		    strerror(errno));
		fd = -1;
		err = EACCES;
	} else if (ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev) {
		fd = socket(s->family, type, protocol);
		err = errno;
	} else if (setns(there, CLONE_NEWNET)) {
		say(s, pid, "it has moved to a network namespace that xtcprun may not enter (%s), so it gets no socket",
		    strerror(errno));
		fd = -1;
		err = EACCES;
	} else {
		fd = socket(s->family, type, protocol);
		err = errno;
		if (setns(here, CLONE_NEWNET))
			_exit(EXIT_FAILURE);
	}
	if (there >= 0)
		close(there);
	if (here >= 0)
		close(here);
	errno = err;
	return fd;
}

static int make_socket(const struct supervisor *s, pid_t pid, int type, int protocol)
{
	int fd = make_there(s, pid, type, protocol);
	struct stat st;
	uid_t uid = 0;
	gid_t gid = 0;

	if (fd < 0)
		return fd;
	/* who started us as root may have become somebody else */
	if (!fstat(fd, &st) && read_owner(pid, &uid, &gid) &&
	    (uid != st.st_uid || gid != st.st_gid) && fchown(fd, uid, gid))
		say(s, pid, "its socket stays user %u's: %s", (unsigned int)st.st_uid,
		    strerror(errno));
	return fd;
}

/* Return: the error number for the call, negative; 0: the kernel shall go on with it. */
static int other_socket(const struct supervisor *s, pid_t pid, int domain)
{
	if (domain == AF_INET6 && s->ipv4_only)
		return -EAFNOSUPPORT;
	if (counts_first_to_say(s->counts, SAID_MPTCP))
		say(s, pid, "Multipath TCP %s", s->strict ? "is refused (--strict)" :
		    "stays with the kernel's TCP");
	if (s->strict)
		return -EPROTONOSUPPORT;
	atomic_fetch_add(&s->counts->kernel, 1);
	return 0;
}

/**
 * supervisor_answer - one call of socket(2) of a program with the filter
 * @s: the supervisor
 *
 * Where the program is killed, or a signal takes the call back before, nothing is done.
 */
void supervisor_answer(const struct supervisor *s)
{
	/* as large as a later kernel may make them */
	static union {
		struct seccomp_notif n;
		char room[1024];
	} call;
	static union {
		struct seccomp_notif_resp n;
		char room[1024];
	} answer;
	struct seccomp_notif_addfd add = { .flags = SECCOMP_ADDFD_FLAG_SEND };
	int domain, type, protocol, fd, theirs;

	memset(&call, 0, sizeof(call));
	if (ioctl(s->listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		return;
	domain = (int)call.n.data.args[0];
	type = (int)call.n.data.args[1];
	protocol = (int)call.n.data.args[2];
	memset(&answer, 0, sizeof(answer));
	answer.n.id = call.n.id;
	if ((domain == AF_INET6 && s->ipv4_only) || protocol == IPPROTO_MPTCP) {
		answer.n.error = other_socket(s, call.n.pid, domain);
		answer.n.flags = answer.n.error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		if (s->debug)
			say(s, call.n.pid, "socket(%s, %#x, %d) %s",
			    domain == AF_INET ? "AF_INET" : "AF_INET6", type, protocol,
			    answer.n.error ? "is refused" : "on the kernel's TCP");
		ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
		return;
	}
	fd = make_socket(s, call.n.pid, type,
			 domain == AF_INET6 ? XTCPPROTO_IPV6 : XTCPPROTO_IPV4);
	if (fd < 0) {
		answer.n.error = -errno;
		ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
		return;
	}
	add.id = call.n.id;
	add.srcfd = fd;
	add.newfd_flags = type & SOCK_CLOEXEC ? O_CLOEXEC : 0;
	theirs = ioctl(s->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	if (theirs < 0 && errno != ENOENT) {
		/* as when its table is full */
		answer.n.error = -errno;
		ioctl(s->listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
	close(fd);
	if (theirs < 0)
		return;
	atomic_fetch_add(&s->counts->xtcp, 1);
	if (s->debug)
		say(s, call.n.pid, "socket(%s, %#x, %d) in AF_XTCP: descriptor %d",
		    domain == AF_INET ? "AF_INET" : "AF_INET6", type, protocol, theirs);
}
