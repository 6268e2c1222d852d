// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of filters: what is wrong with one, whom one means, and what the kernel is asked.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <linux/inet_diag.h>
#include <linux/xtcp.h>

#include "xtcpstat_filter.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))
#define ROUNDS	20000

static int nr_tests, nr_failed;

static void result(bool passed, const char *name)
{
	nr_tests++;
	nr_failed += !passed;
	printf("%sok %d %s\n", passed ? "" : "not ", nr_tests, name);
}

static struct filter_node *parse(struct tokens *t, const char *text)
{
	return filter_parse(t, (char *const *)&text, 1);
}

/* ---- whom there is to be asked about ---- */

/**
 * struct whom - a connection
 * @state: enum xtcp_state
 * @family: AF_INET or AF_INET6
 * @local: our address
 * @lport: our port
 * @remote: the peer's address
 * @rport: the peer's port
 * @device: that it is bound to
 * @uid: owner, -1: none
 */
static const struct whom {
	int state;
	int family;
	const char *local;
	int lport;
	const char *remote;
	int rport;
	int device;
	int uid;
} everybody[] = {
	{ XTCP_LISTEN, AF_INET, "0.0.0.0", 22, "0.0.0.0", 0, 0, 0 },
	{ XTCP_LISTEN, AF_INET6, "::", 80, "::", 0, 0, 1000 },
	{ XTCP_ESTABLISHED, AF_INET, "192.0.2.1", 22, "198.51.100.7", 40000, 0, 0 },
	{ XTCP_ESTABLISHED, AF_INET, "192.0.2.1", 40001, "198.51.100.8", 443, 2, 1000 },
	{ XTCP_ESTABLISHED, AF_INET6, "::ffff:192.0.2.1", 80, "::ffff:198.51.100.7", 65535, 0, 1000 },
	{ XTCP_CLOSE_WAIT, AF_INET6, "2001:db8::1", 80, "2001:db8:0:1::2", 1024, 0, 1000 },
	{ XTCP_TIME_WAIT, AF_INET, "192.0.2.1", 40002, "198.51.100.8", 443, 0, -1 },
	{ XTCP_SYN_RECV, AF_INET6, "2001:db8::1", 80, "2001:db8:0:1::3", 1, 3, -1 },
	{ XTCP_SYN_SENT, AF_INET, "192.0.2.130", 40003, "203.0.113.255", 0, 0, 65534 },
};

/* Addresses of one of them. */
struct ends {
	uint8_t local[16];
	uint8_t remote[16];
};

static struct filter_subject subject(const struct whom *w, struct ends *e)
{
	memset(e, 0, sizeof(*e));
	inet_pton(w->family, w->local, e->local);
	inet_pton(w->family, w->remote, e->remote);
	return (struct filter_subject){
		.states = 1U << w->state, .family = w->family,
		.local = e->local, .remote = e->remote, .lport = w->lport, .rport = w->rport,
		.ifindex = w->device, .uid = w->uid, .has_uid = w->uid >= 0,
	};
}

/* Whom a filter means, as bits. */
static uint32_t meant(const struct filter_node *f)
{
	struct filter_subject s;
	uint32_t bits = 0;
	struct ends e;
	size_t i;

	for (i = 0; i < NR(everybody); i++) {
		s = subject(&everybody[i], &e);
		bits |= (uint32_t)filter_match(f, &s) << i;
	}
	return bits;
}

/* ---- the kernel's part, as inet_diag describes it ---- */

static bool host_holds(const struct inet_diag_hostcond *c, const struct whom *w, bool remote)
{
	struct filter_node one = { .kind = FILTER_HOST, .remote = remote };
	struct filter_subject s;
	struct ends e;

	one.host.family = c->family;
	one.host.prefix = c->prefix_len;
	one.host.port = c->port;
	memcpy(one.host.addr, c->addr, c->family == AF_INET ? 4 : c->family == AF_INET6 ? 16 : 0);
	s = subject(w, &e);
	return filter_match(&one, &s);
}

