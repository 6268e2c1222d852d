# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# For shell tests: TAP, and two network namespaces with a cable between them.
# Sourced, never run.
#
#	client 198.51.100.1 ---- veth ---- 198.51.100.2 server
#
# With WIRE_IP=6 they have addresses of IPv6 instead, and with WIRE_IP=mapped programs
# speak of IPv4's as mapped ones.
#
# A case is a function; it fails with the first command that does (set -e), and
# what it said follows as a comment. It returns 4 to be skipped.

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TOOLS=${XTCP_TOOLS:-$HERE/../../tools}
XTCPRUN=$TOOLS/xtcprun
CLIENT_IP=198.51.100.1
SERVER_IP=198.51.100.2
SERVER_NET=198.51.100.0/24
# with add_ipv6
CLIENT_IP6=2001:db8::1
SERVER_IP6=2001:db8::2
# nftables' word for it
NFT=ip
# of /proc/net/tcp
TABLE=
case ${WIRE_IP:-4} in
6)	CLIENT_IP=$CLIENT_IP6 SERVER_IP=$SERVER_IP6 SERVER_NET=2001:db8::/64 NFT=ip6 TABLE=6 ;;
mapped)	CLIENT_IP=::ffff:$CLIENT_IP SERVER_IP=::ffff:$SERVER_IP TABLE=6 ;;
esac
# in a URL
SERVER_HOST=$SERVER_IP
case $SERVER_IP in *:*) SERVER_HOST=[$SERVER_IP] ;; esac
C=xc-$$
S=xs-$$
WORK=$(mktemp -d "${TMPDIR:-/tmp}/xtcp-test.XXXXXX")
KSFT_SKIP=4

tap_nr=0 tap_failed=0 tap_planned=0

tap_skip_all() {
	echo "TAP version 13"
	echo "1..0 # SKIP $*"
	exit $KSFT_SKIP
}

need() {
	local program
	[ "$(id -u)" = 0 ] || tap_skip_all "root is needed"
	for program; do
		command -v "$program" >/dev/null || tap_skip_all "$program is not installed"
	done
	if [ ! -d /sys/module/xtcp ]; then
		insmod "${XTCP_KO:-none}" 2>/dev/null ||
			tap_skip_all "the module xtcp is not loaded"
	fi
}

# plan CASE...: run them all, and exit.
plan() {
	local name
	echo "TAP version 13"
	tap_planned=$#
	echo "1..$tap_planned"
	for name; do
		run_case "$name"
	done
	[ $tap_failed -eq 0 ]
	exit
}

run_case() {
	local rc=0 log=$WORK/case.log began=$SECONDS
	tap_nr=$((tap_nr + 1))
	# Not "( ... ) || rc=$?": that would switch set -e off inside.
	set +e
	(
		set -e
		"$1"
	) >"$log" 2>&1
	rc=$?
	stop_all
	set -e
	case $rc in
	0)	echo "ok $tap_nr $1 # $((SECONDS - began)) s" ;;
	4)	echo "ok $tap_nr $1 # SKIP $(tail -n 1 "$log")" ;;
	*)
		echo "not ok $tap_nr $1"
		echo "# status $rc"
		tail -n 60 "$log" | sed 's/^/# /'
		tap_failed=$((tap_failed + 1))
		;;
	esac
}

# not COMMAND...: it must fail. "! COMMAND" would not end a case.
not() {
	if "$@"; then
		echo "succeeded: $*" >&2
		return 1
	fi
}

# watching NETNS NR: so many sockets of generic netlink are in a group.
watching() {
	[ "$(ip netns exec "$1" awk '$2 == 16 && $4 != "00000000"' /proc/net/netlink |
		wc -l)" -ge "$2" ]
}

# wait_for WHAT COMMAND...: until it succeeds, and no longer than anything takes on
# a machine that is merely slow.
PATIENCE=60
wait_for() {
	local what=$1 end=$((SECONDS + PATIENCE))
	shift
	until "$@"; do
		if [ $SECONDS -ge $end ]; then
			echo "$what: not within $PATIENCE s" >&2
			return 1
		fi
		sleep 0.02
	done
}

