// SPDX-License-Identifier: GPL-2.0
/*
 * Loading, unloading, and namespaces that go, with connections in every state.
 *
 *	XTCP_KO		the module
 *	XTCP_ROUNDS	how often it is loaded and unloaded (100)
 *
 * That nothing leaks and nobody crashes is for the kernel to say: the machine
 * that runs this panics on a warning, and looks for leaks afterwards.
 */
#include <fcntl.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/xtcp.h>

#include "lib/fixture.h"

static int load(const char *parameters)
{
	int fd = open(getenv("XTCP_KO"), O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return -errno;
	rc = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return rc;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "xtcp", O_NONBLOCK) ? -errno : 0;
}

/* A file descriptor that another process has just closed may live a little. */
static bool unloaded(void)
{
	int rc = unload();

	return !rc || rc == -ENOENT;
}

FIXTURE(lifecycle) {
	struct wire w;
	int rounds;
};

FIXTURE_SETUP(lifecycle)
{
	const char *rounds = getenv("XTCP_ROUNDS");

	self->rounds = rounds ? atoi(rounds) : 100;
	if (test_inet() || !getenv("XTCP_KO") || access(getenv("XTCP_KO"), R_OK))
		SKIP(return, "XTCP_KO does not name the module");
	if (geteuid())
		SKIP(return, "only root can load modules");
	ASSERT_TRUE(await(unloaded()));
}

/* The next test finds the module loaded, as this one did. */
FIXTURE_TEARDOWN(lifecycle)
{
	await(unloaded());
	load("");
}

/* A connection whose descriptor is gone, for each state that can be so. */
static void orphans(struct wire *w)
{
	struct peer p[7];
	int i, fd[7];

	wire_long_rto();
	for (i = 0; i < 7; i++) {
		peer_init(&p[i], w);
		p[i].port = 1000 + i;
		fd[i] = open_active(&p[i]);
	}
	/* FIN_WAIT1 */
	close(fd[0]);
	packets(&p[0], "> F. 1:1(0) ack 1");
	/* FIN_WAIT1 with data that will be sent again and again */
	put_pattern(fd[1], 0, 5000);
	close(fd[1]);
	/* FIN_WAIT2 */
	close(fd[2]);
	packets(&p[2], "> F. 1:1(0) ack 1",
		       "<  . 1:1(0) ack 2");
	/* CLOSING */
	close(fd[3]);
	packets(&p[3], "> F. 1:1(0) ack 1",
		       "< F. 1:1(0) ack 1",
		       ">  . 2:2(0) ack 2");
	/* LAST_ACK */
	packets(&p[4], "< F. 1:1(0) ack 1",
		       ">  . 1:1(0) ack 2");
	close(fd[4]);
	packets(&p[4], "> F. 1:1(0) ack 2");
	/* TIME_WAIT */
	for (i = 5; i < 7; i++) {
		close(fd[i]);
		packets(&p[i], "> F. 1:1(0) ack 1",
			       "< F. 1:1(0) ack 2",
			       ">  . 2:2(0) ack 2");
	}
}

/* Out-of-order data, unread data, children that nobody accepted, half-open. */
static void loose_ends(struct wire *w)
{
	int listener = start_listen(w, 8), i, fd;
	struct peer p[3];

	for (i = 0; i < 3; i++) {
		peer_init(&p[i], w);
		p[i].lport = WIRE_PORT;
		p[i].port = 2000 + i;
		packets(&p[i], "< S  0:0(0) <mss 1460>",
			       "> S. 0:0(0) ack 1");
		if (i < 2)
			packets(&p[i], "< . 1:1(0) ack 1",
				       "< . 1001:2001(1000) ack 1",
				       "> . 1:1(0) ack 1");
	}
	fd = do_accept(w, listener);
	shutdown(fd, SHUT_WR);
	close(fd);
	close(listener);
}

/* As if no module had been there: the kernel's TCP answers for the port. */
static void nobody_is_left(struct wire *w)
{
	struct peer p;

	peer_init(&p, w);
	p.port = 3000;
	p.lport = WIRE_PORT;
	packets(&p, "< S 0:0(0) <mss 1460>",
		    "> R. 0:0(0) ack 1");
}

