#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
#
# Which programs work over AF_XTCP, in the guest: run.py [NAME...]
#
# Two network namespaces and a cable with a delay, so that a connection lasts.
#
#	client 198.51.100.1, 2001:db8::1 ---- 198.51.100.2, 2001:db8::2 server
#
# A server sends a file to a client, which has to come out as it is. One of the two is
# run by "xtcprun --strict" against the kernel's TCP, then both. IPv4 and IPv6: the
# server listens there and nowhere else. Dual: it listens on both, in one socket where
# it can, and is asked over each; a client is told a name that has both addresses.
#
# That it was AF_XTCP is seen in two ways: an established connection of that port in
# /proc/net/xtcp or xtcp6, and in the namespace of who is on AF_XTCP no connection
# of the kernel's TCP has been opened, neither actively nor passively.
#
# XTCP_OUT/table.tsv: program, role, family, "pass" or the reason.

import glob, json, os, random, re, shutil, signal, subprocess, sys, threading, time

HERE = os.path.dirname(os.path.realpath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BUILT = f"{TREE}/build/programs"
WORK = "/tmp/xtcp-programs"
OUT = os.environ.get("XTCP_OUT")
XTCPRUN = f"{WORK}/xtcprun"
FAMILIES = "IPv4", "IPv6", "dual"
SERVER = {"IPv4": "198.51.100.2", "IPv6": "2001:db8::2"}
CLIENT = {"IPv4": "198.51.100.1", "IPv6": "2001:db8::1"}
PATIENCE = 60 if os.environ.get("XTCP_KERNEL") == "uml" else 240
PG = (sorted(glob.glob("/usr/lib/postgresql/*/bin")) or [""])[-1]
NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
DATA = random.Random(4711).randbytes(400000)
WWW = f"{WORK}/www"

os.environ["PATH"] += ":/usr/local/sbin:/usr/sbin:/sbin:" + PG
os.environ["HOME"] = WORK

class Failed(Exception):
    pass

class Absent(Failed):
    """It is not there: no fault of what it would run on."""
    def __str__(self):
        return f"n/a: {super().__str__()}"

def sh(*command, **more):
    return subprocess.run(command, check=True, **more)

def write(name, text):
    path = f"{WORK}/{name}"
    with open(path, "w") as f:
        f.write(text)
    return path

# ---- namespaces and what is seen in them ----

class Namespace:
    def __init__(self, name):
        self.name = name
        sh("ip", "netns", "add", name)
        self.holder = subprocess.Popen(["ip", "netns", "exec", name, "sleep", "infinity"])
        self.proc = f"/proc/{self.holder.pid}/net"
        own = os.stat("/proc/self/ns/net").st_ino
        while os.stat(f"/proc/{self.holder.pid}/ns/net").st_ino == own:
            time.sleep(.01)
        self.seen = set()
        self.looking = None

    def text(self, name):
        with open(f"{self.proc}/{name}") as f:
            return f.read()

    def rows(self, file):
        """(local port, remote port, state) of each socket"""
        for line in self.text(file).splitlines()[1:]:
            words = line.split()
            yield (int(words[1].split(":")[1], 16), int(words[2].split(":")[1], 16), words[3])

    def counters(self):
        """connections opened, actively and passively: by AF_XTCP, by the kernel's TCP"""
        found = []
        for file, row in ("xtcp_netstat", None), ("snmp", "Tcp:"):
            lines = [l.split() for l in self.text(file).splitlines()]
            names, values = [l for l in lines if not row or l[0] == row][:2]
            table = dict(zip(names, values))
            found.append((int(table["ActiveOpens"]), int(table["PassiveOpens"])))
        return found

    def look(self):
        while self.looking:
            for file in "xtcp", "xtcp6":
                for local, remote, state in self.rows(file):
                    if state == "01":
                        self.seen |= {local, remote}
            time.sleep(.02)

    def __enter__(self):
        """what is opened from here on"""
        self.before = self.counters()
        self.seen = set()
        self.looking = threading.Thread(target=self.look)
        self.looking.start()
        return self

    def __exit__(self, *_):
        thread, self.looking = self.looking, None
        thread.join()

    def judge(self, tcp, who, port, shared=False):
        """who: 0 opens actively, 1 is opened; shared: there is a server of the kernel's TCP, too"""
        after = self.counters()
        ours, theirs = ([a - b for a, b in zip(now, then)]
                        for now, then in zip(after, self.before))
        if tcp == "inet":
            if sum(ours):
                raise Failed(f"{sum(ours)} connections of AF_XTCP where none should be")
            return
        if not ours[who]:
            raise Failed("no connection of AF_XTCP was opened")
        if theirs[0] or theirs[1] and not shared:
            raise Failed(f"{sum(theirs)} connections of the kernel's TCP were opened")
        if port not in self.seen:
            raise Failed("the connection was not seen in /proc/net/xtcp or xtcp6")

def make_net():
    global C, S
    C, S = Namespace("client"), Namespace("server")
    sh("ip", "-n", "client", "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
       "netns", "server")
    for ns, ip in (C, CLIENT), (S, SERVER):
        sh("ip", "-n", ns.name, "link", "set", "lo", "up")
        sh("ip", "-n", ns.name, "addr", "add", f"{ip['IPv4']}/24", "dev", "eth0")
        sh("ip", "-n", ns.name, "addr", "add", f"{ip['IPv6']}/64", "dev", "eth0", "nodad")
        sh("ip", "-n", ns.name, "link", "set", "eth0", "up")
        sh("tc", "-n", ns.name, "qdisc", "add", "dev", "eth0", "root", "netem", "delay", "40ms")
        os.makedirs(f"/etc/netns/{ns.name}", exist_ok=True)
        with open(f"/etc/netns/{ns.name}/hosts", "w") as f:
            f.write("127.0.0.1 localhost\n::1 localhost\n")
            for name, addresses in ("server", SERVER), ("client", CLIENT):
                f.writelines(f"{a} {name}\n" for a in addresses.values())

# ---- processes ----

running = []

def through(ns, tcp, command):
    command = [str(word) for word in command]
    if tcp == "xtcp":
        at = len(NOBODY) if command[:len(NOBODY)] == NOBODY else 0
        # sshd gives the shells that it starts a new environment, without the library
        strict = [] if command[0] == "/usr/sbin/sshd" else ["--strict"]
        command[at:at] = [XTCPRUN] + strict
    return ["ip", "netns", "exec", ns.name] + command

def start(ns, tcp, command, port, log="server.log", input=None):
    """a program that listens"""
    with open(f"{WORK}/{log}", "wb") as f, open(input or "/dev/null", "rb") as i:
        process = subprocess.Popen(through(ns, tcp, command), stdin=i, stdout=f, stderr=f,
                                   start_new_session=True, cwd=WORK)
    running.append(process)
    try:
        wait_for_listener(ns, tcp, port, process, log)
    except Failed:
        stop(process)
        raise
    return process

def wait_for_listener(ns, tcp, port, process, log):
    all = {"xtcp", "xtcp6", "tcp", "tcp6"}
    right = {"xtcp", "xtcp6"} if tcp == "xtcp" else {"tcp", "tcp6"}
    end = time.monotonic() + PATIENCE
    while True:
        there = {file for file in all for p, _, state in ns.rows(file) if p == port and state == "0A"}
        if there - right:
            raise Failed(f"it listens in /proc/net/{min(there - right)}")
        if there:
            return
        if process.poll() == 127:
            raise Absent("it is not installed")
        if process.poll() is not None or time.monotonic() > end:
            raise Failed(f"it does not listen: {last_words(log)}")
        time.sleep(.02)

def last_words(log):
    with open(f"{WORK}/{log}", errors="replace") as f:
        lines = [l.strip() for l in f if l.strip() and not l.startswith("xtcprun:")]
    return lines[-1][:160] if lines else "it said nothing"

def stop(process):
    if process in running:
        running.remove(process)
    for sig in signal.SIGTERM, signal.SIGKILL:
        try:
            os.killpg(process.pid, sig)
        except ProcessLookupError:
            pass
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
        break
    # what it left of its group
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass

def ask(tcp, command, input=b"", wanted=DATA):
    """a client; its standard output has to be the file"""
    try:
        done = subprocess.run(through(C, tcp, command), input=input, capture_output=True,
                              timeout=PATIENCE, cwd=WORK)
    except subprocess.TimeoutExpired:
        raise Failed(f"{command[0]} did not end")
    if done.returncode == 127:
        raise Absent(f"{command[0]} is not installed")
    if wanted is not None and done.stdout != wanted:
        said = [l for l in done.stderr.decode(errors="replace").splitlines()
                if l.strip() and not l.startswith("xtcprun:")] or ["it said nothing"]
        raise Failed(f"{os.path.basename(str(command[0]))}: {len(done.stdout)} other bytes, "
                     f"status {done.returncode}: {said[-1][:160]}")
    return done

# ---- servers: name -> command for a port and an address (None: all of both families) ----

def v6(address):
    return ":" in address

def at(address, port):
    return f"[{address}]:{port}" if v6(address) else f"{address}:{port}"

def wildcard(family):
    return {"IPv4": "0.0.0.0", "IPv6": SERVER["IPv6"], "dual": "::"}[family]

def nginx(family, port):
    options = {"dual": "ipv6only=off", "IPv6": "ipv6only=on", "IPv4": ""}[family]
    where = wildcard(family)
    return ["nginx", "-c", write("nginx.conf", f"""
        daemon off; user root; worker_processes 2;
        pid {WORK}/nginx.pid; error_log {WORK}/nginx.log;
        events {{ }}
        http {{
            access_log off;
            client_body_temp_path {WORK}/n1; proxy_temp_path {WORK}/n2;
            fastcgi_temp_path {WORK}/n3; uwsgi_temp_path {WORK}/n4; scgi_temp_path {WORK}/n5;
            ssl_certificate {WORK}/cert; ssl_certificate_key {WORK}/key;
            root {WWW};
            server {{ listen {at(where, port)} {options}; }}
            server {{ listen {at(where, port + 1)} ssl http2 {options}; }}
        }}""")]

def apache2(family, port):
    modules = "/usr/lib/apache2/modules"
    listen = port if family == "dual" else at(wildcard(family), port)
    return ["apache2", "-X", "-f", write("apache.conf", f"""
        ServerRoot {WORK}
        ServerName localhost
        PidFile {WORK}/apache.pid
        ErrorLog {WORK}/apache.log
        LoadModule mpm_event_module {modules}/mod_mpm_event.so
        LoadModule authz_core_module {modules}/mod_authz_core.so
        Listen {listen}
        DocumentRoot {WWW}
        """)]

def redis(family, port):
    bind = ["0.0.0.0", "::"] if family == "dual" else [wildcard(family)]
    return ["redis-server", "--port", port, "--save", "", "--protected-mode", "no", "--bind"] + bind

def memcached(family, port):
    listen = [] if family == "dual" else ["-l", wildcard(family)]
    return ["memcached", "-u", "root", "-U", "0", "-p", port] + listen

def postgres(family, port):
    data = f"{WORK}/pg"
    if not os.path.exists(data):
        os.mkdir(data)
        os.chown(data, 65534, 65534)
        sh(*NOBODY, f"{PG}/initdb", "-D", data, "-A", "trust", "--no-sync", "--no-instructions",
           "-U", "postgres", stdout=subprocess.DEVNULL)
        with open(f"{data}/pg_hba.conf", "a") as f:
            f.write("host all all all trust\n")
    where = "*" if family == "dual" else wildcard(family)
    return NOBODY + [f"{PG}/postgres", "-D", data, "-p", port, "-c", f"listen_addresses={where}",
                     "-c", "unix_socket_directories=", "-c", "fsync=off"]

def mariadb(family, port):
    data = f"{WORK}/maria"
    if not os.path.exists(data):
        sh("mariadb-install-db", "--no-defaults", f"--datadir={data}", "--user=root",
           "--auth-root-authentication-method=normal", "--skip-test-db", stdout=subprocess.DEVNULL,
           stderr=subprocess.DEVNULL)
        write("maria.sql", "create user if not exists x;\ngrant all on *.* to x;\n")
    where = "*" if family == "dual" else wildcard(family)
    return ["mariadbd", "--no-defaults", f"--datadir={data}", "--user=root", f"--port={port}",
            f"--bind-address={where}", f"--socket={WORK}/maria.sock", "--skip-name-resolve",
            f"--init-file={WORK}/maria.sql", "--innodb-buffer-pool-size=16M"]

def haproxy(family, port):
    listen = f"[::]:{port} v4v6" if family == "dual" else at(wildcard(family), port)
    back = at(CLIENT["IPv4" if family == "IPv4" else "IPv6"], 7000)
    return ["haproxy", "-db", "-f", write("haproxy.conf", f"""
defaults
    mode http
    timeout client 60s
    timeout server 60s
    timeout connect 60s
listen front
    bind {listen}
    server back {back}
""")]

def squid(family, port):
    listen = port if family == "dual" else at(wildcard(family), port)
    open(f"{WORK}/squid.log", "w").close()
    os.chmod(f"{WORK}/squid.log", 0o666)
    return ["squid", "-N", "-f", write("squid.conf", f"""
http_port {listen}
http_access allow all
pid_filename none
cache_log {WORK}/squid.log
access_log none
cache deny all
cache_mem 8 MB
cache_effective_user nobody
pinger_enable off
visible_hostname localhost
shutdown_lifetime 1 second
""")]

def node(family, port):
    where = "" if family == "dual" else f", '{wildcard(family)}'"
    return ["node", "-e", f"""
        const fs = require('fs');
        require('http').createServer((q, a) => fs.createReadStream('{WWW}' + q.url).pipe(a))
            .listen({port}{where})"""]

def java(family, port):
    where = [] if family == "dual" else [wildcard(family)]
    return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", BUILT, "Http", "serve",
            port, WWW] + where

