// SPDX-License-Identifier: GPL-2.0
/*
 * Who says by which way a connection's segments go: its user, who sends them, the
 * administrator, who changes the route, and any router, by redirects and other ICMP
 * errors that quote a segment.  A socket remembers a route; here all three change it
 * at once, and each time the route that goes must go once.
 *
 * XTCP_ATTACK=seconds: how long it runs; XTCP_SEED chooses what is drawn.
 */
#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dice.h"
#include "lib/fixture.h"
#include "segment.h"

WIRE_FIXTURE_TIMERS(reroute)

/* Hosts of the wire by which the peer is reached. */
#define ROUTERS		4
#define ROUTER(i)	(0xc0000210 + (i))

static atomic_bool done;

/* ---- the administrator ----------------------------------------------------- */

/* ip route replace 192.0.2.2/32 via ROUTER dev wire mtu MTU */
static void replace_route(struct mnl_socket *nl, int router, uint32_t mtu)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct nlattr *metrics;
	struct rtmsg *rtm;
	ssize_t n;

	nlh->nlmsg_type = RTM_NEWROUTE;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 32;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_STATIC;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(nlh, RTA_DST, inet_addr(WIRE_REMOTE));
	mnl_attr_put_u32(nlh, RTA_GATEWAY, htonl(ROUTER(router)));
	mnl_attr_put_u32(nlh, RTA_OIF, if_nametoindex("wire"));
	metrics = mnl_attr_nest_start(nlh, RTA_METRICS);
	mnl_attr_put_u32(nlh, RTAX_MTU, mtu);
	mnl_attr_nest_end(nlh, metrics);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		abort();
	n = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (n < 0 || mnl_cb_run(buf, n, 0, 0, NULL, NULL) < 0)
		abort();
}

static struct mnl_socket *open_rtnl(void)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);

	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		abort();
	return nl;
}

static void *administer(void *arg)
{
	unsigned long *n = arg;
	struct mnl_socket *nl = open_rtnl();

	for (; !done; ++*n) {
		replace_route(nl, *n % ROUTERS, 1000 + *n % 500);
		sched_yield();
	}
	mnl_socket_close(nl);
	return NULL;
}

/* ---- the user -------------------------------------------------------------- */

struct user {
	int		fd;
	unsigned long	sent;
};

