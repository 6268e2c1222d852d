/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only place where the core sees what it runs on.
 *
 * The core is linked into the kernel module and, unchanged, into the host unit
 * tests, the simulator and the fuzzers.  What those two worlds spell
 * differently is spelled here, once.
 */
#ifndef XTCP_CORE_PLATFORM_H
#define XTCP_CORE_PLATFORM_H

#ifdef __KERNEL__

#include <linux/bug.h>
#include <linux/build_bug.h>
#include <linux/bitops.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>

/* It divides 64-bit numbers plainly, and reads times in one piece. */
#if BITS_PER_LONG != 64
#error "xtcp needs a 64-bit kernel"
#endif

struct xtcp_seg;

/* A segment's record lies in the control buffer of the skb that holds its data. */
static inline struct sk_buff *xtcp_seg_skb(const struct xtcp_seg *seg)
{
	return container_of((void *)seg, struct sk_buff, cb);
}

static inline struct xtcp_seg *xtcp_skb_seg(const struct sk_buff *skb)
{
	return (struct xtcp_seg *)skb->cb;
}

/* Its tree links are the skb's own. */
static inline struct rb_node *xtcp_seg_rb(struct xtcp_seg *seg)
{
	return &xtcp_seg_skb(seg)->rbnode;
}

static inline struct xtcp_seg *xtcp_rb_seg(const struct rb_node *rb)
{
	return xtcp_skb_seg(rb_entry(rb, struct sk_buff, rbnode));
}

/* The successor in a singly linked list of segments that left every tree. */
static inline struct xtcp_seg *xtcp_seg_next(const struct xtcp_seg *seg)
{
	struct sk_buff *next = xtcp_seg_skb(seg)->next;

	return next ? xtcp_skb_seg(next) : NULL;
}

static inline void xtcp_seg_set_next(struct xtcp_seg *seg, struct xtcp_seg *next)
{
	xtcp_seg_skb(seg)->next = next ? xtcp_seg_skb(next) : NULL;
}

/*
 * Links in a ring of segments.  They lie where the route and the destructor of
 * a buffer in flight are: one that is sent again has neither, but the links must
 * be cleared before it is copied or freed.
 */
static inline struct list_head *xtcp_seg_ring(struct xtcp_seg *seg)
{
	return &xtcp_seg_skb(seg)->tcp_tsorted_anchor;
}

static inline struct xtcp_seg *xtcp_ring_seg(const struct list_head *ring)
{
	return xtcp_skb_seg(list_entry(ring, struct sk_buff, tcp_tsorted_anchor));
}

static inline void xtcp_seg_ring_clear(struct xtcp_seg *seg)
{
	xtcp_seg_skb(seg)->_skb_refdst = 0;
	xtcp_seg_skb(seg)->destructor = NULL;
}

#else /* user space: unit tests, simulator, fuzzers */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/bits.h>		/* the kernel's own tools/include */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#ifndef U32_MAX
#define U8_MAX	((u8)~0U)
#define U16_MAX	((u16)~0U)
#define U32_MAX	((u32)~0U)
#endif
#ifndef smp_store_release
/* of one thread, for the compiler alone */
#define smp_store_release(p, v)	__atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif
/* those of tools/include are fewer and older than the kernel's */
#undef min
#undef max
#undef min_t
#undef max_t
#undef clamp_t
#define min_t(type, x, y)						\
	({ type x_ = (x); type y_ = (y); x_ < y_ ? x_ : y_; })
#define max_t(type, x, y)						\
	({ type x_ = (x); type y_ = (y); x_ > y_ ? x_ : y_; })
#define min(x, y)							\
	({ __auto_type x_ = (x); __auto_type y_ = (y); x_ < y_ ? x_ : y_; })
#define max(x, y)							\
	({ __auto_type x_ = (x); __auto_type y_ = (y); x_ > y_ ? x_ : y_; })
#define min3(x, y, z)			min(min(x, y), z)
#define clamp_t(type, x, lo, hi)	min_t(type, max_t(type, x, lo), hi)
#ifndef fallthrough
#define fallthrough __attribute__((__fallthrough__))
#endif

struct xtcp_seg;
struct rb_node *xtcp_seg_rb(struct xtcp_seg *seg);
struct xtcp_seg *xtcp_rb_seg(const struct rb_node *rb);
struct xtcp_seg *xtcp_seg_next(const struct xtcp_seg *seg);
void xtcp_seg_set_next(struct xtcp_seg *seg, struct xtcp_seg *next);
struct list_head *xtcp_seg_ring(struct xtcp_seg *seg);
struct xtcp_seg *xtcp_ring_seg(const struct list_head *ring);

static inline void xtcp_seg_ring_clear(struct xtcp_seg *seg)
{
}

#define hweight64(bits)	((unsigned int)__builtin_popcountll(bits))
#define fls64(bits)	((bits) ? 64 - __builtin_clzll(bits) : 0)
#define __ffs64(bits)	((unsigned int)__builtin_ctzll(bits))

#endif /* __KERNEL__ */

/* Time: microseconds of a monotonic clock that never wraps. */
typedef u64 xtcp_usec_t;

#define XTCP_USEC_PER_MSEC	1000U
#define XTCP_USEC_PER_SEC	1000000U

#endif /* XTCP_CORE_PLATFORM_H */
