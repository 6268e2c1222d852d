#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Suites of other projects over the kernel's TCP and over AF_XTCP, in the guest:
# run.py [NAME...]
#
# A suite is a list of commands, each for one or some of its tests. A command runs at the
# same time over both, each time in new namespaces (network, processes, files) that nothing
# outlives. There is the loopback device, and a network where nobody answers. What became of
# each test has to be the same. What differs runs once more, alone, first over the kernel's
# TCP, then over AF_XTCP: only what differs then, too, counts.
#
# XTCP_OUT/table.tsv: suite, numbers, and what differs. XTCP_OUT/NAME/: what the commands
# that differ said; XTCP_OUT/NAME.failed: what those said that fail over both.
#
# run.py --sources [NAME...] prints names and the source packages that they need.

import concurrent.futures, glob, os, re, shutil, subprocess, sys, time

HERE = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
SUITES = os.environ.get("XTCP_SUITES")
OUT = os.environ.get("XTCP_OUT")
WORK = "/run/xtcp-suites"
SLOW = 1 if os.environ.get("XTCP_KERNEL") == "uml" else 4

# Arguments: where the results go, the suite's directory, seconds, command. In new namespaces.
INSIDE = r"""
set -e
out=$1 dir=$2 limit=$3
shift 3
mount -t overlay -o "lowerdir=$dir,upperdir=$out/upper,workdir=$out/work" overlay "$dir"
mount -t tmpfs tmpfs /tmp
ip -batch - <<END
link set lo up
link add eth0 type dummy
link set eth0 up
addr add 192.0.2.1/24 dev eth0
addr add 2001:db8::1/64 dev eth0 nodad
route add default via 192.0.2.254
route add default via 2001:db8::fe
END
cd "$dir"
export HOME=/tmp
rc=0
timeout -k 5 "$limit" "$@" >"$out/said" 2>&1 </dev/null || rc=$?
echo $rc >"$out/status"
ours=$(</proc/net/xtcp_netstat)
echo "$ours" >"$out/ours"
theirs=$(</proc/net/snmp)
echo "Tcp:${theirs#*$'\n'Tcp:}" >"$out/theirs"
"""

def opened(path):
    """connections that a TCP opened, both ways"""
    with open(path) as f:
        names, values = [line.split() for line in f][:2]
    table = dict(zip(names, values))
    return int(table["ActiveOpens"]) + int(table["PassiveOpens"])

class Result:
    def __init__(self, suite, tcp, nr, item):
        out = f"{WORK}/{tcp}.{nr}"
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(f"{out}/upper")
        os.mkdir(f"{out}/work")
        through = [f"{WORK}/xtcprun", "-q"] if tcp == "xtcp" else []
        subprocess.run(["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc",
                        "bash", "-c", INSIDE, "inside", out, f"{SUITES}/source/{suite.package}",
                        str(suite.limit * SLOW)] + through + item.command,
                       check=True, env=os.environ | suite.env)
        with open(f"{out}/said", errors="replace") as f:
            self.said = f.read()
        with open(f"{out}/status") as f:
            self.status = int(f.read())
        self.ours, self.theirs = opened(f"{out}/ours"), opened(f"{out}/theirs")
        self.outcome = suite.outcome(item, self)
        shutil.rmtree(out)

class Item:
    """some tests: a name, and the command that runs them"""
    def __init__(self, name, *command):
        self.name = name
        self.command = list(command)

class Suite:
    name = package = ""
    limit = 60          # seconds for a command
    env = {}

    def outcome(self, item, result):
        """test -> pass, fail or skip"""
        return {item.name: "pass" if result.status == 0 else "fail"}

    @property
    def directory(self):
        return f"{SUITES}/source/{self.package}"

    def lines(self, *command):
        return subprocess.run(command, cwd=self.directory, check=True, text=True,
                              stdout=subprocess.PIPE, env=os.environ | self.env).stdout.splitlines()

