/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which connections are meant: the filter language of ss, in one place for every command.
 *
 * The words become a tree in which only what is asked of one connection is negated. The
 * kernel is asked for no less than what the tree accepts (filter_states(),
 * filter_bytecode()), which spares it answers; filter_match() has the last word.
 */
#ifndef XTCPSTAT_FILTER_H
#define XTCPSTAT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define FILTER_TEXT_MAX		4096	/* the words, with blanks between them */
#define FILTER_BYTECODE_MAX	16384	/* a longer program is not sent */

/* ---- xtcpstat_token.c: words, and which of them is wrong ---- */

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_NOT,
	TOKEN_AND,
	TOKEN_OR,
	TOKEN_EQ,
	TOKEN_NE,
	TOKEN_LT,
	TOKEN_LE,
	TOKEN_GT,
	TOKEN_GE,
};

/**
 * struct token - a word of a filter
 * @kind: what it is
 * @at: where it begins in the text
 * @len: its length, bytes
 */
struct token {
	enum token_kind kind;
	size_t at;
	size_t len;
};

/**
 * struct tokens - a filter as it is read
 * @text: all words
 * @next: the one that comes next
 * @wrong: the one that is wrong, if @error says something
 * @error: what is wrong with it
 */
struct tokens {
	char text[FILTER_TEXT_MAX];
	struct token next;
	struct token wrong;
	char error[160];
};

bool tokens_begin(struct tokens *t, char *const *words, int nr);
void tokens_advance(struct tokens *t);
bool tokens_word_is(const struct tokens *t, const char *word);
void tokens_word(const struct tokens *t, char *buf, size_t size);
void tokens_wrong(struct tokens *t, const struct token *token, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void tokens_print_error(const struct tokens *t, FILE *out);

/* ---- xtcpstat_operand.c: addresses, ports, states, users, devices ---- */

/**
 * struct filter_host - an end of a connection
 * @family: of @addr; AF_UNSPEC: any address
 * @prefix: bits of @addr that count
 * @addr: 4 or 16 bytes
 * @port: host order; -1: any
 */
struct filter_host {
	uint8_t family;
	uint8_t prefix;
	uint8_t addr[16];
	int32_t port;
};

#define FILTER_HOSTS_MAX	16	/* addresses of a name that count */

int operand_port(const char *text);
uint32_t operand_states(const char *text);
const char *operand_state_word(unsigned int i);
int operand_hosts(const char *text, struct filter_host *hosts, const char **error);
bool operand_user(const char *text, uint32_t *uid);
bool operand_device(const char *text, uint32_t *ifindex);

/* ---- xtcpstat_filter.c: the tree ---- */

enum filter_kind {
	FILTER_AND,
	FILTER_OR,
	FILTER_NOT,	/* while it is read; then leaves only are negated */
	FILTER_STATE,
	FILTER_PORT,
	FILTER_HOST,
	FILTER_DEVICE,
	FILTER_USER,
};

/**
 * struct filter_node - a condition
 * @kind: which
 * @negated: of a leaf: it must not hold
 * @remote: of a port or host: the peer's
 * @states: bits, 1 << enum xtcp_state
 * @least: of a port
 * @most: of a port; below @least: no port at all
 * @number: user, or number of a device
 * @host: address and port
 * @left: of FILTER_AND and FILTER_OR; of FILTER_NOT the only one
 * @right: of FILTER_AND and FILTER_OR
 */
struct filter_node {
	enum filter_kind kind;
	bool negated;
	bool remote;
	uint32_t states;
	uint16_t least;
	uint16_t most;
	uint32_t number;
	struct filter_host host;
	struct filter_node *left;
	struct filter_node *right;
};

/**
 * struct filter_subject - whom a filter is asked about
 * @states: the state that it is in, as a bit; of a transition both
 * @family: AF_INET or AF_INET6
 * @local: our address, 4 or 16 bytes
 * @remote: the peer's
 * @lport: our port, host order
 * @rport: the peer's
 * @ifindex: device that it is bound to, 0: none
 * @uid: its owner
 * @has_uid: somebody owns it: it is a socket
 */
struct filter_subject {
	uint32_t states;
	uint8_t family;
	const void *local;
	const void *remote;
	uint16_t lport;
	uint16_t rport;
	uint32_t ifindex;
	uint32_t uid;
	bool has_uid;
};

const char *filter_keyword(unsigned int i);
bool filter_begins(const char *word);
struct filter_node *filter_parse(struct tokens *t, char *const *words, int nr);
bool filter_match(const struct filter_node *f, const struct filter_subject *s);
uint32_t filter_states(const struct filter_node *f);
bool filter_asks_state(const struct filter_node *f);
void filter_free(struct filter_node *f);

/* ---- xtcpstat_bytecode.c: what the kernel is asked for ---- */

size_t filter_bytecode(const struct filter_node *f, void *buf, size_t size);

#endif /* XTCPSTAT_FILTER_H */
