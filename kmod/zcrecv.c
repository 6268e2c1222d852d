// SPDX-License-Identifier: GPL-2.0
/*
 * TCP_ZEROCOPY_RECEIVE: pages that came are put into the memory of who reads.
 *
 * A program maps the socket, and the calls that follow put pages of the receive queue there,
 * read-only, instead of a copy of what is in them.  Only a whole page that belongs to nothing
 * else can be mapped; what lies between such pages goes into a buffer that the program names,
 * or it is told how much it has to read by recv() first.
 *
 * Locks: the socket's, then the memory map's, as when recv() copies to memory that is not there
 * yet.  mmap() holds the second and never takes the first.
 */
#include <linux/mm.h>
#include <linux/uio.h>
#include <net/tcp.h>

#include "buffer.h"
#include "compat.h"
#include "core/urgent.h"
#include "core/user.h"
#include "recvmsg.h"
#include "sock.h"
#include "tstamp.h"
#include "zcrecv.h"

#ifdef XTCP_HAVE_ZAP

/* Pages that are mapped at a time: they are on the stack. */
#define BATCH	32

/* In msg_flags: tell when the data came. */
#define ASK_TSTAMP	2

/* An area with these operations is one of our sockets'. */
static const struct vm_operations_struct zcrecv_vm_ops = {
};

/**
 * xtcp_mmap - mmap() of a socket, for TCP_ZEROCOPY_RECEIVE
 * @file: its file
 * @sock: the socket
 * @vma: where
 *
 * Context: process, the memory map is locked.
 *
 * Return: 0, or -EPERM when it is to be written to or executed.
 */
int xtcp_mmap(struct file *file, struct socket *sock, struct vm_area_struct *vma)
{
	mmap_assert_write_locked(vma->vm_mm);
	if (vma->vm_flags & (VM_WRITE | VM_EXEC))
		return -EPERM;
	vm_flags_clear(vma, VM_MAYWRITE | VM_MAYEXEC);
	/* pages are put there with the lock held for reading only */
	vm_flags_set(vma, VM_MIXEDMAP);
	vma->vm_ops = &zcrecv_vm_ops;
	return 0;
}

/*
 * The buffer in which a byte is, and where; NULL: it did not come.
 * @skb: where to begin, NULL: at the first one
 */
static struct sk_buff *find_buffer(struct sock *sk, struct sk_buff *skb, u32 seq, u32 *offset)
{
	if (!skb)
		skb = skb_peek(&sk->sk_receive_queue);
	while (skb && !xtcp_unread(skb, seq, offset))
		skb = skb_peek_next(skb, &sk->sk_receive_queue);
	return skb;
}

/* A page of its own, whole, and no file's. */
static struct page *whole_page(const skb_frag_t *frag)
{
	struct page *page;

	if (skb_frag_size(frag) != PAGE_SIZE || skb_frag_off(frag))
		return NULL;
	page = skb_frag_page(frag);
	return page && !PageCompound(page) && !page->mapping ? page : NULL;
}

/*
 * The page that begins @offset bytes into a buffer.
 * @skip: where none does, how much to read until one does, or until the buffer ends
 */
static struct page *page_at(const struct sk_buff *skb, u32 offset, u32 *skip)
{
	u32 at = skb_headlen(skb);
	int i;

	*skip = skb->len - offset;
	if (skb_has_frag_list(skb))
		return NULL;
	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		struct page *page = at >= offset ? whole_page(frag) : NULL;

		if (page) {
			*skip = at - offset;
			return *skip ? NULL : page;
		}
		at += skb_frag_size(frag);
	}
	return NULL;
}

/*
 * Pages go to @addr.  Where something still is (the program said that there was nothing), it is
 * taken out first.  Return: bytes that are there now; @err: why not all.
 */
static u32 insert(struct vm_area_struct *vma, unsigned long addr, struct page **pages,
		  unsigned long n, int *err)
{
	unsigned long left = n;

	*err = vm_insert_pages(vma, addr, pages, &left);
	if (*err == -EBUSY) {
		unsigned long done = n - left;

		xtcp_zap(vma, addr + done * PAGE_SIZE, left * PAGE_SIZE);
		*err = vm_insert_pages(vma, addr + done * PAGE_SIZE, pages + done, &left);
	}
	return (n - left) * PAGE_SIZE;
}

