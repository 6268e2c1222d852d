/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For a kernel module that brings a congestion control algorithm.
 *
 * Fill in a struct xtcp_cc_ops (core/cc.h says what its functions have to do),
 * register it when the module starts and unregister it when it ends.  Sockets,
 * and namespaces that have it as their default, hold references to the module:
 * it cannot be unloaded as long as one of them uses it.
 *
 * An external module is built with -I for this folder and for uapi/, and with
 * KBUILD_EXTRA_SYMBOLS naming the Module.symvers of the xtcp that it is for:
 * the layout of a connection is known at compile time.
 */
#ifndef XTCP_CC_H
#define XTCP_CC_H

#include <linux/module.h>

#include "core/cc.h"

int xtcp_register_congestion_control(const struct xtcp_cc_ops *ops);
void xtcp_unregister_congestion_control(const struct xtcp_cc_ops *ops);

#endif /* XTCP_CC_H */
