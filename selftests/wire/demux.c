// SPDX-License-Identifier: GPL-2.0
/*
 * Whose is a segment?  It is asked twice: before routing, to spare it the look-up of
 * a route, and when it is for this host.  Much may happen in between: rules accept,
 * drop and redirect it, a queue keeps it while its connection ends, a bridge forwards
 * it to where others live.  None of those may find a socket of ours on the packet,
 * which the kernel's TCP would take for one of its own.  And between the second
 * answer and the socket's lock the socket may have become another.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.  XTCP_ATTACK=seconds: how long each race runs.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "diag.h"
#include "dice.h"
#include "lib/fixture.h"
#include "queue.h"
#include "segment.h"

WIRE_FIXTURE(demux)

/* Where clients are redirected from. */
#define OTHER_PORT	80

static void disconnect(int fd)
{
	struct sockaddr sa = { .sa_family = AF_UNSPEC };

	if (connect(fd, &sa, sizeof(sa)))
		abort();
}

/* ---- what rules see ------------------------------------------------------ */

/* A packet with a socket of root's counts, whatever the verdict. */
static bool count_sockets(const char *verdict)
{
	return command("nft 'table ip t { counter seen { }; chain i { "
		       "type filter hook input priority 0; "
		       "meta l4proto tcp meta skuid 0 counter name seen; %s; }; }'", verdict);
}

static bool saw_sockets(void)
{
	return !command("nft list counter ip t seen | grep -q 'packets 0 '");
}

/* The kernel's TCP shows its socket: so the rule can see one. */
static bool kernel_shows(struct peer *from, const char *verdict)
{
	struct peer p;
	bool seen;
	int fd;

	from->w->family = AF_INET;
	peer_clone(&p, from, 9090);
	fd = open_active(&p);
	packets(&p, "< P. 1:101(100) ack 1",
		    "> . 1:1(0) ack 101");
	if (!count_sockets(verdict))
		return false;
	packets(&p, "< P. 101:201(100) ack 1");
	seen = await(saw_sockets());
	command("nft delete table ip t");
	close(fd);
	from->w->family = test_family();
	return seen;
}

static bool rules_see_a_socket(struct peer *p, const char *verdict)
{
	bool drop = strstr(verdict, "drop");
	int fd = open_active(p);

	/* the way that the first segments came is remembered */
	packets(p, "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 101",
		   "< P. 101:201(100) ack 1",
		   "> . 1:1(0) ack 201");
	if (!count_sockets(verdict))
		abort();
	packets(p, "< P. 201:301(100) ack 1");
	if (drop)
		packets(p, "quiet 20");
	else
		packets(p, "> . 1:1(0) ack 301");
	close(fd);
	return saw_sockets();
}

TEST_F(demux, input__accepted_without_a_socket)
{
	XTCP_ONLY();
	IPV4_ONLY("the rules are");
	if (!kernel_shows(&self->p, "accept"))
		SKIP(return, "no nft, or it does not see sockets");
	EXPECT_FALSE(rules_see_a_socket(&self->p, "accept"));
}

TEST_F(demux, input__dropped_without_a_socket)
{
	XTCP_ONLY();
	IPV4_ONLY("the rules are");
	if (!kernel_shows(&self->p, "tcp dport 1-65535 drop"))
		SKIP(return, "no nft, or it does not see sockets");
	EXPECT_FALSE(rules_see_a_socket(&self->p, "tcp dport 1-65535 drop"));
}

