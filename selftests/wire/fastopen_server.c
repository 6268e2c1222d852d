// SPDX-License-Identifier: GPL-2.0
/*
 * TCP Fast Open (RFC 7413), the server: cookies, children whose handshake is not
 * complete, and TCP_SAVE_SYN.
 */
#include <arpa/inet.h>
#include <linux/bpf.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "fixture.h"

/* SipHash of 192.0.2.2 and 192.0.2.1 with key_a, as the kernel makes it. */
#define KNOWN_COOKIE	"65325619520acac3"

#define REQUEST	"hex 2202,nop,nop"

WIRE_FIXTURE_TIMERS(fastopen_server);

static const uint8_t key_a[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static int fast_listener(struct peer *p, const char *mode, int max)
{
	int fd;

	if (!conf_set("fastopen", mode))
		wire_fail(p->w, "no sysctl fastopen");
	fd = start_listen(p->w, 16);
	if (max && set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, max))
		wire_fail(p->w, "TCP_FASTOPEN: %s", strerror(errno));
	if (setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key_a, sizeof(key_a)))
		wire_fail(p->w, "TCP_FASTOPEN_KEY: %s", strerror(errno));
	p->lport = WIRE_PORT;
	p->port = 40000;
	return fd;
}

/* The Fast Open option of the last segment, as the notation has it; "": none. */
static const char *cookie_of(const struct peer *p)
{
	const uint8_t *tcp = p->last + 20, *o = tcp + 20;
	const uint8_t *end = tcp + (tcp[12] >> 4) * 4;
	static char text[64];
	int i;

	text[0] = 0;
	while (o < end && *o) {
		if (*o == 34) {
			strcpy(text, "hex ");
			for (i = 0; i < o[1]; i++)
				sprintf(text + strlen(text), "%02x", o[i]);
			return text;
		}
		o += *o == 1 ? 1 : o[1];
	}
	return text;
}

/* Ask for a cookie, and leave again. */
static const char *ask(struct peer *p)
{
	struct peer asker;

	peer_clone(&asker, p, 39000);
	asker.lport = WIRE_PORT;
	packets(&asker, "< S  0:0(0) <mss 1460," REQUEST ">",
			"> S. 0:0(0) ack 1",
			"< R  1:1(0)");
	return cookie_of(&asker);
}

/* A child that was made by a SYN with 100 bytes. */
static int pending_child(struct peer *p, int listener)
{
	packets(p, fmt("< S 0:100(100) win 65535 <mss 1460,%s,nop,nop>", ask(p)),
		   "> S. 0:0(0) ack 101");
	return do_accept(p->w, listener);
}

/* Servers of both kinds can share a key: this is Linux's cookie. */
TEST_F(fastopen_server, passive__cookie_of_a_known_key)
{
	struct peer *p = &self->p;

	IPV4_ONLY("the cookie is that of these addresses");
	fast_listener(p, "3", 8);
	EXPECT_STREQ("hex 220a" KNOWN_COOKIE, ask(p));
	EXPECT_EQ(1, stat_counter("FastOpenCookieReqd"));
}

TEST_F(fastopen_server, passive__text_before_the_handshake_is_complete)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "3", 8);

	fd = pending_child(p, listener);
	EXPECT_EQ(TCP_SYN_RECV, fd_state(fd));
	EXPECT_EQ(POLLIN | POLLOUT, fd_poll(fd, POLLIN | POLLOUT, 0));
	get_pattern(fd, 0, 100);
	/* and the answer need not wait either */
	put_pattern(fd, 0, 50);
	packets(p, "> P. 1:51(50) ack 101",
		   "< .  101:101(0) ack 51");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_TRUE(fd_syn_data_acked(fd));
	EXPECT_EQ(1, stat_counter("FastOpenPassive"));
	packets(p, "< P. 101:201(100) ack 51",
		   "> .  51:51(0) ack 201");
	get_pattern(fd, 100, 100);
}

TEST_F(fastopen_server, passive__edges)
{
	struct peer *p = &self->p;
	int fd, listener;

	XTCP_ONLY();
	listener = fast_listener(p, "0x203", 8);
	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(1, edge_count(XTCP_EDGE_LISTEN__RCV_SYN));
	EXPECT_EQ(0, edge_count(XTCP_EDGE_SYN_RECV__RCV_ACK_OF_SYN));
	EXPECT_EQ(1, conns_in_state(TCP_SYN_RECV));
	packets(p, "< .  101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	EXPECT_EQ(1, edge_count(XTCP_EDGE_SYN_RECV__RCV_ACK_OF_SYN));
}

/* RFC 9293 3.10.4: CLOSE in SYN-RECEIVED. */
TEST_F(fastopen_server, passive__close_before_the_handshake_is_complete)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "3", 8);

	fd = pending_child(p, listener);
	get_pattern(fd, 0, 100);
	close(fd);
	packets(p, "> F. 1:1(0) ack 101",
		   "<  . 101:101(0) ack 2",
		   "< F. 101:101(0) ack 2",
		   ">  . 2:2(0) ack 102");
}