static bool holds(const struct inet_diag_bc_op *op, const struct whom *w)
{
	uint32_t device;

	switch (op->code) {
	case INET_DIAG_BC_S_GE:
		return w->lport >= op[1].no;
	case INET_DIAG_BC_S_LE:
		return w->lport <= op[1].no;
	case INET_DIAG_BC_D_GE:
		return w->rport >= op[1].no;
	case INET_DIAG_BC_D_LE:
		return w->rport <= op[1].no;
	case INET_DIAG_BC_S_COND:
	case INET_DIAG_BC_D_COND:
		return host_holds((const void *)(op + 1), w, op->code == INET_DIAG_BC_D_COND);
	case INET_DIAG_BC_DEV_COND:
		memcpy(&device, op + 1, sizeof(device));
		return device == (uint32_t)w->device;
	default:
		return false;	/* a jump */
	}
}

/* The kernel takes a program only if each jump ends at an instruction or at an end. */
static bool sound(const char *code, size_t len)
{
	static bool begins[FILTER_BYTECODE_MAX + 8];
	const struct inet_diag_bc_op *op;
	size_t at;

	memset(begins, 0, sizeof(begins));
	for (at = 0; at < len; at += op->yes) {
		op = (const void *)(code + at);
		if (op->yes < sizeof(*op) || at + op->yes > len)
			return false;
		begins[at] = true;
	}
	begins[len] = true;
	begins[len + sizeof(*op)] = true;
	for (at = 0; at < len; at += op->yes) {
		op = (const void *)(code + at);
		if (op->no < op->yes || at + op->no > len + sizeof(*op) || !begins[at + op->no])
			return false;
	}
	return at == len;
}

static uint32_t answered(const struct filter_node *f, const char *code, size_t len)
{
	const struct inet_diag_bc_op *op;
	uint32_t bits = 0;
	size_t i, at;

	for (i = 0; i < NR(everybody); i++) {
		for (at = 0; at < len; at += holds(op, &everybody[i]) ? op->yes : op->no)
			op = (const void *)(code + at);
		if (at == len && filter_states(f) & 1U << everybody[i].state)
			bits |= 1U << i;
	}
	return bits;
}

/* ---- filters that are drawn ---- */

static uint32_t seed = 1;

