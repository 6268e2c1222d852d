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
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/rbtree.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/types.h>

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

#else /* user space: unit tests, simulator, fuzzers */

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/kernel.h>	/* the kernel's own tools/include */
#include <linux/rbtree.h>
#include <linux/types.h>

#ifndef static_assert
#define static_assert _Static_assert
#endif
#ifndef U32_MAX
#define U8_MAX	((u8)~0U)
#define U16_MAX	((u16)~0U)
#define U32_MAX	((u32)~0U)
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

#endif /* __KERNEL__ */

/* Time: microseconds of a monotonic clock that never wraps. */
typedef u64 xtcp_usec_t;

#define XTCP_USEC_PER_MSEC	1000U
#define XTCP_USEC_PER_SEC	1000000U

#endif /* XTCP_CORE_PLATFORM_H */
