// SPDX-License-Identifier: GPL-2.0
/*
 * Numbers in the text format of Prometheus, or the same as JSON.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "xtcpstat.h"

#define PREFIX	"xtcp_"

/**
 * struct metrics - where they go
 * @json: an array, NULL: they are printed
 * @samples: of the metric that is under way, with @json
 * @name: of that metric
 */
struct metrics {
	json_t *json;
	json_t *samples;
	const char *name;
};

/**
 * metrics_begin - begin
 * @json: as JSON
 *
 * Return: for metrics_end().
 */
struct metrics *metrics_begin(bool json)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (!m)
		die("out of memory");
	m->json = json ? json_array() : NULL;
	return m;
}

/**
 * metric_begin - begin a metric
 * @m: all of them
 * @name: its name, without xtcp_
 * @type: gauge or counter
 * @help: what it is
 */
void metric_begin(struct metrics *m, const char *name, const char *type, const char *help)
{
	m->name = name;
	if (!m->json) {
		printf("# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		       type);
		return;
	}
	m->samples = json_array();
	json_array_append_new(m->json, json_pack("{s:s+, s:s, s:s, s:o}", "name", PREFIX, name,
						 "type", type, "help", help,
						 "samples", m->samples));
}

static void print_label(const char *name, const char *val, bool first)
{
	printf("%s%s=\"", first ? "" : ",", name);
	for (; *val; val++) {
		if (*val == '\n') {
			fputs("\\n", stdout);
			continue;
		}
		if (*val == '\\' || *val == '"')
			putchar('\\');
		putchar(*val);
	}
	putchar('"');
}

static void print_sample(const struct metrics *m, double value, va_list ap)
{
	const char *name = va_arg(ap, const char *);
	bool first = true;

	printf(PREFIX "%s", m->name);
	if (name)
		putchar('{');
	for (; name; name = va_arg(ap, const char *)) {
		print_label(name, va_arg(ap, const char *), first);
		first = false;
	}
	printf("%s %.17g\n", first ? "" : "}", value);
}

static void append_sample(const struct metrics *m, double value, va_list ap)
{
	json_t *labels = json_object();
	const char *name;

	while ((name = va_arg(ap, const char *)))
		json_object_set_new(labels, name, json_string(va_arg(ap, const char *)));
	json_array_append_new(m->samples, json_pack("{s:o, s:f}", "labels", labels,
						    "value", value));
}

/**
 * metric_put - a number of the metric that is under way
 * @m: all of them
 * @value: the number
 *
 * Names and values of labels follow, and NULL.
 */
void metric_put(struct metrics *m, double value, ...)
{
	va_list ap;

	va_start(ap, value);
	if (m->json)
		append_sample(m, value, ap);
	else
		print_sample(m, value, ap);
	va_end(ap);
}

/**
 * metrics_end - all was said
 * @m: what metrics_begin() returned
 */
void metrics_end(struct metrics *m)
{
	if (m->json)
		print_json(m->json);
	free(m);
}
