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
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
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

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		die("%s: %m", path);
	close(fd);
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

/* Fresh namespaces with @wire between them; we are in the client's then. */
void net_make(struct place *at, enum wire wire)
{
	at->server.sin_family = AF_INET;
	at->server.sin_port = htons(PORT);
	at->client_ns = net_new_namespace();
	if (wire == LOOPBACK) {
		at->server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		at->server_ns = at->client_ns;
		return;
	}
	inet_pton(AF_INET, SERVER_ADDR, &at->server.sin_addr);
	at->server_ns = net_new_namespace();
	net_make_veth("eth0", at->client_ns, "eth0");
	net_set_up("eth0", SERVER_ADDR, wire);
	net_enter(at->client_ns);
	net_set_up("eth0", CLIENT_ADDR, wire);
}

/* A listening socket in the server's namespace; we come back to the client's. */
int net_listen(const struct place *at, int family)
{
	int fd, one = 1;

	net_enter(at->server_ns);
	fd = socket(family, SOCK_STREAM, 0);
	if (fd < 0)
		die("socket(%d): %m", family);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)&at->server, sizeof(at->server)))
		die("bind: %m");
	if (listen(fd, 4096))
		die("listen: %m");
	net_enter(at->client_ns);
	return fd;
}

int net_connect(const struct place *at, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		die("socket(%d): %m", family);
	if (connect(fd, (const struct sockaddr *)&at->server, sizeof(at->server)))
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
