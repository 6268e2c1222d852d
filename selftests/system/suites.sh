#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test suites that others wrote: CPython's for its socket module and for what is
# built on it, and the kernel's own programs (tools/testing/selftests/net) that open
# TCP sockets as any program does, from the source that the rig's kernel was built
# from. Each runs over the kernel's TCP and, by means of xtcprun, over AF_XTCP at
# the same time, each time in a namespace of its own. What becomes of each of its
# tests has to be the same.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip python3 tc ethtool socat
# Minutes of Python on an emulated processor would say nothing new.
[ "${XTCP_KERNEL-uml}" = uml ] || tap_skip_all "runs in user-mode Linux"
KERNEL_TESTS=${XTCP_TESTS-$HERE/..}/kernel
LIMIT=240		# seconds for a program that hangs

# Arguments: a module, and which of its tests. Prints a line for each of them. With
# SUITE_IPV6 what the tests call AF_INET is AF_INET6, and their host is ::1; those that
# do not bear that have to fail over both.
cat >"$WORK/run.py" <<'END_OF_PYTHON'
import fnmatch, os, socket, sys, unittest
from test import support
from test.support import socket_helper

if "SUITE_IPV6" in os.environ:
    socket.AF_INET = socket.AF_INET6
    socket_helper.HOST = socket_helper.HOSTv4 = "::1"
    socket_helper.bind_port.__defaults__ = ("::1",)

def tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from tests(test)
        elif any(fnmatch.fnmatch(test.id(), "*" + p + "*") for p in sys.argv[2:] or "*"):
            yield test

class Outcomes(unittest.TestResult):
    def say(self, outcome, test, why=""):
        lines.append(f"{outcome} {test.id()}")
        if outcome in ("error", "failure"):
            print(test.id(), why, file=sys.stderr)
    def addSuccess(self, test): self.say("ok", test)
    def addSkip(self, test, why): self.say("skip", test)
    def addError(self, test, err): self.say("error", test, self._exc_info_to_string(err, test))
    def addFailure(self, test, err): self.say("failure", test, self._exc_info_to_string(err, test))

support.verbose = 0
lines = []
module = unittest.defaultTestLoader.loadTestsFromName("test." + sys.argv[1])
unittest.TestSuite(tests(module)).run(Outcomes())
print(*sorted(lines), sep="\n")
END_OF_PYTHON

# suite MODULE [PATTERN...]
suite() {
	local native
	python3 -c "import test.$1" 2>/dev/null ||
		{ echo "no $1: Debian's libpython3.11-testsuite has it"; return $KSFT_SKIP; }
	fresh_net
	mkdir "$WORK/inet" "$WORK/xtcp"
	cd "$WORK/inet"
	in_client timeout $LIMIT python3 "$WORK/run.py" "$@" >"$WORK/inet.out" 2>"$WORK/inet.err" &
	native=$!
	cd "$WORK/xtcp"
	in_server timeout $LIMIT "$XTCPRUN" python3 "$WORK/run.py" "$@" >"$WORK/xtcp.out" 2>"$WORK/xtcp.err"
	wait $native
	cd /
	rm -rf "$WORK/inet" "$WORK/xtcp"
	cat "$WORK/xtcp.err"
	grep -c '^ok ' "$WORK/xtcp.out"
	diff "$WORK/inet.out" "$WORK/xtcp.out"
	[ "$(counter "$S" PassiveOpens)" -gt 0 ]
	[ -z "${SUITE_IPV6-}" ] || [ "$(grep -c '^ok ' "$WORK/xtcp.out")" -gt "$SUITE_IPV6" ]
}

# suite_ipv6 NUMBER MODULE [PATTERN...]: more tests than that pass, over both
suite_ipv6() {
	local -x SUITE_IPV6=$1
	shift
	suite "$@"
}

python__socket() {
	suite test_socket TCP Stream NetworkConnection CreateServer Sendfile
}
python__socketserver() { suite test_socketserver; }
python__asyncore() { suite test_asyncore; }
python__http_server() { suite test_httpservers; }
python__asyncio_sockets() { suite test_asyncio.test_sock_lowlevel; }
python__asyncio_streams() { suite test_asyncio.test_streams; }
python__asyncio_server() { suite test_asyncio.test_server; }
python__asyncio_sendfile() { suite test_asyncio.test_sendfile; }
# These have tests of their own over IPv6 and dual stacks.
python__asyncio_events() { suite test_asyncio.test_events dual_stack ipv6; }
python__ftplib() { suite test_ftplib IPv6; }

python__socket_ipv6() {
	suite_ipv6 100 test_socket TCPTest NonBlockingTCP TCPCloser TCPTimeout FileObject
}
python__asyncore_ipv6() { suite_ipv6 80 test_asyncore; }
python__socketserver_ipv6() { suite_ipv6 15 test_socketserver; }

# outcome FILE...: what each test of a program came to; what it printed besides may
# be about times and ports.
outcome() {
	cat "$@" | grep -E '^(not )?ok |^status |^(Socket|send node) |SHA256|^missing |^ERROR: key '
}