/* The owner is asked for by the port that the packet is redirected to. */
TEST_F(demux, input__redirected_without_a_socket)
{
	struct peer *p = &self->p;
	int listener, fd;

	IPV4_ONLY("the rules are");
	XTCP_ONLY();
	if (!command("nft 'table ip n { chain p { type nat hook prerouting priority dstnat; "
		     "tcp dport %d redirect to :%d; }; }'", OTHER_PORT, WIRE_PORT))
		SKIP(return, "no NAT");
	listener = start_listen(&self->w, 8);
	p->lport = OTHER_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	packets(p, "< P. 1:101(100) ack 1",
		   "> . 1:1(0) ack 101",
		   "< P. 101:201(100) ack 1",
		   "> . 1:1(0) ack 201");
	ASSERT_TRUE(count_sockets("accept"));
	packets(p, "< P. 201:301(100) ack 1",
		   "> . 1:1(0) ack 301");
	EXPECT_FALSE(saw_sockets());
	get_pattern(fd, 0, 300);
	close(fd);
}

/* ---- a queue in user space ----------------------------------------------- */

/* A connection whose segment waits in the queue; SKIP without queues. */
#define OPEN_QUEUED(p, fd, nl, segment)					\
	do {								\
		fd = open_active(p);					\
		packets(p, "< P. 1:101(100) ack 1",			\
			   "> . 1:1(0) ack 101");			\
		nl = queue_open(fmt("tcp dport %u", (p)->lport));				\
		if (!nl)						\
			SKIP(return, "no NFQUEUE");			\
		packets(p, segment);					\
	} while (0)

TEST_F(demux, queue__to_its_connection)
{
	struct peer *p = &self->p;
	struct mnl_socket *nl;
	int fd;

	IPV4_ONLY("the rules are");
	OPEN_QUEUED(p, fd, nl, "< P. 101:201(100) ack 1");
	queue_accept(nl, queue_next(nl));
	packets(p, "> . 1:1(0) ack 201");
	get_pattern(fd, 0, 200);
}

/* Linux's own early demultiplexing ends in the socket, whatever became of it. */
#define ASKS_AGAIN()	XTCP_ONLY()

/* Nobody has the connection any more: the kernel's TCP says so. */
TEST_F(demux, queue__connection_ended)
{
	struct peer *p = &self->p;
	struct mnl_socket *nl;
	uint32_t id;
	int fd;

	IPV4_ONLY("the rules are");
	ASKS_AGAIN();
	OPEN_QUEUED(p, fd, nl, "< P. 101:201(100) ack 1");
	id = queue_next(nl);
	set_linger(fd, 0);
	close(fd);
	packets(p, "> R. 1:1(0) ack 101");
	queue_accept(nl, id);
	packets(p, "> R 1:1(0)");
}

