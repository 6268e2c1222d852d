# SPDX-License-Identifier: GPL-2.0
#
# xtcp: the module, its tools, and everything that tests them. "make help" lists
# what there is. Kbuild, beside this file, is what the kernel's build reads.

# The kernel to build for: the running one, any with headers (KDIR=), or one of
# the test rig's (KERNEL=6.12, 6.1, debug, kcsan, uml), which it fetches or builds.
KDIR ?= /lib/modules/$(shell uname -r)/build
KERNEL ?=

# Where things are built. VM commands without KERNEL= use 6.12.
RIG := selftests/vm
# What make starts ends when make is told to, machines with it.
LEASH := setpriv --pdeathsig TERM --
# And the shell between the two: it does not pass on that make was killed.
check check-unit check-fast check-debug check-6.12 check-6.1 attack calls demo bench bench-netem \
	bench-profile fuzz sim programs screens packetdrill shell suites: SHELL := setpriv
check check-unit check-fast check-debug check-6.12 check-6.1 attack calls demo bench bench-netem \
	bench-profile fuzz sim programs screens packetdrill shell suites: .SHELLFLAGS := --pdeathsig TERM -- /bin/sh -c
LANE := $(LEASH) $(RIG)/lane
RUN := $(LEASH) $(RIG)/run
NAME := $(or $(KERNEL),module)
VM_KERNEL := $(or $(KERNEL),6.12)
ATTACK_KERNEL := $(or $(KERNEL),uml)
export XTCP_CFLAGS LAX V

# Sub-makes get no job server of ours; the scripts count the processors.
MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

.PHONY: all module tools install uninstall dist deb setup check check-unit check-fast \
	check-debug check-6.12 check-6.1 attack calls cost demo bench bench-netem bench-profile fuzz sim programs suites shell kernels \
	screens packetdrill update-kernels clean distclean help
.DEFAULT_GOAL := all

all: module tools

module:
ifneq ($(KERNEL),)
	@$(RIG)/build $(KERNEL)
else
	@$(RIG)/build --kdir "$(KDIR)" module
endif
	@ln -sfn build/$(NAME)/xtcp.ko xtcp.ko

tools:
	@if [ -e tools/Makefile ]; then $(MAKE) -C tools; fi

# INSTALL_MOD_PATH and DESTDIR are understood as by the kernel and by GNU make.
install: all
	$(if $(KERNEL),$(error the kernels of the rig are not installed; use KDIR=))
	$(MAKE) -C "$(KDIR)" M="$(CURDIR)/build/$(NAME)" modules_install
	@if [ -z "$(INSTALL_MOD_PATH)" ]; then depmod -a "$$(cat "$(KDIR)/include/config/kernel.release")"; fi
	@if [ -e tools/Makefile ]; then $(MAKE) -C tools install; fi

# What install put there, for the kernel of KDIR.
uninstall:
	$(if $(KERNEL),$(error the kernels of the rig are not installed; use KDIR=))
	@release=$$(cat "$(KDIR)/include/config/kernel.release") && \
	for d in $(or $(INSTALL_MOD_DIR),updates extra); do \
		d="$(INSTALL_MOD_PATH)/lib/modules/$$release/$$d"; \
		rm -f "$$d"/xtcp.ko "$$d"/xtcp.ko.[gxz]*; done && \
	{ [ -n "$(INSTALL_MOD_PATH)" ] || depmod -a "$$release"; }
	@$(MAKE) -C tools uninstall

# Debian packages: xtcp-dkms, xtcp-tools, xtcp-dev.
deb:
	@debian/build build/deb

# Of a commit git makes the same tar file each time.
VERSION = $(shell sed -n 's/^PACKAGE_VERSION="\(.*\)"$$/\1/p' dkms.conf)
dist:
	@mkdir -p build
	@git archive -9 --prefix=xtcp-$(VERSION)/ -o build/xtcp-$(VERSION).tar.gz HEAD
	@echo "build/xtcp-$(VERSION).tar.gz"

setup:
	@$(RIG)/setup

# Every check writes a result; "sum" adds them up and is the verdict, so that a
# failure in the first does not hide the others.
check: setup
	@$(LANE) unit || :
	@$(LANE) 6.12,6.1 $(TESTS) || :
	@$(RIG)/lane sum unit 6.12 6.1

check-unit: setup
	@$(LANE) unit || :
	@$(RIG)/lane sum unit