def go(family, port):
    network = {"IPv4": "tcp4", "IPv6": "tcp6", "dual": "tcp"}[family]
    where = f":{port}" if family == "dual" else at(wildcard(family), port)
    return [f"{BUILT}/http-go", "serve", network, where, WWW]

def rust(family, port):
    return [f"{BUILT}/http-rust", "serve", at(wildcard(family), port), WWW]

def python(family, port):
    return ["/usr/bin/python3", "-m", "http.server", "--directory", WWW, "--bind",
            wildcard(family), port]

def ruby(family, port):
    where = "nil" if family == "dual" else f"'{wildcard(family)}'"
    return ["ruby", "-rwebrick", "-e", f"WEBrick::HTTPServer.new(Port: {port}, "
            f"BindAddress: {where}, DocumentRoot: '{WWW}').start"]

def php(family, port):
    return ["php", "-S", at(wildcard(family), port), "-t", WWW]

def erlang(family, port):
    inet = "inet" if family == "IPv4" else "inet6"
    where = "any" if family != "IPv6" else f'"{wildcard(family)}"'
    return ["erl", "-noinput", "-eval", f"""inets:start(), {{ok, _}} = inets:start(httpd, [
        {{port, {port}}}, {{bind_address, {where}}}, {{ipfamily, {inet}}}, {{server_name, "x"}},
        {{server_root, "{WORK}"}}, {{document_root, "{WWW}"}},
        {{modules, [mod_get, mod_head]}}])."""]

