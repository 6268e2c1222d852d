// SPDX-License-Identifier: GPL-2.0
/*
 * A filter's grammar, from the weakest to the strongest bond, as ss has it:
 *
 *	either	= both { "or" both }
 *	both	= one { [ "and" ] one }
 *	one	= "not" one | "(" either ")" | condition
 *
 *	condition = "state" STATE... | "exclude" STATE...
 *		| ( "sport" | "dport" ) [ comparison ] PORT
 *		| ( "src" | "dst" | "dev" | "user" ) [ "=" | "!=" ] OPERAND
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "xtcpstat_filter.h"

#define NR(a)	(sizeof(a) / sizeof((a)[0]))

/* A parenthesis takes the program's stack. */
#define DEPTH_MAX	64

#define WORD_MAX	320

typedef struct filter_node *(*condition_t)(struct tokens *t, bool remote);

static struct filter_node *parse_either(struct tokens *t, int depth);
static struct filter_node *parse_state(struct tokens *t, bool remote);
static struct filter_node *parse_exclude(struct tokens *t, bool remote);
static struct filter_node *parse_port(struct tokens *t, bool remote);
static struct filter_node *parse_host(struct tokens *t, bool remote);
static struct filter_node *parse_device(struct tokens *t, bool remote);
static struct filter_node *parse_user(struct tokens *t, bool remote);

/* What a condition begins with. */
static const struct {
	const char *word;
	condition_t parse;
	bool remote;
} conditions[] = {
	{ "state",	parse_state,	false },
	{ "exclude",	parse_exclude,	false },
	{ "sport",	parse_port,	false },
	{ "dport",	parse_port,	true },
	{ "src",	parse_host,	false },
	{ "dst",	parse_host,	true },
	{ "dev",	parse_device,	false },
	{ "user",	parse_user,	false },
};

/**
 * filter_keyword - the words that conditions begin with
 * @i: from 0
 *
 * Return: NULL behind the last.
 */
const char *filter_keyword(unsigned int i)
{
	return i < NR(conditions) ? conditions[i].word : NULL;
}

/**
 * filter_begins - whether a filter can begin with a word
 * @word: the word, as an argument of the program
 *
 * Return: that.
 */
bool filter_begins(const char *word)
{
	struct tokens t;
	size_t i;

	if (!tokens_begin(&t, (char *const *)&word, 1))
		return true;	/* and is wrong for its length */
	if (t.next.kind == TOKEN_OPEN || t.next.kind == TOKEN_NOT)
		return true;
	for (i = 0; i < NR(conditions); i++) {
		if (tokens_word_is(&t, conditions[i].word))
			return true;
	}
	return false;
}

/* ---- the tree ---- */

static struct filter_node *new_node(enum filter_kind kind, struct filter_node *left,
				    struct filter_node *right)
{
	struct filter_node *n = calloc(1, sizeof(*n));

	if (!n)
		abort();
	n->kind = kind;
	n->left = left;
	n->right = right;
	return n;
}

/**
 * filter_free - forget a filter
 * @f: the filter, or NULL
 */
void filter_free(struct filter_node *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	free(f);
}

/* Join two; or, if one of them was wrong, none. */
static struct filter_node *join(enum filter_kind kind, struct filter_node *left,
				struct filter_node *right)
{
	if (left && right)
		return new_node(kind, left, right);
	filter_free(left);
	filter_free(right);
	return NULL;
}

/*
 * "not" goes down to the leaves (De Morgan), so that what the kernel cannot ask can be left
 * out of what it is asked: it accepts more then, and never less.
 */
static struct filter_node *settle(struct filter_node *n, bool negated)
{
	struct filter_node *below;

	switch (n->kind) {
	case FILTER_NOT:
		below = n->left;
		free(n);
		return settle(below, !negated);
	case FILTER_AND:
	case FILTER_OR:
		if (negated)
			n->kind = n->kind == FILTER_AND ? FILTER_OR : FILTER_AND;
		n->left = settle(n->left, negated);
		n->right = settle(n->right, negated);
		return n;
	default:
		n->negated ^= negated;
		return n;
	}
}