/*
 * Map what can be mapped, from @seq on.  @room is a multiple of the page's size.
 * Return: bytes; @skip: what follows and cannot be mapped, or, where there was no more room,
 * what is left of the buffer.
 */
static u32 map_pages(struct sock *sk, struct vm_area_struct *vma, unsigned long addr, u32 room,
		     u32 seq, u32 *skip, int *err)
{
	struct page *pages[BATCH];
	struct sk_buff *skb = NULL;
	u32 mapped = 0, offset;
	unsigned int n = 0;

	*skip = 0;
	while (mapped + n * PAGE_SIZE < room) {
		u32 at = seq + mapped + n * PAGE_SIZE;

		skb = find_buffer(sk, skb, at, &offset);
		pages[n] = skb ? page_at(skb, offset, skip) : NULL;
		if (!pages[n])
			break;
		if (++n == BATCH) {
			u32 done = insert(vma, addr + mapped, pages, n, err);

			mapped += done;
			if (done < n * PAGE_SIZE)
				return mapped;
			n = 0;
		}
	}
	if (n)
		mapped += insert(vma, addr + mapped, pages, n, err);
	if (mapped == room)
		*skip = xtcp_unread(skb, seq + mapped, &offset);
	return mapped;
}

/* Bytes that are not in pages go to the program's buffer.  Return: bytes or an errno. */
static int copy_rest(struct sock *sk, struct tcp_zerocopy_receive *zc, u32 len,
		     struct sk_buff **stamped)
{
	struct xtcp_tcb *t = &xtcp_sk(sk)->tcb;
	void __user *buf = u64_to_user_ptr(zc->copybuf_address);
	u32 seq = t->copied_seq;
	struct msghdr msg = {};
	int n;

	if ((u64)(unsigned long)buf != zc->copybuf_address)
		return -EINVAL;
	n = import_ubuf(ITER_DEST, buf, len, &msg.msg_iter);
	if (n)
		return n;
	n = xtcp_copy_queue(sk, &msg, len, 0, &seq, stamped);
	xtcp_user_took(t, seq);
	if (unlikely(t->flags & XTCP_F_URG))
		xtcp_urg_read(t);
	return n;
}

/* What the next call cannot map. */
static u32 skip_hint(struct sock *sk)
{
	u32 offset, skip = 0;
	struct sk_buff *skb = find_buffer(sk, NULL, xtcp_sk(sk)->tcb.copied_seq, &offset);

	if (skb)
		page_at(skb, offset, &skip);
	return skip;
}

/* The memory map is locked.  Return: 0 or an errno; @skip: see map_pages() */
static int map_into(struct sock *sk, struct tcp_zerocopy_receive *zc, u32 inq, u32 *mapped,
		    u32 *skip)
{
	unsigned long addr = zc->address;
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);
	u32 len, whole;
	int err = 0;

	mmap_assert_locked(current->mm);
	if (!vma || vma->vm_ops != &zcrecv_vm_ops)
		return -EINVAL;
	len = min3((unsigned long)zc->length, vma->vm_end - addr, (unsigned long)inq);
	whole = round_down(len, PAGE_SIZE);
	zc->length = whole ? whole : len;
	if (!whole) {
		*skip = len;
		return 0;
	}
	if (!(zc->flags & TCP_RECEIVE_ZEROCOPY_FLAG_TLB_CLEAN_HINT))
		xtcp_zap(vma, addr, whole);
	*mapped = map_pages(sk, vma, addr, whole, xtcp_sk(sk)->tcb.copied_seq, skip, &err);
	return *mapped ? 0 : err;
}