def sshd(family, port):
    where = "0.0.0.0\nListenAddress ::" if family == "dual" else wildcard(family)
    os.makedirs("/run/sshd", exist_ok=True)
    return ["/usr/sbin/sshd", "-D", "-e", "-f", write("sshd.conf", f"""
Port {port}
ListenAddress {where}
HostKey {WORK}/id
AuthorizedKeysFile {WORK}/id.pub
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
Subsystem sftp internal-sftp
""")]

def rsync(family, port):
    where = [] if family == "dual" else [f"--address={wildcard(family)}"]
    conf = write("rsyncd.conf", f"use chroot = no\nuid = root\ngid = root\n"
                 f"pid file = {WORK}/rsync.pid\nlog file = /dev/stderr\n[www]\npath = {WWW}\n")
    if os.path.exists(f"{WORK}/rsync.pid"):
        os.unlink(f"{WORK}/rsync.pid")
    return ["rsync", "--daemon", "--no-detach", f"--config={conf}", f"--port={port}"] + where

def git(family, port):
    if not os.path.exists(f"{WORK}/git"):
        who = ["-c", "user.name=x", "-c", "user.email=x@example.net"]
        sh("git", "init", "-q", f"{WORK}/git")
        shutil.copy(f"{WWW}/data", f"{WORK}/git")
        sh("git", "-C", f"{WORK}/git", "add", "data")
        sh("git", "-C", f"{WORK}/git", *who, "commit", "-q", "-m", "data")
    where = [] if family == "dual" else [f"--listen={wildcard(family)}"]
    return ["git", "daemon", "--export-all", f"--base-path={WORK}", f"--port={port}"] + where