/* A wrong cookie: the SYN counts, its text does not, and the right one comes. */
TEST_F(fastopen_server, passive__bad_cookie)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "3", 8);

	IPV4_ONLY("the cookie is that of these addresses");
	packets(p, "< S  0:100(100) <mss 1460,hex 220affffffffffffffff,nop,nop>",
		   "> S. 0:0(0) ack 1");
	EXPECT_STREQ("hex 220a" KNOWN_COOKIE, cookie_of(p));
	EXPECT_EQ(1, stat_counter("FastOpenPassiveFail"));
	EXPECT_EQ(0, fd_poll(listener, POLLIN, 0));
	packets(p, "< P. 1:101(100) ack 1",
		   "> .  1:1(0) ack 101");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 100);
}

/* Another client's cookie is as wrong as any. */
TEST_F(fastopen_server, passive__cookie_of_another_client)
{
	struct peer *p = &self->p;
	const char *cookie;

	fast_listener(p, "3", 8);
	cookie = ask(p);
	p->addr = inet_addr("192.0.2.77");
	packets(p, fmt("< S 0:100(100) <mss 1460,%s,nop,nop>", cookie),
		   "> S. 0:0(0) ack 1");
}

/* Options of wrong lengths are none. */
TEST_F(fastopen_server, passive__malformed_cookies)
{
	static const char *const bad[] = {
		"hex 2203aa", "hex 2204aabb", "hex 2205aabbcc",
		"hex 2214000102030405060708090a0b0c0d0e0f1011", "hex fe05f989aa",
	};
	unsigned int i;

	fast_listener(&self->p, "3", 8);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		struct peer q;

		peer_clone(&q, &self->p, 45000 + i);
		q.lport = WIRE_PORT;
		packets(&q, fmt("< S 0:10(10) <mss 1460,%s>", bad[i]),
			    "> S. 0:0(0) ack 1 <mss 1460>");
	}
}

TEST_F(fastopen_server, passive__no_cookie_needed)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101 <mss 1460>");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 100);
}

/* net.ipv4.tcp_fastopen 0x400: all listeners. */
TEST_F(fastopen_server, passive__without_the_option)
{
	struct peer *p = &self->p;
	int listener = fast_listener(p, "0x603", 0);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	close(do_accept(&self->w, listener));
}

TEST_F(fastopen_server, passive__not_enabled)
{
	struct peer *p = &self->p;

	fast_listener(p, "1", 8);
	packets(p, "< S  0:100(100) <mss 1460," REQUEST ">",
		   "> S. 0:0(0) ack 1 <mss 1460>");
}

/* TCP_FASTOPEN limits how many are pending, and those that were reset count. */
TEST_F(fastopen_server, passive__limit)
{
	struct peer *p = &self->p, q;
	int fd, listener = fast_listener(p, "0x203", 1);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	fd = do_accept(&self->w, listener);
	peer_clone(&q, p, 41000);
	q.lport = WIRE_PORT;
	packets(&q, "< S  0:100(100) <mss 1460>",
		    "> S. 0:0(0) ack 1");
	EXPECT_EQ(1, stat_counter("FastOpenListenOverflow"));
	packets(p, "< R  101:101(0)");
	ASSERT_STATE(fd, TCP_CLOSE);
	EXPECT_EQ(ECONNRESET, fd_error(fd));
	peer_clone(&q, p, 42000);
	packets(&q, "< S  0:100(100) <mss 1460>",
		    "> S. 0:0(0) ack 1");
}

/* The next one has a place when the handshake is complete. */
TEST_F(fastopen_server, passive__limit_of_those_that_are_pending)
{
	struct peer *p = &self->p, q;
	int listener = fast_listener(p, "0x203", 1);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101",
		   "<  . 101:101(0) ack 1");
	do_accept(&self->w, listener);
	peer_clone(&q, p, 41000);
	q.lport = WIRE_PORT;
	packets(&q, "< S  0:100(100) <mss 1460>",
		    "> S. 0:0(0) ack 101");
}

TEST_F(fastopen_server, passive__synack_again)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101",
		   "+1 > S. 0:0(0) ack 101",
		   "+2 > S. 0:0(0) ack 101",
		   "<  . 101:101(0) ack 1");
	fd = do_accept(&self->w, listener);
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	get_pattern(fd, 0, 100);
}

