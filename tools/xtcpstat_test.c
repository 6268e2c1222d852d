// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of xtcpstat that need no module: the figure, the texts of counters and
 * addresses, the words that it knows.
 */
#include <ctype.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The figure's own tables are what is tested. */
#include "xtcpstat_figure.c"

static int nr_tests, nr_failed;

static void bail_out(const char *what)
{
	printf("Bail out! %s\n", what);
	exit(EXIT_FAILURE);
}

static void result(bool passed, const char *name)
{
	nr_tests++;
	nr_failed += !passed;
	printf("%sok %d %s\n", passed ? "" : "not ", nr_tests, name);
}

/* Is the point on the frame of a box of that state, or, off by one, next to it? */
static bool touches(enum xtcp_state state, struct point p, int off)
{
	size_t i;

	for (i = 0; i < NR(boxes); i++) {
		const struct box *b = &boxes[i];
		int left = b->x - off, right = b->x + BOX_W - 1 + off;
		int top = b->y - off, bottom = b->y + b->h - 1 + off;

		if (b->state != state)
			continue;
		if ((p.x == left || p.x == right) && p.y > b->y && p.y < b->y + b->h - 1)
			return true;
		if ((p.y == top || p.y == bottom) && p.x > b->x && p.x < b->x + BOX_W - 1)
			return true;
	}
	return false;
}

static void figure__arrows_join_the_states_of_their_edges(void)
{
	bool good = true;
	struct machine m;
	size_t i;

	machine_init(&m);
	for (i = 0; i < NR(arrows); i++) {
		const struct arrow *a = &arrows[i];
		const struct edge *e = &m.edge[a->edge];

		if (touches(e->from, a->points[0], 0) &&
		    touches(e->to, a->points[a->nr_points - 1], 1))
			continue;
		printf("# %s is drawn elsewhere\n", e->name);
		good = false;
	}
	result(good, __func__);
}

static void figure__has_the_edges_of_rfc793(void)
{
	/* RFC 793 figure 6 has 19 arrows; figure_has() finds no other edge. */
	unsigned int i, nr = 0;

	for (i = 0; i < EDGE_MAX; i++)
		nr += figure_has(i);
	result(nr == 19 && NR(arrows) == 19 &&
	       !figure_has(XTCP_EDGE_ESTABLISHED__RCV_RST), __func__);
}

static void figure__is_legible_with(uint64_t count, uint32_t now, const char *name)
{
	struct machine m;
	struct canvas *c;
	unsigned int i;

	machine_init(&m);
	for (i = 0; i < m.nr_edges; i++)
		m.edge[i].count = count;
	for (i = 0; i < XTCP_STATE_NR; i++)
		m.now[i] = now;
	c = figure_draw(&m);
	result(!canvas_clashes(c), name);
	canvas_free(c);
}

static void figure__fits_a_terminal(void)
{
	size_t size = 0, line, widest = 0;
	char *text = NULL, *p;
	struct machine m;
	struct canvas *c;
	FILE *f;

	machine_init(&m);
	c = figure_draw(&m);
	f = open_memstream(&text, &size);
	if (!f)
		bail_out("open_memstream");
	canvas_print(c, f, false, false);
	fclose(f);
	canvas_free(c);
	for (p = text; *p; p += line + 1) {
		line = strcspn(p, "\n");
		if (line > widest)
			widest = line;
	}
	result(widest <= 80, __func__);
	free(text);
}

/* Where the figure has no room: nothing scrolls, no line is too long, and what is most
 * frequent is there.
 */
static void list__fits_a_terminal_of(int rows, const char *name)
{
	int lines = 0, widest = 0, width;
	char *text = NULL, *p;
	size_t size = 0;
	struct machine m;
	unsigned int i;
	bool good;
	FILE *f;

	machine_init(&m);
	for (i = 0; i < m.nr_edges; i++)
		m.edge[i].count = 1 + i;
	for (i = 0; i < XTCP_STATE_NR; i++)
		m.now[i] = 9999999;
	f = open_memstream(&text, &size);
	if (!f)
		bail_out("open_memstream");
	machine_print_list(&m, f, rows, false);
	fclose(f);
	for (p = text; *p; p += width + 1, lines++) {
		width = strcspn(p, "\n");
		if (width > widest)
			widest = width;
	}
	good = lines <= rows - 1 && widest <= 80 && strstr(text, "ESTABLISHED 9999999");
	if (rows >= 10) {
		char count[16];

		snprintf(count, sizeof(count), "%10u  ", m.nr_edges);
		good = good && lines == rows - 1 && strstr(text, count) &&
		       strstr(text, " more\n");
	}
	if (!good)
		printf("# %d lines, the longest has %d\n", lines, widest);
	result(good, name);
	free(text);
}