def openssl(family, port):
    flag = {"IPv4": ["-4"], "IPv6": ["-6"], "dual": []}[family]
    return ["openssl", "s_server", "-quiet", "-HTTP", "-cert", f"{WORK}/cert", "-key", f"{WORK}/key",
            "-accept", port] + flag

def stunnel(family, port):
    back = CLIENT["IPv4" if family == "IPv4" else "IPv6"]
    where = wildcard(family)
    return ["stunnel4", write("stunnel.conf", f"""
foreground = yes
pid =
cert = {WORK}/cert
key = {WORK}/key
[front]
accept = {where}:{port}
connect = {back}:7000
""")]

def socat(family, port):
    where = {"IPv4": f"TCP4-LISTEN:{port}", "IPv6": f"TCP6-LISTEN:{port},ipv6only=1",
             "dual": f"TCP6-LISTEN:{port},ipv6only=0"}[family]
    return ["socat", "-t", "60", f"{where},fork,reuseaddr", f"SYSTEM:cat {WWW}/data"]

def nc(family, port):
    return ["nc", "-l", "-N", "-4" if family == "IPv4" else "-6", wildcard(family), port]

def iperf(family, port):
    where = [] if family == "IPv4" else ["-V"]
    return ["iperf", "-s", "-p", port, "-B", wildcard(family)] + where

