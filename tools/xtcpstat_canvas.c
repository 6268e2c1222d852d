// SPDX-License-Identifier: GPL-2.0
/*
 * A grid of characters.  A cell remembers in which directions lines leave it,
 * and the character follows from that: corners, junctions and crossings need
 * no thought of those who draw.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

enum {
	NORTH	= 1,
	EAST	= 2,
	SOUTH	= 4,
	WEST	= 8,
	HEAD	= 16,	/* an arrow's, which points where the one other bit says */
};

struct cell {
	uint8_t lines;	/* NORTH ... */
	uint8_t paint;	/* enum paint */
	char ch;	/* text, over the lines; 0: none */
};

struct canvas {
	int width;
	int height;
	int clashes;	/* times that a text was written over another or an arrow */
	struct cell cell[];
};

static const char *const shape_utf8[16] = {
	[0] = " ",
	[NORTH] = "│", [SOUTH] = "│", [NORTH | SOUTH] = "│",
	[EAST] = "─", [WEST] = "─", [EAST | WEST] = "─",
	[NORTH | EAST] = "└", [NORTH | WEST] = "┘",
	[SOUTH | EAST] = "┌", [SOUTH | WEST] = "┐",
	[NORTH | SOUTH | EAST] = "├", [NORTH | SOUTH | WEST] = "┤",
	[EAST | WEST | NORTH] = "┴", [EAST | WEST | SOUTH] = "┬",
	[NORTH | EAST | SOUTH | WEST] = "┼",
};

static const char *shape(uint8_t lines, bool utf8)
{
	bool vertical = lines & (NORTH | SOUTH), horizontal = lines & (EAST | WEST);

	if (lines & HEAD) {
		switch (lines & ~HEAD) {
		case NORTH:
			return utf8 ? "▲" : "^";
		case SOUTH:
			return utf8 ? "▼" : "V";
		case EAST:
			return utf8 ? "▶" : ">";
		default:
			return utf8 ? "◀" : "<";
		}
	}
	if (utf8)
		return shape_utf8[lines];
	if (vertical && horizontal)
		return "+";
	return vertical ? "|" : horizontal ? "-" : " ";
}

/**
 * canvas_new - an empty grid
 * @width: columns
 * @height: rows
 *
 * Return: the grid, for canvas_free().
 */
struct canvas *canvas_new(int width, int height)
{
	struct canvas *c = calloc(1, sizeof(*c) +
				     sizeof(c->cell[0]) * width * height);

	if (!c)
		die("out of memory");
	c->width = width;
	c->height = height;
	return c;
}

/**
 * canvas_free - throw a grid away
 * @c: the grid
 */
void canvas_free(struct canvas *c)
{
	free(c);
}

/* What lies outside is not drawn, and counted. */
static struct cell *at(struct canvas *c, int x, int y)
{
	static struct cell outside;

	if (x < 0 || y < 0 || x >= c->width || y >= c->height) {
		c->clashes++;
		return &outside;
	}
	return &c->cell[y * c->width + x];
}

static void add_line(struct canvas *c, int x, int y, uint8_t lines, enum paint paint)
{
	struct cell *cell = at(c, x, y);

	cell->lines |= lines;
	cell->paint = paint;
}

/**
 * canvas_text - write
 * @c: the grid
 * @x: column of the first, middle or last character
 * @y: row
 * @align: which of these
 * @paint: how
 * @fmt: what, ASCII
 */
void canvas_text(struct canvas *c, int x, int y, enum align align,
		 enum paint paint, const char *fmt, ...)
{
	char buf[128];
	va_list ap;
	int i, len;

	va_start(ap, fmt);
	vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	len = strlen(buf);
	if (align == ALIGN_CENTRE)
		x -= len / 2;
	else if (align == ALIGN_RIGHT)
		x -= len - 1;
	for (i = 0; i < len; i++) {
		struct cell *cell = at(c, x + i, y);

		if (cell->ch || (cell->lines & (HEAD | NORTH | SOUTH)))
			c->clashes++;
		cell->ch = buf[i];
		cell->paint = paint;
	}
}

