// SPDX-License-Identifier: GPL-2.0
/*
 * RFC 793 figure 6, RFC 9293 figure 5: the same layout, 80 columns wide.
 *
 * The rule between event and action, which in the RFC is only a rule, carries
 * the number of times that the edge was taken.
 */
#include <string.h>

#include "xtcpstat.h"

#define WIDTH	79

#define BOX_W	15

/* CLOSED is drawn twice, where connections begin and where they end. */
static const struct box {
	enum xtcp_state state;
	int x;
	int y;
	int h;
} boxes[] = {
	{ XTCP_CLOSE,		32,  0, 5 },
	{ XTCP_LISTEN,		32,  9, 4 },
	{ XTCP_SYN_RECV,	 0, 15, 4 },
	{ XTCP_SYN_SENT,	64, 15, 4 },
	{ XTCP_ESTABLISHED,	32, 24, 4 },
	{ XTCP_FIN_WAIT1,	 0, 30, 4 },
	{ XTCP_CLOSE_WAIT,	64, 30, 4 },
	{ XTCP_FIN_WAIT2,	 0, 37, 4 },
	{ XTCP_CLOSING,		32, 37, 4 },
	{ XTCP_LAST_ACK,	64, 37, 4 },
	{ XTCP_TIME_WAIT,	32, 45, 4 },
	{ XTCP_CLOSE,		64, 45, 4 },
};

/*
 * Where a label stands: centred on a horizontal part of its arrow, which then
 * is its rule; or left or right of a vertical part, with a rule of its own.
 * @at is the middle, the first or the last column, and the rule's row.
 */
static const struct arrow {
	enum xtcp_edge edge;
	int nr_points;
	struct point points[4];
	enum align align;
	struct point at;
} arrows[] = {
	{ XTCP_EDGE_CLOSE__PASSIVE_OPEN, 2, { { 36, 4 }, { 36, 8 } },
	  ALIGN_RIGHT, { 34, 6 } },
	{ XTCP_EDGE_LISTEN__CLOSE, 2, { { 42, 9 }, { 42, 5 } },
	  ALIGN_LEFT, { 44, 6 } },
	{ XTCP_EDGE_CLOSE__ACTIVE_OPEN, 3, { { 46, 1 }, { 76, 1 }, { 76, 14 } },
	  ALIGN_CENTRE, { 61, 1 } },
	{ XTCP_EDGE_SYN_SENT__CLOSE, 3, { { 71, 15 }, { 71, 3 }, { 47, 3 } },
	  ALIGN_RIGHT, { 69, 6 } },
	{ XTCP_EDGE_LISTEN__RCV_SYN, 3, { { 32, 11 }, { 7, 11 }, { 7, 14 } },
	  ALIGN_CENTRE, { 20, 11 } },
	{ XTCP_EDGE_LISTEN__SEND, 3, { { 46, 11 }, { 66, 11 }, { 66, 14 } },
	  ALIGN_CENTRE, { 56, 11 } },
	{ XTCP_EDGE_SYN_SENT__RCV_SYN, 2, { { 64, 16 }, { 15, 16 } },
	  ALIGN_CENTRE, { 39, 16 } },
	{ XTCP_EDGE_SYN_RECV__RCV_ACK_OF_SYN, 4,
	  { { 11, 18 }, { 11, 21 }, { 36, 21 }, { 36, 23 } },
	  ALIGN_CENTRE, { 23, 21 } },
	{ XTCP_EDGE_SYN_SENT__RCV_SYN_ACK, 4,
	  { { 68, 18 }, { 68, 21 }, { 42, 21 }, { 42, 23 } },
	  ALIGN_CENTRE, { 55, 21 } },
	{ XTCP_EDGE_SYN_RECV__CLOSE, 2, { { 3, 18 }, { 3, 29 } },
	  ALIGN_LEFT, { 5, 24 } },
	{ XTCP_EDGE_ESTABLISHED__CLOSE, 3, { { 32, 26 }, { 11, 26 }, { 11, 29 } },
	  ALIGN_CENTRE, { 22, 26 } },
	{ XTCP_EDGE_ESTABLISHED__RCV_FIN, 3, { { 46, 26 }, { 71, 26 }, { 71, 29 } },
	  ALIGN_CENTRE, { 58, 26 } },
	{ XTCP_EDGE_FIN_WAIT1__RCV_ACK_OF_FIN, 2, { { 7, 33 }, { 7, 36 } },
	  ALIGN_LEFT, { 9, 35 } },
	{ XTCP_EDGE_FIN_WAIT1__RCV_FIN, 3, { { 14, 31 }, { 39, 31 }, { 39, 36 } },
	  ALIGN_CENTRE, { 26, 31 } },
	{ XTCP_EDGE_CLOSE_WAIT__CLOSE, 2, { { 71, 33 }, { 71, 36 } },
	  ALIGN_RIGHT, { 69, 35 } },
	{ XTCP_EDGE_FIN_WAIT2__RCV_FIN, 3, { { 7, 40 }, { 7, 47 }, { 31, 47 } },
	  ALIGN_CENTRE, { 19, 47 } },
	{ XTCP_EDGE_CLOSING__RCV_ACK_OF_FIN, 2, { { 39, 40 }, { 39, 44 } },
	  ALIGN_LEFT, { 41, 42 } },
	{ XTCP_EDGE_LAST_ACK__RCV_ACK_OF_FIN, 2, { { 71, 40 }, { 71, 44 } },
	  ALIGN_RIGHT, { 69, 42 } },
	{ XTCP_EDGE_TIME_WAIT__TIMEOUT_2MSL, 2, { { 46, 47 }, { 63, 47 } },
	  ALIGN_CENTRE, { 55, 47 } },
};

