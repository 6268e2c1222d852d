// SPDX-License-Identifier: GPL-2.0
/*
 * Timers: what happens when one is due.
 */
#include "fastopen.h"
#include "internal.h"
#include "mtup.h"
#include "scoreboard.h"
#include "timer.h"

/* An orphan on a path that works gets this many when orphan_retries is 0. */
#define ORPHAN_RETRIES_DEFAULT	8
/* The first timeout of the series that turns retries into a time. */
#define MODEL_RTO_US		(200 * XTCP_USEC_PER_MSEC)
/* Fewer segments in flight do not bring three duplicate ACKs. */
#define THIN_SEGS		4
/* So many timeouts of a thin stream are not doubled. */
#define THIN_RETRIES		6
/* FIN_WAIT2 lasts at least this many halves of an RTO: our ACK may be lost. */
#define FIN_WAIT2_HALF_RTOS	7
/* Probes of one connection count up to here at most. */
#define PROBES_MAX		U8_MAX
/* What our own queue dropped is tried again after this (TCP_RESOURCE_PROBE_INTERVAL). */
#define DROPPED_RETRY_US	(500 * XTCP_USEC_PER_MSEC)

/**
 * xtcp_dead - the connection is over
 * @t: it, in CLOSE
 * @error: errno for the user, 0: none
 * @a: out
 */
void xtcp_dead(struct xtcp_tcb *t, int error, struct xtcp_actions *a)
{
	unsigned int i;

	for (i = 0; i < XTCP_TIMER_NR; i++)
		xtcp_timer_stop(t, i);
	a->orders |= XTCP_ACT_DEAD;
	a->orders &= ~(XTCP_ACT_SEND_ACK | XTCP_ACT_OUTPUT | XTCP_ACT_CHALLENGE |
		       XTCP_ACT_RETRANSMIT | XTCP_ACT_SEND_SYN | XTCP_ACT_SEND_PROBE);
	if (error) {
		a->orders |= XTCP_ACT_ERROR;
		a->error = error;
	}
}

/* A timer ends the connection: @limit times it might have come to nothing, @count it has. */
static void time_out(struct xtcp_tcb *t, enum xtcp_by_timer timer, unsigned int count,
		     unsigned int limit, enum xtcp_reason why, struct xtcp_actions *a)
{
	/* as Linux: nothing went wrong where only an orphan's patience ends */
	int error = timer == XTCP_BY_FIN_WAIT2 ? 0 : ETIMEDOUT;

	a->timer = (struct xtcp_cause_timer) {
		.timer	= timer,
		.count	= count,
		/* a limit of retries stands for the time that they take: there may be more */
		.limit	= why == XTCP_WHY_USER_TIMEOUT || count > limit ? 0 : limit,
	};
	xtcp_edge(t, XTCP_EV_TIMEOUT, why, a);
	xtcp_dead(t, error, a);
}

/*
 * TCP_USER_TIMEOUT is set, and this long without an answer is more: a tick more,
 * which is as well as the coarse clock knows it.
 */
static bool too_long_for_user(const struct xtcp_tcb *t, u64 silence_us)
{
	return t->user.timeout_ms && silence_us + (1U << XTCP_COARSE_SHIFT) >=
				     (u64)t->user.timeout_ms * XTCP_USEC_PER_MSEC;
}

/**
 * xtcp_rexmit_rearm - SND.UNA moved, or a SACK shows that data gets through
 * @t: the connection
 * @now: the time
 *
 * RFC 6298 5.2 and 5.3, RFC 8985 7.2.
 */
void xtcp_rexmit_rearm(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (t->packets_out) {
		if (!xtcp_tlp_schedule(t, true, now))
			xtcp_rexmit_resume(t, now);
		return;
	}
	t->rec &= ~(XTCP_R_TLP_TIMER | XTCP_R_REO_TIMER);
	if (!(t->flags & XTCP_F_PROBE))
		xtcp_timer_stop(t, XTCP_TIMER_REXMIT);
}

static u64 keep_idle(const struct xtcp_tcb *t)
{
	return t->user.keep_idle_s ? (u64)t->user.keep_idle_s * XTCP_USEC_PER_SEC
			      : t->conf->keepalive_time_us;
}

static u64 keep_intvl(const struct xtcp_tcb *t)
{
	return t->user.keep_intvl_s ? (u64)t->user.keep_intvl_s * XTCP_USEC_PER_SEC
			       : t->conf->keepalive_intvl_us;
}

/* Since the peer was last heard of, by the coarse clock. */
static u64 silence(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	return (u64)(xtcp_coarse(now) - t->heard) << XTCP_COARSE_SHIFT;
}