def iperf3(family, port):
    where = [] if family == "dual" else ["-B", wildcard(family)]
    return ["iperf3", "-s", "-p", port] + where

# ---- clients: (tcp, address or name, port) ----

def url(host, port, scheme="http"):
    return f"{scheme}://{at(host, port)}/data"

def fetches(*command, scheme="http", plus=0):
    """a program that writes what it fetched to its standard output"""
    return lambda tcp, host, port: ask(tcp, [*command, url(host, port + plus, scheme)])

curl = fetches("curl", "-sS", "-g")
curl_tls = fetches("curl", "-sSk", "-g", scheme="https")
curl_http2 = fetches("curl", "-sSk", "-g", "--http2", "-o", "-", scheme="https", plus=1)

def curl_parallel(tcp, host, port):
    names = [f"{WORK}/part{n}" for n in range(8)]
    ask(tcp, ["curl", "-sS", "-g", "--parallel", "--parallel-immediate"] +
        [w for n in names for w in ("-o", n, url(host, port))], wanted=b"")
    for name in names:
        if open(name, "rb").read() != DATA:
            raise Failed("curl: a file is another one")
        os.unlink(name)

def aria2(tcp, host, port):
    ask(tcp, ["aria2c", "-q", "-x4", "-s4", "-k1M", "--min-split-size=1M", "--allow-overwrite",
              "-d", WORK, "-o", "aria", url(host, port)], wanted=b"")
    same_file("aria")

def same_file(name):
    with open(f"{WORK}/{name}", "rb") as f:
        if f.read() != DATA:
            raise Failed("the file is another one")
    os.unlink(f"{WORK}/{name}")

def wrk(tcp, host, port):
    script = write("wrk.lua", f"""
        local data = io.open("{WWW}/data", "rb"):read("*a")
        local threads = {{}}
        function setup(thread) table.insert(threads, thread) end
        good, bad = 0, 0
        function response(status, headers, body)
            if body == data then good = good + 1 else bad = bad + 1 end
        end
        function done()
            local g, b = 0, 0
            for _, t in ipairs(threads) do g = g + t:get("good"); b = b + t:get("bad") end
            print("same: " .. g .. " other: " .. b)
        end""")
    said = ask(tcp, ["wrk", "-t2", "-c8", "-d3s", "-s", script, url(host, port)],
               wanted=None).stdout.decode()
    found = re.search(r"same: (\d+) other: (\d+)", said)
    if not found or int(found[1]) == 0 or int(found[2]):
        raise Failed(f"wrk: {said.splitlines()[-1:]}")

def node_client(tcp, host, port):
    ask(tcp, ["node", "-e", f"require('http').get('{url(host, port)}', a => a.pipe(process.stdout))"])