/* The client did not hear us: its SYN comes again, without text. */
TEST_F(fastopen_server, passive__same_syn_again)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101",
		   "< S  0:0(0) <mss 1460>",
		   "> S. 0:0(0) ack 101",
		   "<  . 101:101(0) ack 1");
	fd = do_accept(&self->w, listener);
	get_pattern(fd, 0, 100);
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/* Its text that was sent and not ACKed is sent again after the handshake. */
TEST_F(fastopen_server, passive__answer_lost)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	fd = do_accept(&self->w, listener);
	put_pattern(fd, 0, 50);
	packets(p, "> P. 1:51(50) ack 101",
		   "<  . 101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	packets(p, "> P. 1:51(50) ack 101",
		   "<  . 101:101(0) ack 51");
}

TEST_F(fastopen_server, passive__backup_key)
{
	uint8_t keys[32] = { 0x55 };
	struct peer *p = &self->p;
	int listener = fast_listener(p, "3", 8);
	const char *old = strdup(ask(p));
	socklen_t len = sizeof(keys);

	memcpy(keys + 16, key_a, 16);
	ASSERT_EQ(0, setsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, 32));
	ASSERT_EQ(0, getsockopt(listener, IPPROTO_TCP, TCP_FASTOPEN_KEY, keys, &len));
	EXPECT_EQ(32, len);
	EXPECT_EQ(0x55, keys[0]);
	packets(p, fmt("< S 0:100(100) <mss 1460,%s,nop,nop>", old),
		   "> S. 0:0(0) ack 101");
	/* and the SYN,ACK has the cookie of the new key */
	EXPECT_STRNE("", cookie_of(p));
	EXPECT_STRNE(old, cookie_of(p));
	EXPECT_EQ(1, stat_counter("FastOpenPassiveAltKey"));
}

TEST_F(fastopen_server, passive__listener_closes)
{
	struct peer *p = &self->p;
	int listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	ASSERT_TRUE(await(fd_poll(listener, POLLIN, 0) == POLLIN));
	close(listener);
	packets(p, "> R. 1:1(0) ack 101");
	EXPECT_TRUE(await(peer_state(p) == TCP_CLOSE));
}

/* The listener goes, and its accepted child does not need it. */
TEST_F(fastopen_server, passive__outlives_its_listener)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);

	packets(p, "< S  0:100(100) <mss 1460>",
		   "> S. 0:0(0) ack 101");
	fd = do_accept(&self->w, listener);
	close(listener);
	packets(p, "<  . 101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
	get_pattern(fd, 0, 100);
}

TEST_F(fastopen_server, key__of_the_namespace)
{
	struct peer *p = &self->p;
	socklen_t len = sizeof(key_a);
	uint8_t key[16];
	int fd;

	IPV4_ONLY("the cookie is that of these addresses");
	/* key_a */
	ASSERT_TRUE(conf_set("fastopen_key", "04030201-08070605-0c0b0a09-100f0e0d"));
	ASSERT_TRUE(conf_set("fastopen", "3"));
	EXPECT_FALSE(conf_set("fastopen_key", "no key"));
	fd = start_listen(p->w, 16);
	ASSERT_EQ(0, set_int(fd, IPPROTO_TCP, TCP_FASTOPEN, 5));
	EXPECT_EQ(5, get_int(fd, IPPROTO_TCP, TCP_FASTOPEN));
	p->lport = WIRE_PORT;
	EXPECT_STREQ("hex 220a" KNOWN_COOKIE, ask(p));
	/* the socket has none of its own */
	ASSERT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key, &len));
	EXPECT_EQ(0, len);
	EXPECT_EQ(-1, setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_KEY, key_a, 15));
	EXPECT_EQ(EINVAL, errno);
}

/* ---- TCP_SAVE_SYN -------------------------------------------------------- */

