// SPDX-License-Identifier: GPL-2.0
#include "report.h"

/* More lines than this cannot be told apart. */
#define LINES_MAX	8

static const char heading[] =
	"network       algorithm  Mbit/s  used %  RTT ms   p95 ms  sent again   again %  "
	"timeouts  spurious  fairness  recovery %  pause ms";

static double again(const struct outcome *o)
{
	return o->sent ? 100.0 * o->retransmitted / o->sent : 0;
}

/**
 * report_table - a line of text for each run
 * @f: where to
 * @outs: the runs
 * @nr: how many
 */
void report_table(FILE *f, const struct outcome *outs, unsigned int nr)
{
	unsigned int i;

	fprintf(f, "%s\n", heading);
	for (i = 0; i < nr; i++) {
		const struct outcome *o = &outs[i];

		fprintf(f, "%-13s %-9s %7.1f %7.1f %7.2f %8.2f %11llu %9.3f %9llu %9llu %9.3f %11.1f %9.0f",
			o->scenario->name, o->algorithm, o->goodput / 1e6,
			o->utilisation, o->rtt_mean_ms, o->rtt_p95_ms,
			(unsigned long long)o->retransmitted, again(o),
			(unsigned long long)o->timeouts, (unsigned long long)o->spurious,
			o->jain, o->recovery, o->pause_ms);
		fprintf(f, "%s%s\n", o->wrong[0] ? "  " : "", o->wrong);
	}
}

/**
 * report_tsv - the same for programs
 * @f: where to
 * @outs: the runs
 * @nr: how many
 */
void report_tsv(FILE *f, const struct outcome *outs, unsigned int nr)
{
	unsigned int i;

	fprintf(f, "network\talgorithm\tseed\tseconds\tflows\tgoodput_bps\tutilisation_pct\t"
		"rtt_mean_ms\trtt_p95_ms\tsegments\tretransmitted\ttimeouts\tspurious\tmarks\t"
		"jain\trecovery_pct\tpause_ms\n");
	for (i = 0; i < nr; i++) {
		const struct outcome *o = &outs[i];

		fprintf(f, "%s\t%s\t%llu\t%.3f\t%u\t%.0f\t%.2f\t%.3f\t%.3f\t%llu\t%llu\t%llu\t%llu\t%llu\t%.4f\t%.2f\t%.1f\n",
			o->scenario->name, o->algorithm, (unsigned long long)o->seed,
			o->duration_ns / 1e9, o->flows, o->goodput, o->utilisation,
			o->rtt_mean_ms, o->rtt_p95_ms, (unsigned long long)o->sent,
			(unsigned long long)o->retransmitted,
			(unsigned long long)o->timeouts, (unsigned long long)o->spurious,
			(unsigned long long)o->marks, o->jain, o->recovery, o->pause_ms);
	}
}

/**
 * report_data - what gnuplot draws: a block of lines for each flow
 * @f: where to
 * @out: the run
 *
 * Columns: time (s), cwnd (packets), in flight (packets), RTT (ms), goodput (Mbit/s).
 */
void report_data(FILE *f, const struct outcome *out)
{
	double step = out->duration_ns / 1e9 / SAMPLES;
	unsigned int i, j;

	for (i = 0; i < min_t(unsigned int, out->flows, LINES_MAX); i++) {
		struct sample zero = { 0 };
		const struct sample *last = &zero;

		for (j = 0; j < out->nr_samples; j++) {
			const struct sample *s = &out->samples[i][j];
			u64 nr = s->rtt_nr - last->rtt_nr;

			fprintf(f, "%.6g %u %u ", (j + 1) * step, s->cwnd, s->in_flight);
			if (nr)
				fprintf(f, "%.6g", (s->rtt_sum_us - last->rtt_sum_us) / 1e3 / nr);
			else
				fputs("NaN", f);
			fprintf(f, " %.6g\n", (s->read - last->read) * 8 / step / 1e6);
			last = s;
		}
		fputs("\n\n", f);
	}
}

/**
 * report_plots - gnuplot's orders: from NETWORK-ALGORITHM.dat make ....svg
 * @f: where to
 * @outs: the runs
 * @nr: how many
 */
