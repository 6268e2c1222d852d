// SPDX-License-Identifier: GPL-2.0
/* What a user, the network and the clock do to an endpoint: see endpoint.h. */
#include <stdlib.h>

#include "chrono.h"
#include "cong.h"
#include "endpoint_room.h"
#include "offer.h"
#include "output.h"
#include "reasm.h"
#include "stream.h"
#include "urgent.h"
#include "user.h"
#include "window.h"

static void choose_cc(struct endpoint *ep)
{
	u32 size = xtcp_cc_table[ep->conf.cc]->mem_size;

	free(ep->cc_mem);
	ep->cc_mem = size ? calloc(1, size) : NULL;
	xtcp_cc_choose(&ep->t, ep->conf.cc, ep->cc_mem);
}

void ep_tcb_new(struct endpoint *ep)
{
	struct xtcp_tcb *t = &ep->t;

	xtcp_tcb_init(t, &ep->conf.core);
	choose_cc(ep);
	memset(&ep->pace, 0, sizeof(ep->pace));
	ep->pace_waits = false;
	t->advmss = ep->conf.advmss;
	xtcp_user_flag(t, XTCP_F_NODELAY, ep->conf.nodelay);
	if (ep->conf.dctcp)
		t->flags |= XTCP_F_ECN_ALL | XTCP_F_ECN_EXACT;
	xtcp_user_flag(t, XTCP_F_KEEPALIVE, ep->conf.keepalive);
	ep_recvq_purge(ep);
	ep->rmem = 0;
	ep->written = 0;
	ep->read = 0;
	ep->eof = false;
	ep->dead = false;
	ep->orphan = false;
	ep->connected = false;
	ep->error = 0;
	ep->rcvbuf = ep->conf.rcvbuf;
	t->window_clamp = ep_full_space(ep);
	t->rcv_ssthresh = ep_full_space(ep);
	xtcp_check_init(&ep->check, t);
	xtcp_clocks_begin(&ep->clocks, t, 0, *ep->now);
}

static void user_why(struct endpoint *ep, enum xtcp_call call, enum xtcp_reason why)
{
	struct xtcp_actions a;

	xtcp_actions_init(&a);
	xtcp_on_user(&ep->t, call, why, *ep->now, &a);
	ep_apply(ep, &a, NULL);
}

static void user(struct endpoint *ep, enum xtcp_call call)
{
	static const enum xtcp_reason why[] = {
		[XTCP_CALL_CONNECT]	= XTCP_WHY_CONNECT,
		[XTCP_CALL_OPEN]	= XTCP_WHY_CONNECT,
		[XTCP_CALL_SHUT_WR]	= XTCP_WHY_USER_SHUTDOWN,
		[XTCP_CALL_CLOSE]	= XTCP_WHY_USER_CLOSE,
		[XTCP_CALL_ABORT]	= XTCP_WHY_KILLED,
		[XTCP_CALL_KEEPALIVE]	= XTCP_WHY_NONE,
	};

	user_why(ep, call, why[call]);
}

/**
 * endpoint_call - shutdown(), SO_LINGER with 0, or the like
 * @ep: the endpoint, with a connection
 * @call: what
 */
void endpoint_call(struct endpoint *ep, enum xtcp_call call)
{
	user(ep, call);
}

/**
 * endpoint_close - close(): a RST when there is unread data, as in Linux
 * @ep: the endpoint
 */
void endpoint_close(struct endpoint *ep)
{
	ep->orphan = true;
	if (ep->recvq)
		user_why(ep, XTCP_CALL_ABORT, XTCP_WHY_UNREAD_DATA);
	else
		user(ep, XTCP_CALL_CLOSE);
	ep_recvq_purge(ep);
}

static void prepare_connect(struct endpoint *ep)
{
	struct xtcp_offer offer = {
		.iss		= ep->iss,
		.ts_offset	= ep->conf.ts_offset,
		.advmss		= ep->conf.advmss,
		.space		= ep_full_space(ep),
		.max_space	= ep_max_space(ep),
		.ecn		= ep->conf.dctcp,
	};

	xtcp_offer_begin(&ep->t);
	xtcp_offer(&ep->t, &offer, &ep->conf.core);
	ep->iss += XTCP_ISS_AFTER_TIMEWAIT;
}

/**
 * endpoint_connect - connect()
 * @ep: the endpoint, without a connection
 */
void endpoint_connect(struct endpoint *ep)
{
	ep_tcb_new(ep);
	prepare_connect(ep);
	user(ep, XTCP_CALL_CONNECT);
}

/**
 * endpoint_send_from_listen - sendto() with an address on a listening socket
 * @ep: the endpoint, listening, without a connection
 */
