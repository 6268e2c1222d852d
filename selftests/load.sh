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
echo "1..8"
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
insmod "$XTCP_KO"
exit $rc