static unsigned int draw(unsigned int below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/*
 * Conditions, and whom each means: the bits of everybody[]. What the kernel cannot ask
 * comes last.
 */
static const struct {
	const char *text;
	uint32_t bits;
} leaves[] = {
	{ "sport = 22",				0x005 },
	{ "sport 80",				0x0b2 },
	{ "sport gt :40001",			0x140 },
	{ "dport >= https and dport <= 1024",	0x068 },
	{ "dport != 443",			0x1b7 },
	{ "dport < 1",				0x103 },
	{ "dport < 0",				0x000 },
	{ "dport > 65535",			0x000 },
	{ "sport >= 0",				0x1ff },
	{ "src 192.0.2.0/25",			0x05c },
	{ "src = 192.0.2.0/24",			0x15c },
	{ "src != 192.0.2.1",			0x1a3 },
	{ "src 0.0.0.0/0",			0x15d },
	{ "dst [2001:db8:0:1::]/64:1024",	0x020 },
	{ "dst 2001:db8::/32",			0x0a0 },
	{ "dst ::/0",				0x0b2 },
	{ "dst *:443",				0x048 },
	{ "src :http",				0x0b2 },
	{ "dst 198.51.100.7:40000",		0x004 },
	{ "dev 3",				0x080 },
	{ "dev != 2",				0x1f7 },
	{ "state listening",			0x003 },
	{ "state ESTABLISHED time_wait",	0x05c },
	{ "exclude bucket",			0x13f },
	{ "user 1000",				0x03a },
	{ "user != 0",				0x1fa },
};

#define NR_KERNEL	21

/**
 * struct drawn - a filter
 * @text: its words
 * @bits: whom it means
 * @kernel: the kernel can ask all of it
 */
struct drawn {
	char text[FILTER_TEXT_MAX];
	uint32_t bits;
	bool kernel;
};

#define EVERYBODY	((1U << NR(everybody)) - 1)

static void add(struct drawn *d, const char *text)
{
	size_t len = strlen(d->text);

	snprintf(d->text + len, sizeof(d->text) - len, "%s", text);
}

static uint32_t draw_filter(struct drawn *d, int depth)
{
	unsigned int kind = depth ? draw(4) : 3, leaf;
	uint32_t bits;

	if (kind == 3) {
		leaf = draw(NR(leaves));
		d->kernel &= leaf < NR_KERNEL;
		add(d, "( ");
		add(d, leaves[leaf].text);
		add(d, " )");
		return leaves[leaf].bits;
	}
	if (kind == 2) {
		add(d, draw(2) ? "not " : "!");
		return EVERYBODY & ~draw_filter(d, depth - 1);
	}
	add(d, "(");
	bits = draw_filter(d, depth - 1);
	if (kind) {
		add(d, draw(2) ? " or " : "||");
		bits |= draw_filter(d, depth - 1);
	} else {
		add(d, draw(2) ? " and " : draw(2) ? "&" : " ");
		bits &= draw_filter(d, depth - 1);
	}
	add(d, ")");
	return bits;
}

/* ---- the tests ---- */

static void filter__means(void)
{
	struct filter_node *f;
	struct tokens t;
	bool good = true;
	size_t i;

	for (i = 0; i < NR(leaves); i++) {
		f = parse(&t, leaves[i].text);
		if (!f || meant(f) != leaves[i].bits) {
			printf("# %s: %03x, not %03x %s\n", leaves[i].text, f ? meant(f) : 0,
			       leaves[i].bits, t.error);
			good = false;
		}
		filter_free(f);
	}
	result(good, __func__);
}

static void filter__binds_as_in_ss(void)
{
	static const char *const same[][2] = {
		{ "sport 22 or sport 80 and dev 3", "sport 22 or ( sport 80 and dev 3 )" },
		{ "not sport 22 and dev 3", "( not sport 22 ) and dev 3" },
		{ "sport 22 dport 40000", "sport 22 and dport 40000" },
		{ "state established state listening", "state established listening" },
		{ "state connected exclude time-wait", "state connected and not state time-wait" },
		{ "(sport=22)||(dport=443)", "sport = :22 or dport = :443" },
		{ "NOT Sport EQ 22", "sport neq 22" },
	};
	struct filter_node *a, *b;
	struct tokens t;
	bool good = true;
	size_t i;

	for (i = 0; i < NR(same); i++) {
		a = parse(&t, same[i][0]);
		b = parse(&t, same[i][1]);
		if (!a || !b || meant(a) != meant(b)) {
			printf("# %s\n", same[i][0]);
			good = false;
		}
		filter_free(a);
		filter_free(b);
	}
	result(good, __func__);
}

static void filter__points_at_the_wrong_word(void)
{
	static const struct {
		const char *text;
		const char *word;	/* the first of it; "": the end */
		const char *error;
	} wrong[] = {
		{ "state foo",			"foo",		"no state" },
		{ "state",			"",		"ends where a state" },
		{ "sport 22 and foo 3",		"foo",		"no condition" },
		{ "sport 22 and",		"",		"ends where a condition" },
		{ "sport = 65536",		"65536",	"no port" },
		{ "sport = http,https",		"http,https",	"no port" },
		{ "sport = -1",			"-1",		"no port" },
		{ "sport >",			"",		"ends where a port" },
		{ "dport = = 80",		"= 80",		"where a port" },
		{ "( sport 22",			"( sport",	"not closed" },
		{ "sport 22 )",			")",		"not expected" },
		{ "( sport 22 ( dport 3",	"( dport",	"not closed" },
		{ "( sport 22 = 3 )",		"= 3",		"')' is missing" },
		{ "src 192.0.2.0/33",		"192.0.2.0/33",	"prefix" },
		{ "src 2001:db8::/129",		"2001:db8::/129", "prefix" },
		{ "src */8",			"*/8",		"prefix, but no address" },
		{ "src 192.0.2.1:0x50",		"192.0.2.1:0x50", "port" },
		{ "src [::1",			"[::1",		"no address" },
		{ "src 192.0.2.1:",		"192.0.2.1:",	"no address" },
		{ "src >= 192.0.2.1",		">=",		"greater or less" },
		{ "dev = nosuchdevice0",	"nosuchdevice0", "a device" },
		{ "user = no/such/user",	"no/such/user",	"a user" },
		{ "state established or or",	"or",		"no condition" },
	};
	struct filter_node *f;
	struct tokens t;
	bool good = true;
	const char *at;
	size_t i;

	for (i = 0; i < NR(wrong); i++) {
		f = parse(&t, wrong[i].text);
		at = *wrong[i].word ? strstr(wrong[i].text, wrong[i].word) :
			wrong[i].text + strlen(wrong[i].text);
		if (i == NR(wrong) - 1)
			at = strrchr(wrong[i].text, 'o');
		if (f || !strstr(t.error, wrong[i].error) ||
		    t.wrong.at != (size_t)(at - wrong[i].text)) {
			printf("# %s: %s at %zu\n", wrong[i].text, t.error, t.wrong.at);
			good = false;
		}
		filter_free(f);
	}
	result(good, __func__);
}

static void filter__error_has_a_caret(void)
{
	static const char expected[] =
		"xtcpstat: 'f\303\266\303\266' is no state\n"
		"  user 0 state f\303\266\303\266 listen\n"
		"               ^~~\n";
	char *text = NULL;
	struct tokens t;
	size_t size = 0;
	FILE *f;

	parse(&t, "user 0 state f\303\266\303\266 listen");
	f = open_memstream(&text, &size);
	if (!f)
		abort();
	tokens_print_error(&t, f);
	fclose(f);
	if (strcmp(text, expected))
		printf("# %s", text);
	result(!strcmp(text, expected), __func__);
	free(text);
}

static void filter__has_bounds(void)
{
	static char text[2 * FILTER_TEXT_MAX];
	struct tokens t;
	bool good;

	memset(text, '(', 200);
	good = !parse(&t, text) && strstr(t.error, "in one another");
	memset(text, '!', 200);
	good = good && !parse(&t, text) && strstr(t.error, "in one another");
	memset(text, 'a', sizeof(text) - 1);
	good = good && !parse(&t, text) && strstr(t.error, "at most");
	result(good, __func__);
}

/* The words of other programs: the module's, with '_'. */
static void filter__knows_all_states(void)
{
#define STATE_NAME(name, nr)	{ #name, nr },
	static const struct {
		const char *name;
		int nr;
	} names[] = { XTCP_STATES(STATE_NAME) };
	bool good = true;
	size_t i;

	for (i = 0; i < NR(names); i++)
		good = good && operand_states(names[i].name) == 1U << names[i].nr;
	result(good && !operand_states("") && !operand_states("establishe"), __func__);
}

static void bytecode__asks_for_no_less(void)
{
	static uint32_t code[FILTER_BYTECODE_MAX / sizeof(uint32_t)];
	int i, programs = 0, exact = 0, bad = 0;
	struct filter_node *f;
	struct tokens t;
	uint32_t bits;
	size_t len;

	for (i = 0; i < ROUNDS && !bad; i++) {
		struct drawn d = { .kernel = true };

		d.bits = draw_filter(&d, 1 + draw(5));
		f = parse(&t, d.text);
		if (!f) {
			printf("# %s: %s\n", d.text, t.error);
			bad++;
			continue;
		}
		len = filter_bytecode(f, code, sizeof(code));
		programs += len > 0;
		bits = sound((char *)code, len) ? answered(f, (char *)code, len) : 0;
		exact += d.kernel;
		if (meant(f) != d.bits || d.bits & ~bits || (d.kernel && d.bits != bits)) {
			printf("# %s: %03x, not %03x; the kernel %03x\n", d.text, meant(f),
			       d.bits, bits);
			bad++;
		}
		filter_free(f);
	}
	printf("# %d filters, %d with a program, %d of them exact\n", i, programs, exact);
	result(!bad && programs > ROUNDS / 4 && exact > ROUNDS / 10, __func__);
}

static void bytecode__is_left_out_when_it_is_too_long(void)
{
	static uint32_t code[8];
	struct filter_node *f;
	struct tokens t;

	f = parse(&t, "src 2001:db8::/32 and dst 2001:db8::/32");
	result(f && !filter_bytecode(f, code, sizeof(code)) && !filter_bytecode(NULL, code, 32),
	       __func__);
	filter_free(f);
}

int main(void)
{
	filter__means();
	filter__binds_as_in_ss();
	filter__points_at_the_wrong_word();
	filter__error_has_a_caret();
	filter__has_bounds();
	filter__knows_all_states();
	bytecode__asks_for_no_less();
	bytecode__is_left_out_when_it_is_too_long();
	printf("1..%d\n", nr_tests);
	return nr_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