# run_kernel TCP NS PROGRAM [ARGUMENT...]: leaves its output in $WORK/TCP.out. With
# PEER and PORT another program listens there, over the same TCP; its output is in
# $WORK/TCP.peer. It has to end, too, or, with UNTIL, to say that and is stopped.
run_kernel() {
	local tcp=$1 ns=$2 rc=0 peer=
	local -x PATH=$KERNEL_TESTS:$PATH
	shift 2
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_local_port_range="${RANGE-40000 49999}" \
		net.ipv4.ip_autobind_reuse="${AUTOBIND-0}" net.ipv4.ip_nonlocal_bind=1 \
		net.{ipv4.tcp_,xtcp.}fastopen=3
	if [ -n "${PEER-}" ]; then
		# shellcheck disable=SC2046,SC2086 # words
		timeout $LIMIT ip netns exec "$ns" $(tcp_of "$tcp") $PEER \
			>>"$WORK/$tcp.peer" 2>&1 </dev/null &
		peer=$!
		wait_for "$PEER" listens "$ns" "$tcp" "$PORT"
	fi
	# shellcheck disable=SC2046 # a command, or nothing
	timeout $LIMIT ip netns exec "$ns" $(tcp_of "$tcp") "$@" \
		>>"$WORK/$tcp.out" 2>&1 </dev/null || rc=$?
	echo "status $rc" >>"$WORK/$tcp.out"
	[ -n "$peer" ] || return 0
	if [ -n "${UNTIL-}" ]; then
		wait_for "$UNTIL" grep "$UNTIL" "$WORK/$tcp.peer"
		kill $peer
		wait $peer || return 0
	else
		wait $peer
	fi
}

# kernel PROGRAM [ARGUMENT...]: with a PREPARE, that is called for each namespace.
kernel() {
	local native program
	for program in "$1" ${PEER+"${PEER%% *}"}; do
		PATH=$KERNEL_TESTS:$PATH command -v "$program" >/dev/null ||
			{ echo "no $program: the source of the rig's kernel has it"; return $KSFT_SKIP; }
	done
	fresh_net
	[ -z "${PREPARE-}" ] || { $PREPARE "$C" && $PREPARE "$S"; }
	rm -f "$WORK"/{inet,xtcp}.{out,peer}
	touch "$WORK"/{inet,xtcp}.peer
	run_kernel inet "$C" "$@" &
	native=$!
	run_kernel xtcp "$S" "$@"
	wait $native
	cat "$WORK/xtcp.out" "$WORK/xtcp.peer"
	outcome "$WORK/inet.out" "$WORK/inet.peer" >"$WORK/inet.outcome"
	outcome "$WORK/xtcp.out" "$WORK/xtcp.peer" >"$WORK/xtcp.outcome"
	diff "$WORK/inet.outcome" "$WORK/xtcp.outcome"
	# a program that fails over both, or never asks for TCP, shows nothing
	grep -qx "status 0" "$WORK/xtcp.outcome"
	wait_for "a socket of AF_XTCP" \
		grep '^xtcprun: .* [1-9][0-9]* sockets\? on AF_XTCP' "$WORK/xtcp.out"
}

kernel__bind_timewait() { kernel bind_timewait; }
kernel__ip_local_port_range() { kernel ip_local_port_range -v ip4_tcp; }
kernel__tcp_port_share() { kernel tcp_port_share -v ipv4; }
kernel__tcp_inq() { kernel tcp_inq -4; }
kernel__sk_so_peek_off() { kernel sk_so_peek_off; }
kernel__so_incoming_cpu() { kernel so_incoming_cpu; }
kernel__tcp_fastopen_backup_key() { kernel tcp_fastopen_backup_key -s; }
kernel__reuseport_bpf() { kernel reuseport_bpf; }
kernel__reuseport_bpf_cpu() { kernel reuseport_bpf_cpu; }
kernel__reuseport_bpf_numa() { kernel reuseport_bpf_numa; }
kernel__reuseport_addr_any() { kernel reuseport_addr_any; }
kernel__stress_reuseport_listen() { kernel stress_reuseport_listen 30 30; }
kernel__reuseaddr_conflict() { kernel reuseaddr_conflict; }
kernel__reuseaddr_ports_exhausted() {
	RANGE="32768 32768" AUTOBIND=1 kernel reuseaddr_ports_exhausted
}
kernel__sk_connect_zero_addr() { kernel sk_connect_zero_addr; }
kernel__sk_bind_sendto_listen() { kernel sk_bind_sendto_listen; }
kernel__bind_bhash() {
	ulimit -n 4096
	kernel bind_bhash 443 ipv4 10.8.8.8
}
# What shares a port holds it with a socket of IPv6, which is the kernel's, in the
# other variants.
kernel__bind_wildcard() { kernel bind_wildcard -v v4_any_v4_local -v v4_local_v4_any; }
kernel__bind_wildcard_plain() { kernel bind_wildcard -t plain; }
kernel__socket() { kernel socket; }
kernel__so_netns_cookie() { kernel so_netns_cookie; }

