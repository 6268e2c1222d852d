// SPDX-License-Identifier: GPL-2.0
/*
 * A path through two routers, with netem at what sends into the next hop.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <net/route.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "rtnl.h"

/* Headers of before Linux 6.6 lack it, kernels of before ignore it. */
#define NETEM_PRNG_SEED		14
/* Packets in a queue that must not overflow. */
#define NO_LIMIT		1000000
#define PPM			1000000ULL

/* ---- netem ------------------------------------------------------------------- */

/* netem's probabilities are parts of 2^32 - 1. */
static uint32_t part(uint64_t ppm)
{
	return ppm * UINT32_MAX / PPM;
}

static void put_loss(struct rtnl *r, const struct path *path)
{
	/* all is lost in a bad time: h is what survives there */
	const struct tc_netem_gemodel ge = {
		.p = part(path->ge_bad_ppm), .r = part(path->ge_good_ppm),
	};
	struct nlattr *loss = rtnl_begin(r, TCA_NETEM_LOSS, NULL, 0);

	rtnl_put(r, NETEM_LOSS_GE, &ge, sizeof(ge));
	rtnl_end(r, loss);
}

/* The root queue of @dev, in the namespace where we are. */
static void netem(const char *dev, const struct path *path, uint32_t limit, uint64_t rate,
		  uint64_t delay_ns, bool vices, uint64_t seed)
{
	struct tc_netem_qopt qopt = { .limit = limit };
	struct tc_netem_reorder reorder = { 0 };
	struct tc_netem_rate r32 = { 0 };
	uint64_t latency = delay_ns, jitter = 0, bytes = rate / 8;
	const uint32_t one = 1;
	struct nlattr *options;
	struct tcmsg *tc;
	struct rtnl r;

	if (vices) {
		latency += path->late_ns + path->jitter_ns;
		jitter = path->jitter_ns;
		qopt.loss = part(path->loss_ppm);
		qopt.duplicate = part(path->dup_ppm);
		reorder.probability = part(path->early_ppm);
		qopt.gap = !!path->early_ppm;
	}
	tc = rtnl_new(&r, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, sizeof(*tc));
	tc->tcm_ifindex = if_nametoindex(dev);
	tc->tcm_parent = TC_H_ROOT;
	rtnl_put(&r, TCA_KIND, "netem", sizeof("netem"));
	options = rtnl_begin(&r, TCA_OPTIONS, &qopt, sizeof(qopt));
	rtnl_put(&r, TCA_NETEM_LATENCY64, &latency, sizeof(latency));
	rtnl_put(&r, TCA_NETEM_JITTER64, &jitter, sizeof(jitter));
	rtnl_put(&r, NETEM_PRNG_SEED, &seed, sizeof(seed));
	if (reorder.probability)
		rtnl_put(&r, TCA_NETEM_REORDER, &reorder, sizeof(reorder));
	if (vices && path->ecn)
		rtnl_put(&r, TCA_NETEM_ECN, &one, sizeof(one));
	if (vices && path->ge_bad_ppm)
		put_loss(&r, path);
	if (rate) {
		r32.rate = bytes;
		rtnl_put(&r, TCA_NETEM_RATE, &r32, sizeof(r32));
	}
	rtnl_end(&r, options);
	rtnl_ask(&r, "netem");
}

/* ---- routes and neighbours ----------------------------------------------------- */

static void set_address(struct sockaddr *sa, const char *addr)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)sa;

	sin->sin_family = AF_INET;
	if (addr)
		inet_pton(AF_INET, addr, &sin->sin_addr);
}

static void default_route(const char *gateway)
{
	struct rtentry route = { .rt_flags = RTF_UP | RTF_GATEWAY };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	set_address(&route.rt_dst, NULL);
	set_address(&route.rt_genmask, NULL);
	set_address(&route.rt_gateway, gateway);
	if (ioctl(fd, SIOCADDRT, &route))
		die("route by %s: %m", gateway);
	close(fd);
}

static void get_mac(const char *dev, struct sockaddr *mac)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct ifreq ifr = { 0 };

	strcpy(ifr.ifr_name, dev);
	if (ioctl(fd, SIOCGIFHWADDR, &ifr))
		die("MAC of %s: %m", dev);
	*mac = ifr.ifr_hwaddr;
	close(fd);
}

/* No ARP: what it asks and hears could be lost. */
static void neighbour(const char *dev, const char *addr, const struct sockaddr *mac)
{
	struct arpreq arp = { .arp_flags = ATF_COM | ATF_PERM, .arp_ha = *mac };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	set_address(&arp.arp_pa, addr);
	strcpy(arp.arp_dev, dev);
	if (ioctl(fd, SIOCSARP, &arp))
		die("neighbour %s: %m", addr);
	close(fd);
}

static void switch_on(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("%s: %m", path);
	close(fd);
}

static void forward(void)
{
	switch_on("/proc/sys/net/ipv4/ip_forward");
}

static void use_ecn(void)
{
	switch_on("/proc/sys/net/ipv4/tcp_ecn");
	switch_on("/proc/sys/net/xtcp/ecn");
}

/* ---- the path ------------------------------------------------------------------ */

#define HOPS	3

/**
 * struct hop - a cable
 * @left: address of its client's end
 * @right: address of its server's end
 */
static const struct hop {
	const char *left, *right;
} hops[HOPS] = {
	{ CLIENT_ADDR, "198.51.100.2" },
	{ "192.0.2.1", "192.0.2.2" },
	{ "203.0.113.1", PATH_SERVER_ADDR },
};

/* Hop i joins the right of namespace i with the left of i + 1. */
static void join(const int ns[HOPS + 1])
{
	for (int i = 0; i < HOPS; i++) {
		struct sockaddr left, right;

		net_enter(ns[i + 1]);
		net_make_veth("left", ns[i], "right");
		net_set_up("left", hops[i].right, VETH_NO_TSO);
		get_mac("left", &right);
		net_enter(ns[i]);
		net_set_up("right", hops[i].left, VETH_NO_TSO);
		get_mac("right", &left);
		neighbour("right", hops[i].right, &right);
		net_enter(ns[i + 1]);
		neighbour("left", hops[i].left, &left);
	}
}

/**
 * net_make_path - fresh namespaces with a path between them
 * @at: out; we are in the client's namespace then
 * @path: what it is like
 * @seed: of netem's whims
 */
void net_make_path(struct place *at, const struct path *path, uint64_t seed)
{
	int ns[HOPS + 1], i;

	for (i = 0; i <= HOPS; i++)
		ns[i] = net_new_namespace();
	join(ns);
	/* client */
	net_enter(ns[0]);
	default_route(hops[0].right);
	if (path->ecn)
		use_ecn();
	/* the first router: the bottleneck, and the delay of the way back */
	net_enter(ns[1]);
	forward();
	default_route(hops[1].right);
	netem("right", path, path->queue, path->rate, 0, false, seed);
	netem("left", path, NO_LIMIT, 0, path->rtt_ns / 2, false, seed);
	/* the second: the delay of the way there, and the vices */
	net_enter(ns[2]);
	forward();
	default_route(hops[1].left);
	netem("right", path, NO_LIMIT, 0, path->rtt_ns / 2, true, seed);
	/* server */
	net_enter(ns[3]);
	default_route(hops[2].left);
	if (path->ecn)
		use_ecn();

	at->server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT) };
	inet_pton(AF_INET, PATH_SERVER_ADDR, &at->server.sin_addr);
	at->client_ns = ns[0];
	at->server_ns = ns[3];
	net_enter(ns[0]);
}
