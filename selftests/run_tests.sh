#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run the tests, in the guest (or on any machine where a kernel module may be
# loaded): run_tests.sh [NAME...]
#
#   XTCP_KO      the module to test; it is loaded before each test if it is not
#   XTCP_TESTS   the directory of the built tests, with the file "tests" that lists
#                them, each with its room (as "make stage" leaves it)
#   XTCP_OUT     where the tests' output goes
#
# A test that passes is one line; one that fails shows what it said. "settings"
# holds kselftest's time limit of one test; XTCP_SLOW multiplies it. NAMEs are
# shell patterns, without a room, to run a part; see ipv6.list for NAME@6. XTCP_ATTACK_TOTAL=SECONDS runs what attack.list
# names instead, for about so long. Tests of waiting.list run first, several at a time. The
# sums go to XTCP_OUT/tally, as "passed failed skipped", after each test, so that a crash costs
# only the results to come; the names of tests that failed to XTCP_OUT/failed.

set -u
here=$(cd "$(dirname "$(readlink -f "$0")")" && pwd)
: "${XTCP_KO:?}" "${XTCP_OUT:?}"
XTCP_TESTS=${XTCP_TESTS:-$here}
# xtcpstat, for tests in C that read what it says
XTCP_TOOLS=${XTCP_TOOLS:-$here/../tools}
export XTCP_KO XTCP_OUT XTCP_TESTS XTCP_TOOLS
mapfile -t all <"$XTCP_TESTS/tests"
# NAME@6 and NAME@mapped are tests of ipv6.list with WIRE_IP=6 or mapped.
# Where all tests are run beside other machines, or slowly, there are fewer of them.
lean=0
case ${XTCP_KERNEL-}:$# in 6.1:0 | debug:0 | kcsan:0) lean=1 ;; esac
mapfile -t over < <(awk -v lean=$lean -v named=$# -v kernel="${XTCP_KERNEL-}" '
	/^(#|$)/ || $2 == "-" || (lean && !/mapped/) { next }
	{
		for (i = 2; i <= (lean ? 2 : NF); i++) {
			split($i "/", form, "/")
			if (named || form[2] == "" || form[2] == kernel)
				print $1 "@" form[1]
		}
	}' "$here/ipv6.list")
limit=$(sed -n 's/^timeout=//p' "$here/settings")
limit=$((${limit:-45} * ${XTCP_SLOW:-1}))

# The first socket that wants time stamps (SO_TIMESTAMP) and the last one make the kernel patch
# its code, which an emulator's other processor may still run as it was in between ("Oops:
# int3").  While one wants them all the time, nobody is the first or the last.
if command -v perl >/dev/null; then
	perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 0);
		setsockopt($s, SOL_SOCKET, 29, pack("i", 1));
		my $tests = getppid(); sleep 1 while getppid() == $tests' </dev/null &
	disown
fi

# Where waiting takes no time, waiting for the host's files lets the clock run ahead.  So what the
# tests read and write while they run is here.
logs=$XTCP_OUT
if [ -n "${XTCP_VIRTUAL-}" ]; then
	logs=$(mktemp -d)
	cp -r "$XTCP_TESTS" "$logs/tests" || exit
	XTCP_TESTS=$logs/tests
	find "$XTCP_TESTS" -type f -perm -u+x -exec ldd {} + 2>/dev/null |
		grep -o '/[^ ]*' | sort -u | xargs -r cat >/dev/null 2>&1
fi

extra=0
# a line with "passed failed skipped" for each test
sums=$(mktemp)
# those that run, a file for each
mkdir -p "$XTCP_OUT/running"

selected() {
	local pattern
	[ $# -gt 1 ] || return 0
	for pattern in "${@:2}"; do
		# shellcheck disable=SC2254
		case $1 in $pattern | $pattern.sh) return 0 ;; esac
	done
	return 1
}

# where the program of a test is, from the directory of all of them
program_of() {
	local test
	for test in "${all[@]}"; do
		case ${test##*/} in "${1%@*}" | "${1%@*}.sh") printf '%s' "$test" ;; esac
	done
}

tally() {
	awk '{ p += $1; f += $2; s += $3 } END { printf "%d %d %d\n", p, f, s }' "$sums" \
		>"$XTCP_OUT/tally"
}

failed() {
	echo "FAIL  $1"
	echo "0 1 0" >>"$sums"
	tally
}

# Has each segment that came to this namespace one verdict? (Others: lib/wire.c, and the
# module when they go.)  Tests that run beside this one may have some on their way.
balances() {
	local end=$((SECONDS + 60))
	until awk '$2 == "sum" { n += $1 } $2 == "came" { n -= $1 } $2 == "waits" { n += $1 }
		END { exit n != 0 }' /proc/net/xtcp_segments 2>/dev/null; do
		[ -e /proc/net/xtcp_segments ] || return 0
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

one() {
	local test=$1 log=$logs/$1.log rc=0 began p f s note ip=4
	case $test in *@*) ip=${test#*@} ;; esac
	: >"$XTCP_OUT/running/$test"
	began=$(date +%s%N)
	if ! grep -q '^xtcp ' /proc/modules && ! insmod "$XTCP_KO" 2>"$log"; then
		echo "not ok 1 insmod $XTCP_KO" >>"$log"
		rc=1
	else
		# Each test in a session of its own, so that what it leaves behind can
		# be found and ended.
		(cd "$XTCP_TESTS" && WIRE_IP=$ip exec setsid timeout --kill-after=5 \
			$((limit + extra)) "./$(program_of "$test")") \
			>"$log" 2>&1 </dev/null || rc=$?
		[ $rc -ne 124 ] || echo "# the time limit of $((limit + extra)) s" >>"$log"
	fi
	if ! balances; then
		echo "not ok 1 the book of segments of this namespace balances" >>"$log"
		cat /proc/net/xtcp_segments >>"$log"
	fi
	read -r p f s < <(awk -v status=$rc -f "$here/vm/tap.awk" "$log")
	note="$p passed"
	[ "$f" -eq 0 ] || note+=", $f failed"
	[ "$s" -eq 0 ] || note+=", $s skipped"
	[ $rc -eq 0 ] || note+=", exit status $rc"
	began=$((($(date +%s%N) - began) / 100000000))
	[ "$logs" = "$XTCP_OUT" ] || cp "$log" "$XTCP_OUT/"
	rm -f "$XTCP_OUT/running/$test"
	# in one piece, also where another test ends just now
	exec 8>>"$sums"
	flock 8
	echo "$p $f $s" >&8
	tally
	if [ "$f" -gt 0 ]; then
		echo "$test" >>"$XTCP_OUT/failed"
		printf 'FAIL  %-28s %s (%d.%d s)\n' "$test" "$note" $((began / 10)) $((began % 10))
		sed 's/^/      | /' "$log" | tail -n "${XTCP_TAIL:-200}"
	else
		printf '%-5s %-28s %s (%d.%d s)\n' "$([ "$p" -gt 0 ] && echo ok || echo skip)" \
			"$test" "$note" $((began / 10)) $((began % 10))
		[ "$s" -eq 0 ] || grep -iE '# *SKIP' "$log" | head -n 5 | sed 's/^/      | /'
	fi
	exec 8>&-
}

# waiting TEST...: those of waiting.list, in its order
waiting() {
	local name test
	while read -r name; do
		for test; do
			[ "${test%@*}" != "$name" ] || echo "$test"
		done
	done <"$here/waiting.list"
}

# side_by_side TEST...: three at a time, since they wait; on a slow machine, and where waiting
# takes no time, they do not.
side_by_side() {
	local test most=3
	[ "${XTCP_SLOW:-1}${XTCP_VIRTUAL-}" = 1 ] || most=1
	for test; do
		while [ "$(jobs -rp | wc -l)" -ge $most ]; do
			wait -n
		done
		one "$test" &
	done
	wait
}

# How many tests a program runs. Its list has a part for each fixture, whose variants
# and tests stand side by side: columns of 20, 25 and more characters.
tests_of() {
	local n=1
	case $1 in
	*.sh)	;;
	*)	n=$("$XTCP_TESTS/$(program_of "$1")" -l 2>&1 | awk '
		/^#/ { next }
		/^-/ { n += t * (v ? v : 1); t = v = 0; next }
		{ v += substr($0, 22, 25) ~ /[^ ]/; t += substr($0, 48) ~ /[^ ]/ }
		END { print n + t * (v ? v : 1) }') ;;
	esac
	echo $((n > 0 ? n : 1))
}

# attack SECONDS TEST...: each race gets the same part of the time, and what one
# did not use (not every test is a race) goes to those that follow.
attack() {
	local end=$((SECONDS + $1)) left=0 n test
	shift
	for test; do
		left=$((left + $(tests_of "$test")))
	done
	for test; do
		n=$(tests_of "$test")
		export XTCP_ATTACK=$(((end - SECONDS) / left))
		[ "$XTCP_ATTACK" -gt 0 ] || XTCP_ATTACK=1
		extra=$((n * XTCP_ATTACK))
		one "$test"
		left=$((left - n))
	done
}

tally
extra=${XTCP_SOAK:-0}
if [ -n "${XTCP_ATTACK_TOTAL-}" ]; then
	chosen=()
	while read -r test; do
		case $test in '' | '#'*) continue ;; esac
		selected "$test" "$@" && chosen+=("$test")
	done <"$here/attack.list"
	attack "$XTCP_ATTACK_TOTAL" "${chosen[@]}"
else
	chosen=()
	for test in "${all[@]##*/}" "${over[@]}"; do
		selected "$test" "$@" && chosen+=("$test")
	done
	mapfile -t together < <(waiting "${chosen[@]}")
	# the module is there before the first of them asks for it
	[ ${#together[@]} -eq 0 ] || grep -q '^xtcp ' /proc/modules || insmod "$XTCP_KO" || :
	side_by_side "${together[@]}"
	for test in "${chosen[@]}"; do
		case " ${together[*]} " in *" $test "*) ;; *) one "$test" ;; esac
	done
fi
[ -s "$sums" ] || failed "no test is called: $*"
# one that was killed before it could say how it went
[ "$(wc -l <"$sums")" -ge ${#chosen[@]} ] ||
	failed "$((${#chosen[@]} - $(wc -l <"$sums"))) of the tests tell no result"
# Sockets of processes that were killed go a little later, and the module with them.
unload() {
	local end=$((SECONDS + 60)) said
	until said=$(rmmod xtcp 2>&1); do
		if [ $SECONDS -ge $end ]; then
			echo "$said"
			return 1
		fi
		sleep 0.1
	done
}

# What unloading leaves behind is for the caller to judge: leaks, references.
if grep -q '^xtcp ' /proc/modules && ! unload; then
	failed "rmmod: the module is still in use a minute after the last test"
fi
! grep -q '^[0-9]* [1-9]' "$sums"