java_client = fetches("java", "-XX:TieredStopAtLevel=1", "-cp", BUILT, "Http", "get")
go_client = fetches(f"{BUILT}/http-go", "get")
python_client = fetches("/usr/bin/python3", "-c", "import shutil, sys, urllib.request; "
                        "shutil.copyfileobj(urllib.request.urlopen(sys.argv[1]), sys.stdout.buffer)")
ruby_client = fetches("ruby", "-rnet/http", "-e",
                      "$stdout.binmode.write Net::HTTP.get(URI(ARGV[0]))")
php_client = fetches("php", "-r", "echo file_get_contents($argv[1]);")
wget = fetches("wget", "-q", "-O", "-")

def rust_client(tcp, host, port):
    ask(tcp, [f"{BUILT}/http-rust", "get", at(host, port), "/data"])

def erlang_client(tcp, host, port):
    inet = "inet6" if v6(host) else "inet6fb4" if host == "server" else "inet"
    ask(tcp, ["erl", "-noinput", "-eval", f"""inets:start(), httpc:set_options([{{ipfamily, {inet}}}]),
        {{ok, {{_, _, B}}}} = httpc:request(get, {{"{url(host, port)}", []}}, [], [{{body_format, binary}}]),
        file:write_file("{WORK}/erl.out", B), halt()."""], wanted=b"")
    same_file("erl.out")

def chromium(tcp, host, port):
    """a page, whose script hashes the file"""
    page = f"http://{at(host, port)}/page.html"
    said = ask(tcp, ["chromium-headless-shell", "--no-sandbox", "--disable-gpu", "--incognito",
                     f"--user-data-dir={WORK}/chromium", "--virtual-time-budget=60000",
                     "--disable-dev-shm-usage", "--dump-dom", page], wanted=None)
    if f"sum {sum(DATA)} of {len(DATA)}".encode() not in said.stdout:
        raise Failed(f"chromium: {said.stdout[-160:]} {said.stderr[-160:]}")

def redis_client(tcp, host, port):
    cli = ["redis-cli", "-h", host, "-p", port]
    ask(tcp, cli + ["-x", "set", "key"], input=DATA, wanted=b"OK\n")
    ask(tcp, cli + ["get", "key"], wanted=DATA + b"\n")

MEMCACHED = """
import socket, sys
data = sys.stdin.buffer.read()
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
f = s.makefile("rwb")
f.write(b"set key 0 0 %d\\r\\n%s\\r\\nget key\\r\\nquit\\r\\n" % (len(data), data))
f.flush()
assert f.readline() == b"STORED\\r\\n"
assert f.readline().startswith(b"VALUE key 0 ")
sys.stdout.buffer.write(f.read(len(data)))
"""

def memcached_client(tcp, host, port):
    ask(tcp, ["/usr/bin/python3", "-c", MEMCACHED, host, port], input=DATA)

def psql(tcp, host, port):
    write("hex", DATA.hex())
    at = ["-h", host, "-p", port, "-U", "postgres"]
    ask(tcp, ["psql", *at, "-AtX", "-c", "drop table if exists t", "-c", "create table t (x text)",
              "-c", f"\\copy t from '{WORK}/hex'", "-c", "select x from t"],
        wanted=None)
    ask(tcp, ["psql", *at, "-AtX", "-c", "select x from t"], wanted=DATA.hex().encode() + b"\n")

def pgbench(tcp, host, port):
    at = ["-h", host, "-p", port, "-U", "postgres"]
    if not os.path.exists(f"{WORK}/pgbench"):
        ask(tcp, ["pgbench", *at, "-i", "-q", "postgres"], wanted=None)
        write("pgbench", "its tables are there")
    said = ask(tcp, ["pgbench", *at, "-c", "4", "-j", "2", "-t", "20", "postgres"],
               wanted=None).stdout.decode()
    if "actually processed: 80/80" not in said:
        raise Failed(f"pgbench: {said.splitlines()[-3:]}")

def psql_and_pgbench(tcp, host, port):
    psql(tcp, host, port)
    pgbench(tcp, host, port)

def mariadb_client(tcp, host, port):
    ask(tcp, ["mariadb", "--no-defaults", "-h", host, "-P", port, "-u", "x", "--skip-ssl", "-N", "-r"],
        input=f"select '{DATA.hex()}';".encode(), wanted=DATA.hex().encode() + b"\n")