class Libuv(Suite):
    name, package = "libuv", "libuv1"
    env = {"UV_RUN_AS_ROOT": "1"}
    # what is about TCP, and what may be: streams, polling, handles that are passed on
    wanted = re.compile("tcp|connect|listen|accept|poll|shutdown|ping_pong|ipc|getsockname|stack|"
                        "close|handle|stream|eof|write|read_|socket|fork|active|emfile|walk|embed")
    unwanted = re.compile("^(fs_|udp|tty|process_|spawn_|threadpool|thread_|homedir|pipe_getsock)")

    def items(self):
        for line in self.lines("b/uv_run_tests_a", "--list"):
            if self.wanted.search(line) and not self.unwanted.search(line):
                yield Item(line, "b/uv_run_tests_a", line)

    def outcome(self, item, result):
        what = "pass" if result.status == 0 else "fail"
        if re.search("^ok .*# SKIP", result.said, re.M | re.I):
            what = "skip"
        return {item.name: what}

class Libevent(Suite):
    name = package = "libevent"
    limit = 300
    groups = ("bufferevent", "listener", "http", "ssl", "rpc", "et", "thread",
              "dns/bufferevent_connect_hostname")

    def items(self):
        groups = {}
        for line in self.lines("b/bin/regress", "--list-tests"):
            test = line.split()[0]
            group = test.split("/")[0]
            if group in self.groups or test.startswith(self.groups):
                groups.setdefault(group, []).append(test)
        for group, tests in groups.items():
            for i in range(0, len(tests), 20):
                yield Item(f"{group} {i}", "b/bin/regress", *tests[i:i + 20])

    def outcome(self, item, result):
        found = {test: "absent" for test in item.command[1:]}
        parts = re.split(r"^([a-z_]+/\S+): ", result.said, flags=re.M)
        for test, said in zip(parts[1::2], parts[2::2]):
            found[test] = "fail" if "FAILED]" in said else "skip" if "SKIPPED" in said else \
                "pass" if "OK" in said else "fail"
        return found

class Perl(Suite):
    name = package = "perl"
    wanted = ("dist/IO/t/io_sock*.t", "dist/IO/t/io_multihomed.t", "dist/IO/t/io_sel.t",
              "dist/IO/t/io_poll.t", "dist/IO/t/cachepropagate-tcp.t", "cpan/IO-Socket-IP/t/*.t",
              "cpan/Socket/t/*.t", "cpan/libnet/t/*.t")

    def items(self):
        for pattern in self.wanted:
            for path in sorted(glob.glob(f"{self.directory}/{pattern}")):
                name = os.path.relpath(path, self.directory)
                where, test = name.split("/t/")
                yield Item(name, "env", "-C", where, "perl", f"t/{test}")

    def outcome(self, item, result):
        found = {item.name: "pass" if result.status == 0 else "fail"}
        for no, number, skip in re.findall(r"^(not )?ok (\d+)(?:.*(# skip))?", result.said,
                                           re.M | re.I):
            found[f"{item.name} {number}"] = "skip" if skip else "fail" if no else "pass"
        if len(found) == 1 and re.search("^1..0", result.said, re.M):
            found[item.name] = "skip"
        return found

class Ruby(Suite):
    name, package = "ruby", "ruby3.1"
    limit = 180
    wanted = ("test/socket/test_*.rb", "test/net/*/test_*.rb", "test/openssl/test_ssl*.rb",
              "test/drb/test_*.rb", "test/open-uri/test_*.rb", "test/io/nonblock/test_*.rb",
              "test/io/wait/test_*.rb", "test/fiber/test_io.rb", "test/fiber/test_address*.rb")

    def items(self):
        for pattern in self.wanted:
            for path in sorted(glob.glob(f"{self.directory}/{pattern}")):
                name = os.path.relpath(path, self.directory)
                yield Item(name, "ruby", "test/runner.rb", "-v", "--seed=1", name)

    def outcome(self, item, result):
        found = {test: "pass" for test in
                 re.findall(r"^\[ *\d+/\d+\] (\w[\w:]*#\S+) = ", result.said, re.M)}
        words = {"Skipped": "skip"}
        why = re.compile(r"^ +\d+\) (Failure|Error|Skipped|Timeout):\n(\w[\w:]*#[^\s:\[]+)", re.M)
        for what, test in why.findall(result.said):
            found[test] = words.get(what, "fail")
        return {f"{item.name} {test}": what for test, what in found.items()} or \
            {item.name: "pass" if result.status == 0 else "fail"}

