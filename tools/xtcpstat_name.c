// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>

#include "xtcpstat.h"

/**
 * state_text - the name of a state
 * @state: enum xtcp_state
 *
 * Return: as in /proc and netstat; "?" for a number that is no state.
 */
const char *state_text(unsigned int state)
{
#define STATE_TEXT(name, nr)	[nr] = #name,
	static const char *const names[XTCP_STATE_NR] = { XTCP_STATES(STATE_TEXT) };

	return state < XTCP_STATE_NR && names[state] ? names[state] : "?";
}

/**
 * event_text - the text of an event
 * @event: enum xtcp_event
 *
 * Return: as in the RFC's figure; "?" for a number that is no event.
 */
const char *event_text(unsigned int event)
{
#define EVENT_TEXT(name, text)	[XTCP_EV_##name] = text,
	static const char *const texts[XTCP_EVENT_NR] = { XTCP_EVENTS(EVENT_TEXT) };

	return event < XTCP_EVENT_NR ? texts[event] : "?";
}

/**
 * send_wait_name - what sending waits for
 * @wait: enum xtcp_send_wait
 *
 * Return: its name; "?" for a number that is none.
 */
const char *send_wait_name(unsigned int wait)
{
#define WAIT_NAME(name, text)	#name,
	static const char *const names[XTCP_SEND_WAIT_NR] = { XTCP_SEND_WAITS(WAIT_NAME) };

	return wait < XTCP_SEND_WAIT_NR ? names[wait] : "?";
}

/**
 * recv_wait_name - what receiving waits for
 * @wait: enum xtcp_recv_wait
 *
 * Return: its name; "?" for a number that is none.
 */
const char *recv_wait_name(unsigned int wait)
{
	static const char *const names[XTCP_RECV_WAIT_NR] = { XTCP_RECV_WAITS(WAIT_NAME) };

	return wait < XTCP_RECV_WAIT_NR ? names[wait] : "?";
}

/**
 * reason_name - the name of a reason
 * @why: enum xtcp_reason
 *
 * Return: as in the module's list; "?" for a number that is no reason.
 */
const char *reason_name(unsigned int why)
{
#define REASON_NAME(name, text, clause)	[XTCP_WHY_##name] = #name,
	static const char *const names[XTCP_WHY_NR] = { "NONE", XTCP_REASONS(REASON_NAME) };

	return why < XTCP_WHY_NR ? names[why] : "?";
}

/**
 * reason_text - what a reason says
 * @why: enum xtcp_reason
 *
 * Return: a sentence, empty for none; "?" for a number that is no reason.
 */
const char *reason_text(unsigned int why)
{
#define REASON_TEXT(name, text, clause)	[XTCP_WHY_##name] = text,
	static const char *const texts[XTCP_WHY_NR] = { "", XTCP_REASONS(REASON_TEXT) };

	return why < XTCP_WHY_NR ? texts[why] : "?";
}

/**
 * verdict_name - what became of a RST, in a word
 * @verdict: enum xtcp_rst_verdict
 *
 * Return: as in the module's list; "?" for a number that is none.
 */
const char *verdict_name(unsigned int verdict)
{
#define VERDICT_NAME(name, text, clause)	[XTCP_RST_##name] = #name,
	static const char *const names[XTCP_RST_NR] = {
		"NONE", XTCP_RST_VERDICTS(VERDICT_NAME)
	};

	return verdict < XTCP_RST_NR ? names[verdict] : "?";
}

/**
 * verdict_text - and why
 * @verdict: enum xtcp_rst_verdict
 *
 * Return: a sentence; "?" for a number that is none.
 */
const char *verdict_text(unsigned int verdict)
{
#define VERDICT_TEXT(name, text, clause)	[XTCP_RST_##name] = text,
	static const char *const texts[XTCP_RST_NR] = {
		"", XTCP_RST_VERDICTS(VERDICT_TEXT)
	};

	return verdict < XTCP_RST_NR ? texts[verdict] : "?";
}

/**
 * by_timer_name - the name of a timer
 * @timer: enum xtcp_by_timer
 *
 * Return: as in the module's list; "?" for a number that is none.
 */
const char *by_timer_name(unsigned int timer)
{
#define TIMER_NAME(name, text)	[XTCP_BY_##name] = #name,
	static const char *const names[XTCP_BY_NR] = { "NONE", XTCP_TIMERS(TIMER_NAME) };

	return timer < XTCP_BY_NR ? names[timer] : "?";
}

/**
 * by_timer_text - what a timer does each time
 * @timer: enum xtcp_by_timer
 *
 * Return: a noun; "?" for a number that is none.
 */
const char *by_timer_text(unsigned int timer)
{
#define TIMER_TEXT(name, text)	[XTCP_BY_##name] = text,
	static const char *const texts[XTCP_BY_NR] = { "", XTCP_TIMERS(TIMER_TEXT) };

	return timer < XTCP_BY_NR ? texts[timer] : "?";
}

/**
 * addr_text - an address in digits
 * @buf: out
 * @size: of @buf, bytes
 * @family: AF_INET or AF_INET6
 * @addr: 4 or 16 bytes
 */
void addr_text(char *buf, size_t size, uint8_t family, const void *addr)
{
	if (!inet_ntop(family, addr, buf, size))
		snprintf(buf, size, "?");
}

static bool is_any(uint8_t family, const void *addr)
{
	static const uint8_t any[16];

	return !memcmp(addr, any, family == AF_INET ? 4 : 16);
}

static bool host_name(char *buf, size_t size, uint8_t family, const void *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	if (family == AF_INET) {
		memcpy(&sin.sin_addr, addr, sizeof(sin.sin_addr));
		return !getnameinfo((struct sockaddr *)&sin, sizeof(sin), buf, size,
				    NULL, 0, NI_NAMEREQD);
	}
	memcpy(&sin6.sin6_addr, addr, sizeof(sin6.sin6_addr));
	return !getnameinfo((struct sockaddr *)&sin6, sizeof(sin6), buf, size,
			    NULL, 0, NI_NAMEREQD);
}

/**
 * end_text - address and port of one end
 * @buf: out
 * @size: of @buf, bytes; ADDR_TEXT_MAX is enough
 * @family: AF_INET or AF_INET6
 * @addr: 4 or 16 bytes
 * @port: host order; 0 is shown as *
 * @numeric: in digits; otherwise by name, where one is known
 */
void end_text(char *buf, size_t size, uint8_t family, const void *addr,
	      uint16_t port, bool numeric)
{
	struct servent *service = NULL;
	char host[256], digits[8];
	const char *name = "*";

	if (numeric || is_any(family, addr) ||
	    !host_name(host, sizeof(host), family, addr))
		addr_text(host, sizeof(host), family, addr);
	if (port) {
		if (!numeric)
			service = getservbyport(htons(port), "tcp");
		snprintf(digits, sizeof(digits), "%u", port);
		name = service ? service->s_name : digits;
	}
	snprintf(buf, size, strchr(host, ':') ? "[%s]:%s" : "%s:%s", host, name);
}

/**
 * user_text - who a user is
 * @buf: out
 * @size: of @buf, bytes
 * @uid: the user
 * @numeric: in digits
 */
void user_text(char *buf, size_t size, uid_t uid, bool numeric)
{
	struct passwd *pw = numeric ? NULL : getpwuid(uid);

	if (pw)
		snprintf(buf, size, "%s", pw->pw_name);
	else
		snprintf(buf, size, "%u", uid);
}