# It is gone, or waits for its parent.
ended() {
	! grep -q '^State:[[:space:]]*[^Z]' "/proc/$1/status" 2>/dev/null
}

# What the cases start in the background is noted in a file, as they are
# subshells.
stop_all() {
	local pid
	[ -e "$WORK/pids" ] || return 0
	while read -r pid; do
		kill "$pid" 2>/dev/null
	done <"$WORK/pids"
	while read -r pid; do
		wait_for "the end of $pid" ended "$pid" || kill -9 "$pid"
	done <"$WORK/pids"
	rm -f "$WORK/pids"
}

# in_bg LOG COMMAND...: it ends with the case.
in_bg() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null &
	echo $! >>"$WORK/pids"
}

make_net() {
	ip netns add "$C"
	ip netns add "$S"
	ip -n "$C" link add eth0 type veth peer name eth0 netns "$S"
	local ns
	for ns in "$C" "$S"; do
		ip -n "$ns" link set lo up
		ip -n "$ns" link set eth0 up
	done
	if [ "${WIRE_IP:-4}" = 6 ]; then
		add_ipv6
		return
	fi
	ip -n "$C" addr add "${CLIENT_IP#::ffff:}/24" dev eth0
	ip -n "$S" addr add "${SERVER_IP#::ffff:}/24" dev eth0
}

# Addresses of the other family on the same cable, usable at once.
add_ipv6() {
	ip -n "$C" addr add $CLIENT_IP6/64 dev eth0 nodad
	ip -n "$S" addr add $SERVER_IP6/64 dev eth0 nodad
}

remove_net() {
	ip netns del "$C" 2>/dev/null || :
	ip netns del "$S" 2>/dev/null || :
}

# A new pair of namespaces for a case: nothing is left of the one before.
fresh_net() {
	remove_net
	make_net
}

in_client() {
	ip netns exec "$C" "$@"
}

in_server() {
	ip netns exec "$S" "$@"
}

cleanup() {
	set +e
	stop_all
	remove_net
	rm -rf "$WORK"
}
trap cleanup EXIT

# tcp_of xtcp|inet: what to put before a command.
tcp_of() {
	[ "$1" = inet ] || echo "$XTCPRUN"
}

# rows NS FAMILY: /proc/net/xtcp or tcp without its heading.
rows() {
	local file=/proc/net/tcp$TABLE
	[ "$2" = inet ] || file=/proc/net/xtcp$TABLE
	ip netns exec "$1" sed 1d "$file"
}

# listens NS FAMILY PORT
listens() {
	rows "$1" "$2" | grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$3") [0-9A-F:]+ 0A "
}

# counter NS NAME: of /proc/net/xtcp_netstat.
counter() {
	ip netns exec "$1" awk -v name="$2" '
		NR == 1 { for (i = 2; i <= NF; i++) if ($i == name) at = i }
		NR == 2 { print at ? $at : "none" }' /proc/net/xtcp_netstat
}

# pattern_file PATH MIB: the same bytes on every machine, 64 KiB of noise at
# the beginning of each MiB and a hole behind it.
pattern_file() {
	python3 - "$1" "$2" <<-'END'
		import random, sys
		noise = random.Random(4711)
		with open(sys.argv[1], "wb") as f:
		    for mib in range(int(sys.argv[2])):
		        f.seek(mib << 20)
		        f.write(noise.randbytes(65536))
		    f.truncate(int(sys.argv[2]) << 20)
	END
}

sha256_of() {
	openssl dgst -sha256 -r "$@" | cut -d' ' -f1
}

# serve FAMILY DIRECTORY: an HTTP server in the server's namespace, port 8000.
serve() {
	# shellcheck disable=SC2046
	in_bg "$WORK/http.log" ip netns exec "$S" $(tcp_of "$1") \
		python3 -m http.server --bind "$SERVER_IP" --directory "$2" 8000
	wait_for "the HTTP server" listens "$S" "$1" 8000
}
