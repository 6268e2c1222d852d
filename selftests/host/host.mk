# SPDX-License-Identifier: GPL-2.0
#
# How the core is built for user space: included by the makefiles of the programs
# that run it there, each of one .c file and the library that this makes.
#
# Every object exists twice: under AddressSanitizer and UBSan, for the checks,
# and optimised, for long runs.

TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../..)
OUT ?= $(TOP)/build/host
# the kernel's own tools/: rbtree.h and rbtree.c
ifndef KTOOLS_DIR
KTOOLS_DIR := $(shell $(TOP)/selftests/vm/kernel tools)
endif

CC := gcc
CPPFLAGS := -D_GNU_SOURCE -I$(KTOOLS_DIR)/include -I$(TOP)/uapi -I$(TOP)/kmod/core \
	    -I$(TOP)/selftests/host
CFLAGS_ALL := -std=gnu11 -g -Wall -Wextra -Wno-unused-parameter -MMD -MP
# Reports must be readable, and the first one must be the end.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_san := -O1 $(SANITIZE)
CFLAGS_fast := -O2
LDFLAGS_san := $(SANITIZE) -lm
LDFLAGS_fast := -lm

CORE := $(notdir $(wildcard $(TOP)/kmod/core/*.c))
HOST := $(notdir $(wildcard $(TOP)/selftests/host/*.c))
LIB := $(CORE:%.c=core/%.o) $(HOST:%.c=host/%.o) rbtree.o

define rules_for
$(OUT)/$(1)/core/%.o: $(TOP)/kmod/core/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CFLAGS_ALL) $$(CFLAGS_$(1)) -c $$< -o $$@

$(OUT)/$(1)/host/%.o: $(TOP)/selftests/host/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CFLAGS_ALL) $$(CFLAGS_$(1)) -c $$< -o $$@

# not ours: its warnings are not our business
$(OUT)/$(1)/rbtree.o: $$(KTOOLS_DIR)/lib/rbtree.c
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) -std=gnu11 -w -g $$(CFLAGS_$(1)) -c $$< -o $$@

$(OUT)/$(1)/libcore.a: $$(LIB:%=$(OUT)/$(1)/%)
	rm -f $$@ && $$(AR) rcs $$@ $$^

$(OUT)/$(1)/%: %.c $(OUT)/$(1)/libcore.a
	@mkdir -p $$(@D)
	$$(CC) $$(CPPFLAGS) $$(CFLAGS_ALL) $$(CFLAGS_$(1)) -MF $$@.d $$< \
		$(OUT)/$(1)/libcore.a $$(LDFLAGS_$(1)) -o $$@
endef

$(eval $(call rules_for,san))
$(eval $(call rules_for,fast))

-include $(wildcard $(OUT)/*/*.d $(OUT)/*/*/*.d)