TEST_F_TIMEOUT(lifecycle, unload__with_orphans, 600)
{
	int i;

	for (i = 0; i < self->rounds; i++) {
		ASSERT_EQ(0, load("")) {
			TH_LOG("in round %d", i);
		}
		ASSERT_EQ(NULL, wire_open(&self->w));
		orphans(&self->w);
		loose_ends(&self->w);
		ASSERT_EQ(2, conns_in_state(TCP_TIME_WAIT));
		ASSERT_EQ(0, unload()) {
			TH_LOG("in round %d", i);
		}
		nobody_is_left(&self->w);
		wire_close(&self->w);
	}
}

/* rmmod says "in use", and nothing happens to the socket. */
TEST_F(lifecycle, unload__with_a_socket)
{
	struct peer p;
	int fd;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(NULL, wire_open(&self->w));
	peer_init(&p, &self->w);
	fd = open_active(&p);
	EXPECT_EQ(-EWOULDBLOCK, unload());
	put_pattern(fd, 0, 10);
	packets(&p, "> P. 1:11(10) ack 1");
	close(fd);
	EXPECT_EQ(0, unload());
	/* The peer is not left in the dark. */
	packets(&p, "> * *:*(*)");
}

/* Twenty streams over the loopback device, until they are killed. */
static pid_t busy_child(int family)
{
	pid_t pid = must_fork();
	int i;

	if (pid)
		return pid;
	for (i = 0; i < 20; i++) {
		struct sockaddr_in sin = { .sin_family = AF_INET,
					   .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					   .sin_port = htons(5000 + i) };
		int listener = socket(family, SOCK_STREAM, 0);
		int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK, 0);

		set_int(listener, SOL_SOCKET, SO_REUSEADDR, 1);
		if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) ||
		    listen(listener, 1))
			_exit(1);
		connect(fd, (struct sockaddr *)&sin, sizeof(sin));
		fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
		if (fd < 0)
			_exit(1);
	}
	for (;;) {
		static char buf[65536];

		/* 3, 5, 7 ...: whatever they are, some are connected */
		for (i = 3; i < 100; i++) {
			if (send(i, buf, sizeof(buf), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
				recv(i, buf, sizeof(buf), MSG_DONTWAIT);
		}
	}
}

TEST_F(lifecycle, unload__under_load)
{
	int i, status;

	for (i = 0; i < 1 + self->rounds / 10; i++) {
		pid_t pid;

		ASSERT_EQ(0, load(""));
		ASSERT_EQ(NULL, wire_open(&self->w));
		pid = busy_child(test_family());
		EXPECT_TRUE(await(conns_in_state(TCP_ESTABLISHED) >= 40));
		EXPECT_EQ(-EWOULDBLOCK, unload());
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_TRUE(WIFSIGNALED(status));
		ASSERT_EQ(0, unload());
		wire_close(&self->w);
	}
}

/* ---- namespaces ---------------------------------------------------------- */

/*
 * A child in a namespace of its own, which ends with the child: its end of a
 * cable shows when the namespace is gone.
 */
static bool cable_exists(void)
{
	return if_nametoindex("xtcp-life") != 0;
}

static void lay_cable(pid_t pid)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "ip link add xtcp-life type veth peer name life netns %d", (int)pid);
	if (system(command))
		exit(KSFT_FAIL);
}

static void in_namespace(struct __test_metadata *_metadata,
			 void (*story)(struct wire *w), bool orphans)
{
	int ready[2], go[2], status;
	char c = 0;
	pid_t pid;

	ASSERT_EQ(0, pipe(ready));
	ASSERT_EQ(0, pipe(go));
	pid = must_fork();
	if (!pid) {
		struct wire w;

		if (wire_open(&w) || write(ready[1], &c, 1) != 1 ||
		    read(go[0], &c, 1) != 1)
			_exit(1);
		story(&w);
		_exit(0);
	}
	ASSERT_EQ(1, read(ready[0], &c, 1));
	lay_cable(pid);
	ASSERT_TRUE(cable_exists());
	ASSERT_EQ(1, write(go[1], &c, 1));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_EQ(0, status);
	/* An orphan keeps its namespace while it tries to get its FIN across. */
	if (orphans)
		EXPECT_EQ(0, unload());
	EXPECT_TRUE(await(!cable_exists())) {
		TH_LOG("the namespace is still there");
	}
	if (!orphans)
		EXPECT_EQ(0, unload());
}