void endpoint_send_from_listen(struct endpoint *ep)
{
	ep_tcb_new(ep);
	ep->t.state = ep->listener.state;
	ep->check.state = ep->t.state;
	ep->has_listener = false;
	prepare_connect(ep);
	user(ep, XTCP_CALL_CONNECT);
}

/**
 * endpoint_unacked - what the send buffer holds
 * @ep: the endpoint
 *
 * Return: bytes.
 */
u32 endpoint_unacked(const struct endpoint *ep)
{
	return ep->t.write_seq - ep->t.snd_una;
}

/**
 * endpoint_write - send()
 * @ep: the endpoint
 * @len: bytes
 *
 * Return: bytes that found room.
 */
u32 endpoint_write(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	u32 used = endpoint_unacked(ep), wanted = len, left;

	if (!XTCP_IN(t->state, XTCP_SET_CAN_SEND) || t->flags & XTCP_F_FIN_QUEUED)
		return 0;
	len = min(len, ep->conf.sndbuf > used ? ep->conf.sndbuf - used : 0);
	for (left = len; left;) {
		struct buf *b = ep->sendq_tail;
		u32 n;

		if (!b || xtcp_seg_len(&b->seg) >= ep->conf.gso_max) {
			b = ep_buf_new(0);
			b->seg.seq = t->write_seq;
			b->seg.end_seq = t->write_seq;
			b->pos = ep->written;
			if (ep->sendq_tail)
				ep->sendq_tail->next = b;
			else
				ep->sendq = b;
			ep->sendq_tail = b;
		}
		n = min(left, ep->conf.gso_max - xtcp_seg_len(&b->seg));
		b->seg.end_seq += n;
		xtcp_user_wrote(t, n);
		ep->written += n;
		left -= n;
		if (!left)
			b->seg.flags |= XTCP_PSH;
	}
	if (len)
		ep_push(ep);
	/* all has left, cwnd has room, and the send buffer has none */
	if (len < wanted && !ep->sendq && !xtcp_cwnd_limited(t))
		xtcp_chrono_start(t, XTCP_CHRONO_SNDBUF, *ep->now);
	if (wanted)
		ep_verify(ep, NULL);
	return len;
}

/**
 * endpoint_readable - what recv() would return
 * @ep: the endpoint
 *
 * Return: bytes.
 */
u32 endpoint_readable(const struct endpoint *ep)
{
	const struct xtcp_tcb *t = &ep->t;

	return ep->recvq ? t->rcv_nxt - t->copied_seq - !!(t->flags & XTCP_F_FIN_RCVD) : 0;
}

/* Copy from the head of the receive queue, skipping what was read already. */
static u32 read_head(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	struct buf *b = ep->recvq;
	u32 offset = t->copied_seq - b->seg.seq, have = xtcp_seg_len(&b->seg), n = 0;

	if (offset < have) {
		n = min(len, have - offset);
		if (!ep->conf.mute && !ep->conf.hollow &&
		    !stream_matches(b->data + offset, ep->conf.rx_stream, ep->read, n))
			ep_wrong(ep, "the stream is not intact");
		ep->read += n;
		xtcp_user_took(t, t->copied_seq + n);
		offset += n;
	} else if (xtcp_before(b->seg.end_seq, t->copied_seq)) {
		ep_wrong(ep, "a buffer is in the receive queue that was read long ago");
	}
	if (offset == have) {
		if (b->seg.flags & XTCP_FIN) {
			ep->eof = true;
			xtcp_user_took(t, t->copied_seq + 1);
		}
		ep->recvq = b->next;
		if (!ep->recvq)
			ep->recvq_tail = NULL;
		ep->rmem -= b->truesize;
		free(b);
	}
	return n;
}

/**
 * endpoint_read - recv()
 * @ep: the endpoint
 * @len: bytes at most
 *
 * The bytes are compared with what the peer's stream must be.
 *
 * Return: bytes that were read.
 */