TEST_F(demux, queue__connected_elsewhere)
{
	struct peer *p = &self->p, other;
	struct sockaddr_in sin;
	struct mnl_socket *nl;
	char buf[200];
	uint32_t id;
	int fd;

	IPV4_ONLY("the rules are");
	ASKS_AGAIN();
	OPEN_QUEUED(p, fd, nl, "< P. 101:201(100) ack 1");
	id = queue_next(nl);
	disconnect(fd);
	EXPECT_EQ(ECONNRESET, fd_error(fd));
	packets(p, "> R. 1:1(0) ack 101");
	peer_init(&other, &self->w);
	other.port = 4001;
	sin = peer_sockaddr(&other);
	ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	packets(&other, "> S 0:0(0)",
			"< S. 0:0(0) ack 1 <mss 1460>",
			"> . 1:1(0) ack 1");
	ASSERT_STATE(fd, XTCP_ESTABLISHED);
	queue_accept(nl, id);
	packets(p, "> R 1:1(0)");
	EXPECT_EQ(-1, recv(fd, buf, sizeof(buf), MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	packets(&other, "< P. 1:101(100) ack 1",
			"> . 1:1(0) ack 101");
}

TEST_F(demux, queue__listens_elsewhere)
{
	struct sockaddr_in sin = wire_sockaddr(4444);
	struct peer *p = &self->p;
	struct mnl_socket *nl;
	uint32_t id;
	int fd;

	IPV4_ONLY("the rules are");
	ASKS_AGAIN();
	OPEN_QUEUED(p, fd, nl, "< S 1000:1000(0) <mss 1460>");
	id = queue_next(nl);
	disconnect(fd);
	packets(p, "> R. 1:1(0) ack 101");
	ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	ASSERT_EQ(0, listen(fd, 5));
	queue_accept(nl, id);
	packets(p, "> R. =0:=0(0) ack 1001");
}

/* ---- races --------------------------------------------------------------- */

/* How often a packet comes while its owner changes. */
#define BURST	64

/* A thread that writes one packet to the wire, again and again. */
struct injector {
	pthread_t	thread;
	int		tun;
	uint8_t		packet[WIRE_MTU];
	size_t		len;
	atomic_int	left;	/* of the burst */
	atomic_bool	quit;
	unsigned long	written;
};

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* where there is only one, they take turns */
	sched_setaffinity(0, sizeof(set), &set);
}

static void *inject_all(void *arg)
{
	struct injector *in = arg;

	pin(1);
	while (!in->quit) {
		if (!in->left) {
			sched_yield();
			continue;
		}
		if (write(in->tun, in->packet, in->len) < 0)
			abort();
		in->written++;
		in->left--;
	}
	return NULL;
}

static void injector_start(struct injector *in, struct wire *w)
{
	in->tun = w->tun;
	pin(0);
	if (pthread_create(&in->thread, NULL, inject_all, in))
		abort();
}

static void injector_stop(struct injector *in)
{
	in->quit = true;
	pthread_join(in->thread, NULL);
}

/* Begin a burst, of which the first come before this returns. */
static void injector_go(struct injector *in)
{
	in->left = BURST;
	while (in->left > BURST - 2)
		sched_yield();
}

static void injector_wait(struct injector *in)
{
	while (in->left)
		sched_yield();
}

/* From the peer to its connection. */
static void injector_load(struct injector *in, const struct peer *p, uint32_t seq,
			  uint32_t ack, uint8_t flags, size_t payload)
{
	uint8_t *ip = in->packet, *tcp = ip + IP_LEN;
	uint16_t csum;

	in->len = IP_LEN + TCP_LEN + payload;
	memset(ip, 0, in->len);
	ip[0] = 0x45;
	put16(ip + 2, in->len);
	ip[8] = 64;
	ip[9] = IPPROTO_TCP;
	memcpy(ip + 12, &p->addr, 4);
	memcpy(ip + 16, &p->laddr, 4);
	put16(ip + 10, ~sum_add(0, ip, IP_LEN));
	put16(tcp, p->port);
	put16(tcp + 2, p->lport);
	put32(tcp + 4, seq);
	put32(tcp + 8, ack);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = flags;
	put16(tcp + 14, 65535);
	csum = tcp_checksum(p->addr, p->laddr, tcp, in->len - IP_LEN);
	memcpy(tcp + 16, &csum, 2);
}

/* A socket filter that lets all pass, but takes its time. */
static void attach_slow_filter(int fd)
{
	enum { N = 2000 };
	static struct sock_filter code[N];
	const struct sock_fprog prog = { .len = N, .filter = code };
	int i;

	for (i = 0; i < N - 1; i++)
		code[i] = (struct sock_filter)BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, i);
	code[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, -1);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		abort();
}

/* What was said so far is of no interest, and nobody keeps it. */
static void forget(struct wire *w)
{
	char packet[2 * WIRE_MTU];

	while (fd_poll(w->tun, POLLIN, 0) & POLLIN)
		if (read(w->tun, packet, sizeof(packet)) < 0)
			abort();
	free(w->trace);
	w->trace = NULL;
	w->trace_len = 0;
}

static void spin(unsigned int n)
{
	volatile unsigned int i = roll(n);

	while (i)
		i--;
}

static bool time_is_up(uint64_t end, unsigned long *rounds)
{
	++*rounds;
	return now_ns() > end;
}

/*
 * It ends on one processor while another brings segments for it.  What the socket's
 * memory is afterwards only KASAN sees, but no rule may see the socket meanwhile.
 */
