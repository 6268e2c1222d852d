/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window we offer, as the host asks for it.
 */
#ifndef XTCP_CORE_WINDOW_H
#define XTCP_CORE_WINDOW_H

#include "tcb.h"

void xtcp_window_init(u32 space, u32 max_space, u16 mss, bool scaling,
		      u32 *wnd, u8 *wscale);
u16 xtcp_window_select(struct xtcp_tcb *t, u32 free_space, u32 full_space);
u32 xtcp_window_autotune(struct xtcp_tcb *t, xtcp_usec_t now);
void xtcp_window_ready(struct xtcp_tcb *t, u32 full_space);
void xtcp_window_limit(struct xtcp_tcb *t, u32 clamp);
void xtcp_window_full(struct xtcp_tcb *t, bool over);
void xtcp_window_clamp(struct xtcp_tcb *t, u32 full_space);

#endif /* XTCP_CORE_WINDOW_H */