/* How long an orphan stays in FIN_WAIT2: TCP_LINGER2; a negative one never is there. */
static u64 fin_timeout(const struct xtcp_tcb *t)
{
	u64 least = (u64)xtcp_rto_backed_off(t) * FIN_WAIT2_HALF_RTOS / 2;

	return max_t(u64, least, t->user.linger2_s ? t->user.linger2_s * XTCP_USEC_PER_SEC
					      : t->conf->fin_timeout_us);
}

/**
 * xtcp_keep_rearm - the state or a setting of keepalive changed
 * @t: the connection
 * @now: the time
 */
void xtcp_keep_rearm(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (t->state == XTCP_FIN_WAIT2 && t->flags & XTCP_F_ORPHAN)
		xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + fin_timeout(t));
	else if (t->flags & XTCP_F_KEEPALIVE &&
		 XTCP_IN(t->state, XTCP_SET_SYNCHRONISED))
		xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + keep_idle(t) -
			       min(keep_idle(t), silence(t, now)));
	else
		xtcp_timer_stop(t, XTCP_TIMER_KEEP);
}

/*
 * The time that @retries retransmissions take when the first timeout is
 * @base_us and each one doubles, up to rto_max.  So a limit in retries means
 * the same on every path, whatever its RTT (as Linux).
 */
static u64 model_time(const struct xtcp_tcb *t, u8 retries, u32 base_us)
{
	u64 wait = base_us, sum = 0;
	unsigned int i;

	for (i = 0; i <= retries; i++) {
		if (wait >= t->conf->rto_max_us)
			return sum + (u64)(retries - i + 1) * t->conf->rto_max_us;
		sum += wait;
		wait <<= 1;
	}
	return sum;
}

/* The first retransmission is longer ago than @retries take. */
static bool retried_longer(const struct xtcp_tcb *t, u8 retries, u32 base_us,
			   xtcp_usec_t now)
{
	/* a tick more, which is as well as the coarse clock knows it */
	return t->retransmits && xtcp_unanswered(t, now) + (1U << XTCP_COARSE_SHIFT) >=
				 model_time(t, retries, base_us);
}

/*
 * How often an orphan may try: as often as orphan_retries says; where that is
 * 0, not at all once the RTO cannot grow any more.
 */
static u8 orphan_retries(const struct xtcp_tcb *t, bool alive)
{
	if (t->conf->orphan_retries)
		return t->conf->orphan_retries;
	return alive ? ORPHAN_RETRIES_DEFAULT : 0;
}

/*
 * The peer closed its window over what is in flight (it should not: RFC 9293
 * 3.8.6) and still answers: retransmissions are probes then, which go on for
 * ever unless the user has set a limit.
 */
static bool probes_by_rexmit(const struct xtcp_tcb *t)
{
	return !t->snd_wnd && !(t->flags & XTCP_F_ORPHAN);
}

/* How often what is in flight is sent again before the connection is given up. */
static u8 rexmit_retries(const struct xtcp_tcb *t)
{
	if (t->flags & XTCP_F_ORPHAN)
		return orphan_retries(t, xtcp_rto_backed_off(t) < t->conf->rto_max_us);
	return t->conf->retries2;
}

/* How many probes of a window stay without an answer. */
static u8 persist_probes(const struct xtcp_tcb *t)
{
	return rexmit_retries(t);
}

/* How many keepalive probes do. */
static u8 keep_probes(const struct xtcp_tcb *t)
{
	return t->user.keep_probes ? t->user.keep_probes : t->conf->keepalive_probes;
}

/* Has the user's or the system's patience with silence run out?  XTCP_WHY_NONE: no. */
static enum xtcp_reason gave_up(const struct xtcp_tcb *t, xtcp_usec_t now)
{
	bool over;

	if (t->user.timeout_ms && t->retrans_stamp &&
	    (t->retransmits || probes_by_rexmit(t)))
		return too_long_for_user(t, xtcp_unanswered(t, now)) ? XTCP_WHY_USER_TIMEOUT :
								       XTCP_WHY_NONE;
	if (probes_by_rexmit(t)) {
		over = t->retrans_stamp &&
		       silence(t, now) > 2 * (u64)t->conf->rto_max_us &&
		       xtcp_unanswered(t, now) > 2 * (u64)t->conf->rto_max_us;
		return over ? XTCP_WHY_PROBES_UNANSWERED : XTCP_WHY_NONE;
	}
	if (!retried_longer(t, rexmit_retries(t), MODEL_RTO_US, now))
		return XTCP_WHY_NONE;
	return t->flags & XTCP_F_ORPHAN ? XTCP_WHY_ORPHAN_UNANSWERED :
					  XTCP_WHY_DATA_UNANSWERED;
}

