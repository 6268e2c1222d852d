# SPDX-License-Identifier: GPL-2.0
# What the kernel's headers offer: probe.c says how it is asked.
#
# It is asked once for a header tree: the answer is kept beside what is built, behind the
# state of the configuration, of the probes and of the compiler that it is good for.

ifndef XTCP_PROBED
xtcp_probe = $(CC) $(LINUXINCLUDE) $(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	$(if $(CONFIG_CC_IS_CLANG),-ferror-limit=0,-fmax-errors=0) -fdiagnostics-color=never \
	-DKBUILD_MODNAME='"xtcp"' -DKBUILD_BASENAME='"xtcp"' -Werror -fsyntax-only $(src)/kmod/probe.c
xtcp_probe_kept := $(src)/.xtcp-probed
xtcp_probe_state := $(shell { stat -Lc '%n %s %Y' $(objtree)/include/generated/autoconf.h \
	$(src)/kmod/probe.c $(src)/kmod/probe.awk; $(CC) --version | head -n 1; } 2>&1)
XTCP_PROBED := $(shell awk -v state='$(xtcp_probe_state)' \
	'NR == 1 && $$0 != state { exit } NR == 2' $(xtcp_probe_kept) 2>/dev/null)
ifeq ($(XTCP_PROBED),)
XTCP_PROBED := $(shell $(xtcp_probe) 2>&1 | awk -f $(src)/kmod/probe.awk $(src)/kmod/probe.c -)
ifeq ($(XTCP_PROBED),xtcp-probes-failed)
$(info $(shell $(xtcp_probe) 2>&1 | head -n 20))
$(error the kernel's headers cannot be compiled as they are; the compiler's messages are above)
endif
# where nothing can be kept, it is asked at each build
$(shell printf '%s\n' '$(xtcp_probe_state)' '$(XTCP_PROBED)' 2>/dev/null >$(xtcp_probe_kept) || :)
endif
export XTCP_PROBED
endif

ccflags-y += $(XTCP_PROBED)