class Node(Suite):
    package = "nodejs"
    limit = 120

    def __init__(self, part):
        self.name = f"node-{part}"
        self.part = part

    def items(self):
        for path in sorted(glob.glob(f"{self.directory}/test/parallel/test-{self.part}-*.js")):
            with open(path) as f:
                flags = re.findall("^// Flags: (.*)", f.read(), re.M)
            yield Item(os.path.basename(path), "node", *" ".join(flags).split(),
                       os.path.relpath(path, self.directory))

    def outcome(self, item, result):
        what = "pass" if result.status == 0 else "fail"
        if re.search("^1..0 # Skipped", result.said, re.M):
            what = "skip"
        return {item.name: what}

class Curl(Suite):
    package = "curl"
    limit = 300

    def __init__(self, server):
        self.name = f"curl-{server}"
        self.server = server

    def tests(self):
        """numbers of those that talk to this server, and need no program of their own"""
        for path in glob.glob(f"{self.directory}/tests/data/test*[0-9]"):
            with open(path, errors="replace") as f:
                text = f.read()
            found = re.search("<server>(.*?)</server>", text, re.S)
            if found and found[1].split() == [self.server] and "<tool>" not in text and \
               int(path.rpartition("test")[2]) < 1000:
                yield int(path.rpartition("test")[2])

    def items(self):
        numbers = sorted(self.tests())
        for i in range(0, len(numbers), 20):
            some = [str(n) for n in numbers[i:i + 20]]
            yield Item(f"from {some[0]}", "env", "-C", "tests", "perl", "-I.", "runtests.pl", "-c",
                       "/usr/bin/curl", "-vc", "/usr/bin/curl", "-a", "-am", "-n", *some)

    def outcome(self, item, result):
        words = {"PASS": "pass", "SKIP": "skip", "FAIL": "fail", "IGNORED": "fail"}
        return {number: words[what] for what, number in
                re.findall(r"^(PASS|SKIP|FAIL|IGNORED): (\d+)", result.said, re.M)} or \
            {item.name: "fail"}

class Openssl(Perl):
    """recipes that put a proxy between s_client and s_server, and those of HTTP"""
    name = package = "openssl"
    limit = 180
    wanted = re.compile("70-test_(ssl|tls|clienthello|servername|key_share|renegotiation|"
                        "recordlen|wpacket|comp|npn|verify_extra|sslmessages)|79-test_http|"
                        "80-test_(cmp_http|ocsp|sslcorrupt)")

    def items(self):
        for path in sorted(glob.glob(f"{self.directory}/test/recipes/*.t")):
            test = os.path.basename(path)
            if self.wanted.match(test):
                yield Item(test, "env", "SRCTOP=.", "BLDTOP=.", "VERBOSE=1", "EXE_EXT=",
                           "PERL=perl", "perl", "test/run_tests.pl", test[3:-2])

ALL = [Libuv(), Libevent(), Perl(), Ruby(), Node("net"), Node("http"), Node("tls"),
       Curl("http"), Curl("ftp"), Openssl()]

def both(suite, nr, item):
    """at the same time"""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda tcp: Result(suite, tcp, nr, item), ("inet", "xtcp")))

def alone(suite, item):
    return [Result(suite, tcp, "alone", item) for tcp in ("inet", "xtcp")]

def differing(inet, xtcp):
    tests = sorted(inet.outcome.keys() | xtcp.outcome.keys())
    return [(t, inet.outcome.get(t, "absent"), xtcp.outcome.get(t, "absent")) for t in tests
            if inet.outcome.get(t) != xtcp.outcome.get(t)]

