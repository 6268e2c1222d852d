/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is wrong with a header, whoever sent it: RFC 9293 3.1, 2018, 7323, 7413.
 */
#ifndef XTCP_HOST_LEGAL_H
#define XTCP_HOST_LEGAL_H

#include "compose.h"

/**
 * struct legal_options - the options of a header, read by other code than the core's
 * @nr: how often each kind is there
 * @at: where its value begins, bytes from the start of the options
 * @len: how long that is, bytes
 */
struct legal_options {
	u8	nr[256];
	u8	at[256];
	u8	len[256];
};

bool legal_options_read(struct legal_options *o, const u8 *p, unsigned int len);
const char *legal_fault(const struct xtcp_header *h, u32 payload);

#endif /* XTCP_HOST_LEGAL_H */