# SYNs and RSTs cross.
kernel__connect_close() { kernel connect_close -t 1; }
# It never ends: "timeout" says 124.
kernel__fin_ack_lat() { kernel sh -c 'timeout 1 fin_ack_lat || [ $? = 124 ]'; }
kernel__nettest() { PEER="nettest -s" PORT=12345 kernel nettest -r 127.0.0.1; }

sink="socat -u TCP4-LISTEN:8000 /dev/null"
kernel__msg_zerocopy() {
	PEER=$sink PORT=8000 kernel msg_zerocopy -4 -t 0 -C 0 -z -Z 0 -D 127.0.0.1 tcp
}
kernel__msg_zerocopy_receives() {
	PEER="msg_zerocopy -4 -t 0 -C 0 -D 127.0.0.1 -r tcp" PORT=8000 \
		kernel sh -c 'socat -u /dev/zero TCP4:127.0.0.1:8000 || :'
}
kernel__io_uring_zerocopy_tx() {
	PEER=$sink PORT=8000 kernel io_uring_zerocopy_tx -4 -t 1 -n 4 -m 3 -D 127.0.0.1 tcp
}
kernel__udpgso_bench() {
	PEER="udpgso_bench_rx -4 -t" PORT=8000 kernel udpgso_bench_tx -4 -t -l 1 -D 127.0.0.1
}
# With -z for the receiver, too, where there is TCP_ZEROCOPY_RECEIVE.
kernel__tcp_mmap() {
	local zerocopy=-z
	case $(uname -r) in 6.[012].*) zerocopy='' ;; esac
	PEER="stdbuf -oL tcp_mmap -4 -s -i $zerocopy" PORT=8787 UNTIL="^SHA256 is correct" \
		kernel tcp_mmap -4 -i -z -H 127.0.0.1
}

kernel__rxtimestamp() { kernel rxtimestamp; }
# There has to be time between a timestamp of a segment's leaving and one of its
# acknowledgement. How much there is depends on the machine.
late() { tc -n "$1" qdisc add dev lo root netem delay 10ms; }
kernel__txtimestamp() {
	PREPARE=late KSFT_MACHINE_SLOW=1 kernel txtimestamp -F -S 50000 -4 -L 127.0.0.1
}
kernel__txtimestamp_cmsg() {
	PREPARE=late KSFT_MACHINE_SLOW=1 kernel txtimestamp -F -S 50000 -C -n -4 -L 127.0.0.1
}

# busy_poll TCP NS ADDRESS OTHER-NS: who polls the cable gets what came through it.
busy_poll() {
	local poller
	# a veth device has NAPI while GRO is on
	ip netns exec "$2" ethtool -K eth0 gro on
	# shellcheck disable=SC2046
	timeout $LIMIT ip netns exec "$2" $(tcp_of "$1") "$KERNEL_TESTS/busy_poller" \
		-p 8000 -b "$3" -m 8 -u 0 -P 1 -g 16 -o "$WORK/polled" \
		-i "$(ip netns exec "$2" cat /sys/class/net/eth0/ifindex)" -s 0 -t 0 &
	poller=$!
	wait_for busy_poller listens "$2" "$1" 8000
	ip netns exec "$4" socat -u "$WORK/file" "TCP4:$3:8000"
	wait $poller
	cmp "$WORK/file" "$WORK/polled"
	rm "$WORK/polled"
}

kernel__busy_poller() {
	[ -x "$KERNEL_TESTS/busy_poller" ] ||
		{ echo "no busy_poller: Debian's python3-yaml is needed"; return $KSFT_SKIP; }
	fresh_net
	pattern_file "$WORK/file" 1
	busy_poll inet "$C" $CLIENT_IP "$S"
	busy_poll xtcp "$S" $SERVER_IP "$C"
}

plan kernel__bind_timewait kernel__ip_local_port_range kernel__tcp_port_share \
	kernel__tcp_inq kernel__sk_so_peek_off kernel__so_incoming_cpu \
	kernel__tcp_fastopen_backup_key kernel__reuseport_bpf kernel__reuseport_bpf_cpu \
	kernel__reuseport_bpf_numa kernel__reuseport_addr_any \
	kernel__stress_reuseport_listen kernel__reuseaddr_conflict \
	kernel__reuseaddr_ports_exhausted kernel__sk_connect_zero_addr \
	kernel__sk_bind_sendto_listen kernel__bind_bhash kernel__bind_wildcard \
	kernel__bind_wildcard_plain kernel__socket kernel__so_netns_cookie \
	kernel__connect_close kernel__fin_ack_lat kernel__nettest kernel__msg_zerocopy \
	kernel__msg_zerocopy_receives kernel__io_uring_zerocopy_tx kernel__udpgso_bench \
	kernel__tcp_mmap kernel__rxtimestamp kernel__txtimestamp kernel__txtimestamp_cmsg \
	kernel__busy_poller \
	python__socket python__socketserver python__asyncore python__http_server \
	python__asyncio_sockets python__asyncio_streams python__asyncio_server \
	python__asyncio_sendfile python__asyncio_events python__ftplib \
	python__socket_ipv6 python__asyncore_ipv6 python__socketserver_ipv6
