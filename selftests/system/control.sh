#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The control group: the tests of the wire, run against the kernel's own TCP. If
# one fails here, it is the test that is wrong about TCP, not xtcp.

set -u
. "$(dirname "$(readlink -f "$0")")/family.sh"

# One kernel's TCP is enough to judge them, the newest; an emulated processor is slow.
if [ "${XTCP_KERNEL-uml}" != uml ]; then
	echo "1..0 # SKIP runs in user-mode Linux"
	exit 4
fi
run_with inet handshake teardown reopen badinput timers icmp flow reuseport vrf