static void time_waits(struct wire *w)
{
	struct peer p;

	peer_init(&p, w);
	close(open_active(&p));
	packets(&p, "> F. 1:1(0) ack 1",
		    "< F. 1:1(0) ack 2",
		    ">  . 2:2(0) ack 2");
}

static void idle(struct wire *w)
{
	struct peer p;

	peer_init(&p, w);
	open_active(&p);
}

static void everything(struct wire *w)
{
	orphans(w);
	loose_ends(w);
}

/* Nothing but a listener and what its socket reserved. */
static void listening(struct wire *w)
{
	start_listen(w, 8);
}

TEST_F(lifecycle, namespace__with_time_wait)
{
	ASSERT_EQ(0, load(""));
	in_namespace(_metadata, time_waits, false);
}

TEST_F(lifecycle, namespace__with_a_connection)
{
	ASSERT_EQ(0, load(""));
	in_namespace(_metadata, idle, true);
}

TEST_F(lifecycle, namespace__with_orphans)
{
	ASSERT_EQ(0, load(""));
	in_namespace(_metadata, everything, true);
}

TEST_F(lifecycle, namespace__with_a_listener)
{
	ASSERT_EQ(0, load(""));
	in_namespace(_metadata, listening, false);
}

#define NAMESPACES	8
#define CROWD		100	/* connections of each */

/* Where no FIN gets across any more: both ends of each are orphans then. */
static bool leave_a_crowd(void)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_port = htons(WIRE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener = socket(test_family(), SOCK_STREAM, 0), i, fd;

	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 8))
		return false;
	for (i = 0; i < CROWD; i++) {
		fd = socket(test_family(), SOCK_STREAM, 0);
		if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
		    accept(listener, NULL, NULL) < 0)
			return false;
	}
	return !system("ip link set lo down");
}

static int namespaces_left(void)
{
	char name[IF_NAMESIZE];
	int i, n = 0;

	for (i = 0; i < NAMESPACES; i++) {
		snprintf(name, sizeof(name), "xtcp-life%d", i);
		n += if_nametoindex(name) != 0;
	}
	return n;
}

/* They end together, with all that is in them. */
TEST_F(lifecycle, namespace__many_with_orphans)
{
	char cable[128];
	int i, status;
	pid_t pid;

	ASSERT_EQ(0, load(""));
	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	for (i = 0; i < NAMESPACES; i++) {
		pid = must_fork();
		if (!pid) {
			int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

			if (unshare(CLONE_NEWNET))
				_exit(1);
			bring_up_loopback();
			snprintf(cable, sizeof(cable), "ip link add life type veth peer "
				 "name xtcp-life%d netns /proc/%d/fd/%d", i, (int)getpid(),
				 home);
			_exit(system(cable) || !leave_a_crowd());
		}
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		ASSERT_EQ(0, status);
	}
	/* orphans keep them while they try */
	EXPECT_EQ(NAMESPACES, namespaces_left());
	EXPECT_EQ(0, unload());
	EXPECT_TRUE(await(!namespaces_left())) {
		TH_LOG("%d namespaces are still there", namespaces_left());
	}
}

/* Namespaces come while the module is there and stay when it goes. */
TEST_F(lifecycle, namespace__outlives_the_module)
{
	int i;

	ASSERT_EQ(0, unshare(CLONE_NEWNET));
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, load(""));
		EXPECT_EQ(0, access("/proc/net/xtcp", R_OK));
		EXPECT_EQ(0, access("/proc/sys/net/xtcp/timestamps", R_OK));
		ASSERT_EQ(0, unload());
		EXPECT_EQ(-1, access("/proc/net/xtcp", R_OK));
		EXPECT_EQ(-1, access("/proc/sys/net/xtcp/timestamps", R_OK));
	}
}