TEST_F_TIMEOUT(demux, race__close, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	struct injector in = {};
	unsigned long rounds = 0;
	bool watched;
	struct peer p;
	int fd;

	dice_seed(env_number("XTCP_SEED", 1));
	watched = !test_inet() && count_sockets("accept");
	injector_start(&in, &self->w);
	do {
		peer_init(&p, &self->w);
		p.port = 4000 + rounds % 1000;
		fd = open_active(&p);
		set_linger(fd, 0);
		injector_load(&in, &p, p.iss + 1, p.irs + 1, F_ACK | F_PSH, 1);
		injector_go(&in);
		spin(3000);
		close(fd);
		injector_wait(&in);
		forget(&self->w);
	} while (!time_is_up(end, &rounds));
	injector_stop(&in);
	if (watched)
		EXPECT_FALSE(saw_sockets());
	TH_LOG("%lu rounds, %lu segments", rounds, in.written);
}

/*
 * SYNs for a connection, whose socket becomes a listener on another port: it must
 * not answer them.
 */
TEST_F_TIMEOUT(demux, race__becomes_a_listener, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	struct sockaddr_in sin = wire_sockaddr(4444);
	struct injector in = {};
	unsigned long rounds = 0;
	struct peer p;
	int fd;

	dice_seed(env_number("XTCP_SEED", 1));
	injector_start(&in, &self->w);
	do {
		peer_init(&p, &self->w);
		p.port = 4000 + rounds % 1000;
		fd = open_active(&p);
		attach_slow_filter(fd);
		injector_load(&in, &p, p.iss + 1, 0, F_SYN, 0);
		injector_go(&in);
		spin(3000);
		disconnect(fd);
		ASSERT_EQ(0, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
		ASSERT_EQ(0, listen(fd, 5));
		injector_wait(&in);
		EXPECT_EQ(TCP_CLOSE, peer_state(&p));
		close(fd);
		forget(&self->w);
	} while (!time_is_up(end, &rounds));
	injector_stop(&in);
	TH_LOG("%lu rounds, %lu segments, %lld found another owner", rounds, in.written,
	       test_inet() ? 0 : counter("InOwnerGone"));
}

/*
 * SYNs for a listener, which becomes a connection to somebody else: they do not
 * open it from the other side.
 */
TEST_F_TIMEOUT(demux, race__becomes_a_connection, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	struct injector in = {};
	unsigned long rounds = 0;
	struct peer p, other;
	struct sockaddr_in sin;
	int fd;

	dice_seed(env_number("XTCP_SEED", 1));
	injector_start(&in, &self->w);
	do {
		fd = start_listen(&self->w, 5);
		set_nonblock(fd, true);
		attach_slow_filter(fd);
		peer_init(&p, &self->w);
		p.lport = WIRE_PORT;
		p.port = 40000;
		peer_init(&other, &self->w);
		other.port = 4001;
		sin = peer_sockaddr(&other);
		injector_load(&in, &p, p.iss, 0, F_SYN, 0);
		injector_go(&in);
		spin(3000);
		disconnect(fd);
		ASSERT_EQ(-1, connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
		ASSERT_EQ(EINPROGRESS, errno);
		injector_wait(&in);
		EXPECT_EQ(XTCP_SYN_SENT, fd_state(fd));
		close(fd);
		forget(&self->w);
	} while (!time_is_up(end, &rounds));
	injector_stop(&in);
	TH_LOG("%lu rounds, %lu segments, %lld found another owner", rounds, in.written,
	       test_inet() ? 0 : counter("InOwnerGone"));
}

/*
 * FINs for an entry in TIME_WAIT, which each put it at the end of its queue, while it
 * is taken off.
 */
TEST_F_TIMEOUT(demux, race__timewait_ends, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	struct injector in = {};
	unsigned long rounds = 0;
	struct sockaddr_in local, remote;
	struct peer p;
	int fd;

	XTCP_ONLY();	/* which has entries that are destroyed at once */
	/* the peer may be slow */
	ASSERT_TRUE(conf_set("rto_min_us", "1000000"));
	dice_seed(env_number("XTCP_SEED", 1));
	injector_start(&in, &self->w);
	do {
		peer_init(&p, &self->w);
		p.port = 4000 + rounds % 1000;
		fd = open_active(&p);
		close(fd);
		packets(&p, "> F. 1:1(0) ack 1",
			    "< F. 1:1(0) ack 2",
			    "> .  2:2(0) ack 2");
		local = wire_sockaddr(p.lport);
		remote = peer_sockaddr(&p);
		injector_load(&in, &p, p.iss + 1, p.irs + 2, F_ACK | F_FIN, 0);
		injector_go(&in);
		spin(3000);
		EXPECT_EQ(0, diag_destroy(&local, &remote));
		injector_wait(&in);
		EXPECT_EQ(TCP_CLOSE, peer_state(&p));
		forget(&self->w);
	} while (!time_is_up(end, &rounds));
	injector_stop(&in);
	TH_LOG("%lu rounds, %lu segments", rounds, in.written);
}

/* ---- a bridge ------------------------------------------------------------ */

/*
 *	a 10.5.0.2 ---- bridge 10.5.0.1 ---- b
 *
 * The bridge's host has the server.  b has the server's address, too, and gets a
 * segment of the connection by its link-layer address: its kernel knows nobody.
 */
FIXTURE(bridge) {
	int	host, a, b;	/* namespaces */
};

static int new_netns(void)
{
	if (unshare(CLONE_NEWNET))
		abort();
	command("ip link set lo up");
	return open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
}

static bool add_port(const char *name, int ns)
{
	return command("ip link add %s type veth peer name e0 netns /proc/%d/fd/%d && "
		       "ip link set %s master br0 up", name, getpid(), ns, name);
}

static void link_address(const char *dev, uint8_t *mac)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = {};

	strcpy(ifr.ifr_name, dev);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		abort();
	memcpy(mac, ifr.ifr_hwaddr.sa_data, ETH_ALEN);
	close(fd);
}

FIXTURE_SETUP(bridge)
{
	const char *missing = test_inet() ? NULL : xtcp_missing();
	uint8_t mac[ETH_ALEN];

	if (missing)
		SKIP(return, "%s", missing);
	command("modprobe -qa bridge br_netfilter veth");
	self->a = new_netns();
	self->b = new_netns();
	self->host = new_netns();
	if (!command("ip link add br0 type bridge && ip addr add 10.5.0.1/24 dev br0 && "
		     "ip link set br0 up") ||
	    !proc_write("/proc/sys/net/bridge/bridge-nf-call-iptables", "1"))
		SKIP(return, "no bridge that asks the firewall");
	ASSERT_TRUE(add_port("va", self->a));
	ASSERT_TRUE(add_port("vb", self->b));
	ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
	proc_write("/proc/sys/net/ipv4/conf/all/arp_ignore", "1");
	ASSERT_TRUE(command("ip link set e0 up && ip addr add 10.5.0.1/32 dev lo && "
			    "ip route add 10.5.0.2/32 dev e0"));
	ASSERT_EQ(0, setns(self->a, CLONE_NEWNET));
	ASSERT_TRUE(command("ip link set e0 up && ip addr add 10.5.0.2/24 dev e0"));
	link_address("e0", mac);
	/* b must not ask for it, as a would take b for the server from then on */
	ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
	ASSERT_TRUE(command("ip neigh add 10.5.0.2 dev e0 lladdr %02x:%02x:%02x:%02x:%02x:%02x",
			    mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]));
	ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
}