u32 endpoint_read(struct endpoint *ep, u32 len)
{
	struct xtcp_tcb *t = &ep->t;
	struct xtcp_actions a;
	u32 copied = 0;

	while (ep->recvq && copied < len)
		copied += read_head(ep, len - copied);
	if (t->flags & XTCP_F_URG)
		xtcp_urg_read(t);
	/* a FIN without payload has no buffer */
	if (!ep->recvq && t->flags & XTCP_F_FIN_RCVD && !ep->eof) {
		ep->eof = true;
		xtcp_user_took(t, t->rcv_nxt);
	}
	if (!XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		return copied;
	ep_rcvbuf_grow(ep, xtcp_window_autotune(t, *ep->now));
	xtcp_actions_init(&a);
	xtcp_on_read(t, copied, ep_free_space(ep), ep_full_space(ep), *ep->now, &a);
	ep_apply(ep, &a, NULL);
	return copied;
}

/**
 * endpoint_set - change a socket option
 * @ep: the endpoint
 * @set: XTCP_F_* to set
 * @clear: XTCP_F_* to clear
 *
 * Data that the option held back may leave.
 */
void endpoint_set(struct endpoint *ep, u32 set, u32 clear)
{
	xtcp_user_flag(&ep->t, clear, false);
	xtcp_user_flag(&ep->t, set, true);
	if ((set | clear) & XTCP_F_KEEPALIVE) {
		user(ep, XTCP_CALL_KEEPALIVE);
		return;
	}
	ep_push(ep);
	ep_verify(ep, NULL);
}

/**
 * endpoint_path - the path's MTU is another one
 * @ep: the endpoint
 * @path_mss: what it leaves, bytes without options
 */
void endpoint_path(struct endpoint *ep, u16 path_mss)
{
	bool less = path_mss < ep->t.path_mss;
	struct xtcp_actions a;

	ep->conf.path_mss = path_mss;
	if (!XTCP_IN(ep->t.state, XTCP_SET_SYNCHRONISED))
		return;
	xtcp_mss_update(&ep->t, path_mss);
	ep_verify(ep, NULL);
	if (!less)
		return;
	xtcp_actions_init(&a);
	xtcp_resegment(&ep->t, *ep->now, &a);
	ep_apply(ep, &a, NULL);
}

static void prune(struct endpoint *ep)
{
	struct xtcp_seg *seg;

	while (ep->rmem > ep->rcvbuf && (seg = xtcp_ooo_drop_last(&ep->t))) {
		ep->rmem -= seg_buf(seg)->truesize;
		free(seg_buf(seg));
	}
}

enum xtcp_verdict ep_tcb_segment(struct endpoint *ep, struct xtcp_segment *seg,
				 const u8 *payload)
{
	enum xtcp_verdict verdict;
	struct xtcp_actions a;
	struct buf *b = NULL;

	if (seg->len && ep->rmem > ep->rcvbuf && xtcp_window_takes(&ep->t, seg)) {
		prune(ep);
		seg->no_room = ep->rmem > ep->rcvbuf;
	}
	seg->free_space = ep_free_space(ep);
	seg->full_space = ep_full_space(ep);
	if (seg->len || seg->flags & XTCP_FIN) {
		b = ep_buf_new(payload ? seg->len : 0);
		b->seg.seq = seg->seq + !!(seg->flags & XTCP_SYN);
		b->seg.end_seq = seg->end_seq;
		b->seg.flags = seg->flags;
		b->truesize = seg->len + ep->conf.overhead * max_t(u32, seg->segs, 1);
		if (payload)
			memcpy(b->data, payload, seg->len);
		seg->node = &b->seg;
	}
	xtcp_actions_init(&a);
	verdict = xtcp_on_segment(&ep->t, seg, *ep->now, &a);
	if (ep_apply(ep, &a, seg) != xtcp_verdict_keeps(verdict))
		ep_wrong(ep, "a buffer was kept, and the verdict says otherwise");
	if (!xtcp_verdict_keeps(verdict))
		free(b);
	return verdict;
}

static enum xtcp_verdict receive(struct endpoint *ep, const struct packet *p)
{
	struct xtcp_segment seg;
	enum xtcp_verdict verdict = packet_parse(p, &seg);
	/* where the header says that it begins, not where it did */
	const u8 *payload = p->hollow ? NULL : p->bytes + p->len - seg.len;

	if (verdict)
		return verdict;
	if (ep->t.state != XTCP_CLOSE)
		return ep_tcb_segment(ep, &seg, payload);
	if (ep->has_tw)
		return ep_tw_segment(ep, &seg);
	if (ep->has_req)
		return ep_req_segment(ep, &seg, payload);
	if (ep->has_listener) {
		ep->req_state = ep->listener.state;
		verdict = ep_listen_segment(ep, &seg, ep->iss);
		if (ep->has_req) {
			ep->iss += XTCP_ISS_AFTER_TIMEWAIT;
			ep_take_edge(ep, &ep->req_state, XTCP_EV_RCV_SYN,
				     XTCP_WHY_SYN_CAME);
		}
		return verdict;
	}
	ep_send_rst_for(ep, &seg, XTCP_WHY_NO_CONNECTION);
	return XTCP_VERDICT_NOT_OWNER;
}

/**
 * endpoint_receive - a packet arrives
 * @ep: the endpoint
 * @p: the packet; stays the caller's
 */
void endpoint_receive(struct endpoint *ep, const struct packet *p)
{
	enum xtcp_verdict verdict;

	ep_clocks_current(ep);
	ep->rx_segs += p->segs;
	ep->came++;
	verdict = receive(ep, p);
	/* there is no backlog in which it could wait */
	if (verdict <= XTCP_VERDICT_WAITS || verdict >= XTCP_VERDICT_NR)
		ep_wrong(ep, "a segment has no verdict");
	ep->last_verdict = verdict;
	ep->verdicts[verdict]++;
}

static xtcp_usec_t earlier(xtcp_usec_t a, xtcp_usec_t b)
{
	return !a || (b && b < a) ? b : a;
}

/**
 * endpoint_due - when endpoint_timer() has to be called
 * @ep: the endpoint
 *
 * Return: the time, 0: no timer runs.
 */
xtcp_usec_t endpoint_due(const struct endpoint *ep)
{
	xtcp_usec_t due = xtcp_timer_next(&ep->t);

	if (ep->pace_waits)
		due = earlier(due, DIV_ROUND_UP(ep->pace.next_ns, 1000));
	if (ep->has_req)
		due = earlier(due, ep->req_due);
	if (ep->has_tw)
		due = earlier(due, ep->tw_due);
	return due;
}

/**
 * endpoint_timer - time has passed
 * @ep: the endpoint
 */
void endpoint_timer(struct endpoint *ep)
{
	xtcp_usec_t due = xtcp_timer_next(&ep->t), now = *ep->now;
	struct xtcp_actions a;

	ep_clocks_current(ep);
	if (due && due <= now) {
		xtcp_actions_init(&a);
		xtcp_on_timer(&ep->t, now, &a);
		ep_apply(ep, &a, NULL);
		if (ep->t.rec & XTCP_R_DROPPED && ep->t.state != XTCP_CLOSE)
			xtcp_timer_dropped(&ep->t, a.orders, now);
		due = xtcp_timer_next(&ep->t);
		if (due && due <= now)
			ep_wrong(ep, "a timer that was due is still due");
	}
	if (ep->pace_waits && xtcp_pace_allows(&ep->pace, &ep->t, now * 1000)) {
		ep->pace_waits = false;
		xtcp_actions_init(&a);
		a.orders = XTCP_ACT_RETRANSMIT | XTCP_ACT_OUTPUT;
		a.again_why = XTCP_WHY_RESEND_PACED;
		ep_apply(ep, &a, NULL);
	}
	if (ep->has_req && ep->req_due <= now)
		ep_req_timer(ep);
	if (ep->has_tw && ep->tw_due <= now)
		ep_tw_end(ep, XTCP_EV_TIMEOUT_2MSL, XTCP_WHY_TIME_WAIT_OVER);
}

/**
 * endpoint_conf_init - Linux's defaults, over Ethernet
 * @conf: out
 */
void endpoint_conf_init(struct endpoint_conf *conf)
{
	*conf = (struct endpoint_conf) {
		.path_mss	= 1460,
		.advmss		= 1460,
		.gso_max	= 44 * 1448,
		.sndbuf		= 256 << 10,
		.rcvbuf		= 128 << 10,
		.rcvbuf_max	= 6 << 20,
		.overhead	= 300,
		.ratio		= 128,
		.challenges	= 1000,
		.tx_stream	= 1,
		.rx_stream	= 2,
	};
	xtcp_conf_init(&conf->core);
}

/**
 * endpoint_init - an endpoint without a connection
 * @ep: out
 * @conf: what it is like
 * @now: the clock
 * @xmit: where packets go
 * @arg: for @xmit
 */
void endpoint_init(struct endpoint *ep, const struct endpoint_conf *conf,
		   const xtcp_usec_t *now,
		   void (*xmit)(struct endpoint *ep, struct packet *p), void *arg)
{
	memset(ep, 0, sizeof(*ep));
	ep->conf = *conf;
	ep->now = now;
	ep->iss = conf->iss;
	ep->challenges = conf->challenges;
	ep->xmit = xmit;
	ep->arg = arg;
	ep_tcb_new(ep);
}

/**
 * endpoint_free - give its memory back
 * @ep: the endpoint, in any state
 */
void endpoint_free(struct endpoint *ep)
{
	u64 settled = 0;
	int i;

	for (i = XTCP_VERDICT_NONE + 1; i < XTCP_VERDICT_NR; i++)
		settled += ep->verdicts[i];
	if (settled != ep->came)
		ep_wrong(ep, "the book of segments does not balance");
	ep_wmem_purge(ep);
	ep_ooo_purge(ep);
	ep_recvq_purge(ep);
	free(ep->cc_mem);
	ep->cc_mem = NULL;
}

/**
 * endpoint_state - what /proc would show
 * @ep: the endpoint
 *
 * Return: enum xtcp_state of the connection, or of the entry that stands for it.
 */
u8 endpoint_state(const struct endpoint *ep)
{
	if (ep->t.state != XTCP_CLOSE)
		return ep->t.state;
	if (ep->has_tw)
		return ep->tw_state;
	if (ep->has_req)
		return ep->req_state;
	return ep->has_listener ? ep->listener.state : XTCP_CLOSE;
}