TEST_F(fastopen_server, saved_syn)
{
	struct peer *p = &self->p;
	int listener = start_listen(&self->w, 8), fd;
	int more = siit_mode() == SIIT_6 ? SIIT_GROWS : 0;
	uint8_t syn[128], *tcp = syn + 20 + more;
	socklen_t len = 10;

	ASSERT_EQ(0, set_int(listener, IPPROTO_TCP, TCP_SAVE_SYN, 1));
	p->lport = WIRE_PORT;
	packets(p, "< S  0:0(0) <mss 1234>",
		   "> S. 0:0(0) ack 1",
		   "<  . 1:1(0) ack 1");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(-1, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(EINVAL, errno);
	EXPECT_EQ(44 + more, len);
	len = sizeof(syn);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(44 + more, len);
	EXPECT_EQ(more ? 6 : 4, syn[0] >> 4);
	EXPECT_EQ(0x02, tcp[13]);
	EXPECT_EQ(1234, tcp[22] << 8 | tcp[23]);
	/* once */
	len = sizeof(syn);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(0, len);
}

TEST_F(fastopen_server, saved_syn__of_a_pending_child)
{
	struct peer *p = &self->p;
	int fd, listener = fast_listener(p, "0x203", 8);
	uint8_t syn[128];
	socklen_t len = sizeof(syn);
	int more = siit_mode() == SIIT_6 ? SIIT_GROWS : 0;

	ASSERT_EQ(0, set_int(listener, IPPROTO_TCP, TCP_SAVE_SYN, 1));
	packets(p, "< S  0:100(100) <mss 1234>",
		   "> S. 0:0(0) ack 101");
	fd = do_accept(&self->w, listener);
	EXPECT_EQ(0, getsockopt(fd, IPPROTO_TCP, TCP_SAVED_SYN, syn, &len));
	EXPECT_EQ(44 + more, len);
	packets(p, "<  . 101:101(0) ack 1");
	ASSERT_STATE(fd, TCP_ESTABLISHED);
}

/*
 * A program that chooses a listener by a byte of the SYN's text.  It sees the text, and
 * nothing of the headers.
 */
static int program_by_byte(uint32_t offset)
{
	struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_6,
		  .src_reg = BPF_REG_1 },
		{ .code = BPF_LD | BPF_ABS | BPF_B, .imm = offset },
		{ .code = BPF_ALU64 | BPF_AND | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_SOCKET_FILTER,
		.insn_cnt = ARRAY_SIZE(code),
		.insns = (uintptr_t)code,
		.license = (uintptr_t)"GPL",
	};

	return syscall(__NR_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

TEST_F(fastopen_server, passive__program_chooses_by_text)
{
	struct sockaddr_in sin = wire_sockaddr(WIRE_PORT);
	struct peer *p = &self->p;
	int listener[2], i;

	ASSERT_TRUE(conf_set("fastopen", "515"));	/* no cookie is asked for */
	for (i = 0; i < 2; i++) {
		listener[i] = wire_socket(&self->w, SOCK_NONBLOCK);
		ASSERT_EQ(0, set_int(listener[i], SOL_SOCKET, SO_REUSEPORT, 1));
		ASSERT_EQ(0, bind(listener[i], (struct sockaddr *)&sin, sizeof(sin)));
		ASSERT_EQ(0, set_int(listener[i], IPPROTO_TCP, TCP_FASTOPEN, 8));
		ASSERT_EQ(0, listen(listener[i], 8));
	}
	for (i = 0; i < 8; i++) {
		int prog = program_by_byte(i), fd;

		if (prog < 0)
			SKIP(return, "no bpf(): %s", strerror(errno));
		ASSERT_EQ(0, set_int(listener[0], SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, prog));
		close(prog);
		p->synced = false;
		p->ts = false;
		p->lport = WIRE_PORT;
		p->port = 40000 + i;
		packets(p, "< S 0:10(10) <mss 1460>",
			   "> S. 0:0(0) ack 11");
		fd = accept4(listener[wire_pattern(i) & 1], NULL, NULL, SOCK_CLOEXEC);
		EXPECT_LE(0, fd) {
			TH_LOG("byte %d is %u", i, wire_pattern(i));
		}
		set_linger(fd, 0);
		close(fd);
		packets(p, "> R. 1:1(0) ack 11");
	}
}

/* The same from this host: the text is not in the linear part of what comes. */
TEST_F(fastopen_server, passive__program_chooses_by_text_of_this_host)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET, .sin_port = htons(WIRE_PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int listener[2], i, prog = program_by_byte(0);

	if (prog < 0)
		SKIP(return, "no bpf(): %s", strerror(errno));
	ASSERT_TRUE(conf_set("fastopen", "519"));	/* nor sent */
	for (i = 0; i < 2; i++) {
		listener[i] = wire_socket(&self->w, SOCK_NONBLOCK);
		ASSERT_EQ(0, set_int(listener[i], SOL_SOCKET, SO_REUSEPORT, 1));
		/* before there is a group, as some do */
		if (!i)
			ASSERT_EQ(0, set_int(listener[0], SOL_SOCKET,
					     SO_ATTACH_REUSEPORT_EBPF, prog));
		ASSERT_EQ(0, bind(listener[i], (struct sockaddr *)&sin, sizeof(sin)));
		ASSERT_EQ(0, set_int(listener[i], IPPROTO_TCP, TCP_FASTOPEN, 8));
		ASSERT_EQ(0, listen(listener[i], 8));
	}
	for (i = 0; i < 8; i++) {
		int fd = wire_socket(&self->w, 0), child;
		char byte = i * 3;

		ASSERT_EQ(1, sendto(fd, &byte, 1, MSG_FASTOPEN, (struct sockaddr *)&sin,
				    sizeof(sin)));
		child = accept4(listener[byte & 1], NULL, NULL, SOCK_CLOEXEC);
		EXPECT_LE(0, child) {
			TH_LOG("the byte is %d", byte);
		}
		close(child);
		close(fd);
	}
}

TEST_HARNESS_MAIN
