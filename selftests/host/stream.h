/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Payload that can be checked byte by byte without being remembered: a stream
 * is a function of its number and the position.
 */
#ifndef XTCP_HOST_STREAM_H
#define XTCP_HOST_STREAM_H

#include "platform.h"

void stream_fill(u8 *p, unsigned int stream, u64 pos, u32 len);
bool stream_matches(const u8 *p, unsigned int stream, u64 pos, u32 len);

#endif /* XTCP_HOST_STREAM_H */
