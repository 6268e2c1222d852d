// SPDX-License-Identifier: GPL-2.0
/*
 * The words of a filter, however the shell has cut them into arguments.
 */
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "xtcpstat_filter.h"

/* What ends a word. */
#define BREAKS	" ()=!<>&|"

/* The longer ones first. */
static const struct {
	const char *text;
	enum token_kind kind;
	bool word;
} symbols[] = {
	{ "==",		TOKEN_EQ,	false },
	{ "!=",		TOKEN_NE,	false },
	{ "<=",		TOKEN_LE,	false },
	{ ">=",		TOKEN_GE,	false },
	{ "&&",		TOKEN_AND,	false },
	{ "||",		TOKEN_OR,	false },
	{ "(",		TOKEN_OPEN,	false },
	{ ")",		TOKEN_CLOSE,	false },
	{ "=",		TOKEN_EQ,	false },
	{ "!",		TOKEN_NOT,	false },
	{ "<",		TOKEN_LT,	false },
	{ ">",		TOKEN_GT,	false },
	{ "&",		TOKEN_AND,	false },
	{ "|",		TOKEN_OR,	false },
	{ "not",	TOKEN_NOT,	true },
	{ "and",	TOKEN_AND,	true },
	{ "or",		TOKEN_OR,	true },
	{ "eq",		TOKEN_EQ,	true },
	{ "ne",		TOKEN_NE,	true },
	{ "neq",	TOKEN_NE,	true },
	{ "lt",		TOKEN_LT,	true },
	{ "le",		TOKEN_LE,	true },
	{ "leq",	TOKEN_LE,	true },
	{ "gt",		TOKEN_GT,	true },
	{ "ge",		TOKEN_GE,	true },
	{ "geq",	TOKEN_GE,	true },
};

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

static bool is_symbol(const struct tokens *t, size_t i, size_t word_len)
{
	const char *at = t->text + t->next.at;
	size_t len = strlen(symbols[i].text);

	if (symbols[i].word)
		return word_len == len && !strncasecmp(at, symbols[i].text, len);
	return !strncmp(at, symbols[i].text, len);
}

/**
 * tokens_advance - go on to the next word
 * @t: the filter
 */
void tokens_advance(struct tokens *t)
{
	size_t at = t->next.at + t->next.len, len, i;

	at += strspn(t->text + at, " ");
	len = strcspn(t->text + at, BREAKS);
	t->next = (struct token){ len ? TOKEN_WORD : TOKEN_END, at, len };
	if (!t->text[at])
		return;
	for (i = 0; i < NR(symbols); i++) {
		if (!is_symbol(t, i, len))
			continue;
		t->next.kind = symbols[i].kind;
		t->next.len = strlen(symbols[i].text);
		return;
	}
}

/* No word has a blank or another character that a terminal would obey. */
static void append(struct tokens *t, size_t *len, const char *word)
{
	if (*len)
		t->text[(*len)++] = ' ';
	for (; *word; word++)
		t->text[(*len)++] = (unsigned char)*word <= ' ' || *word == 0x7f ? ' ' : *word;
	t->text[*len] = '\0';
}

/**
 * tokens_begin - read a filter from its beginning
 * @t: out; tokens_advance() goes on
 * @words: arguments of the program
 * @nr: how many
 *
 * Return: false if it is too long, and @t says so.
 */
bool tokens_begin(struct tokens *t, char *const *words, int nr)
{
	size_t len = 0;
	int i;

	memset(t, 0, sizeof(*t));
	for (i = 0; i < nr; i++) {
		if (len + strlen(words[i]) + 2 > sizeof(t->text)) {
			snprintf(t->error, sizeof(t->error), "a filter has at most %d characters",
				 FILTER_TEXT_MAX - 1);
			t->text[0] = '\0';
			return false;
		}
		append(t, &len, words[i]);
	}
	tokens_advance(t);
	return true;
}

/**
 * tokens_word_is - whether a certain word comes next
 * @t: the filter
 * @word: the word; its case does not count
 *
 * Return: that.
 */
bool tokens_word_is(const struct tokens *t, const char *word)
{
	return t->next.kind == TOKEN_WORD && t->next.len == strlen(word) &&
	       !strncasecmp(t->text + t->next.at, word, t->next.len);
}

/**
 * tokens_word - the word that comes next
 * @t: the filter
 * @buf: out; what does not fit is cut
 * @size: of @buf, bytes
 */
void tokens_word(const struct tokens *t, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s", (int)t->next.len, t->text + t->next.at);
}

/**
 * tokens_wrong - say what is wrong with a word
 * @t: the filter
 * @token: the word
 * @fmt: what
 *
 * Who said something first is right.
 */
void tokens_wrong(struct tokens *t, const struct token *token, const char *fmt, ...)
{
	va_list ap;

	if (*t->error)
		return;
	t->wrong = *token;
	va_start(ap, fmt);
	vsnprintf(t->error, sizeof(t->error), fmt, ap);
	va_end(ap);
}

/* As many columns as a terminal gives to a part of the text, one to each character. */
static size_t columns(const char *text, size_t len)
{
	size_t n = 0, i;

	for (i = 0; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

/**
 * tokens_print_error - print what is wrong, and point at it
 * @t: the filter
 * @out: where to
 */
void tokens_print_error(const struct tokens *t, FILE *out)
{
	size_t i;

	fprintf(out, "xtcpstat: %s\n", t->error);
	if (!*t->text)
		return;
	fprintf(out, "  %s\n  %*s", t->text, (int)columns(t->text, t->wrong.at), "");
	fputc('^', out);
	for (i = 1; i < columns(t->text + t->wrong.at, t->wrong.len); i++)
		fputc('~', out);
	fputc('\n', out);
}
