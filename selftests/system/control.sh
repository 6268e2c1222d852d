#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The control group: the tests of the wire, run against the kernel's own TCP. If
# one fails here, it is the test that is wrong about TCP, not xtcp.

set -u
here=$(dirname "$(readlink -f "$0")")
tests=(handshake teardown reopen badinput timers icmp flow reuseport vrf)

# One kernel's TCP is enough to judge them, the newest; an emulated processor is slow.
if [ "${XTCP_KERNEL-uml}" != uml ]; then
	echo "1..0 # SKIP runs in user-mode Linux"
	exit 4
fi

# In its room, or beside this script where they are installed.
find_test() {
	local path
	for path in "${XTCP_TESTS:-$here/..}"/{wire,api,system}/"$1" "$here/$1"; do
		if [ -f "$path" ] && [ -x "$path" ]; then
			echo "$path"
			return
		fi
	done
}

echo "TAP version 13"
echo "1..${#tests[@]}"
nr=0 rc=0
for test in "${tests[@]}"; do
	nr=$((nr + 1))
	program=$(find_test "$test")
	if [ -z "$program" ]; then
		echo "ok $nr $test # SKIP it was not built"
	elif output=$(WIRE_FAMILY=inet "$program" 2>&1); then
		echo "ok $nr $test"
	else
		echo "not ok $nr $test"
		rc=1
		grep -v '^ok\|^#  RUN\|^#            OK' <<<"$output" | sed 's/^/# /'
	fi
done
exit $rc