/* ---- the family number --------------------------------------------------- */

TEST_F(lifecycle, family__parameter)
{
	static const struct {
		const char *parameter;
		int rc;
	} bad[] = {
		{ "family=0", -EINVAL },
		{ "family=-1", -EINVAL },
		{ "family=1000", -EINVAL },
		{ "family=x", -EINVAL },
		{ "family=2", -EEXIST },	/* IPv4's */
		{ "family=1", -EEXIST },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int rc = load(bad[i].parameter);

		/* newer kernels say EEXIST of a module that is loaded, and only of it */
		if (rc == -EBUSY && bad[i].rc == -EEXIST)
			rc = -EEXIST;
		EXPECT_EQ(bad[i].rc, rc) {
			TH_LOG("with %s", bad[i].parameter);
			unload();
		}
	}
	ASSERT_EQ(0, load("family=19"));
	EXPECT_EQ(19, xtcp_family());
	EXPECT_EQ(-1, socket(18, SOCK_STREAM, 0));
	EXPECT_EQ(EAFNOSUPPORT, errno);
	close(socket(19, SOCK_STREAM, 0));
	EXPECT_EQ(0, unload());
	EXPECT_EQ(-1, socket(19, SOCK_STREAM, 0));
}

/* The number of AF_INET's door; 0 shuts it. */
TEST_F(lifecycle, protocol__parameter)
{
	static const char *const bad[] = {
		"protocol=6", "protocol=256", "protocol=262", "protocol=-1", "protocol=x",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		EXPECT_EQ(-EINVAL, load(bad[i])) {
			TH_LOG("with %s", bad[i]);
			unload();
		}
	}
	ASSERT_EQ(0, load("protocol=257"));
	EXPECT_EQ(257, xtcp_protocol());
	EXPECT_EQ(-1, socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	EXPECT_EQ(0, close(socket(AF_INET, SOCK_STREAM, 257)));
	ASSERT_EQ(0, unload());
	EXPECT_EQ(-1, socket(AF_INET, SOCK_STREAM, 257));
	ASSERT_EQ(0, load("protocol=0"));
	EXPECT_EQ(-1, socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP));
	EXPECT_EQ(EPROTONOSUPPORT, errno);
	EXPECT_EQ(0, unload());
}

/* ---- sockets that are being made ----------------------------------------- */

#define MAKERS	4

/* Until it is killed: sockets through either door, whether that is open or not. */
static pid_t socket_maker(unsigned int *made)
{
	pid_t pid = must_fork();
	unsigned int i;

	if (pid)
		return pid;
	for (i = 0;; i++) {
		int fd = i & 1 ? socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP) :
				 socket(AF_XTCP, SOCK_STREAM, 0);

		if (fd >= 0) {
			close(fd);
			__atomic_add_fetch(made, 1, __ATOMIC_RELAXED);
		}
	}
}

/* Who has a socket keeps the module; who has not got one yet gets an error. */
TEST_F(lifecycle, unload__while_sockets_are_made)
{
	unsigned int *made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE,
				  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid[MAKERS];
	int i, status;

	ASSERT_NE(MAP_FAILED, made);
	for (i = 0; i < MAKERS; i++)
		pid[i] = socket_maker(made);
	for (i = 0; i < 1 + self->rounds / 5; i++) {
		unsigned int before = __atomic_load_n(made, __ATOMIC_RELAXED);

		ASSERT_EQ(0, load(""));
		EXPECT_TRUE(await(__atomic_load_n(made, __ATOMIC_RELAXED) - before > 100));
		EXPECT_TRUE(await(unloaded()));
	}
	for (i = 0; i < MAKERS; i++) {
		kill(pid[i], SIGKILL);
		ASSERT_EQ(pid[i], waitpid(pid[i], &status, 0));
		EXPECT_TRUE(WIFSIGNALED(status));
	}
}

TEST_HARNESS_MAIN
