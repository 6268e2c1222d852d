/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host does with segments that wait behind a gap: make them fewer when
 * memory is short.
 */
#ifndef XTCP_CORE_REASM_H
#define XTCP_CORE_REASM_H

#include "tcb.h"

void xtcp_ooo_replace(struct xtcp_tcb *t, struct xtcp_seg *old, struct xtcp_seg *seg);
void xtcp_ooo_merge(struct xtcp_tcb *t, struct xtcp_seg *to, struct xtcp_seg *from);
struct xtcp_seg *xtcp_ooo_drop_last(struct xtcp_tcb *t);

#endif /* XTCP_CORE_REASM_H */
