#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Test suites that programs bring along: CPython's for its socket module and for
# what is built on it. Each runs over the kernel's TCP and, by means of xtcprun,
# over AF_XTCP at the same time, each time in a namespace of its own. What
# becomes of each of its tests has to be the same.

set -eu
. "$(dirname "$(readlink -f "$0")")/lib/net.sh"
need ip python3
# Minutes of Python on an emulated processor would say nothing new.
[ "${XTCP_KERNEL-uml}" = uml ] || tap_skip_all "runs in user-mode Linux"

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

plan python__socket python__socketserver python__asyncore python__http_server \
	python__asyncio_sockets python__asyncio_streams python__asyncio_server \
	python__asyncio_sendfile