void report_plots(FILE *f, const struct outcome *outs, unsigned int nr)
{
	static const struct {
		const char *label;
		unsigned int column;
	} panels[] = {
		{ "cwnd, packets", 2 }, { "RTT, ms", 4 }, { "goodput, Mbit/s", 5 },
	};
	unsigned int i, j;

	fputs("set terminal svg size 640,600 font 'sans-serif,11' background 'white'\n"
	      "set grid lc rgb '#e0e0e0'\n"
	      "set border 3 lc rgb '#808080'\n"
	      "set tics nomirror\n"
	      "set lmargin 9\nset rmargin 2\n"
	      "set yrange [0:*]\nunset key\n", f);
	for (i = 0; i < nr; i++) {
		const struct outcome *o = &outs[i];

		if (!o->nr_samples)
			continue;
		fprintf(f, "set output '%s-%s.svg'\nset xrange [0:%.6g]\n"
			"set multiplot layout 3,1 title '%s, %s' noenhanced\n",
			o->scenario->name, o->algorithm, o->duration_ns / 1e9,
			o->scenario->name, o->algorithm);
		for (j = 0; j < ARRAY_SIZE(panels); j++)
			fprintf(f, "set ylabel '%s'\nset xlabel '%s'\n"
				"plot for [i=0:%u] '%s-%s.dat' index i using 1:%u with lines lw 1.2\n",
				panels[j].label, j == 2 ? "s" : "",
				min_t(unsigned int, o->flows, LINES_MAX) - 1,
				o->scenario->name, o->algorithm, panels[j].column);
		fputs("unset multiplot\nunset output\n", f);
	}
}

static void page_rows(FILE *f, const struct outcome *outs, unsigned int nr)
{
	unsigned int i;

	fputs("<table>\n<tr><th>algorithm<th>goodput, Mbit/s<th>bottleneck used, %"
	      "<th>RTT, ms<th>95 %, ms<th>sent again<th>%<th>timeouts"
	      "<th>spurious<th>Jain's index<th>in recovery, %<th>longest pause, ms\n", f);
	for (i = 0; i < nr; i++) {
		const struct outcome *o = &outs[i];

		fprintf(f, "<tr><td>%s<td>%.1f<td>%.1f<td>%.2f<td>%.2f<td>%llu<td>%.3f<td>%llu"
			"<td>%llu<td>%.3f<td>%.1f<td>%.0f\n",
			o->algorithm, o->goodput / 1e6, o->utilisation,
			o->rtt_mean_ms, o->rtt_p95_ms,
			(unsigned long long)o->retransmitted, again(o),
			(unsigned long long)o->timeouts, (unsigned long long)o->spurious,
			o->jain, o->recovery, o->pause_ms);
	}
	fputs("</table>\n", f);
	for (i = 0; i < nr; i++) {
		const struct outcome *o = &outs[i];

		if (o->wrong[0])
			fprintf(f, "<p class=wrong>%s: %s\n", o->algorithm, o->wrong);
	}
}

/**
 * report_page - all of it as a web page, beside the plots
 * @f: where to
 * @outs: the runs, those of one network together
 * @nr: how many
 */
void report_page(FILE *f, const struct outcome *outs, unsigned int nr)
{
	unsigned int i, j, k;

	fputs("<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
	      "<title>xtcp on named networks</title>\n<style>\n"
	      "body { font: 15px sans-serif; margin: 2em auto; max-width: 84em; padding: 0 1em }\n"
	      "table { border-collapse: collapse; margin: 1em 0 }\n"
	      "th, td { padding: .2em .7em; text-align: right; border-bottom: 1px solid #ddd }\n"
	      "th:first-child, td:first-child { text-align: left }\n"
	      ".plots { display: flex; flex-wrap: wrap; gap: 1em }\n"
	      ".plots img { width: 26em; border: 1px solid #ddd }\n"
	      ".wrong { color: #b00 }\n</style>\n<h1>xtcp on named networks</h1>\n", f);
	if (nr)
		fprintf(f, "<p>Virtual time, seed %llu. RTT is what data packets met on their "
			"way, with an empty way back. Jain's index is that of the second half. "
			"A packet is spurious that arrived when the receiver had all that was in it.\n",
			(unsigned long long)outs[0].seed);
	for (i = 0; i < nr; i = j) {
		const struct scenario *s = outs[i].scenario;

		for (j = i; j < nr && outs[j].scenario == s; j++)
			;
		fprintf(f, "<h2 id=%s>%s: %s</h2>\n", s->name, s->name, s->title);
		page_rows(f, outs + i, j - i);
		fputs("<div class=plots>\n", f);
		for (k = i; k < j; k++)
			fprintf(f, "<img src='%s-%s.svg' alt='cwnd, RTT and goodput of %s'>\n",
				s->name, outs[k].algorithm, outs[k].algorithm);
		fputs("</div>\n", f);
	}
}
