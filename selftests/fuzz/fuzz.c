// SPDX-License-Identifier: GPL-2.0
/*
 * A peer that sends anything, a network that does anything, users who call
 * anything, in the order that the input says.  What must hold: the invariants of
 * core/check.c, no event that the table lacks, nothing that a sanitizer sees.
 *
 * As a libFuzzer target (make fuzz), or by itself:
 *
 *	fuzz --tap [RUNS]	random inputs of fixed seeds, as tests
 *	fuzz FILE...		inputs that were found; XTCP_TRACE=1 shows the segments
 *
 * The first byte of an input says what it drives.
 */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint.h"
#include "options.h"
#include "rng.h"
#include "tap.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

struct input {
	const u8 *p;
	size_t	left;
};

static u8 take8(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->p++;
}

static u32 take32(struct input *in)
{
	u32 v = take8(in);

	v = v << 8 | take8(in);
	v = v << 8 | take8(in);
	return v << 8 | take8(in);
}

static void trace(const struct endpoint *ep, const struct packet *p, const char *which)
{
	static int on = -1;
	char text[200];

	if (on < 0)
		on = !!getenv("XTCP_TRACE");
	if (!on)
		return;
	packet_format(p, 0, 0, text, sizeof(text));
	fprintf(stderr, "%s in %s: %s\n", which, xtcp_state_name(endpoint_state(ep)), text);
}

/* ---- options ------------------------------------------------------------ */

static void fuzz_options(struct input *in)
{
	bool syn = take8(in) & 1;
	u8 len = min_t(size_t, in->left, XTCP_OPT_MAX), out[XTCP_OPT_MAX];
	struct xtcp_options opt, again;
	u8 *copy = malloc(len);		/* exactly: a byte too far is seen */

	memcpy(copy, in->p, len);
	if (xtcp_options_parse(&opt, copy, len, syn)) {
		unsigned int n;

		if (opt.wscale > XTCP_WSCALE_MAX || (opt.has & XTCP_OPT_MSS && !opt.mss))
			abort();
		if (opt.has & XTCP_OPT_SACK &&
		    (!opt.nr_sacks || opt.sack_off + 8 * opt.nr_sacks > len))
			abort();
		n = xtcp_options_build_syn(out, &opt);
		if (n > XTCP_OPT_MAX || n % 4 || !xtcp_options_parse(&again, out, n, true))
			abort();
	}
	memset(&opt, 0, sizeof(opt));
	xtcp_options_parse_ts(&opt, copy, len);
	free(copy);
}

/* ---- one endpoint, and a peer without manners --------------------------- */

static xtcp_usec_t now;

static void swallow(struct endpoint *ep, struct packet *p)
{
	trace(ep, p, "sent");
	free(p);
}

static void random_conf(struct input *in, struct endpoint_conf *c)
{
	u8 bits = take8(in);

	endpoint_conf_init(c);
	c->mute = true;
	c->iss = take8(in) & 1 ? 0xfffffff0 : take32(in);
	c->core.timestamps = bits & 1;
	c->core.window_scaling = bits & 2;
	c->nodelay = bits & 4;
	c->keepalive = bits & 8;
	c->rcvbuf = bits & 16 ? 3000 : 100000;
	c->rcvbuf_max = bits & 32 ? c->rcvbuf : 1 << 20;
	c->ratio = bits & 64 ? 256 : 100;
	c->path_mss = bits & 128 ? 100 : 1460;
	c->advmss = c->path_mss;
	c->gso_max = 10 * c->path_mss;
}

/* A number at or near one that matters, now and then any. */
static u32 near(struct input *in, const u32 *marks, unsigned int nr)
{
	u8 how = take8(in);

	if (how >= 0xf0)
		return take32(in);
	return marks[how % nr] + (s8)take8(in) / (how & 0x40 ? 1 : 32);
}

