/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the endpoint tell each other, and nobody else.
 */
#ifndef XTCP_HOST_ENDPOINT_ROOM_H
#define XTCP_HOST_ENDPOINT_ROOM_H

#include "endpoint.h"

/* endpoint.c */
void ep_tcb_new(struct endpoint *ep);
enum xtcp_verdict __must_check
ep_tcb_segment(struct endpoint *ep, struct xtcp_segment *seg, const u8 *payload);

/* endpoint_queue.c */
struct buf *ep_buf_new(u32 room);
void ep_free_list(struct xtcp_seg *seg);
void ep_ooo_purge(struct endpoint *ep);
void ep_wmem_purge(struct endpoint *ep);
void ep_recvq_purge(struct endpoint *ep);
void ep_recvq_append(struct endpoint *ep, struct buf *b);
void ep_queue_fin(struct endpoint *ep);
u32 ep_full_space(const struct endpoint *ep);
u32 ep_free_space(const struct endpoint *ep);
void ep_rcvbuf_set(struct endpoint *ep, u32 size);
void ep_rcvbuf_grow(struct endpoint *ep, u32 wnd);
u32 ep_max_space(const struct endpoint *ep);

/* endpoint_output.c */
struct xtcp_room ep_room(const struct endpoint *ep);
void ep_emit(struct endpoint *ep, const struct xtcp_header *h, u64 pos, u32 len);
void ep_push(struct endpoint *ep);
void ep_retransmit(struct endpoint *ep);
void ep_send_ack_from(struct endpoint *ep, u32 seq);
void ep_send_syn(struct endpoint *ep);
void ep_send_bare(struct endpoint *ep, const struct xtcp_header *h);
void ep_send_rst_for(struct endpoint *ep, const struct xtcp_segment *seg,
		     enum xtcp_reason why);

/* endpoint_apply.c */
void ep_wrong(struct endpoint *ep, const char *what);
u32 ep_held(const struct endpoint *ep);
void ep_clocks_current(struct endpoint *ep);
void ep_verify(struct endpoint *ep, const struct xtcp_actions *a);
void ep_count_edges(struct endpoint *ep, const struct xtcp_actions *a);
bool ep_apply(struct endpoint *ep, struct xtcp_actions *a, struct xtcp_segment *seg);

/* endpoint_entry.c */
void ep_take_edge(struct endpoint *ep, u8 *state, enum xtcp_event event,
		  enum xtcp_reason why);
void ep_count_why(struct endpoint *ep, u32 *count, unsigned int why);
enum xtcp_verdict __must_check
ep_listen_segment(struct endpoint *ep, struct xtcp_segment *seg, u32 iss);
enum xtcp_verdict __must_check
ep_req_segment(struct endpoint *ep, struct xtcp_segment *seg, const u8 *payload);
void ep_req_timer(struct endpoint *ep);
void ep_enter_timewait(struct endpoint *ep);
void ep_tw_end(struct endpoint *ep, enum xtcp_event event, enum xtcp_reason why);
enum xtcp_verdict __must_check
ep_tw_segment(struct endpoint *ep, struct xtcp_segment *seg);

#endif /* XTCP_HOST_ENDPOINT_ROOM_H */
