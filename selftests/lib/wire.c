// SPDX-License-Identifier: GPL-2.0
/*
 * The namespace, its device, and what is said about them: see wire.h.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_tun.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/ipv6.h>

#include "segment.h"
#include "siit.h"
#include "util.h"
#include "wire.h"

static void trace_add(struct wire *w, const char *format, va_list ap)
{
	va_list again;
	char *grown;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	grown = realloc(w->trace, w->trace_len + n + 32);
	if (!grown)
		abort();
	w->trace = grown;
	w->trace_len += sprintf(w->trace + w->trace_len, "%10.6f ",
				(now_ns() - w->start) / 1e9);
	w->trace_len += vsprintf(w->trace + w->trace_len, format, ap);
	strcpy(w->trace + w->trace_len, "\n");
	w->trace_len++;
}

/**
 * wire_note - write something into the trace
 * @w: the wire
 * @format: as printf()
 */
void wire_note(struct wire *w, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	trace_add(w, format, ap);
	va_end(ap);
}

/**
 * wire_fail - print why and the trace, and end the test
 * @w: the wire
 * @format: as printf()
 */
void wire_fail(struct wire *w, const char *format, ...)
{
	char *line, *save = NULL;
	va_list ap;

	fprintf(stderr, "# ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n# the exchange so far, \">\" is what the socket sent:\n");
	for (line = strtok_r(w->trace, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		fprintf(stderr, "#   %s\n", line);
	fflush(NULL);
	abort();
}

/**
 * fmt - sprintf() into a buffer that lives long enough for one packets()
 * @format: as printf()
 *
 * Return: the text; sixteen of them exist at a time.
 */
const char *fmt(const char *format, ...)
{
	static char ring[16][256];
	static unsigned int next;
	char *buf = ring[next++ % 16];
	va_list ap;

	va_start(ap, format);
	vsnprintf(buf, sizeof(ring[0]), format, ap);
	va_end(ap);
	return buf;
}

/* The same address as in IPv4, and the same network. */
static int add_address6(const char *device)
{
	struct sockaddr_in6 local = { .sin6_family = AF_INET6 };
	struct in6_ifreq add = { .ifr6_prefixlen = 96 + 24 };
	int ctl = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), rc;

	if (ctl < 0)
		return -1;
	siit_address(&add.ifr6_addr, inet_addr(WIRE_LOCAL));
	local.sin6_addr = add.ifr6_addr;
	add.ifr6_ifindex = if_nametoindex(device);
	rc = ioctl(ctl, SIOCSIFADDR, &add);
	/* the kernel looks for others who have it, or decides not to, a little later */
	if (!rc && !await(!bind(ctl, (struct sockaddr *)&local, sizeof(local))))
		rc = -1;
	close(ctl);
	return rc;
}

static int configure(int tun, short flags)
{
	struct ifreq ifr = { .ifr_flags = IFF_TUN | IFF_NO_PI | flags };
	struct sockaddr_in *sin = (struct sockaddr_in *)&ifr.ifr_addr;
	int ctl, rc = -1;

	strcpy(ifr.ifr_name, "wire");
	if (ioctl(tun, TUNSETIFF, &ifr))
		return -1;
	ctl = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (ctl < 0)
		return -1;
	/* IPv6 is there, but without an address it does not speak up by itself */
	proc_write("/proc/sys/net/ipv6/conf/wire/addr_gen_mode", "1");
	memset(&ifr.ifr_addr, 0, sizeof(ifr.ifr_addr));
	sin->sin_family = AF_INET;
	inet_pton(AF_INET, WIRE_LOCAL, &sin->sin_addr);
	if (ioctl(ctl, SIOCSIFADDR, &ifr))
		goto out;
	inet_pton(AF_INET, "255.255.255.0", &sin->sin_addr);
	if (ioctl(ctl, SIOCSIFNETMASK, &ifr))
		goto out;
	ifr.ifr_mtu = WIRE_MTU + (siit_mode() == SIIT_6 ? SIIT_GROWS : 0);
	if (ioctl(ctl, SIOCSIFMTU, &ifr))
		goto out;
	ifr.ifr_flags = IFF_UP;
	if (ioctl(ctl, SIOCSIFFLAGS, &ifr))
		goto out;
	if (siit_mode() == SIIT_6 && add_address6(ifr.ifr_name))
		goto out;
	strcpy(ifr.ifr_name, "lo");
	rc = ioctl(ctl, SIOCSIFFLAGS, &ifr);
out:
	close(ctl);
	return rc;
}

static int open_tun(void)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	/* without udev nobody has made the node that loads the driver */
	if (fd < 0 && !system("modprobe -q tun"))
		fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

/**
 * wire_open - enter a new namespace with a TUN device
 * @w: the wire
 *
 * The calling process stays in the namespace, and all its counters begin at
 * zero.
 *
 * Return: NULL, or why the test has to be skipped.
 */
const char *wire_open(struct wire *w)
{
	return wire_open_device(w, 0);
}

/**
 * wire_open_device - the same with another kind of TUN device
 * @w: the wire
 * @flags: IFF_VNET_HDR, with which peers can send what was merged, over IPv4; or others of
 *	   <linux/if_tun.h>, of which they know nothing
 *
 * Return: NULL, or why the test has to be skipped.
 */
const char *wire_open_device(struct wire *w, short flags)
{
	const struct rlimit none = { 0, 0 };
	const char *missing = xtcp_missing();

	memset(w, 0, sizeof(*w));
	w->tun = -1;
	w->vnet = flags & IFF_VNET_HDR;
	if (missing)
		return missing;
	w->family = test_family();
	w->start = now_ns();
	w->last = w->start;
	w->last_since = w->start;
	w->silent = w->start;
	setrlimit(RLIMIT_CORE, &none);
	if (unshare(CLONE_NEWNET))
		return "no permission to make a network namespace";
	w->tun = open_tun();
	if (w->tun < 0)
		return "no /dev/net/tun";
	siit_device(w->tun);
	if (configure(w->tun, flags))
		return fmt("the TUN device cannot be set up: %s", strerror(errno));
	wire_note(w, "a namespace with %s, family %d", WIRE_LOCAL, w->family);
	return NULL;
}

/**
 * wire_long_rto - what was sent is not sent again as soon as usual
 *
 * For this namespace: no tail loss probes, and an RTO that no pause of the machine is as long
 * as.  The usual 200 ms, and 10 ms with a probe, are time enough for a peer, but not for one
 * that waits for a processor.  A SYN is sent again after a second nevertheless.
 */
void wire_long_rto(void)
{
	conf_set("early_retrans", "0");
	conf_set("rto_min_us", "3000000");
}

/**
 * wire_queue - how many packets wait for the device at most
 * @limit: so many, 0: none; from now on, and what waits goes
 *
 * What tc does for "qdisc replace dev wire root pfifo limit N", without a process.
 */
void wire_queue(uint32_t limit)
{
	char buf[MNL_SOCKET_BUFFER_SIZE];
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf);
	struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
	const struct tc_fifo_qopt options = { .limit = limit };
	struct tcmsg *tcm;

	nlh->nlmsg_type = RTM_NEWQDISC;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE;
	tcm = mnl_nlmsg_put_extra_header(nlh, sizeof(*tcm));
	tcm->tcm_ifindex = if_nametoindex("wire");
	tcm->tcm_parent = TC_H_ROOT;
	mnl_attr_put_strz(nlh, TCA_KIND, "pfifo");
	mnl_attr_put(nlh, TCA_OPTIONS, sizeof(options), &options);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0 ||
	    mnl_cb_run(buf, mnl_socket_recvfrom(nl, buf, sizeof(buf)), 0,
		       mnl_socket_get_portid(nl), NULL, NULL) < 0)
		abort();
	mnl_socket_close(nl);
}

/**
 * wire_close - let the device go
 * @w: the wire
 */
void wire_close(struct wire *w)
{
	struct wire_packet *k;

	if (!await(book_balances()))
		wire_fail(w, "the book of segments does not balance");
	while ((k = w->pending)) {
		w->pending = k->next;
		free(k);
	}
	free(w->trace);
	w->trace = NULL;
	siit_device(-1);
	if (w->tun >= 0)
		close(w->tun);
	w->tun = -1;
}

/**
 * wire_sockaddr - an address of the local end
 * @port: port, host order
 *
 * Return: 192.0.2.1 with it.
 */
struct sockaddr_in wire_sockaddr(uint16_t port)
{
	return (struct sockaddr_in) {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = inet_addr(WIRE_LOCAL),
	};
}