static int receive(struct sock *sk, struct tcp_zerocopy_receive *zc, struct sk_buff **stamped)
{
	s32 room = zc->copybuf_len;
	u32 inq = xtcp_readable(sk), mapped = 0, skip = 0;
	int err, copied = 0;

	zc->copybuf_len = 0;
	if (zc->address & (PAGE_SIZE - 1) || zc->address != (unsigned long)zc->address)
		return -EINVAL;
	if (sk->sk_state == TCP_LISTEN)
		return -ENOTCONN;
	sock_rps_record_flow(sk);
	xtcp_called(sk, &xtcp_sk(sk)->read_at);
	if (inq && room > 0 && inq <= (u32)room) {
		zc->length = 0;
		zc->recv_skip_hint = 0;
		copied = copy_rest(sk, zc, inq, stamped);
		if (copied < 0)
			return copied;
		sk_peek_offset_bwd(sk, copied);
		xtcp_after_read(sk, copied);
		zc->copybuf_len = copied;
		zc->recv_skip_hint = skip_hint(sk);
		return 0;
	}
	if (inq < PAGE_SIZE) {
		zc->length = 0;
		zc->recv_skip_hint = inq;
		return !inq && sock_flag(sk, SOCK_DONE) ? -EIO : 0;
	}
	mmap_read_lock(current->mm);
	err = map_into(sk, zc, inq, &mapped, &skip);
	mmap_read_unlock(current->mm);
	if (err)
		return err;
	xtcp_take_queue(sk, mapped, stamped);
	/* a mark or the end may come sooner */
	skip = min(skip, inq - mapped);
	if (room > 0 && skip) {
		copied = copy_rest(sk, zc, min_t(u32, room, skip), stamped);
		zc->copybuf_len = copied;
		copied = max(copied, 0);
		skip -= copied;
	}
	if (mapped + copied) {
		sk_peek_offset_bwd(sk, mapped + copied);
		xtcp_after_read(sk, mapped + copied);
	}
	zc->recv_skip_hint = mapped == zc->length ? 0 : skip;
	zc->length = mapped;
	return mapped + copied || zc->recv_skip_hint || !sock_flag(sk, SOCK_DONE) ? 0 : -EIO;
}

/* When the data came goes to where the program has room for it, as recvmsg() would have it. */
static void tell_stamp(struct sock *sk, struct tcp_zerocopy_receive *zc, struct sk_buff *stamped)
{
	struct msghdr msg = {
		.msg_control_user = u64_to_user_ptr(zc->msg_control),
		.msg_control_is_user = true,
		.msg_controllen = zc->msg_controllen,
		.msg_flags = in_compat_syscall() ? MSG_CMSG_COMPAT : 0,
	};

	zc->msg_flags = 0;
	if (!stamped || msg.msg_controllen != zc->msg_controllen)
		return;
	sock_recv_timestamp(&msg, sk, stamped);
	zc->msg_control = (u64)(unsigned long)msg.msg_control_user;
	zc->msg_controllen = msg.msg_controllen;
	zc->msg_flags = msg.msg_flags & ~MSG_CMSG_COMPAT;
}

/**
 * xtcp_zcrecv - getsockopt(TCP_ZEROCOPY_RECEIVE)
 * @sk: the socket
 * @optval: a struct tcp_zerocopy_receive, or its beginning
 * @optlen: its length
 * @len: that, read
 *
 * Older programs know a shorter structure: what is behind its end counts as 0, and is not told.
 *
 * Context: process.
 *
 * Return: 0, -EINVAL (an address that is no page's or no area of a socket's, an unknown flag),
 * -ENOTCONN (a listener), -EIO (end of the stream), -EFAULT.
 */
int xtcp_zcrecv(struct sock *sk, char __user *optval, int __user *optlen, int len)
{
	struct tcp_zerocopy_receive zc = {};
	struct sk_buff *stamped = NULL;
	bool ask;
	int err;

	if (len < (int)offsetofend(struct tcp_zerocopy_receive, length))
		return -EINVAL;
	if (len > (int)sizeof(zc)) {
		err = check_zeroed_user(optval + sizeof(zc), len - sizeof(zc));
		if (err < 1)
			return err ? err : -EINVAL;
		len = sizeof(zc);
		if (put_user(len, optlen))
			return -EFAULT;
	}
	if (copy_from_user(&zc, optval, len))
		return -EFAULT;
	if (zc.reserved || zc.msg_flags & ~ASK_TSTAMP)
		return -EINVAL;
	ask = zc.msg_flags & ASK_TSTAMP;
	zc.msg_flags = 0;
	lock_sock(sk);
	err = receive(sk, &zc, &stamped);
	if (!err && len > (int)offsetof(struct tcp_zerocopy_receive, err))
		zc.err = sock_error(sk);
	zc.inq = xtcp_inq(sk);
	release_sock(sk);
	if (ask && !err)
		tell_stamp(sk, &zc, stamped);
	consume_skb(stamped);
	if (err)
		return err;
	return copy_to_user(optval, &zc, len) ? -EFAULT : 0;
}

#endif /* XTCP_HAVE_ZAP */