#define NR(array)	(sizeof(array) / sizeof((array)[0]))

/**
 * figure_has - whether the RFC's figure shows an edge
 * @edge: enum xtcp_edge
 *
 * Return: false for resets, aborts, timeouts and what later RFCs added.
 */
bool figure_has(unsigned int edge)
{
	size_t i;

	for (i = 0; i < NR(arrows); i++) {
		if (arrows[i].edge == edge)
			return true;
	}
	return false;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static void draw_label(struct canvas *c, const struct arrow *a,
		       const struct edge *e, enum paint paint)
{
	const char *event = event_text(e->event);
	const char *action = *e->action ? e->action : "x";
	char count[32];
	int width, middle;

	snprintf(count, sizeof(count), " %llu ", (unsigned long long)e->count);
	width = max(max(strlen(event), strlen(action)), strlen(count) + 2);
	switch (a->align) {
	case ALIGN_LEFT:
		middle = a->at.x + width / 2;
		canvas_rule(c, a->at.x, a->at.y, width, paint);
		break;
	case ALIGN_RIGHT:
		middle = a->at.x - (width - 1) / 2;
		canvas_rule(c, a->at.x - width + 1, a->at.y, width, paint);
		break;
	default:
		middle = a->at.x;
		break;
	}
	canvas_text(c, a->at.x, a->at.y - 1, a->align, paint, "%s", event);
	canvas_text(c, middle, a->at.y, ALIGN_CENTRE, paint, "%s", count);
	canvas_text(c, a->at.x, a->at.y + 1, a->align, paint, "%s", action);
}

static void draw_arrow(struct canvas *c, const struct arrow *a,
		       const struct machine *m)
{
	const struct edge *e = &m->edge[a->edge];
	enum paint paint = e->count ? PAINT_TAKEN : PAINT_DIM;

	canvas_arrow(c, a->points, a->nr_points, paint);
	draw_label(c, a, e, paint);
}

static void draw_box(struct canvas *c, const struct box *b, const struct machine *m)
{
	uint32_t now = m->now[b->state];
	enum paint paint = now ? PAINT_LIVE : PAINT_PLAIN;
	int middle = b->x + BOX_W / 2;

	canvas_box(c, b->x, b->y, BOX_W, b->h, paint);
	if (b->state == XTCP_CLOSE) {
		canvas_text(c, middle, b->y + 2, ALIGN_CENTRE, paint, "CLOSED");
		return;
	}
	canvas_text(c, middle, b->y + 1, ALIGN_CENTRE, paint, "%s",
		    state_text(b->state));
	canvas_text(c, middle, b->y + 2, ALIGN_CENTRE, now ? paint : PAINT_DIM,
		    "%u", now);
}

/**
 * figure_draw - draw the figure
 * @m: counts
 *
 * Return: the drawing, for canvas_free().
 */
struct canvas *figure_draw(const struct machine *m)
{
	struct canvas *c = canvas_new(WIDTH, FIGURE_ROWS);
	size_t i;

	canvas_text(c, 0, 0, ALIGN_LEFT, PAINT_TITLE, "TCP state machine of xtcp");
	canvas_text(c, 0, 1, ALIGN_LEFT, PAINT_PLAIN, "on an edge: times taken");
	canvas_text(c, 0, 2, ALIGN_LEFT, PAINT_PLAIN, "in a state: how many now");
	for (i = 0; i < NR(arrows); i++)
		draw_arrow(c, &arrows[i], m);
	for (i = 0; i < NR(boxes); i++)
		draw_box(c, &boxes[i], m);
	return c;
}