static void canvas__joins_lines(void)
{
	static const struct point bent[] = { { 2, 1 }, { 4, 1 }, { 4, 3 } };
	struct canvas *c = canvas_new(6, 4);
	char *text = NULL;
	size_t size = 0;
	FILE *f;

	canvas_arrow(c, bent, NR(bent), PAINT_TAKEN);
	canvas_box(c, 0, 0, 3, 3, PAINT_PLAIN);
	f = open_memstream(&text, &size);
	if (!f)
		bail_out("open_memstream");
	canvas_print(c, f, true, false);
	canvas_print(c, f, false, false);
	fclose(f);
	canvas_free(c);
	result(!strcmp(text, "┌─┐\n│ ├─┐\n└─┘ │\n    ▼\n"
			     "+-+\n| +-+\n+-+ |\n    V\n"), __func__);
	free(text);
}

/* The counters' names are in the module's sources, as M(NAME, "Text"). */
static void counters__all_have_a_meaning(const char *path, const char *macro)
{
	char line[256], name[64], text[128], pattern[64], title[128];
	bool good = true;
	int nr = 0;
	FILE *f = fopen(path, "r");

	snprintf(pattern, sizeof(pattern), " %s(%%*[A-Z0-9_], \"%%63[^\"]\"", macro);
	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, pattern, name) != 1)
			continue;
		nr++;
		if (counter_meaning(text, sizeof(text), name) && !counter_is_verdict(name))
			continue;
		printf("# %s is not explained, or is a verdict as well\n", name);
		good = false;
	}
	if (f)
		fclose(f);
	snprintf(title, sizeof(title), "%s (%s)", __func__, path);
	result(good && nr, title);
}

static void counters__edges_are_explained(void)
{
	char text[128];

	result(counter_meaning(text, sizeof(text), "EdgeFinWait1RcvFinAckOfFin") &&
	       !strcmp(text, "transitions FIN_WAIT1 -> TIME_WAIT on rcv FIN,ACK of FIN") &&
	       !counter_meaning(text, sizeof(text), "EdgeFinWait1RcvFinAck") &&
	       !*text, __func__);
}

/* Netlink clients that are generated from the spec rely on its lists. */
static void spec__lists(const char *spec, const char *const *names, int nr,
			const char *title)
{
	char entry[80], *p;
	bool good = true;
	int i;

	for (i = 0; i < nr; i++) {
		if (!names[i])
			continue;
		snprintf(entry, sizeof(entry), " %s\n", names[i]);
		for (p = entry; *p; p++)
			*p = *p == '_' ? '-' : tolower((unsigned char)*p);
		spec = strstr(spec, entry);
		if (!spec) {
			printf("# %s is missing or not in its place\n", names[i]);
			good = false;
			break;
		}
		spec += strlen(entry) - 1;
	}
	result(good, title);
}

static void spec__lists_what_the_header_lists(void)
{
#define STATE_NAME(name, nr)			[nr] = #name,
#define EVENT_NAME(name, text)			#name,
#define EDGE_NAME(f, t, ev, what, where)	#f "__" #ev,
	static const char *const states[] = { XTCP_STATES(STATE_NAME) };
	static const char *const events[] = { XTCP_EVENTS(EVENT_NAME) };
	static const char *const edges[] = { XTCP_EDGES(EDGE_NAME) };
#define REASON_NAME(name, text, where)		#name,
	static const char *const reasons[] = { "NONE", XTCP_REASONS(REASON_NAME) };
	static char spec[65536];
	FILE *f = fopen("../uapi/xtcp.yaml", "r");

	if (!f || !fread(spec, 1, sizeof(spec) - 1, f))
		bail_out("../uapi/xtcp.yaml");
	fclose(f);
	spec__lists(strstr(spec, "name: state\n"), states, NR(states), "spec__lists_all_states");
	spec__lists(strstr(spec, "name: event\n"), events, NR(events), "spec__lists_all_events");
	spec__lists(strstr(spec, "name: edge\n"), edges, NR(edges), "spec__lists_all_edges");
	spec__lists(strstr(spec, "name: reason\n"), reasons, NR(reasons),
		    "spec__lists_all_reasons");
}