/* Once more without an answer. */
static void count_timeout(struct xtcp_tcb *t, xtcp_usec_t now)
{
	if (!t->retransmits)
		t->info.rto_recoveries++;
	if (t->retransmits < U8_MAX)
		t->retransmits++;
	t->info.total_rto++;
	if (t->rec & XTCP_R_TIMED_OUT)
		return;
	t->rec |= XTCP_R_TIMED_OUT;
	t->info.rto_time -= xtcp_coarse(now);
}

/* How often a SYN, or a SYN,ACK of a socket, is sent again with doubled timeouts. */
static u8 syn_retries(const struct xtcp_tcb *t)
{
	if (t->user.syn_retries)
		return t->user.syn_retries;
	/* the user of a Fast Open child may have it already */
	return xtcp_fastopen_pending(t) ? t->conf->synack_retries + 1 : t->conf->syn_retries;
}

/* And before that at an even pace. */
static u8 syn_linear(const struct xtcp_tcb *t)
{
	return t->state == XTCP_SYN_SENT ? t->conf->syn_linear_timeouts : 0;
}

/* The SYN, or the SYN,ACK of a simultaneous open or of Fast Open, was not answered. */
static void syn_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	enum xtcp_by_timer timer = t->state == XTCP_SYN_SENT ? XTCP_BY_SYN : XTCP_BY_SYN_ACK;
	u8 limit = syn_retries(t), linear = syn_linear(t);
	bool often;

	often = t->retransmits >= limit + linear;
	if (!often && t->user.timeout_ms && t->retransmits &&
	    too_long_for_user(t, xtcp_unanswered(t, now))) {
		time_out(t, timer, t->retransmits, 0, XTCP_WHY_USER_TIMEOUT, a);
		return;
	}
	if (often || (!t->user.timeout_ms && retried_longer(t, limit, XTCP_RTO_INIT_US, now))) {
		time_out(t, timer, t->retransmits, limit + linear,
			 t->state == XTCP_SYN_SENT ? XTCP_WHY_SYN_UNANSWERED :
						     XTCP_WHY_SYN_ACK_UNANSWERED, a);
		return;
	}
	if (t->retransmits)
		a->orders |= XTCP_ACT_ROUTE;
	count_timeout(t, now);
	/* the first few at an even pace, where most connections are saved */
	if (t->retransmits > linear && t->backoff < U8_MAX)
		t->backoff++;
	xtcp_count_retrans(t, 1);
	t->syn_again = 1;
	xtcp_order_again(a, XTCP_ACT_SEND_SYN, XTCP_WHY_RESEND_TIMEOUT);
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_patience(t, now));
}

/* RFC 9293 3.8.6.1: the peer's window is closed, or Nagle holds the tail. */
static void persist_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	bool alive = xtcp_rto_backed_off(t) < t->conf->rto_max_us;
	u8 limit = persist_probes(t);

	if (!t->retrans_stamp)
		t->retrans_stamp = xtcp_coarse_stamp(now);
	if (too_long_for_user(t, xtcp_unanswered(t, now))) {
		time_out(t, XTCP_BY_PERSIST, t->probes_out, 0, XTCP_WHY_USER_TIMEOUT, a);
		return;
	}
	/* who answers is alive, but an orphan does not wait for ever (as Linux) */
	if (t->probes_out >= limit ||
	    (t->flags & XTCP_F_ORPHAN && !alive && t->backoff >= limit)) {
		time_out(t, XTCP_BY_PERSIST, t->probes_out, limit,
			 t->flags & XTCP_F_ORPHAN ? XTCP_WHY_ORPHAN_UNANSWERED :
						    XTCP_WHY_PROBES_UNANSWERED, a);
		return;
	}
	if (t->probes_out < PROBES_MAX)
		t->probes_out++;
	if (t->backoff < t->conf->retries2)
		t->backoff++;
	if (t->snd_wnd) {
		/* there is room: what is queued is the best probe */
		t->flags |= XTCP_F_FORCE;
		a->orders |= XTCP_ACT_OUTPUT;
	} else {
		xtcp_order_ack(a, XTCP_ACT_SEND_PROBE, XTCP_WHY_PROBE_WINDOW);
	}
	xtcp_timer_arm(t, XTCP_TIMER_REXMIT, now + xtcp_rto_patience(t, now));
}

/*
 * Too few segments for fast retransmission, as of a game or a remote shell, and
 * not because the connection is young: each timeout is as long as the first.
 */