/* ---- conditions ---- */

/* The operand's word, which must be there. */
static bool take_word(struct tokens *t, struct token *where, char *buf, size_t size,
		      const char *what)
{
	*where = t->next;
	if (t->next.kind == TOKEN_END) {
		tokens_wrong(t, where, "the filter ends where %s should be", what);
		return false;
	}
	tokens_word(t, buf, size);
	if (t->next.kind != TOKEN_WORD) {
		tokens_wrong(t, where, "'%s' is where %s should be", buf, what);
		return false;
	}
	tokens_advance(t);
	return true;
}

/* None given means =. */
static enum token_kind take_comparison(struct tokens *t)
{
	enum token_kind kind = t->next.kind;

	if (kind < TOKEN_EQ)
		return TOKEN_EQ;
	tokens_advance(t);
	return kind;
}

/* = or !=, or none. */
static bool take_equality(struct tokens *t, bool *negated)
{
	struct token where = t->next;
	enum token_kind kind = take_comparison(t);

	*negated = kind == TOKEN_NE;
	if (kind == TOKEN_EQ || kind == TOKEN_NE)
		return true;
	tokens_wrong(t, &where, "only ports can be greater or less");
	return false;
}

static uint32_t take_state(struct tokens *t)
{
	char word[WORD_MAX];
	uint32_t states;

	if (t->next.kind != TOKEN_WORD)
		return 0;
	tokens_word(t, word, sizeof(word));
	states = operand_states(word);
	if (states)
		tokens_advance(t);
	return states;
}

/* One at least. */
static bool take_states(struct tokens *t, uint32_t *states)
{
	uint32_t one = take_state(t);
	char word[WORD_MAX];
	struct token where;

	if (!one) {
		if (take_word(t, &where, word, sizeof(word), "a state"))
			tokens_wrong(t, &where, "'%s' is no state", word);
		return false;
	}
	for (; one; one = take_state(t))
		*states |= one;
	return true;
}

/* As in ss, "state A state B" is either. */
static struct filter_node *parse_state(struct tokens *t, bool remote)
{
	struct filter_node *n;
	uint32_t states = 0;

	(void)remote;
	if (!take_states(t, &states))
		return NULL;
	while (tokens_word_is(t, "state")) {
		tokens_advance(t);
		if (!take_states(t, &states))
			return NULL;
	}
	n = new_node(FILTER_STATE, NULL, NULL);
	n->states = states;
	return n;
}

static struct filter_node *parse_exclude(struct tokens *t, bool remote)
{
	struct filter_node *n;
	uint32_t states = 0;

	(void)remote;
	if (!take_states(t, &states))
		return NULL;
	n = new_node(FILTER_STATE, NULL, NULL);
	n->states = states;
	n->negated = true;
	return n;
}

/* A range; what no port is, is from 1 to 0. */
static void set_range(struct filter_node *n, enum token_kind comparison, int port)
{
	int least = 0, most = 65535;

	switch (comparison) {
	case TOKEN_GE:
		least = port;
		break;
	case TOKEN_GT:
		least = port + 1;
		break;
	case TOKEN_LE:
		most = port;
		break;
	case TOKEN_LT:
		most = port - 1;
		break;
	default:
		least = port;
		most = port;
		n->negated = comparison == TOKEN_NE;
	}
	if (least > most) {
		least = 1;
		most = 0;
	}
	n->least = least;
	n->most = most;
}

static struct filter_node *parse_port(struct tokens *t, bool remote)
{
	enum token_kind comparison = take_comparison(t);
	struct filter_node *n;
	char word[WORD_MAX];
	struct token where;
	int port;

	if (!take_word(t, &where, word, sizeof(word), "a port"))
		return NULL;
	port = operand_port(word);
	if (port < 0) {
		tokens_wrong(t, &where, "'%s' is no port, and no service has that name", word);
		return NULL;
	}
	n = new_node(FILTER_PORT, NULL, NULL);
	n->remote = remote;
	set_range(n, comparison, port);
	return n;
}