FIXTURE_TEARDOWN(bridge)
{
}

static struct sockaddr_in bridge_addr(int port)
{
	return (struct sockaddr_in) {
		.sin_family	 = AF_INET,
		.sin_port	 = htons(port),
		.sin_addr.s_addr = htonl(0x0a050001),
	};
}

/* A connection of a client in a, where this thread is afterwards. */
struct conversation {
	int			client, server;
	struct sockaddr_in	from;	/* the client */
};

static bool talk(int from, int to)
{
	char byte = 'x';

	return send(from, &byte, 1, MSG_NOSIGNAL) == 1 && recv(to, &byte, 1, 0) == 1;
}

static bool begin_conversation(struct conversation *c, int a, int port)
{
	struct sockaddr_in sin = bridge_addr(port);
	int listener = socket(test_family(), SOCK_STREAM | SOCK_CLOEXEC, 0), i;
	socklen_t len = sizeof(c->from);

	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) || listen(listener, 5) ||
	    setns(a, CLONE_NEWNET))
		return false;
	c->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(c->client, (struct sockaddr *)&sin, sizeof(sin)))
		return false;
	c->server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	/* the way that they come is remembered */
	for (i = 0; i < 3; i++)
		if (!talk(c->client, c->server))
			return false;
	return !getsockname(c->client, (struct sockaddr *)&c->from, &len);
}

