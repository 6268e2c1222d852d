# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Tests of the other files once more, with another WIRE_FAMILY; to be sourced.

here=$(dirname "$(readlink -f "$0")")

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

# run_with FAMILY TEST...: one row for each, and what it said if it fails.
run_with() {
	local family=$1 nr=0 rc=0 test program output status
	shift
	echo "TAP version 13"
	echo "1..$#"
	for test; do
		nr=$((nr + 1)) status=0
		program=$(find_test "$test")
		if [ -z "$program" ]; then
			echo "ok $nr $test # SKIP it was not built"
			continue
		fi
		output=$(WIRE_FAMILY=$family "$program" 2>&1) || status=$?
		case $status in
		0)	echo "ok $nr $test" ;;
		4)	echo "ok $nr $test # SKIP all of it is skipped" ;;
		*)	echo "not ok $nr $test"
			rc=1
			grep -v '^ok\|^#  RUN\|^#            OK' <<<"$output" | sed 's/^/# /' ;;
		esac
	done
	return $rc
}
