# SPDX-License-Identifier: GPL-2.0
# What the kernel's headers offer: probe.c says how it is asked.

ifndef XTCP_PROBED
xtcp_probe = $(CC) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	$(if $(CONFIG_CC_IS_CLANG),-ferror-limit=0,-fmax-errors=0) -fdiagnostics-color=never \
	-DKBUILD_MODNAME='"xtcp"' -DKBUILD_BASENAME='"xtcp"' -Werror -fsyntax-only $(src)/kmod/probe.c
XTCP_PROBED := $(shell $(xtcp_probe) 2>&1 | awk -f $(src)/kmod/probe.awk $(src)/kmod/probe.c -)
ifeq ($(XTCP_PROBED),xtcp-probes-failed)
$(info $(shell $(xtcp_probe) 2>&1 | head -n 20))
$(error the kernel's headers cannot be compiled as they are; the compiler's messages are above)
endif
export XTCP_PROBED
endif

ccflags-y += $(XTCP_PROBED)