static struct packet *make_segment(struct input *in, const struct endpoint *ep)
{
	const struct xtcp_tcb *t = &ep->t;
	const u32 seqs[] = {
		t->rcv_nxt, t->rcv_nxt, t->rcv_nxt, t->rcv_wup, t->irs,
		t->rcv_wup + t->rcv_wnd, t->rcv_nxt + 100, ep->tw.rcv_nxt, ep->req.irs + 1,
	};
	const u32 acks[] = {
		t->snd_una, t->snd_nxt, t->snd_nxt, t->snd_una + t->mss, t->iss + 1,
		t->recovery.end_seq, t->write_seq, t->snd_una - t->max_window, ep->tw.snd_nxt,
		ep->req.iss + 1,
	};
	static const u8 usual[] = {
		XTCP_ACK, XTCP_ACK, XTCP_ACK, XTCP_ACK | XTCP_PSH, XTCP_ACK | XTCP_FIN,
		XTCP_SYN, XTCP_SYN | XTCP_ACK, XTCP_RST, XTCP_RST | XTCP_ACK,
	};
	struct xtcp_header h = { 0 };
	u8 bits = take8(in);
	struct packet *p;
	u32 len = 0;

	h.flags = bits & 0x80 ? take8(in) : usual[take8(in) % sizeof(usual)];
	h.seq = near(in, seqs, ARRAY_SIZE(seqs));
	h.ack = near(in, acks, ARRAY_SIZE(acks));
	h.window = bits & 1 ? take8(in) << 8 | take8(in) : bits & 2 ? 0 : 65535;
	if (bits & 4)
		len = bits & 8 ? take8(in) << 4 : take8(in);
	if (bits & 16 && h.flags & XTCP_SYN) {
		struct xtcp_options opt = {
			.has = take8(in), .mss = take8(in) << 3, .wscale = take8(in) % 16,
			.tsval = take32(in), .tsecr = take32(in),
		};

		h.optlen = xtcp_options_build_syn(h.opt, &opt);
	} else if (bits & 16) {
		u32 tsval = bits & 32 ? take32(in) : t->ts_recent + (s8)take8(in);
		u32 tsecr = bits & 32 ? take32(in) : xtcp_tsval(t, now) - take8(in);

		xtcp_options_build_ts(h.opt, tsval, tsecr);
		h.optlen = XTCP_OPT_TS_ALIGNED;
	} else if (bits & 64) {
		unsigned int i;

		h.optlen = take8(in) % (XTCP_OPT_MAX / 4 + 1) * 4;
		for (i = 0; i < h.optlen; i++)
			h.opt[i] = take8(in);
	}
	p = packet_make(&h, len);
	memset(packet_payload(p), 0x55, len);
	p->segs = bits & 1 ? 1 + take8(in) % 8 : 1;
	p->mss = p->segs > 1 ? DIV_ROUND_UP(len, p->segs) : 0;
	packet_seal(p);
	return p;
}

static void user_step(struct input *in, struct endpoint *ep)
{
	bool user = !ep->orphan && ep->t.state != XTCP_CLOSE;

	switch (take8(in) % 16) {
	case 0:
		if (ep->t.state == XTCP_CLOSE && !ep->has_tw && !ep->has_listener)
			endpoint_connect(ep);
		break;
	case 1:
		if (!ep->has_listener)
			endpoint_listen(ep);
		break;
	case 2:
		endpoint_unlisten(ep);
		break;
	case 3:
		if (ep->has_listener && ep->t.state == XTCP_CLOSE && !ep->has_tw && !ep->has_req)
			endpoint_send_from_listen(ep);
		break;
	case 4:
		if (user)
			endpoint_call(ep, XTCP_CALL_SHUT_WR);
		break;
	case 5:
		if (user)
			endpoint_close(ep);
		break;
	case 6:
		if (user && take8(in) < 32)
			endpoint_call(ep, XTCP_CALL_ABORT);
		break;
	case 7:
		if (user)
			endpoint_call(ep, XTCP_CALL_SHUT_RD);
		break;
	case 8:
		if (user)
			endpoint_set(ep, XTCP_F_CORK, 0);
		break;
	case 9:
		if (user)
			endpoint_set(ep, XTCP_F_NODELAY, XTCP_F_CORK);
		break;
	case 10:
		if (user)
			endpoint_set(ep, XTCP_F_KEEPALIVE, 0);
		break;
	case 11:
		endpoint_path(ep, take8(in) << 3);
		break;
	case 12:
		ep->t.user.timeout_ms = take8(in) * 100;
		break;
	case 13:
		ep->fail_splits = take8(in);
		ep->local_drops = ep->fail_splits >> 6;
		ep->fail_splits %= 4;
		break;
	default:
		if (user)
			endpoint_write(ep, take8(in) << 6);
		break;
	}
}