/* A name may have many addresses. */
static struct filter_node *parse_host(struct tokens *t, bool remote)
{
	struct filter_host hosts[FILTER_HOSTS_MAX];
	struct filter_node *n = NULL, *one;
	char word[WORD_MAX];
	struct token where;
	const char *error;
	bool negated;
	int nr, i;

	if (!take_equality(t, &negated) ||
	    !take_word(t, &where, word, sizeof(word), "an address"))
		return NULL;
	nr = operand_hosts(word, hosts, &error);
	if (!nr)
		tokens_wrong(t, &where, "'%s' %s", word, error);
	for (i = 0; i < nr; i++) {
		one = new_node(FILTER_HOST, NULL, NULL);
		one->remote = remote;
		one->host = hosts[i];
		n = n ? new_node(FILTER_OR, n, one) : one;
	}
	return n && negated ? new_node(FILTER_NOT, n, NULL) : n;
}

/* A device or a user: both have a number. */
static struct filter_node *parse_number(struct tokens *t, enum filter_kind kind,
					bool (*operand)(const char *, uint32_t *),
					const char *what)
{
	struct filter_node *n;
	char word[WORD_MAX];
	struct token where;
	uint32_t number;
	bool negated;

	if (!take_equality(t, &negated) || !take_word(t, &where, word, sizeof(word), what))
		return NULL;
	if (!operand(word, &number)) {
		tokens_wrong(t, &where, "'%s' is not the name of %s", word, what);
		return NULL;
	}
	n = new_node(kind, NULL, NULL);
	n->number = number;
	n->negated = negated;
	return n;
}

static struct filter_node *parse_device(struct tokens *t, bool remote)
{
	(void)remote;
	return parse_number(t, FILTER_DEVICE, operand_device, "a device");
}

static struct filter_node *parse_user(struct tokens *t, bool remote)
{
	(void)remote;
	return parse_number(t, FILTER_USER, operand_user, "a user");
}

/* ---- what joins them ---- */

static struct filter_node *parse_condition(struct tokens *t)
{
	char word[WORD_MAX];
	size_t i;

	for (i = 0; i < NR(conditions); i++) {
		if (!tokens_word_is(t, conditions[i].word))
			continue;
		tokens_advance(t);
		return conditions[i].parse(t, conditions[i].remote);
	}
	tokens_word(t, word, sizeof(word));
	if (t->next.kind == TOKEN_END)
		tokens_wrong(t, &t->next, "the filter ends where a condition should be");
	else
		tokens_wrong(t, &t->next, "'%s' is no condition (state, exclude, sport, dport, src, dst, dev, user)",
			     word);
	return NULL;
}

static struct filter_node *parse_one(struct tokens *t, int depth)
{
	struct token open = t->next;
	struct filter_node *n;

	if (depth > DEPTH_MAX) {
		tokens_wrong(t, &t->next, "more than %d in one another", DEPTH_MAX);
		return NULL;
	}
	if (open.kind == TOKEN_NOT) {
		tokens_advance(t);
		n = parse_one(t, depth + 1);
		return n ? new_node(FILTER_NOT, n, NULL) : NULL;
	}
	if (open.kind != TOKEN_OPEN)
		return parse_condition(t);
	tokens_advance(t);
	n = parse_either(t, depth + 1);
	if (n && t->next.kind == TOKEN_CLOSE) {
		tokens_advance(t);
		return n;
	}
	if (n && t->next.kind == TOKEN_END)
		tokens_wrong(t, &open, "this parenthesis is not closed");
	else
		tokens_wrong(t, &t->next, "')' is missing before this");
	filter_free(n);
	return NULL;
}

static bool begins_one(const struct tokens *t)
{
	return t->next.kind == TOKEN_WORD || t->next.kind == TOKEN_OPEN ||
	       t->next.kind == TOKEN_NOT;
}

static struct filter_node *parse_both(struct tokens *t, int depth)
{
	struct filter_node *n = parse_one(t, depth);

	while (n && (t->next.kind == TOKEN_AND || begins_one(t))) {
		if (t->next.kind == TOKEN_AND)
			tokens_advance(t);
		n = join(FILTER_AND, n, parse_one(t, depth));
	}
	return n;
}