# TESTS="load handshake" runs a part.
# Under KASAN on an emulated machine unmodified programs take an hour: by default the
# tests in C, without 100 rounds of loading. TESTS=. runs all.
check-debug: TESTS ?= load $(filter-out lifecycle cost costseg,$(notdir $(basename $(wildcard selftests/wire/*.c selftests/api/*.c selftests/system/*.c))))

check-6.12 check-6.1 check-debug: setup
	@$(LANE) $(@:check-%=%) $(TESTS) || :
	@$(RIG)/lane sum $(@:check-%=%)

check-fast: setup
	@$(LANE) uml $(TESTS) || :
	@$(RIG)/lane sum uml

# The races, all in one machine; KERNEL=debug finds most. TESTS="soak" runs a part.
attack: setup
	@$(LANE) attack $(ATTACK_KERNEL) $(or $(SECONDS),600) $(TESTS) || :
	@$(RIG)/lane sum attack-$(ATTACK_KERNEL)

# Random calls beside the kernel's TCP, for longer; XTCP_SEED= is the first sequence's.
calls: export XTCP_CALLS = $(or $(CALLS),100000)
calls: export XTCP_SEED := $(or $(XTCP_SEED),$(shell od -An -N3 -tu4 /dev/urandom | tr -d ' '))
calls: export LANE_TIMEOUT ?= 14400
calls: setup
	@echo "---- calls: XTCP_SEED=$(XTCP_SEED)"
	@XTCP_SOAK=14000 $(LANE) $(ATTACK_KERNEL) calls || :
	@$(RIG)/lane sum $(ATTACK_KERNEL)

# In instructions: the same in each run, whatever else this machine does.
cost: TESTS ?= cost costseg
cost: setup
	@$(LANE) cost $(VM_KERNEL) $(TESTS) || :
	@$(RIG)/lane sum cost-$(VM_KERNEL)

demo: setup
	@$(RIG)/build $(VM_KERNEL)
	@$(MAKE) tools
	@began=$$(date +%s); \
	$(RUN) --kernel $(VM_KERNEL) --name demo -- selftests/system/demo.sh && \
	echo "The demonstration took $$(($$(date +%s) - began)) seconds."

# As Debian boots, with AppArmor (the rig switches it off, and then the kernel takes
# SELinux, without a policy); and slab caches by their own names.
BENCH_BOOT := slab_nomerge apparmor=1

bench: setup
	@$(RIG)/build $(VM_KERNEL)
	@$(MAKE) -s -C selftests/bench OUT="$(CURDIR)/build/bench"
	@$(RUN) --kernel $(VM_KERNEL) --name bench --timeout $(or $(TIMEOUT),1800) \
		$(if $(filter uml,$(VM_KERNEL)),,--icount --append "$(BENCH_BOOT)") \
		-- selftests/bench/run.sh $(if $(filter uml,$(VM_KERNEL)),--wall) $(BENCH)

# Where the instructions of a row go.  ROW="rr-lo crr-lo" says which, FUNCTIONS= how many
# functions are shown.
bench-profile: setup
	@$(RIG)/build $(VM_KERNEL)
	@$(MAKE) -s -C selftests/bench OUT="$(CURDIR)/build/bench"
	@$(RUN) --kernel $(VM_KERNEL) --name bench-profile --timeout $(or $(TIMEOUT),1800) --icount \
		--append "$(BENCH_BOOT)" \
		--plugin "build/bench/profile.so,out=build/vm-out/bench-profile/counts" \
		-- selftests/bench/run.sh --profile $(or $(ROW),rr-lo)
	@echo
	@build/bench/profile build/vm-out/bench-profile $(FUNCTIONS)

# In virtual time by default: what else this machine does cannot be seen in the table.
bench-netem: setup
	@$(RIG)/build $(or $(KERNEL),travel)
	@$(MAKE) -s -C selftests/bench OUT="$(CURDIR)/build/bench"
	@$(RUN) --kernel $(or $(KERNEL),travel) --name bench-netem \
		--timeout $(or $(TIMEOUT),7200) $(if $(filter uml travel,$(or $(KERNEL),travel)),,--icount) \
		-- selftests/bench/netem.sh $(if $(ALGO),--algo $(ALGO)) $(if $(NET),--net $(NET)) \
		$(if $(REPS),--reps $(REPS)) $(if $(SEED),--seed $(SEED))

# What xtcpstat says of each situation that selftests/wire/verdict.c makes.
SCREENS := tools/screens.md
screens: setup
	@rm -f build/vm-out/test-uml/screens
	@XTCP_SCREENS=screens $(LANE) uml verdict
	@awk -f tools/screens.awk build/vm-out/test-uml/screens >$(SCREENS).new
	@mv $(SCREENS).new $(SCREENS)
	@echo "$(SCREENS) is written."

# The kernel's packetdrill scripts, from the source that the travel kernel was built of,
# whose time passes only when everybody waits.
packetdrill: setup
	@$(RIG)/build travel
	@$(MAKE) -s -C selftests/pkt OUT="$(CURDIR)/build/pkt"
	@$(RUN) --kernel travel --name packetdrill --timeout $(or $(TIMEOUT),7200) \
		-- selftests/pkt/table "$$(readlink -f "$$($(RIG)/kernel get travel)/kdir")/tools/testing/selftests/net/packetdrill" \
		$(SCRIPTS)

fuzz sim: setup
	@KTOOLS_DIR=$$($(RIG)/kernel tools) && export KTOOLS_DIR && \
	KSFT_DIR=$$KTOOLS_DIR/testing/selftests $(MAKE) -s -C selftests/unit $(@:sim=netsim)

# Large packages are installed for it. PROGRAMS="nginx 'iperf3 -s'" runs a part.
programs: setup
	@$(LEASH) selftests/programs/table $(or $(KERNEL),uml 6.12 6.1) -- $(PROGRAMS)

# Sources are fetched and built for it. SUITES="libuv node" runs a part.
suites: setup
	@$(LEASH) selftests/suites/table $(or $(KERNEL),uml) -- $(or $(SUITES),libuv libevent perl curl-http)

shell: setup
	@$(RIG)/build $(VM_KERNEL)
	@$(MAKE) tools
	@echo "xtcp.ko for this kernel is \$$XTCP_KO; ctrl-D ends the machine."
	@$(RUN) --kernel $(VM_KERNEL) --name shell-$(VM_KERNEL) --shell

kernels: setup
	@for k in 6.12 6.1 uml debug; do $(RIG)/kernel get $$k >/dev/null || exit; done
	@$(RIG)/kernel list

update-kernels: setup
	@for k in 6.12 6.1 uml debug; do $(RIG)/kernel update $$k >/dev/null || exit; done
	@$(RIG)/kernel list

clean:
	@rm -rf build xtcp.ko
	@if [ -e tools/Makefile ]; then $(MAKE) -C tools clean; fi
	@if [ -e selftests/unit/Makefile ]; then $(MAKE) -C selftests/unit clean; fi

distclean: clean
	@$(RIG)/kernel purge

help:
	@echo "make                 the module (xtcp.ko) and the tools, for the running kernel"
	@echo "make KDIR=DIR        ... for the kernel with these headers"
	@echo "make KERNEL=ID       ... for a kernel of the rig: 6.12, 6.1, debug, kcsan, uml"
	@echo "make install         both, into the system; uninstall takes them away again"
	@echo "make deb             Debian packages, in build/deb: the module for DKMS, tools, headers"
	@echo "make dist            the sources of HEAD, in build/xtcp-VERSION.tar.gz"
	@echo "make demo            a machine, a client and a server over AF_XTCP; installs what is missing"
	@echo "make check           every test on 6.12 and 6.1; installs what is missing"
	@echo "make check-unit      the host's tests and the simulator"
	@echo "make check-fast      the suite in user-mode Linux 7.2 (no machine to boot)"
	@echo "make check-debug     the suite under KASAN, lockdep, kmemleak ..."
	@echo "make check-6.12, check-6.1   one kernel; TESTS=\"load ...\" runs a part of the suite"
	@echo "make attack          races and fuzzers in one machine for SECONDS=600 (KERNEL=uml; debug"
	@echo "                     finds most, kcsan data races); selftests/attack.list names them"
	@echo "make calls           random calls beside the kernel's TCP, CALLS=100000 sequences (KERNEL=uml)"
	@echo "make cost            calls among thousands of sockets, and hostile segments: a table of"
	@echo "                     instructions beside the kernel's TCP, with a bound for each row"
	@echo "make bench           instructions per byte, transaction and connection"
	@echo "make bench-profile   where they go, by kind of work and by function; ROW=\"rr-lo crr\" chooses,"
	@echo "                     FUNCTIONS=100 shows more"
	@echo "make bench-netem     goodput on bad networks beside the kernel's TCP with the same congestion"
	@echo "                     control, in virtual time; ALGO=cubic NET=loss1,loss5 REPS=9 choose"
	@echo "make fuzz            fuzzers"
	@echo "make sim             every congestion control on named networks, simulated: a table, and"
	@echo "                     plots in build/sim/index.html; ALGO=cubic NET=incast SEED=7 choose"
	@echo "make programs        servers and clients of Debian's, each over AF_XTCP, over IPv4, IPv6 and"
	@echo "                     both, on 6.12, 6.1 and 7.2: the table in selftests/programs/README.md;"
	@echo "                     installs them. KERNEL=uml PROGRAMS=\"nginx curl\" runs a part"
	@echo "make suites          test suites of other projects, each over the kernel's TCP and over AF_XTCP:"
	@echo "                     the table in selftests/suites/README.md; KERNEL=6.12 SUITES=\"libuv perl\""
	@echo "                     runs a part"
	@echo "make screens         what xtcpstat says of each situation: tools/screens.md"
	@echo "make packetdrill     the kernel's packetdrill scripts over AF_INET and AF_XTCP, compared:"
	@echo "                     selftests/pkt/README.md; SCRIPTS=\"tcp_sack tcp_eor\" runs a part"
	@echo "make shell           a prompt in the machine (KERNEL=ID)"
	@echo "make kernels         fetch or build all the rig's kernels; update-kernels looks for newer ones"
	@echo "make clean           everything built here; downloads and kernels stay in the cache,"
	@echo "                     \$$XTCP_CACHE or ~/.cache/xtcp; distclean empties that, too"
