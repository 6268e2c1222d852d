// SPDX-License-Identifier: GPL-2.0
/*
 * Network namespaces and sockets. Each measurement has namespaces of its own, so
 * that none inherits TIME_WAIT entries, ports or neighbours from the one before,
 * and the kernel's TCP is measured without our hook.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <linux/xtcp.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"
#include "rtnl.h"

/* A cable from @dev in this namespace to @peer_dev in another one. */
void net_make_veth(const char *dev, int peer_ns, const char *peer_dev)
{
	const struct ifinfomsg peer_ifi = { 0 };
	struct nlattr *info, *data, *peer;
	struct rtnl r;

	rtnl_new(&r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, sizeof(struct ifinfomsg));
	rtnl_put(&r, IFLA_IFNAME, dev, strlen(dev) + 1);
	info = rtnl_begin(&r, IFLA_LINKINFO, NULL, 0);
	rtnl_put(&r, IFLA_INFO_KIND, "veth", sizeof("veth"));
	data = rtnl_begin(&r, IFLA_INFO_DATA, NULL, 0);
	peer = rtnl_begin(&r, VETH_INFO_PEER, &peer_ifi, sizeof(peer_ifi));
	rtnl_put(&r, IFLA_IFNAME, peer_dev, strlen(peer_dev) + 1);
	rtnl_put(&r, IFLA_NET_NS_FD, &peer_ns, sizeof(peer_ns));
	rtnl_end(&r, peer);
	rtnl_end(&r, data);
	rtnl_end(&r, info);
	rtnl_ask(&r, "veth");
}

/* Returns false if there is no such file. */
bool write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return false;
	if (write(fd, text, strlen(text)) < 0)
		die("%s: %m", path);
	close(fd);
	return true;
}

static void switch_off(int fd, const char *dev, unsigned int cmd)
{
	struct ethtool_value value = { .cmd = cmd };
	struct ifreq ifr = { .ifr_data = (void *)&value };

	strcpy(ifr.ifr_name, dev);
	if (ioctl(fd, SIOCETHTOOL, &ifr))
		die("offloads of %s: %m", dev);
}

/* In the namespace where we are. */
void net_set_up(const char *dev, const char *addr, enum wire wire)
{
	struct ifreq ifr = { 0 };
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr.ifr_addr;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	strcpy(ifr.ifr_name, dev);
	if (addr) {
		sin->sin_family = AF_INET;
		inet_pton(AF_INET, addr, &sin->sin_addr);
		if (ioctl(fd, SIOCSIFADDR, &ifr))
			die("address of %s: %m", dev);
		inet_pton(AF_INET, "255.255.255.0", &sin->sin_addr);
		if (ioctl(fd, SIOCSIFNETMASK, &ifr))
			die("mask of %s: %m", dev);
	}
	if (wire == VETH_NO_TSO || wire == VETH_NO_GSO)
		switch_off(fd, dev, ETHTOOL_STSO);
	if (wire == VETH_NO_GSO)
		switch_off(fd, dev, ETHTOOL_SGSO);
	ifr.ifr_flags = IFF_UP | IFF_RUNNING;
	if (ioctl(fd, SIOCSIFFLAGS, &ifr))
		die("%s up: %m", dev);
	close(fd);
}

int net_new_namespace(void)
{
	int ns;

	if (unshare(CLONE_NEWNET))
		die("unshare: %m");
	/* IPv6 is there; devices that get no address of it send no solicitations */
	write_file("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	/* and nobody is asked whether he has the one that a device gets */
	write_file("/proc/sys/net/ipv6/conf/all/accept_dad", "0");
	write_file("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	net_set_up("lo", NULL, LOOPBACK);
	ns = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		die("namespace: %m");
	return ns;
}

void net_enter(int ns)
{
	if (setns(ns, CLONE_NEWNET))
		die("setns: %m");
}

/* An address of IPv6 for a device that is up, usable at once. */
static void add_addr6(const char *dev, const char *addr)
{
	struct in6_ifreq add = {
		.ifr6_prefixlen = 64, .ifr6_ifindex = if_nametoindex(dev),
	};
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);

	inet_pton(AF_INET6, addr, &add.ifr6_addr);
	if (ioctl(fd, SIOCSIFADDR, &add))
		die("address %s of %s: %m", addr, dev);
	close(fd);
}

static void set_server(struct place *at, enum ip ip, const char *addr, const char *addr6)
{
	char mapped[INET6_ADDRSTRLEN];

	memset(&at->server6, 0, sizeof(at->server6));
	/* of both families it is at the same place */
	at->server.sin_port = htons(PORT);
	if (ip == IP4) {
		at->server.sin_family = AF_INET;
		inet_pton(AF_INET, addr, &at->server.sin_addr);
		return;
	}
	snprintf(mapped, sizeof(mapped), "::ffff:%s", addr);
	at->server6.sin6_family = AF_INET6;
	inet_pton(AF_INET6, ip == IP6 ? addr6 : mapped, &at->server6.sin6_addr);
}

/* Fresh namespaces with @wire between them; we are in the client's then. */
void net_make(struct place *at, enum ip ip, enum wire wire)
{
	at->client_ns = net_new_namespace();
	if (wire == LOOPBACK) {
		set_server(at, ip, "127.0.0.1", "::1");
		at->server_ns = at->client_ns;
		return;
	}
	set_server(at, ip, SERVER_ADDR, SERVER_ADDR6);
	at->server_ns = net_new_namespace();
	net_make_veth("eth0", at->client_ns, "eth0");
	net_set_up("eth0", SERVER_ADDR, wire);
	if (ip == IP6)
		add_addr6("eth0", SERVER_ADDR6);
	net_enter(at->client_ns);
	net_set_up("eth0", CLIENT_ADDR, wire);
	if (ip == IP6)
		add_addr6("eth0", CLIENT_ADDR6);
}

/* One that speaks what the server's address says. */
static int make(const struct place *at, int family)
{
	bool six = at->server6.sin6_family == AF_INET6;
	int fd;

	if (family == AF_INET)
		fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	else
		fd = socket(family, SOCK_STREAM, six ? XTCPPROTO_IPV6 : 0);
	if (fd < 0)
		die("socket(%d): %m", family);
	return fd;
}

/* A listening socket in the server's namespace; we come back to the client's. */
int net_listen(const struct place *at, int family)
{
	int fd, one = 1;

	net_enter(at->server_ns);
	fd = make(at, family);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at->server6, sizeof(at->server6)))
		die("bind: %m");
	if (listen(fd, 4096))
		die("listen: %m");
	net_enter(at->client_ns);
	return fd;
}

int net_connect(const struct place *at, int family)
{
	int fd = make(at, family);

	if (connect(fd, (const struct sockaddr *)&at->server6, sizeof(at->server6)))
		die("connect: %m");
	return fd;
}

int net_accept(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		die("accept: %m");
	return fd;
}