/**
 * canvas_box - draw a frame
 * @c: the grid
 * @x: left column
 * @y: top row
 * @w: columns, frame included
 * @h: rows, frame included
 * @paint: how
 */
void canvas_box(struct canvas *c, int x, int y, int w, int h, enum paint paint)
{
	int i;

	for (i = 1; i < w - 1; i++) {
		add_line(c, x + i, y, EAST | WEST, paint);
		add_line(c, x + i, y + h - 1, EAST | WEST, paint);
	}
	for (i = 1; i < h - 1; i++) {
		add_line(c, x, y + i, NORTH | SOUTH, paint);
		add_line(c, x + w - 1, y + i, NORTH | SOUTH, paint);
	}
	add_line(c, x, y, SOUTH | EAST, paint);
	add_line(c, x + w - 1, y, SOUTH | WEST, paint);
	add_line(c, x, y + h - 1, NORTH | EAST, paint);
	add_line(c, x + w - 1, y + h - 1, NORTH | WEST, paint);
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

/**
 * canvas_arrow - draw a line with a head at its end
 * @c: the grid
 * @points: where it begins, its corners and where it ends; each in the row or
 *	    the column of the one before
 * @nr: how many
 * @paint: how
 */
void canvas_arrow(struct canvas *c, const struct point *points, int nr,
		  enum paint paint)
{
	uint8_t forth = 0;
	int i;

	for (i = 1; i < nr; i++) {
		int dx = sign(points[i].x - points[i - 1].x);
		int dy = sign(points[i].y - points[i - 1].y);
		struct point p = points[i - 1];
		uint8_t back;

		forth = dx > 0 ? EAST : dx < 0 ? WEST : dy > 0 ? SOUTH : NORTH;
		back = dx > 0 ? WEST : dx < 0 ? EAST : dy > 0 ? NORTH : SOUTH;
		while (p.x != points[i].x || p.y != points[i].y) {
			add_line(c, p.x, p.y, forth, paint);
			p.x += dx;
			p.y += dy;
			add_line(c, p.x, p.y, back, paint);
		}
	}
	at(c, points[nr - 1].x, points[nr - 1].y)->lines = HEAD | forth;
}

/**
 * canvas_rule - draw a horizontal line
 * @c: the grid
 * @x: first column
 * @y: row
 * @w: columns
 * @paint: how
 */
void canvas_rule(struct canvas *c, int x, int y, int w, enum paint paint)
{
	int i;

	for (i = 0; i < w; i++)
		add_line(c, x + i, y, EAST | WEST, paint);
}

/**
 * canvas_clashes - whether the drawing is legible
 * @c: the grid
 *
 * Return: how often a text covered something, or left the grid.
 */
int canvas_clashes(const struct canvas *c)
{
	return c->clashes;
}

static void print_cell(const struct cell *cell, FILE *out, bool utf8)
{
	if (cell->ch)
		putc(cell->ch, out);
	else
		fputs(shape(cell->lines, utf8), out);
}

/**
 * canvas_print - print it
 * @c: the grid
 * @out: where to
 * @utf8: with line-drawing characters, otherwise ASCII
 * @colour: with ANSI colours
 */
void canvas_print(const struct canvas *c, FILE *out, bool utf8, bool colour)
{
	static const char *const sgr[PAINT_NR] = {
		[PAINT_PLAIN] = "0", [PAINT_DIM] = "0;2", [PAINT_TAKEN] = "0;36",
		[PAINT_LIVE] = "0;1;32", [PAINT_TITLE] = "0;1",
	};
	int x, y, end, paint = PAINT_PLAIN;

	for (y = 0; y < c->height; y++) {
		const struct cell *row = &c->cell[y * c->width];

		for (end = c->width; end; end--) {
			if (row[end - 1].ch || row[end - 1].lines)
				break;
		}
		for (x = 0; x < end; x++) {
			bool blank = !row[x].ch && !row[x].lines;

			if (colour && !blank && row[x].paint != paint) {
				paint = row[x].paint;
				fprintf(out, "\033[%sm", sgr[paint]);
			}
			print_cell(&row[x], out, utf8);
		}
		putc('\n', out);
	}
	if (colour)
		fputs("\033[0m", out);
}