def squid_client(tcp, host, port):
    ask(tcp, ["curl", "-sS", "-g", "-x", f"http://{at(host, port)}",
              url(CLIENT["IPv6" if v6(host) else "IPv4"], 7000)])

def ssh(tcp, host, port):
    ask(tcp, ["ssh", "-F", "/dev/null", "-i", f"{WORK}/id", "-p", port, "-o", "BatchMode=yes",
              "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
              f"root@{host}", f"cat {WWW}/data"])

def rsync_client(tcp, host, port):
    ask(tcp, ["rsync", f"rsync://{at(host, port)}/www/data", f"{WORK}/rsynced"], wanted=b"")
    same_file("rsynced")

def git_client(tcp, host, port):
    ask(tcp, ["git", "clone", "-q", f"git://{at(host, port)}/git", f"{WORK}/cloned"], wanted=b"")
    shutil.move(f"{WORK}/cloned/data", f"{WORK}/clone")
    shutil.rmtree(f"{WORK}/cloned")
    same_file("clone")

def s_client(tcp, host, port):
    said = ask(tcp, ["openssl", "s_client", "-quiet", "-ign_eof", "-connect", at(host, port)],
               input=b"GET /www/data HTTP/1.0\r\n\r\n", wanted=None)
    if said.stdout.split(b"\r\n\r\n", 1)[-1] != DATA:
        raise Failed(f"s_client: {len(said.stdout)} other bytes: {said.stderr[-160:]}")

def socat_client(tcp, host, port):
    ask(tcp, ["socat", "-u", f"TCP:{at(host, port)}", "-"])

def nc_client(tcp, host, port):
    ask(tcp, ["nc", "-d", host, port])

def iperf_client(tcp, host, port):
    said = ask(tcp, ["iperf", "-c", host, "-p", port, "-n", "400000", "-y", "C"] +
               (["-V"] if v6(host) else []), wanted=None).stdout.decode()
    if not any(int(line.split(",")[7]) >= 400000 for line in said.splitlines()):
        raise Failed(f"iperf: {said}")

def iperf3_client(tcp, host, port):
    said = ask(tcp, ["iperf3", "-c", host, "-p", port, "-n", "4M", "-J"], wanted=None)
    # what was under way when the sender stopped is not counted
    got = json.loads(said.stdout).get("end", {}).get("sum_received", {}).get("bytes", 0)
    if got < 1 << 20:
        raise Failed(f"iperf3: {got} bytes received")

# ---- the table ----

# name of the server (None: it is no row), how it is started, name of the client, how it asks,
# what is different
PAIRS = [
    ("nginx", nginx, "curl", curl, {}),
    ("apache2", apache2, None, curl, {}),
    ("redis", redis, "redis-cli", redis_client, {}),
    ("memcached", memcached, None, memcached_client, {}),
    ("PostgreSQL", postgres, "psql, pgbench", psql_and_pgbench, {}),
    ("MariaDB", mariadb, "mariadb", mariadb_client, {}),
    ("haproxy", haproxy, None, curl, {"proxy": True}),
    ("squid", squid, None, squid_client, {"proxy": True}),
    ("node", node, None, curl, {}),
    ("Java", java, None, curl, {}),
    ("Go, static", go, None, curl, {}),
    ("Rust, static", rust, None, curl, {}),
    ("Python", python, None, curl, {}),
    ("Ruby", ruby, None, curl, {}),
    ("PHP", php, None, curl, {}),
    ("Erlang", erlang, None, curl, {}),
    ("sshd", sshd, "ssh", ssh, {}),
    ("rsync --daemon", rsync, "rsync", rsync_client, {}),
    ("git daemon", git, "git", git_client, {}),
    ("openssl s_server", openssl, "openssl s_client", s_client, {}),
    ("stunnel", stunnel, None, curl_tls, {"proxy": True}),
    ("socat", socat, "socat", socat_client, {}),
    ("netcat -l", nc, "netcat", nc_client, {"input": f"{WWW}/data", "once": True}),
    ("iperf -s", iperf, "iperf", iperf_client, {}),
    ("iperf3 -s", iperf3, "iperf3", iperf3_client, {}),
    (None, nginx, "curl --parallel", curl_parallel, {}),
    (None, nginx, "curl, HTTP/2 over TLS", curl_http2, {"plus": 1}),
    (None, nginx, "wget", wget, {}),
    (None, nginx, "aria2", aria2, {}),
    (None, nginx, "wrk", wrk, {}),
    (None, nginx, "node", node_client, {}),
    (None, nginx, "Java", java_client, {}),
    (None, nginx, "Go, static", go_client, {}),
    (None, nginx, "Rust, static", rust_client, {}),
    (None, nginx, "Python", python_client, {}),
    (None, nginx, "Ruby", ruby_client, {}),
    (None, nginx, "PHP", php_client, {}),
    (None, nginx, "Erlang", erlang_client, {}),
    (None, nginx, "chromium", chromium, {}),
]

