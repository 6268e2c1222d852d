/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MD5 (RFC 1321), and what RFC 2385 makes of it: apart from the kernel's.
 */
#ifndef XTCP_SELFTESTS_MD5_H
#define XTCP_SELFTESTS_MD5_H

#include <stddef.h>
#include <stdint.h>

#define MD5_LEN		16

void md5(const void *data, size_t len, uint8_t digest[MD5_LEN]);
void md5_segment(uint32_t saddr, uint32_t daddr, const uint8_t *tcp, size_t len,
		 const char *secret, uint8_t digest[MD5_LEN]);

#endif /* XTCP_SELFTESTS_MD5_H */