static bool is_thin(const struct xtcp_tcb *t)
{
	return (t->flags & XTCP_F_THIN_LTO || t->conf->thin_linear_timeouts) &&
	       t->state == XTCP_ESTABLISHED && t->packets_out < THIN_SEGS &&
	       t->ssthresh < U32_MAX && t->retransmits <= THIN_RETRIES;
}

/* RFC 6298 5.4 to 5.7. */
static void rexmit_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	struct xtcp_ack_news news = { .a = a, .now = now };
	enum xtcp_reason why;

	if (!t->packets_out) {
		xtcp_timer_stop(t, XTCP_TIMER_REXMIT);
		return;
	}
	if (t->rec & XTCP_R_TLP_TIMER) {
		xtcp_tlp_timer(t, now, a);
		return;
	}
	if (t->rec & XTCP_R_REO_TIMER) {
		xtcp_recovery_reo_timer(t, &news);
		return;
	}
	why = gave_up(t, now);
	if (why) {
		if (probes_by_rexmit(t))
			time_out(t, XTCP_BY_RETRANSMISSION, t->backoff, 0, why, a);
		else
			time_out(t, XTCP_BY_RETRANSMISSION, t->retransmits,
				 rexmit_retries(t), why, a);
		return;
	}
	/* RFC 9293 3.8.3: R1 */
	if (retried_longer(t, t->conf->retries1, MODEL_RTO_US, now)) {
		a->orders |= XTCP_ACT_ROUTE;
		xtcp_mtup_black_hole(t, now);
	}
	xtcp_recovery_timeout(t, &news);
	a->orders |= XTCP_ACT_TIMEOUT;
	/* an attempt counts, even if there is no memory to send it */
	if (!t->retrans_stamp)
		t->retrans_stamp = xtcp_coarse_stamp(now);
	if (!probes_by_rexmit(t))
		count_timeout(t, now);
	t->backoff = is_thin(t) ? 0 : min_t(u8, t->backoff + 1, 16);
	xtcp_rexmit_restart(t, now);
}

/* RFC 9293 3.8.4, or the end of an orphan's patience in FIN_WAIT2. */
static void keep_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	enum xtcp_reason why = t->user.timeout_ms ? XTCP_WHY_USER_TIMEOUT :
						    XTCP_WHY_KEEPALIVE_UNANSWERED;
	u64 idle;

	if (t->state == XTCP_FIN_WAIT2 && t->flags & XTCP_F_ORPHAN) {
		time_out(t, XTCP_BY_FIN_WAIT2, 0, 0, XTCP_WHY_PEER_STAYS_OPEN, a);
		return;
	}
	if (!(t->flags & XTCP_F_KEEPALIVE)) {
		xtcp_timer_stop(t, XTCP_TIMER_KEEP);
		return;
	}
	/* data is on its way: the retransmission timer watches */
	if (t->packets_out || t->flags & XTCP_F_PROBE) {
		xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + keep_idle(t));
		return;
	}
	idle = silence(t, now);
	/* less a tick, which is as well as the coarse clock knows it */
	if (!t->probes_out && idle + (1U << XTCP_COARSE_SHIFT) < keep_idle(t)) {
		xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + keep_idle(t) - idle);
		return;
	}
	if (t->user.timeout_ms ? (t->probes_out && too_long_for_user(t, idle))
			       : t->probes_out >= keep_probes(t)) {
		xtcp_order_rst(a, t->snd_nxt, t->rcv_nxt, XTCP_ACK, why);
		time_out(t, XTCP_BY_KEEPALIVE, t->probes_out, keep_probes(t), why, a);
		return;
	}
	t->probes_out++;
	xtcp_order_ack(a, XTCP_ACT_SEND_PROBE, XTCP_WHY_PROBE_KEEPALIVE);
	xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + keep_intvl(t));
}

static bool expired(struct xtcp_tcb *t, enum xtcp_timer timer, xtcp_usec_t now)
{
	if (!t->deadline[timer] || t->deadline[timer] > now)
		return false;
	t->deadline[timer] = 0;
	return true;
}

/**
 * xtcp_on_timer - time has passed
 * @t: the connection
 * @now: the time, at or after xtcp_timer_next(); earlier does nothing
 * @a: out
 */
void xtcp_on_timer(struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_actions *a)
{
	if (t->state == XTCP_CLOSE || t->state == XTCP_LISTEN)
		return;
	t->rec &= ~XTCP_R_DROPPED;
	if (expired(t, XTCP_TIMER_DELACK, now))
		xtcp_ack_timer(t, a);
	if (expired(t, XTCP_TIMER_REXMIT, now)) {
		if (t->flags & XTCP_F_SYN_OUT)
			syn_timer(t, now, a);
		else if (t->flags & XTCP_F_PROBE && !t->packets_out)
			persist_timer(t, now, a);
		else
			rexmit_timer(t, now, a);
	}
	if (t->state != XTCP_CLOSE && expired(t, XTCP_TIMER_KEEP, now))
		keep_timer(t, now, a);
}

