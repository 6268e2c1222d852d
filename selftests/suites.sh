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
. "$(dirname "$(readlink -f "$0")")/lib/net.sh"
need ip python3
# Minutes of Python on an emulated processor would say nothing new.
[ "${XTCP_KERNEL-uml}" = uml ] || tap_skip_all "runs in user-mode Linux"
KERNEL_TESTS=${XTCP_TESTS-$HERE}/kernel

# Arguments: a module, and which of its tests. Prints a line for each of them.
cat >"$WORK/run.py" <<'END_OF_PYTHON'
import fnmatch, sys, unittest
from test import support

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
	in_client python3 "$WORK/run.py" "$@" >"$WORK/inet.out" 2>"$WORK/inet.err" &
	native=$!
	cd "$WORK/xtcp"
	in_server "$XTCPRUN" python3 "$WORK/run.py" "$@" >"$WORK/xtcp.out" 2>"$WORK/xtcp.err"
	wait $native
	cd /
	rm -rf "$WORK/inet" "$WORK/xtcp"
	cat "$WORK/xtcp.err"
	grep -c '^ok ' "$WORK/xtcp.out"
	diff "$WORK/inet.out" "$WORK/xtcp.out"
	[ "$(counter "$S" PassiveOpens)" -gt 0 ]
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

# outcome FILE: what each test of a program came to; what it printed besides may
# be about times and ports.
outcome() {
	grep -E '^(not )?ok |^status ' "$1"
}

# run_kernel TCP NS PROGRAM [ARGUMENT...]: leaves its output in $WORK/TCP.out.
run_kernel() {
	local tcp=$1 ns=$2 rc=0
	shift 2
	ip netns exec "$ns" sysctl -qw net.ipv4.ip_local_port_range="${RANGE-40000 49999}" \
		net.ipv4.ip_autobind_reuse="${AUTOBIND-0}" net.ipv6.conf.all.disable_ipv6=0
	# shellcheck disable=SC2046 # a command, or nothing
	ip netns exec "$ns" $(tcp_of "$tcp") "$KERNEL_TESTS/$1" "${@:2}" \
		>"$WORK/$tcp.out" 2>&1 </dev/null || rc=$?
	echo "status $rc" >>"$WORK/$tcp.out"
}

# kernel PROGRAM [ARGUMENT...]
kernel() {
	[ -x "$KERNEL_TESTS/$1" ] ||
		{ echo "no $1: the source of the rig's kernel has it"; return $KSFT_SKIP; }
	fresh_net
	run_kernel inet "$C" "$@" &
	run_kernel xtcp "$S" "$@"
	wait $!
	cat "$WORK/xtcp.out"
	outcome "$WORK/inet.out" >"$WORK/inet.outcome"
	outcome "$WORK/xtcp.out" >"$WORK/xtcp.outcome"
	diff "$WORK/inet.outcome" "$WORK/xtcp.outcome"
	# a program that fails over both shows nothing
	grep -qx "status 0" "$WORK/xtcp.outcome"
}

# What mixes IPv4 and IPv6 has to wait for the latter.
kernel__bind_timewait() { kernel bind_timewait; }
kernel__ip_local_port_range() { kernel ip_local_port_range -v ip4_tcp; }
kernel__tcp_port_share() { kernel tcp_port_share -v ipv4; }
kernel__tcp_inq() { kernel tcp_inq -4; }
kernel__sk_so_peek_off() { kernel sk_so_peek_off; }
kernel__so_incoming_cpu() { kernel so_incoming_cpu; }
kernel__tcp_fastopen_backup_key() { kernel tcp_fastopen_backup_key -s; }
kernel__reuseport_bpf_cpu() { kernel reuseport_bpf_cpu; }
kernel__reuseaddr_conflict() { kernel reuseaddr_conflict; }
kernel__reuseaddr_ports_exhausted() {
	RANGE="32768 32768" AUTOBIND=1 kernel reuseaddr_ports_exhausted
}
kernel__sk_connect_zero_addr() { kernel sk_connect_zero_addr; }
kernel__rxtimestamp() { kernel rxtimestamp; }

plan kernel__bind_timewait kernel__ip_local_port_range kernel__tcp_port_share \
	kernel__tcp_inq kernel__sk_so_peek_off kernel__so_incoming_cpu \
	kernel__tcp_fastopen_backup_key kernel__reuseport_bpf_cpu \
	kernel__reuseaddr_conflict kernel__reuseaddr_ports_exhausted \
	kernel__sk_connect_zero_addr kernel__rxtimestamp \
	python__socket python__socketserver python__asyncore python__http_server \
	python__asyncio_sockets python__asyncio_streams python__asyncio_server \
	python__asyncio_sendfile