static struct filter_node *parse_either(struct tokens *t, int depth)
{
	struct filter_node *n = parse_both(t, depth);

	while (n && t->next.kind == TOKEN_OR) {
		tokens_advance(t);
		n = join(FILTER_OR, n, parse_both(t, depth));
	}
	return n;
}

/**
 * filter_parse - read a filter
 * @t: out: where it is wrong, for tokens_print_error()
 * @words: arguments of the program
 * @nr: how many, one at least
 *
 * Return: the filter, for filter_free(); NULL: it is wrong.
 */
struct filter_node *filter_parse(struct tokens *t, char *const *words, int nr)
{
	struct filter_node *n;
	char word[WORD_MAX];

	if (!tokens_begin(t, words, nr))
		return NULL;
	n = parse_either(t, 0);
	if (!n)
		return NULL;
	if (t->next.kind != TOKEN_END) {
		tokens_word(t, word, sizeof(word));
		tokens_wrong(t, &t->next, "'%s' is not expected here", word);
		filter_free(n);
		return NULL;
	}
	return settle(n, false);
}

/* ---- is it this one? ---- */

static bool same_bits(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8))
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

/* An IPv6 socket that talks IPv4 has mapped addresses: a prefix of IPv4 means it, too. */
static bool match_addr(const struct filter_host *h, uint8_t family, const uint8_t *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (h->family == AF_UNSPEC)
		return true;
	if (h->family == family)
		return same_bits(h->addr, addr, h->prefix);
	if (h->family == AF_INET6 || memcmp(addr, mapped, sizeof(mapped)))
		return false;
	return same_bits(h->addr, addr + sizeof(mapped), h->prefix);
}

static bool match_host(const struct filter_node *f, const struct filter_subject *s)
{
	int port = f->remote ? s->rport : s->lport;

	if (f->host.port != -1 && f->host.port != port)
		return false;
	return match_addr(&f->host, s->family, f->remote ? s->remote : s->local);
}

static bool match_leaf(const struct filter_node *f, const struct filter_subject *s)
{
	uint16_t port = f->remote ? s->rport : s->lport;

	switch (f->kind) {
	case FILTER_STATE:
		return f->states & s->states;
	case FILTER_PORT:
		return port >= f->least && port <= f->most;
	case FILTER_HOST:
		return match_host(f, s);
	case FILTER_DEVICE:
		return f->number == s->ifindex;
	case FILTER_USER:
		return s->has_uid && f->number == s->uid;
	default:
		return false;
	}
}

/**
 * filter_match - whether a connection is meant
 * @f: the filter; NULL means all
 * @s: the connection
 *
 * Return: that.
 */
bool filter_match(const struct filter_node *f, const struct filter_subject *s)
{
	if (!f)
		return true;
	if (f->kind == FILTER_AND)
		return filter_match(f->left, s) && filter_match(f->right, s);
	if (f->kind == FILTER_OR)
		return filter_match(f->left, s) || filter_match(f->right, s);
	return match_leaf(f, s) != f->negated;
}

/**
 * filter_states - states that a filter can accept
 * @f: the filter; NULL accepts all
 *
 * Return: bits, 1 << enum xtcp_state.
 */
uint32_t filter_states(const struct filter_node *f)
{
	if (!f)
		return ~0U;
	switch (f->kind) {
	case FILTER_AND:
		return filter_states(f->left) & filter_states(f->right);
	case FILTER_OR:
		return filter_states(f->left) | filter_states(f->right);
	case FILTER_STATE:
		return f->negated ? ~f->states : f->states;
	default:
		return ~0U;
	}
}

/**
 * filter_asks_state - whether a filter speaks of states
 * @f: the filter, or NULL
 *
 * Who names states means them, also those that are not shown otherwise.
 *
 * Return: that.
 */
bool filter_asks_state(const struct filter_node *f)
{
	if (!f)
		return false;
	return f->kind == FILTER_STATE || filter_asks_state(f->left) ||
	       filter_asks_state(f->right);
}
