#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module can be loaded and unloaded, twice, and the kernel knows its protocol
# while it is there.

set -u
n=0 rc=0
result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n $2"
	else
		echo "not ok $n $2"
		rc=1
	fi
}

echo "TAP version 13"
echo "1..11"
! grep -q '^xtcp ' /proc/modules || rmmod xtcp
for round in first second; do
	insmod "${XTCP_KO:?}"
	result $? "the module is loaded for the $round time"
	grep -qi '^xtcp' /proc/net/protocols
	result $? "/proc/net/protocols lists it"
	rmmod xtcp
	result $? "it is unloaded for the $round time"
	! grep -qi '^xtcp' /proc/net/protocols
	result $? "nothing of it is listed any more"
done

# Why it is not loaded, as the user sees it.
# says STATUS-TEXT TEST COMMAND...
says() {
	local text=$1 name=$2 output status=0
	shift 2
	output=$("$@" 2>&1) && status=1
	echo "# $output"
	grep -q "$text" <<<"$output" || status=1
	result $status "$name"
}

# 2 is AF_INET, and taken for sure
says 'Device or resource busy' "a family in use is busy" insmod "$XTCP_KO" family=2
dmesg | tail -n 5 | grep -q 'another protocol has family 2; load with family=N'
result $? "and the kernel's log says what to do"
insmod "$XTCP_KO"
says 'File exists' "the second of its kind exists" insmod "$XTCP_KO"
exit $rc