static void pass_time(struct input *in, struct endpoint *ep)
{
	u8 how = take8(in);
	xtcp_usec_t due = endpoint_due(ep);

	if (how < 128 && due) {
		now = max(now, due);
		endpoint_timer(ep);
		return;
	}
	now += 1ULL << how % 40;
	endpoint_timer(ep);
}

static void fuzz_endpoint(struct input *in)
{
	static struct endpoint ep;
	struct endpoint_conf conf;
	unsigned int events = 0;

	random_conf(in, &conf);
	now = 1ULL + take32(in);
	endpoint_init(&ep, &conf, &now, swallow, NULL);
	/* most begin where it gets interesting */
	if (take8(in) & 1)
		endpoint_listen(&ep);
	else
		endpoint_connect(&ep);
	while (in->left && events++ < 2000) {
		u8 what = take8(in);
		struct packet *p;

		if (what < 160) {
			p = make_segment(in, &ep);
			trace(&ep, p, "received");
			endpoint_receive(&ep, p);
			free(p);
		} else if (what < 200) {
			user_step(in, &ep);
		} else if (what < 230) {
			pass_time(in, &ep);
		} else {
			endpoint_read(&ep, take8(in) << 4);
		}
	}
	endpoint_free(&ep);
}

/* ---- two endpoints, and a network without manners ----------------------- */

#define WIRE_MAX	256

static struct endpoint pair[2];
static struct packet *wire[2][WIRE_MAX];
static unsigned int wires[2];

static void onto_wire(struct endpoint *ep, struct packet *p)
{
	unsigned int from = ep - pair;

	trace(ep, p, from ? "B sent" : "A sent");
	if (wires[from] == WIRE_MAX)
		free(p);
	else
		wire[from][wires[from]++] = p;
}

static void pair_deliver(struct input *in, unsigned int from, u8 how)
{
	unsigned int i = how & 7;
	struct packet *p;

	if (i >= wires[from])
		i = 0;
	if (!wires[from])
		return;
	p = packet_copy(wire[from][i]);
	/* bits that flip and are not seen: only where a payload is not compared */
	if (how & 0x80 && pair[0].conf.mute) {
		p->bytes[4 + take8(in) % (p->len - 4)] ^= take8(in);
		packet_seal(p);
	}
	if (!(how & 0x40)) {
		free(wire[from][i]);
		memmove(&wire[from][i], &wire[from][i + 1],
			(--wires[from] - i) * sizeof(wire[from][0]));
	}
	if (!(how & 0x20)) {
		trace(&pair[!from], p, from ? "A received" : "B received");
		endpoint_receive(&pair[!from], p);
	}
	free(p);
}

