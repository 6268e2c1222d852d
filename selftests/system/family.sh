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

# row FAMILY NUMBER TEST: run it; its row, and what it said if it fails.
row() {
	local family=$1 nr=$2 test=$3 program output status=0
	program=$(find_test "$test")
	if [ -z "$program" ]; then
		echo "ok $nr $test # SKIP it was not built"
		return
	fi
	output=$(WIRE_FAMILY=$family "$program" 2>&1) || status=$?
	case $status in
	0)	echo "ok $nr $test" ;;
	4)	echo "ok $nr $test # SKIP all of it is skipped" ;;
	*)	# in one piece
		output=$(grep -v '^ok\|^#  RUN\|^#            OK' <<<"$output" | sed 's/^/# /')
		printf 'not ok %d %s\n%s\n' "$nr" "$test" "$output"
		return 1 ;;
	esac
}

# run_with FAMILY TEST...: a row for each.  Those that wait most of their time run first, three
# at a time.
run_with() {
	local family=$1 nr=0 rc=0 test pid pids=() later=()
	shift
	echo "TAP version 13"
	echo "1..$#"
	for test; do
		nr=$((nr + 1))
		if grep -qx "$test" "$here/../waiting.list" "$here/waiting.list" 2>/dev/null; then
			while [ "$(jobs -rp | wc -l)" -ge 3 ]; do
				wait -n
			done
			row "$family" $nr "$test" &
			pids+=($!)
		else
			later+=("$nr $test")
		fi
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	for test in "${later[@]}"; do
		row "$family" "${test% *}" "${test#* }" || rc=1
	done
	return $rc
}