/* From a: a segment of the connection in a frame for b. */
static bool send_astray(const struct conversation *c, const uint8_t *mac_b)
{
	struct sockaddr_ll ll = {
		.sll_family  = AF_PACKET,
		.sll_halen   = ETH_ALEN,
		.sll_ifindex = if_nametoindex("e0"),
	};
	int raw = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint8_t frame[ETH_HLEN + WIRE_MTU];
	struct injector in;
	struct peer p = {
		.addr  = c->from.sin_addr.s_addr,
		.laddr = bridge_addr(0).sin_addr.s_addr,
		.port  = ntohs(c->from.sin_port),
		.lport = 9000,
	};
	bool sent;

	injector_load(&in, &p, 1000, 1, F_ACK | F_PSH, 4);
	memcpy(frame, mac_b, ETH_ALEN);
	link_address("e0", frame + ETH_ALEN);
	put16(frame + 2 * ETH_ALEN, ETH_P_IP);
	memcpy(frame + ETH_HLEN, in.packet, in.len);
	sent = sendto(raw, frame, ETH_HLEN + in.len, 0, (struct sockaddr *)&ll,
		      sizeof(ll)) > 0;
	close(raw);
	return sent;
}

TEST_F(bridge, forwarded_without_a_socket)
{
	struct conversation c;
	uint8_t mac_b[ETH_ALEN];

	IPV4_ONLY("the rules are");
	ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
	link_address("e0", mac_b);
	ASSERT_EQ(0, snmp_counter("OutRsts"));
	ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
	ASSERT_TRUE(begin_conversation(&c, self->a, 9000));
	ASSERT_TRUE(send_astray(&c, mac_b));
	ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
	EXPECT_TRUE(await(snmp_counter("OutRsts") == 1));
	ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
	/* nor did it reach the server */
	EXPECT_EQ(XTCP_ESTABLISHED, fd_state(c.server));
}

/* ---- a queue of a device --------------------------------------------------- */

/* Frames that wait in the queue of one of the host's devices. */
static int held_frames(const char *dev)
{
	char text[128];
	int n = -1;
	FILE *f;

	snprintf(text, sizeof(text), "tc -s qdisc show dev %s root | "
		 "sed -n 's/.* backlog [^ ]* \\([0-9]*\\)p.*/\\1/p'", dev);
	f = popen(text, "re");
	if (!f || fscanf(f, "%d", &n) != 1)
		n = -1;
	if (f)
		pclose(f);
	return n;
}

/* So many bytes may pass, the rest waits for longer than any test. */
static bool hold(const char *dev, int burst)
{
	command("modprobe -q sch_tbf");
	return command("tc qdisc add dev %s root tbf rate 8bit burst %d limit 100000", dev,
		       burst);
}

static void drop_held(const char *dev)
{
	if (!command("tc qdisc del dev %s root", dev))
		abort();
}