static void fuzz_pair(struct input *in)
{
	struct endpoint_conf conf[2];
	unsigned int i, events = 0;
	bool mute = take8(in) & 1;

	now = 1ULL + take32(in);
	for (i = 0; i < 2; i++) {
		random_conf(in, &conf[i]);
		conf[i].mute = mute;
		conf[i].tx_stream = i;
		conf[i].rx_stream = !i;
		endpoint_init(&pair[i], &conf[i], &now, onto_wire, NULL);
		wires[i] = 0;
	}
	endpoint_listen(&pair[1]);
	endpoint_connect(&pair[0]);
	while (in->left && events++ < 2000) {
		u8 what = take8(in);

		i = what & 1;
		if (what < 150)
			pair_deliver(in, i, take8(in) & (what & 2 ? 0x07 : 0xff));
		else if (what < 180)
			user_step(in, &pair[i]);
		else if (what < 200)
			pass_time(in, &pair[i]);
		else if (what < 230)
			endpoint_write(&pair[i], take8(in) << 5);
		else
			endpoint_read(&pair[i], take8(in) << 4);
		/* the clock is one: the other's timers are due as well */
		endpoint_timer(&pair[!i]);
	}
	for (i = 0; i < 2; i++) {
		while (wires[i])
			free(wire[i][--wires[i]]);
		endpoint_free(&pair[i]);
	}
}

/* ---- bytes -------------------------------------------------------------- */

static void fuzz_bytes(struct input *in)
{
	static struct endpoint ep;
	struct endpoint_conf conf;
	struct packet *p;
	u32 len;

	random_conf(in, &conf);
	now = 1;
	endpoint_init(&ep, &conf, &now, swallow, NULL);
	endpoint_listen(&ep);
	while (in->left) {
		len = min_t(size_t, take8(in), in->left);
		p = malloc(sizeof(*p) + len);
		memset(p, 0, sizeof(*p));
		p->len = len;
		p->segs = 1;
		memcpy(p->bytes, in->p, len);
		in->p += len;
		in->left -= len;
		if (len >= XTCP_HDR_MIN)
			packet_seal(p);
		p->hdr = len > 12 ? min_t(u32, (p->bytes[12] >> 4) * 4, len) : 0;
		endpoint_receive(&ep, p);
		free(p);
	}
	endpoint_free(&ep);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct input in = { .p = data, .left = size };

	switch (take8(&in) % 8) {
	case 0:
		fuzz_options(&in);
		break;
	case 1:
		fuzz_bytes(&in);
		break;
	case 2:
	case 3:
	case 4:
		fuzz_pair(&in);
		break;
	default:
		fuzz_endpoint(&in);
		break;
	}
	return 0;
}

#ifndef XTCP_LIBFUZZER

static void random_run(u64 seed, u8 what)
{
	struct rng r = { .state = seed };
	static u8 data[4096];
	u32 len = rng_range(&r, 1, sizeof(data)), i;

	/* short ones reach the beginnings more often */
	if (rng_below(&r, 2))
		len = rng_range(&r, 1, 300);
	for (i = 0; i < len; i++)
		data[i] = rng_next(&r) >> 56;
	data[0] = what;
	LLVMFuzzerTestOneInput(data, len);
}

static int file_run(const char *name)
{
	static u8 data[1 << 20];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f) {
		perror(name);
		return 1;
	}
	n = fread(data, 1, sizeof(data), f);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		u8 what;
		unsigned int weight;
	} targets[] = {
		{ "options", 0, 4 }, { "bytes", 1, 1 }, { "pair", 2, 1 }, { "endpoint", 5, 2 },
	};
	unsigned int i, j, groups = 5, runs = argc > 2 ? atoi(argv[2]) : 8000;
	int rc = 0;

	if (argc < 2 || strcmp(argv[1], "--tap")) {
		for (i = 1; i < (unsigned int)argc; i++)
			rc |= file_run(argv[i]);
		return rc;
	}
	/* what goes wrong ends the program, and the plan is not fulfilled */
	tap_plan(groups * ARRAY_SIZE(targets));
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		for (j = 0; j < groups; j++) {
			unsigned int n = runs * targets[i].weight / groups, k;

			for (k = 0; k < n; k++)
				random_run((u64)i << 32 | (j * n + k), targets[i].what);
			tap_result(true, "fuzz_%s__seeds_%u_to_%u", targets[i].name, j * n,
				   (j + 1) * n - 1);
		}
	}
	return tap_done();
}

#endif
