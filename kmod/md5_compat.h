/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MD5 sums, by what the kernel has: a library since Linux 6.18, hash algorithms that
 * are found by name before.  Of a kernel without either nobody wants any.
 */
#ifndef XTCP_MD5_COMPAT_H
#define XTCP_MD5_COMPAT_H

#ifdef XTCP_HAVE_MD5_LIBRARY
#include <crypto/md5.h>

struct xtcp_md5_sum {
	struct md5_ctx ctx;
};

/* Process context, may sleep.  Return: 0; -ENOENT, -ENOMEM ...: there are none. */
static inline int xtcp_md5_need(void)
{
	return 0;
}

static inline void xtcp_md5_forget(void)
{
}

static inline void xtcp_md5_begin(struct xtcp_md5_sum *sum)
{
	md5_init(&sum->ctx);
}

static inline void xtcp_md5_add(struct xtcp_md5_sum *sum, const void *data, unsigned int len)
{
	md5_update(&sum->ctx, data, len);
}

/* Nothing of what was added stays in @sum. */
static inline void xtcp_md5_end(struct xtcp_md5_sum *sum, u8 digest[MD5_DIGEST_SIZE])
{
	md5_final(&sum->ctx, digest);
}

#elif IS_ENABLED(CONFIG_CRYPTO_MD5)
#include <crypto/hash.h>
#include <crypto/md5.h>

struct xtcp_md5_sum {
	union {
		struct shash_desc	desc;
		u8			room[sizeof(struct shash_desc) + HASH_MAX_DESCSIZE];
	};
};

/* Found once, and there until the module goes. */
static struct crypto_shash *xtcp_md5_algorithm;

static inline int xtcp_md5_need(void)
{
	struct crypto_shash *found;

	if (smp_load_acquire(&xtcp_md5_algorithm))	/* pairs with cmpxchg() below */
		return 0;
	found = crypto_alloc_shash("md5", 0, 0);
	if (IS_ERR(found))
		return PTR_ERR(found);
	if (cmpxchg(&xtcp_md5_algorithm, NULL, found))
		crypto_free_shash(found);
	return 0;
}

static inline void xtcp_md5_forget(void)
{
	crypto_free_shash(xtcp_md5_algorithm);
	xtcp_md5_algorithm = NULL;
}

static inline void xtcp_md5_begin(struct xtcp_md5_sum *sum)
{
	sum->desc.tfm = xtcp_md5_algorithm;
	WARN_ON_ONCE(crypto_shash_init(&sum->desc));
}

static inline void xtcp_md5_add(struct xtcp_md5_sum *sum, const void *data, unsigned int len)
{
	WARN_ON_ONCE(crypto_shash_update(&sum->desc, data, len));
}

static inline void xtcp_md5_end(struct xtcp_md5_sum *sum, u8 digest[MD5_DIGEST_SIZE])
{
	WARN_ON_ONCE(crypto_shash_final(&sum->desc, digest));
	memzero_explicit(sum, sizeof(*sum));
}

#else
#define MD5_DIGEST_SIZE		16

struct xtcp_md5_sum { };

static inline int xtcp_md5_need(void)
{
	return -ENOPROTOOPT;
}

static inline void xtcp_md5_forget(void)
{
}

static inline void xtcp_md5_begin(struct xtcp_md5_sum *sum)
{
}

static inline void xtcp_md5_add(struct xtcp_md5_sum *sum, const void *data, unsigned int len)
{
}

static inline void xtcp_md5_end(struct xtcp_md5_sum *sum, u8 digest[MD5_DIGEST_SIZE])
{
	memset(digest, 0, MD5_DIGEST_SIZE);
}
#endif

#endif /* XTCP_MD5_COMPAT_H */
