/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a user gives to a connection: settings, and bytes that come and go.
 *
 * The host has checked the values.  A setting counts from the next time that it is
 * looked at; what else has to follow is the caller's.
 */
#ifndef XTCP_CORE_USER_H
#define XTCP_CORE_USER_H

#include "tcb.h"

/* Those of struct xtcp_tcb.flags that are a user's. */
#define XTCP_USER_FLAGS	(XTCP_F_NODELAY | XTCP_F_CORK | XTCP_F_KEEPALIVE | XTCP_F_THIN_LTO)

void xtcp_user_keep(struct xtcp_tcb *t, const struct xtcp_tcb *from);

/**
 * xtcp_user_flag - TCP_NODELAY, TCP_CORK, SO_KEEPALIVE, TCP_THIN_LINEAR_TIMEOUTS
 * @t: the connection
 * @flag: one of XTCP_USER_FLAGS
 * @on: set or clear it
 */
static inline void xtcp_user_flag(struct xtcp_tcb *t, u32 flag, bool on)
{
	if (on)
		t->flags |= flag;
	else
		t->flags &= ~flag;
}

/**
 * xtcp_user_cork - put a cork on, or pull it, for one call
 * @t: the connection
 * @on: put it on
 *
 * Return: whether one was on, for another call of this when that one is over.
 */
static inline bool xtcp_user_cork(struct xtcp_tcb *t, bool on)
{
	bool was = t->flags & XTCP_F_CORK;

	xtcp_user_flag(t, XTCP_F_CORK, on);
	return was;
}

/**
 * xtcp_user_quick - TCP_QUICKACK
 * @t: the connection
 * @quick: ACKs need not wait for an answer of the user; otherwise they do
 */
static inline void xtcp_user_quick(struct xtcp_tcb *t, bool quick)
{
	t->pingpong = quick ? 0 : t->conf->pingpong_thresh;
}

/* TCP_KEEPIDLE, seconds. */
static inline void xtcp_user_keep_idle(struct xtcp_tcb *t, u16 seconds)
{
	t->user.keep_idle_s = seconds;
}

/* TCP_KEEPINTVL, seconds. */
static inline void xtcp_user_keep_intvl(struct xtcp_tcb *t, u16 seconds)
{
	t->user.keep_intvl_s = seconds;
}

/* TCP_KEEPCNT, up to 127. */
static inline void xtcp_user_keep_probes(struct xtcp_tcb *t, u8 probes)
{
	t->user.keep_probes = probes;
}

/* TCP_SYNCNT, up to 127. */
static inline void xtcp_user_syn_retries(struct xtcp_tcb *t, u8 retries)
{
	t->user.syn_retries = retries;
}

/* TCP_USER_TIMEOUT (RFC 5482), milliseconds; 0: none. */
static inline void xtcp_user_timeout(struct xtcp_tcb *t, u32 ms)
{
	t->user.timeout_ms = ms;
}

/* TCP_LINGER2, seconds, or XTCP_LINGER2_NONE; 0: the namespace's. */
static inline void xtcp_user_linger2(struct xtcp_tcb *t, u8 seconds)
{
	t->user.linger2_s = seconds;
}

void xtcp_user_delay(struct xtcp_tcb *t, s32 us);

/* TCP_NOTSENT_LOWAT, bytes; 0: the namespace's. */
static inline void xtcp_user_notsent_lowat(struct xtcp_tcb *t, u32 bytes)
{
	t->user.notsent_lowat = bytes;
}

/**
 * xtcp_user_conf - the connection goes by other settings of a namespace
 * @t: the connection
 * @conf: complete; must outlive it
 *
 * Those who look at it without a lock find all of it.
 */
static inline void xtcp_user_conf(struct xtcp_tcb *t, const struct xtcp_conf *conf)
{
	/* pairs with xtcp_conf_peek() */
	smp_store_release(&t->conf, conf);
}

/**
 * xtcp_user_wrote - text was appended to the send queue
 * @t: the connection
 * @bytes: of payload
 */
static inline void xtcp_user_wrote(struct xtcp_tcb *t, u32 bytes)
{
	t->write_seq += bytes;
}

/**
 * xtcp_user_took - the user has read something, or skipped it
 * @t: the connection; xtcp_on_read() follows
 * @seq: where the rest begins
 */
static inline void xtcp_user_took(struct xtcp_tcb *t, u32 seq)
{
	t->copied_seq = seq;
}

#endif /* XTCP_CORE_USER_H */