/* What makes the socket look for its route again, or lets it go. */
static void *use(void *arg)
{
	static char text[20000];
	struct user *u = arg;
	unsigned int i;

	for (i = 0; !done; i++) {
		ssize_t n = send(u->fd, text, 1 + i * 577 % sizeof(text),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		u->sent += n > 0 ? n : 0;
		switch (i % 8) {
		case 0:
			set_int(u->fd, IPPROTO_IP, IP_TOS, i / 8 % 64 << 2);
			break;
		case 2:
			set_int(u->fd, SOL_SOCKET, SO_DONTROUTE, 0);
			break;
		case 4:
			set_int(u->fd, SOL_SOCKET, SO_MARK, i % 3);
			break;
		case 6:
			get_int(u->fd, IPPROTO_IP, IP_MTU);
			break;
		}
		if (n < 0)
			sched_yield();
	}
	return NULL;
}

/* ---- routers and the peer -------------------------------------------------- */

static const struct {
	uint8_t		type, code;
	bool		address;	/* tells a router */
	bool		size;		/* tells an MTU */
} errors[] = {
	{ ICMP_REDIRECT, ICMP_REDIR_HOST, .address = true },
	{ ICMP_REDIRECT, ICMP_REDIR_HOST, .address = true },
	{ ICMP_REDIRECT, ICMP_REDIR_NET, .address = true },
	{ ICMP_DEST_UNREACH, ICMP_FRAG_NEEDED, .size = true },
	{ ICMP_DEST_UNREACH, ICMP_HOST_UNREACH, .size = false },
	{ ICMP_DEST_UNREACH, ICMP_PROT_UNREACH, .size = false },
	{ ICMP_TIME_EXCEEDED, ICMP_EXC_TTL, .size = false },
	{ ICMP_PARAMETERPROB, 0, .size = false },
};

/* A router's word about the packet. */
static void complain(struct wire *w, const uint8_t *packet)
{
	unsigned int i = roll(ARRAY_SIZE(errors)), quoted = IP_LEN + 8;
	uint8_t buf[IP_LEN + 8 + IP_LEN + 8] = { 0x45 }, *icmp = buf + IP_LEN;

	put16(buf + 2, sizeof(buf));
	buf[8] = 64;
	buf[9] = IPPROTO_ICMP;
	put32(buf + 12, ROUTER(roll(ROUTERS)));
	memcpy(buf + 16, packet + 12, 4);
	put16(buf + 10, ~sum_add(0, buf, IP_LEN));
	icmp[0] = errors[i].type;
	icmp[1] = errors[i].code;
	if (errors[i].address)
		put32(icmp + 4, ROUTER(roll(ROUTERS)));
	else if (errors[i].size)
		put32(icmp + 4, 600 + roll(800));
	memcpy(icmp + 8, packet, quoted);
	put16(icmp + 2, ~sum_add(0, icmp, 8 + quoted));
	if (write(w->tun, buf, sizeof(buf)) < 0)
		abort();
}

/* The peer has all up to @ack. */
static void acknowledge(struct peer *p, uint32_t ack)
{
	uint8_t buf[IP_LEN + TCP_LEN] = { 0x45 }, *tcp = buf + IP_LEN;
	uint16_t csum;

	put16(buf + 2, sizeof(buf));
	buf[8] = 64;
	buf[9] = IPPROTO_TCP;
	memcpy(buf + 12, &p->addr, 4);
	memcpy(buf + 16, &p->laddr, 4);
	put16(buf + 10, ~sum_add(0, buf, IP_LEN));
	put16(tcp, p->port);
	put16(tcp + 2, p->lport);
	put32(tcp + 4, p->iss + 1);
	put32(tcp + 8, ack);
	tcp[12] = TCP_LEN / 4 << 4;
	tcp[13] = F_ACK;
	put16(tcp + 14, 65535);
	csum = tcp_checksum(p->addr, p->laddr, tcp, TCP_LEN);
	memcpy(tcp + 16, &csum, 2);
	if (write(p->w->tun, buf, sizeof(buf)) < 0)
		abort();
}

TEST_F_TIMEOUT(reroute, race__errors_and_routes, RACE_TIMEOUT)
{
	uint64_t end = now_ns() + race_seconds(3) * 1000000000ULL;
	unsigned long changes = 0, said = 0;
	struct peer *p = &self->p;
	struct mnl_socket *nl = open_rtnl();
	pthread_t administrator, user;
	uint8_t packet[2 * WIRE_MTU];
	struct user u = {};
	uint32_t nxt;

	dice_seed(env_number("XTCP_SEED", 1));
	proc_write("/proc/sys/net/ipv4/conf/all/accept_redirects", "1");
	proc_write("/proc/sys/net/ipv4/conf/wire/accept_redirects", "1");
	replace_route(nl, 0, WIRE_MTU);
	mnl_socket_close(nl);
	u.fd = open_active(p);
	nxt = p->irs + 1;
	ASSERT_EQ(0, pthread_create(&administrator, NULL, administer, &changes));
	ASSERT_EQ(0, pthread_create(&user, NULL, use, &u));
	while (now_ns() < end) {
		struct segment s;
		ssize_t n;

		if (!(fd_poll(self->w.tun, POLLIN, 10) & POLLIN))
			continue;
		n = read(self->w.tun, packet, sizeof(packet));
		if (n <= 0 || !parse_segment(packet, n, &s) || s.dport != p->port)
			continue;
		/* what it quotes is in flight */
		complain(&self->w, packet);
		said++;
		if ((int32_t)(s.seq - nxt) <= 0 && (int32_t)(s.seq + s.len - nxt) > 0)
			nxt = s.seq + s.len;
		if (!roll(3))
			acknowledge(p, nxt);
	}
	done = true;
	pthread_join(administrator, NULL);
	pthread_join(user, NULL);
	TH_LOG("%lu errors, %lu routes, %lu bytes", said, changes, u.sent);
	EXPECT_LT(0, said);
	EXPECT_LT(0, changes);
	EXPECT_LT(0, u.sent);
	/* none of it is for a connection to die of */
	EXPECT_EQ(TCP_ESTABLISHED, fd_state(u.fd));
	if (!test_inet())
		EXPECT_LT(0, counter("IcmpIn"));
	close(u.fd);
}

TEST_HARNESS_MAIN
