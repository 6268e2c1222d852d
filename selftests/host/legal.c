// SPDX-License-Identifier: GPL-2.0
/* What no header may be: legal.h. */
#include "ecn.h"
#include "legal.h"

/**
 * legal_options_read - take options apart
 * @o: out
 * @p: the options
 * @len: their length, bytes
 *
 * Return: false where one is longer than what is left.
 */
bool legal_options_read(struct legal_options *o, const u8 *p, unsigned int len)
{
	unsigned int i = 0;

	memset(o, 0, sizeof(*o));
	while (i < len) {
		u8 kind = p[i];

		if (kind == XTCP_OPTK_EOL)
			return true;
		if (kind == XTCP_OPTK_NOP) {
			i++;
			continue;
		}
		if (len - i < 2 || p[i + 1] < 2 || p[i + 1] > len - i)
			return false;
		o->nr[kind]++;
		o->at[kind] = i + 2;
		o->len[kind] = p[i + 1] - 2;
		i += p[i + 1];
	}
	return true;
}

/* Each kind at most once, where it may be, and as long as it has to be. */
static const char *options_fault(const struct legal_options *o, bool syn)
{
	unsigned int kind;

	for (kind = 0; kind < 256; kind++) {
		if (!o->nr[kind])
			continue;
		if (o->nr[kind] > 1)
			return "an option twice";
		switch (kind) {
		case XTCP_OPTK_MSS:
			if (!syn || o->len[kind] != 2)
				return "an MSS option (RFC 9293 3.2)";
			break;
		case XTCP_OPTK_WSCALE:
			if (!syn || o->len[kind] != 1)
				return "a window scale option (RFC 7323 2.2)";
			break;
		case XTCP_OPTK_SACK_PERM:
			if (!syn || o->len[kind])
				return "a SACK-permitted option (RFC 2018 2)";
			break;
		case XTCP_OPTK_SACK:
			if (syn || !o->len[kind] || o->len[kind] % 8)
				return "a SACK option (RFC 2018 3)";
			break;
		case XTCP_OPTK_TS:
			if (o->len[kind] != 8)
				return "a timestamps option (RFC 7323 3.2)";
			break;
		case XTCP_OPTK_TFO:
		case XTCP_OPTK_EXP:
			if (!syn)
				return "a Fast Open option (RFC 7413 4.1.1)";
			break;
		default:
			return "an option that nobody knows";
		}
	}
	return NULL;
}

/**
 * legal_fault - what is wrong with a header
 * @h: the header
 * @payload: bytes that go with it
 *
 * Return: a text, or NULL.
 */
const char *legal_fault(const struct xtcp_header *h, u32 payload)
{
	struct legal_options o;
	u8 flags = h->flags;

	if (h->optlen > XTCP_OPT_MAX || h->optlen % 4)
		return "the length of options (RFC 9293 3.1)";
	if (!legal_options_read(&o, h->opt, h->optlen))
		return "an option that does not end";
	if (flags & XTCP_SYN && flags & (XTCP_FIN | XTCP_RST | XTCP_URG))
		return "a SYN that is something else, too";
	if (flags & XTCP_SYN && !o.nr[XTCP_OPTK_MSS])
		return "a SYN without an MSS option (RFC 9293 3.7.1: SHLD-5)";
	if (flags & XTCP_RST && (flags & ~(XTCP_RST | XTCP_ACK) || payload))
		return "a RST that is something else, too";
	if (!(flags & (XTCP_ACK | XTCP_SYN | XTCP_RST)))
		return "no ACK where it has to be (RFC 9293 3.10.7.4)";
	if (!(flags & XTCP_ACK) && h->ack)
		return "an acknowledgment without ACK";
	if (!(flags & XTCP_URG) != !h->urg)
		return "URG and pointer do not go together";
	if ((flags & (XTCP_SYN | XTCP_ACK)) == XTCP_SYN && o.nr[XTCP_OPTK_TS] &&
	    xtcp_get32(h->opt + o.at[XTCP_OPTK_TS] + 4))
		return "an echo in a SYN (RFC 7323 3.2)";
	if (flags & XTCP_SYN && flags & XTCP_CWR &&
	    (flags & XTCP_ACK || !(flags & XTCP_ECE)))
		return "CWR in a SYN (RFC 3168 6.1.1)";
	if (flags & XTCP_CWR && !(flags & XTCP_SYN) && !payload)
		return "CWR without text (RFC 3168 6.1.2)";
	if (h->ecn != XTCP_IP_NOT_ECT && h->ecn != XTCP_IP_ECT0)
		return "a mark of its own";
	return options_fault(&o, flags & XTCP_SYN);
}