/* A frame that says nothing: the queue looks at its new rate when the next one comes. */
static void kick(const char *dev)
{
	struct sockaddr_ll ll = {
		.sll_family  = AF_PACKET,
		.sll_halen   = ETH_ALEN,
		.sll_ifindex = if_nametoindex(dev),
	};
	int raw = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint8_t frame[ETH_ZLEN] = {};

	put16(frame + 2 * ETH_ALEN, 0x88b5);	/* for experiments */
	if (sendto(raw, frame, sizeof(frame), 0, (struct sockaddr *)&ll, sizeof(ll)) < 0)
		abort();
	close(raw);
}

static void send_held(const char *dev)
{
	if (!command("tc qdisc change dev %s root tbf rate 1gbit burst 100000 limit 100000",
		     dev))
		abort();
	kick(dev);
}

static void (*const ways_out[])(const char *dev) = { drop_held, send_held };

/* A frame that the bridge forwards waits, the connection that it names ends. */
TEST_F(bridge, held__forwarded)
{
	struct conversation c;
	uint8_t mac_b[ETH_ALEN];
	long long before;
	unsigned int i;
	int sent;

	IPV4_ONLY("the rules are");
	ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
	link_address("e0", mac_b);
	for (i = 0; i < ARRAY_SIZE(ways_out); i++) {
		ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
		before = snmp_counter("OutRsts");
		ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
		ASSERT_TRUE(begin_conversation(&c, self->a, 9000));
		ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
		if (!hold("vb", 100))
			SKIP(return, "this kernel has no tbf");
		/* frames of IPv6 may be among those that are held */
		for (sent = 0; sent < 4 || held_frames("vb") < 3; sent++) {
			ASSERT_EQ(0, setns(self->a, CLONE_NEWNET));
			ASSERT_TRUE(send_astray(&c, mac_b));
			ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
		}
		set_linger(c.server, 0);
		close(c.server);
		EXPECT_TRUE(await(!conns_in_state(0)));
		ways_out[i]("vb");
		if (ways_out[i] == send_held) {
			/* b hears them, and knows nobody */
			ASSERT_EQ(0, setns(self->b, CLONE_NEWNET));
			EXPECT_TRUE(await(snmp_counter("OutRsts") == before + sent));
			ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
			drop_held("vb");
		}
		close(c.client);
	}
}

/* The same of frames that the connection sent itself, to another device. */
TEST_F(bridge, held__sent)
{
	struct conversation c;
	char text[4000] = "";
	unsigned int i;

	IPV4_ONLY("the rules are");
	/* the host's end of a's cable is no port of the bridge any more */
	if (!command("ip link set va nomaster && ip addr del 10.5.0.1/24 dev br0 && "
		     "ip addr add 10.5.0.1/24 dev va"))
		abort();
	for (i = 0; i < ARRAY_SIZE(ways_out); i++) {
		ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
		ASSERT_TRUE(begin_conversation(&c, self->a, 9000));
		ASSERT_EQ(0, setns(self->host, CLONE_NEWNET));
		if (!hold("va", 1600))
			SKIP(return, "this kernel has no tbf");
		/* each in a frame of its own: those behind the first wait */
		set_int(c.server, IPPROTO_TCP, TCP_NODELAY, 1);
		ASSERT_LT(0, send(c.server, text, sizeof(text), MSG_DONTWAIT));
		ASSERT_TRUE(await(held_frames("va") > 0));
		set_linger(c.server, 0);
		close(c.server);
		EXPECT_TRUE(await(!conns_in_state(0)));
		ways_out[i]("va");
		/* the RST has waited behind them */
		if (ways_out[i] == send_held)
			EXPECT_TRUE(await(fd_error(c.client) == ECONNRESET ||
					  fd_state(c.client) == TCP_CLOSE));
		if (ways_out[i] != drop_held)
			drop_held("va");
		close(c.client);
	}
	EXPECT_TRUE(await(memory_pages() <= most_spare_pages()));
}

TEST_HARNESS_MAIN
