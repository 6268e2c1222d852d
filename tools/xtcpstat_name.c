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
