/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a connection waits for, and clocks of that.
 *
 * A wait follows from the control block and from what the host holds back, so nothing is
 * kept of it while nobody asks.  Clocks are turned after each event.
 */
#ifndef XTCP_CORE_WAIT_H
#define XTCP_CORE_WAIT_H

#include "chrono.h"
#include "tcb.h"
#include <linux/xtcp_wait.h>

/* What the host holds back, though the core would let it go; or its user. */
#define XTCP_HELD_PACING	BIT(0)	/* a departure time is awaited */
#define XTCP_HELD_QUEUE		BIT(1)	/* enough waits in the queues below */
#define XTCP_HELD_ROOM		BIT(2)	/* the user has more than there is room for */

/**
 * struct xtcp_wait_desc - what one wait is called
 * @name: as in enum xtcp_send_wait or enum xtcp_recv_wait
 * @text: what it is
 */
struct xtcp_wait_desc {
	const char	*name;
	const char	*text;
};

extern const struct xtcp_wait_desc xtcp_send_waits[XTCP_SEND_WAIT_NR];
extern const struct xtcp_wait_desc xtcp_recv_waits[XTCP_RECV_WAIT_NR];

/**
 * struct xtcp_clocks - what a connection spent its time with
 * @begun: since when it is watched
 * @turned: when the clocks were last turned
 * @waits: what it was in since then, and waited for: xtcp_waits()
 * @in_state: before that, microseconds in each state
 * @send: and in each wait
 * @recv: of both directions
 */
struct xtcp_clocks {
	xtcp_usec_t	begun;
	xtcp_usec_t	turned;
	u32		waits;
	u64		in_state[XTCP_STATE_NR];
	u64		send[XTCP_SEND_WAIT_NR];
	u64		recv[XTCP_RECV_WAIT_NR];
};

enum xtcp_send_wait xtcp_send_wait(const struct xtcp_tcb *t, u32 held);
enum xtcp_recv_wait xtcp_recv_wait(const struct xtcp_tcb *t);
u32 __xtcp_waits(const struct xtcp_tcb *t, u32 held);
void xtcp_wait_look(const struct xtcp_tcb *t, u32 held, xtcp_usec_t now,
		    struct xtcp_wait_info *info);
void xtcp_clocks_begin(struct xtcp_clocks *c, const struct xtcp_tcb *t, u32 held,
		       xtcp_usec_t now);
void xtcp_clocks_look(const struct xtcp_clocks *c, xtcp_usec_t now,
		      struct xtcp_clock_info *info);
const char *xtcp_clocks_check_sums(const struct xtcp_clocks *c);
const char *xtcp_clocks_check(const struct xtcp_clocks *c, const struct xtcp_tcb *t,
			      u32 held);

/* What most connections have none of, and most waits do not depend on but for these. */
#define XTCP_WAIT_RARE	(XTCP_F_SYN_OUT | XTCP_F_RCV_SHUT | XTCP_F_ORPHAN | XTCP_F_FIN_RCVD)

/**
 * xtcp_waits - the state, and what is waited for, in one word
 * @t: the connection
 * @held: XTCP_HELD_*, of the host
 *
 * The two waits of a connection of which everything was read or sent are told here, since
 * this is asked after each event of whoever is watched; xtcp_clocks_check() compares with
 * the whole of it.
 *
 * Return: what the clocks compare: while it is the same they need not be turned.
 */
static inline u32 xtcp_waits(const struct xtcp_tcb *t, u32 held)
{
	u32 sending, receiving;

	if (unlikely(t->state != XTCP_ESTABLISHED || t->flags & XTCP_WAIT_RARE || held ||
		     t->ooo_last || t->write_seq != t->snd_nxt ||
		     t->chrono == XTCP_CHRONO_SNDBUF))
		return __xtcp_waits(t, held);
	if (t->write_seq == t->snd_una)
		sending = XTCP_SEND_NOTHING;
	else if (likely(!t->retransmits && t->ca_state < XTCP_CA_RECOVERY))
		sending = XTCP_SEND_NETWORK;
	else
		return __xtcp_waits(t, held);
	receiving = XTCP_RECV_PEER;
	if (xtcp_after(t->rcv_nxt, t->copied_seq))
		receiving = xtcp_receive_window(t) < t->rcv_mss ? XTCP_RECV_WINDOW :
								  XTCP_RECV_READER;
	return XTCP_ESTABLISHED | sending << 8 | receiving << 16;
}

/* Which of each kind a word of waits means. */
#define XTCP_STATE_OF(waits)		((waits) & 0xff)
#define XTCP_SENDING_OF(waits)		((waits) >> 8 & 0xff)
#define XTCP_RECEIVING_OF(waits)	((waits) >> 16)

/**
 * xtcp_clocks_turn_to - an event is over, and something else is waited for
 * @c: the clocks
 * @waits: xtcp_waits() now
 * @now: the time
 */
static inline void xtcp_clocks_turn_to(struct xtcp_clocks *c, u32 waits,
				       xtcp_usec_t now)
{
	u64 spent = now - c->turned;

	c->in_state[XTCP_STATE_OF(c->waits)] += spent;
	c->send[XTCP_SENDING_OF(c->waits)] += spent;
	c->recv[XTCP_RECEIVING_OF(c->waits)] += spent;
	c->turned = now;
	c->waits = waits;
}

#endif /* XTCP_CORE_WAIT_H */