def keep(suite, item, results):
    os.makedirs(f"{OUT}/{suite.name}", exist_ok=True)
    for tcp, result in zip(("inet", "xtcp"), results):
        with open(f"{OUT}/{suite.name}/{item.name.replace('/', '_')}.{tcp}", "a") as f:
            f.write(f"$ {' '.join(item.command)}\n{result.said}\nstatus {result.status}\n")

def run(suite):
    count = {"pass": 0, "fail": 0, "skip": 0}
    differ, flaky, ours, theirs = [], [], 0, 0
    for item in suite.items():
        with open(f"{OUT}/running", "w") as f:
            f.write(f"{suite.name}: {item.name}; so far {count}, {len(differ)} differ\n")
        results = both(suite, 0, item)
        if differing(*results):
            keep(suite, item, results)
            print(f"{suite.name}: {item.name}: differs, once more alone: {differing(*results)[:5]}",
                  flush=True)
            flaky.append(item.name)
            results = alone(suite, item)
            keep(suite, item, results)
        inet, xtcp = results
        if inet.ours:
            raise SystemExit(f"{suite.name}: {item.name}: AF_XTCP where none should be")
        different = differing(inet, xtcp)
        if different:
            flaky.pop()
            differ += different
            for test, a, b in different:
                print(f"{suite.name}: {test}: {a} over AF_INET, {b} over AF_XTCP", flush=True)
        if "fail" in xtcp.outcome.values():
            with open(f"{OUT}/{suite.name}.failed", "a") as f:
                failed = [t for t, what in xtcp.outcome.items() if what == "fail"]
                f.write(f"---- {' '.join(failed)}\n{xtcp.said[-4000:]}\n")
        for what in xtcp.outcome.values():
            count[what] = count.get(what, 0) + 1
        ours += xtcp.ours
        theirs += xtcp.theirs
    if not ours or not count["pass"]:
        differ.append(("nothing passes over AF_XTCP", "", ""))
    numbers = f"{count['pass']} pass, {count['fail']} fail, {count['skip']} skip"
    print(f"{suite.name}: {numbers}; {len(differ)} differ; once more: {' '.join(flaky) or 'none'}; "
          f"connections: {ours} of AF_XTCP, {theirs} of the kernel's TCP", flush=True)
    return numbers, differ, flaky

def prepare():
    os.makedirs(WORK)
    for name in "xtcprun", "libxtcprun.so":
        shutil.copy(f"{TREE}/tools/{name}", WORK)
    # nobody answers questions about names
    with open("/etc/resolv.conf", "w") as f:
        f.write("nameserver 127.0.0.1\n")
    subprocess.run(["mount", "-t", "overlay", "-o", f"lowerdir={SUITES}/root/usr:/usr", "overlay",
                    "/usr"], check=True)
    if not os.path.isdir("/sys/module/xtcp"):
        subprocess.run(["insmod", os.environ["XTCP_KO"]], check=True)

def main(names):
    suites = [s for name in names or [s.name for s in ALL] for s in ALL if s.name == name]
    if unknown := set(names) - {s.name for s in ALL}:
        raise SystemExit(f"no such suite: {' '.join(unknown)}")
    if sys.argv[1:2] == ["--sources"]:
        for suite in suites:
            print(suite.name, suite.package)
        return 0
    prepare()
    failed = False
    with open(f"{OUT}/table.tsv", "w") as table:
        for suite in suites:
            began = time.monotonic()
            numbers, differ, flaky = run(suite)
            failed |= bool(differ)
            print(f"{suite.name}: {time.monotonic() - began:.0f} s", flush=True)
            what = ", ".join(t for t, _, _ in differ)
            table.write("\t".join((suite.name, numbers, what, " ".join(flaky))) + "\n")
            table.flush()
    return failed

if __name__ == "__main__":
    sys.exit(main(sys.argv[2 if sys.argv[1:2] == ["--sources"] else 1:]))