/**
 * xtcp_timer_dropped - this host's own queue dropped what a timer had sent
 * @t: the connection, with XTCP_R_DROPPED after xtcp_on_timer()
 * @orders: those of xtcp_on_timer()
 * @now: the time
 *
 * That nobody answers what did not leave says nothing about the path: it is tried
 * again soon, and does not wait longer each time (as Linux).
 */
void xtcp_timer_dropped(struct xtcp_tcb *t, u32 orders, xtcp_usec_t now)
{
	u32 sent = t->flags & XTCP_F_PROBE ? XTCP_ACT_SEND_PROBE | XTCP_ACT_OUTPUT
					   : XTCP_ACT_TIMEOUT | XTCP_ACT_SEND_SYN;

	if (orders & sent) {
		if (t->backoff)
			t->backoff--;
		xtcp_timer_arm(t, XTCP_TIMER_REXMIT,
			       now + xtcp_patience(t, DROPPED_RETRY_US, now));
	} else if (orders & XTCP_ACT_SEND_PROBE) {
		t->probes_out--;
		xtcp_timer_arm(t, XTCP_TIMER_KEEP, now + DROPPED_RETRY_US);
	}
}

/* Until the timer is due, and @attempts more have waited, each twice as long as before. */
static u64 doubling_left(const struct xtcp_tcb *t, unsigned int attempts, xtcp_usec_t now)
{
	xtcp_usec_t due = t->deadline[XTCP_TIMER_REXMIT];
	u64 wait = xtcp_rto_backed_off(t), left = due > now ? due - now : 0;

	while (attempts--) {
		wait = min_t(u64, 2 * wait, t->conf->rto_max_us);
		left += wait;
	}
	return left;
}

static u64 rest(u64 limit, u64 spent)
{
	return limit > spent ? limit - spent : 0;
}

static void syn_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end)
{
	end->attempts = t->retransmits;
	end->limit = syn_retries(t) + syn_linear(t);
	if (t->retransmits && !t->user.timeout_ms)
		end->left_us = rest(model_time(t, syn_retries(t), XTCP_RTO_INIT_US),
				    end->silent_us);
}

static void persist_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end)
{
	end->attempts = t->probes_out;
	end->limit = persist_probes(t);
	if (!t->user.timeout_ms)
		end->left_us = doubling_left(t, rest(end->limit, end->attempts), now);
}

static void rexmit_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end)
{
	end->attempts = t->retransmits;
	if (probes_by_rexmit(t)) {
		end->attempts = t->backoff;
		return;
	}
	end->limit = rexmit_retries(t);
	if (t->retransmits && !t->user.timeout_ms)
		end->left_us = rest(model_time(t, end->limit, MODEL_RTO_US), end->silent_us);
}

static void keep_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end)
{
	u64 left = rest(t->deadline[XTCP_TIMER_KEEP], now);

	if (t->state == XTCP_FIN_WAIT2 && t->flags & XTCP_F_ORPHAN) {
		end->left_us = left;
		return;
	}
	end->attempts = t->probes_out;
	if (t->probes_out)
		end->silent_us = silence(t, now);
	if (t->user.timeout_ms)
		return;
	end->limit = keep_probes(t);
	if (t->probes_out)
		end->left_us = left + rest(end->limit, t->probes_out) * keep_intvl(t);
}

/**
 * xtcp_timer_end - when does the connection give up, if nobody answers?
 * @t: the connection
 * @now: the time
 * @end: out: what the timer that waits for the peer will do
 */
void xtcp_timer_end(const struct xtcp_tcb *t, xtcp_usec_t now, struct xtcp_end *end)
{
	*end = (struct xtcp_end) {};
	if (t->retrans_stamp)
		end->silent_us = xtcp_unanswered(t, now);
	if (t->flags & XTCP_F_SYN_OUT)
		syn_end(t, now, end);
	else if (t->flags & XTCP_F_PROBE && !t->packets_out)
		persist_end(t, now, end);
	else if (t->packets_out)
		rexmit_end(t, now, end);
	else if (t->deadline[XTCP_TIMER_KEEP])
		keep_end(t, now, end);
	if (t->user.timeout_ms && end->attempts)
		end->left_us = rest((u64)t->user.timeout_ms * XTCP_USEC_PER_MSEC,
				    end->silent_us);
}