next_port = 8000

def hosts(family, client_row):
    if family != "dual":
        return [SERVER[family]]
    return ["server"] if client_row else [SERVER["IPv4"], SERVER["IPv6"]]

def one(pair, family, server_tcp, client_tcps, client_row):
    """a server, and clients one after another"""
    global next_port
    _, server, _, client, how = pair
    results = {}
    process = None
    for client_tcp in client_tcps:
        try:
            for host in hosts(family, client_row):
                if process is None or how.get("once"):
                    if process:
                        stop(process)
                    next_port += 2
                    port = next_port
                    process = start(S, server_tcp, server(family, port), port,
                                    input=how.get("input"))
                with C, S:
                    client(client_tcp, host, port)
                seen = port + how.get("plus", 0)
                C.judge(client_tcp, 0, seen, shared=how.get("proxy"))
                S.judge(server_tcp, 1, seen)
                if how.get("proxy"):
                    S.judge(server_tcp, 0, 7000)
            results[client_tcp] = None
        except Failed as e:
            results[client_tcp] = f"{e}"
            if process is None or process.poll() is not None:
                process = None
    if process:
        stop(process)
    return results

def cell(pair, family, role):
    """the reason, None if there is none"""
    if role == "server":
        found = one(pair, family, "xtcp", ("inet", "xtcp"), False)
        return found["inet"] or found["xtcp"] and f"both on AF_XTCP: {found['xtcp']}"
    found = one(pair, family, "inet", ("xtcp",), True)["xtcp"]
    if found:
        return found
    found = one(pair, family, "xtcp", ("xtcp",), True)["xtcp"]
    return found and f"both on AF_XTCP: {found}"

def prepare():
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WWW)
    os.chmod(WORK, 0o755)
    for name in "xtcprun", "libxtcprun.so":
        shutil.copy(f"{TREE}/tools/{name}", WORK)
    with open(f"{WWW}/data", "wb") as f:
        f.write(DATA)
    write("www/page.html", """<body>not yet</body><script>
        fetch("data").then(a => a.arrayBuffer()).then(b => {
            let sum = 0, bytes = new Uint8Array(b);
            for (const x of bytes) sum += x;
            document.body.textContent = `sum ${sum} of ${bytes.length}`;
        })</script>""")
    sh("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
       "-nodes", "-subj", "/CN=server", "-keyout", f"{WORK}/key", "-out", f"{WORK}/cert",
       stderr=subprocess.DEVNULL)
    sh("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{WORK}/id")
    if not os.path.isdir("/sys/module/xtcp"):
        sh("insmod", os.environ["XTCP_KO"])

def main():
    prepare()
    make_net()
    # behind the proxies, on the client's side
    start(C, "inet", ["/usr/bin/python3", "-m", "http.server", "--directory", WWW, "--bind", "::", "7000"],
          7000, log="backend.log")
    failed = 0
    with open(f"{OUT}/table.tsv", "w") as table:
        for pair in PAIRS:
            for name, role in (pair[0], "server"), (pair[2], "client"):
                if not name or sys.argv[1:] and name not in sys.argv[1:]:
                    continue
                for family in FAMILIES:
                    began = time.monotonic()
                    why = cell(pair, family, role)
                    took = time.monotonic() - began
                    failed += why is not None and not why.startswith("n/a")
                    row = name, role, family, why or "pass"
                    print("\t".join(row), f"({took:.1f} s)", flush=True)
                    table.write("\t".join(row).replace("\n", " ") + "\n")
                    table.flush()
    for process in list(running):
        stop(process)
    for ns in C, S:
        ns.holder.kill()
        ns.holder.wait()
        sh("ip", "netns", "del", ns.name)
    return failed > 0

if __name__ == "__main__":
    sys.exit(main())
