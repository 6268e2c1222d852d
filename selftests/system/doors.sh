#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The tests of the socket calls and of the module's life, on sockets that AF_INET makes
# (IPPROTO_XTCP): see protosw.c.

set -u
. "$(dirname "$(readlink -f "$0")")/family.sh"

tests=(api data handshake teardown poll options cmsg splice uring share listeners reuseport
	port_sharing cgroup children lifecycle)
# The sockets behind the door are the same everywhere; an emulated processor is slow.
[ "${XTCP_KERNEL-uml}" = uml ] || tests=(handshake cgroup lifecycle)
export XTCP_ROUNDS=${XTCP_ROUNDS:-10}
run_with protosw "${tests[@]}"