static bool lists(const char *file, const char *what, const char *(*word)(unsigned int),
		  const char *before)
{
	char list[1024] = "";
	size_t len = 0;
	unsigned int i;

	for (i = 0; word(i); i++)
		len += snprintf(list + len, sizeof(list) - len, "%s%s%s", i ? " " : "", before,
				word(i));
	if (strstr(file, list))
		return true;
	printf("# %s: %s\n", what, list);
	return false;
}

static const char *command_word(unsigned int i)
{
	const struct command *c = command_at(i);

	return c ? c->name : NULL;
}

static void completion__lists_what_the_program_knows(const char *path)
{
	char title[128], text[16384] = "";
	FILE *f = fopen(path, "r");
	bool good;

	if (!f || !fread(text, 1, sizeof(text) - 1, f))
		bail_out(path);
	fclose(f);
	good = lists(text, "commands", command_word, "");
	good &= lists(text, "options", option_word, "--");
	good &= lists(text, "conditions", filter_keyword, "");
	good &= lists(text, "states", operand_state_word, "");
	good &= lists(text, "knobs", knob_word, "");
	good &= lists(text, "sorts", top_word, "");
	snprintf(title, sizeof(title), "%s (%s)", __func__, path);
	result(good, title);
}

/* Every word that the program takes is explained. */
static void manual__has(const char *what, const char *(*word)(unsigned int), const char *form)
{
	static char text[65536];
	char title[64], entry[64];
	FILE *f = fopen("xtcpstat.8", "r");
	bool good = true;
	unsigned int i;

	if (!f || !fread(text, 1, sizeof(text) - 1, f))
		bail_out("xtcpstat.8");
	fclose(f);
	for (i = 0; word(i); i++) {
		snprintf(entry, sizeof(entry), form, word(i));
		if (strstr(text, entry))
			continue;
		printf("# %s is not explained\n", entry);
		good = false;
	}
	snprintf(title, sizeof(title), "manual__has_all_%s", what);
	result(good, title);
}

static void names__ends_are_numeric_on_request(void)
{
	static const uint8_t v4[] = { 127, 0, 0, 1 }, any6[16], one6[16] = { [15] = 1 };
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX], c[ADDR_TEXT_MAX];

	end_text(a, sizeof(a), AF_INET, v4, 22, true);
	end_text(b, sizeof(b), AF_INET6, any6, 0, true);
	end_text(c, sizeof(c), AF_INET6, one6, 65535, true);
	result(!strcmp(a, "127.0.0.1:22") && !strcmp(b, "[::]:*") &&
	       !strcmp(c, "[::1]:65535"), __func__);
}

static void processes__finds_its_own_socket(void)
{
	struct processes p;
	unsigned long inode = 0;
	const struct process *one;
	char path[64], link[64] = "";
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (readlink(path, link, sizeof(link) - 1) < 0 ||
	    sscanf(link, "socket:[%lu]", &inode) != 1)
		bail_out("no socket");
	processes_read(&p);
	one = processes_find(&p, inode);
	result(one && one->pid == getpid() && !strcmp(one->name, "xtcpstat_test") &&
	       !processes_find(&p, 0), __func__);
	processes_free(&p);
	close(fd);
}

int main(void)
{
	figure__has_the_edges_of_rfc793();
	figure__arrows_join_the_states_of_their_edges();
	figure__is_legible_with(0, 0, "figure__is_legible_when_nothing_happened");
	figure__is_legible_with(7, 3, "figure__is_legible_with_small_numbers");
	figure__is_legible_with(99999999, UINT32_MAX, "figure__is_legible_with_large_numbers");
	figure__fits_a_terminal();
	list__fits_a_terminal_of(24, "list__fits_a_terminal_of_24_rows");
	list__fits_a_terminal_of(10, "list__fits_a_terminal_of_10_rows");
	list__fits_a_terminal_of(6, "list__fits_a_terminal_of_6_rows");
	canvas__joins_lines();
	counters__all_have_a_meaning("../kmod/watch/mib.h", "M");
	counters__edges_are_explained();
	spec__lists_what_the_header_lists();
	completion__lists_what_the_program_knows("completion/xtcpstat.bash");
	completion__lists_what_the_program_knows("completion/_xtcpstat");
	completion__lists_what_the_program_knows("completion/xtcpstat.fish");
	manual__has("commands", command_word, "Cm %s");
	manual__has("options", option_word, "Fl -%s");
	manual__has("conditions", filter_keyword, "Cm %s");
	manual__has("knobs", knob_word, "Cm %s Ns =");
	manual__has("sorts", top_word, "Cm %s");
	names__ends_are_numeric_on_request();
	processes__finds_its_own_socket();
	printf("1..%d\n", nr_tests);
	return nr_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
