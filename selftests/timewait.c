// SPDX-License-Identifier: GPL-2.0
/*
 * What is left of a connection in TIME_WAIT: whom it answers, and who is asked when a
 * SYN ends it (RFC 6191).  How it comes to be there is the matter of teardown.c, and
 * connect() to where it is that of reopen.c.
 *
 * In the exchanges, ">" is what the socket sends and "<" what its peer sends;
 * lib/wire.h explains the rest.
 */
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/fixture.h"

WIRE_FIXTURE(timewait)

#ifndef IP_MINTTL
#define IP_MINTTL	21
#endif

/* A connection of a listener that goes on; the server closes it. */
static int enter_timewait(struct peer *p, int minttl)
{
	int listener = start_listen(p->w, 8), fd;

	p->lport = WIRE_PORT;
	p->port = 40000;
	packets(p, "< S 0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 1",
		   "< . 1:1(0) ack 1");
	fd = do_accept(p->w, listener);
	if (minttl && set_int(fd, IPPROTO_IP, IP_MINTTL, minttl))
		abort();
	close(fd);
	packets(p, "> F. 1:1(0) ack 1",
		   "< F. 1:1(0) ack 2",
		   "> . 2:2(0) ack 2");
	if (!await(peer_state(p) == XTCP_TIME_WAIT))
		wire_fail(p->w, "no TIME_WAIT");
	return listener;
}

/* A retransmitted FIN is answered: it is there, and nobody minds. */
#define ANSWERS(p)	packets(p, "< F. 1:1(0) ack 2",			\
				   "> . 2:2(0) ack 2")
#define IS_SILENT(p)	packets(p, "< F. 1:1(0) ack 2",			\
				   "quiet 20")

static void drop_all(int fd)
{
	struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, 0) };
	struct sock_fprog prog = { .len = 1, .filter = code };

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)))
		abort();
}

/* ---- who is answered ----------------------------------------------------- */

TEST_F(timewait, segment__ipsec_policy)
{
	struct peer *p = &self->p;

	enter_timewait(p, 0);
	ANSWERS(p);
	if (system("ip xfrm policy add dir in src 192.0.2.2/32 dst 192.0.2.1/32 action block"))
		SKIP(return, "no IPsec");
	IS_SILENT(p);
	EXPECT_EQ(0, system("ip xfrm policy delete dir in src 192.0.2.2/32 dst 192.0.2.1/32"));
	ANSWERS(p);
}

/* RFC 5082: the peer is known to be near, and this is somebody else. */
TEST_F(timewait, segment__min_ttl)
{
	struct peer *p = &self->p;

	/* the kernel's TCP forgets it with the socket */
	XTCP_ONLY();
	enter_timewait(p, 64);
	ANSWERS(p);
	p->ttl = 63;
	IS_SILENT(p);
	packets(p, "< R. 2:2(0) ack 2",
		   "quiet 20");
	EXPECT_EQ(XTCP_TIME_WAIT, peer_state(p));
	p->ttl = 64;
	ANSWERS(p);
}

/* ---- a SYN that ends it -------------------------------------------------- */

#define SYN	"< S 100000:100000(0) <mss 1460>"

TEST_F(timewait, syn__to_the_listener)
{
	struct peer *p = &self->p;

	enter_timewait(p, 0);
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
	EXPECT_EQ(XTCP_SYN_RECV, peer_state(p));
}

TEST_F(timewait, syn__listeners_filter)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p, 0);

	drop_all(listener);
	packets(p, SYN,
		   "quiet 20");
	ASSERT_EQ(0, set_int(listener, SOL_SOCKET, SO_DETACH_FILTER, 0));
	if (!test_inet())
		ANSWERS(p);	/* the kernel's TCP has ended the entry by then */
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
}

TEST_F(timewait, syn__listeners_min_ttl)
{
	struct peer *p = &self->p;
	int listener = enter_timewait(p, 0);

	ASSERT_EQ(0, set_int(listener, IPPROTO_IP, IP_MINTTL, 65));
	packets(p, SYN,
		   "quiet 20");
	ASSERT_EQ(0, set_int(listener, IPPROTO_IP, IP_MINTTL, 64));
	packets(p, SYN,
		   "> S. *:*(0) ack 100001");
}

/* Nobody accepts it: the peer hears of the old connection. */
TEST_F(timewait, syn__without_a_listener)
{
	struct peer *p = &self->p;

	close(enter_timewait(p, 0));
	packets(p, SYN,
		   "> . 2:2(0) ack 2",
		   "< R 2:2(0)",
		   SYN,
		   "> R. =0:=0(0) ack 100001");
}

TEST_HARNESS_MAIN
