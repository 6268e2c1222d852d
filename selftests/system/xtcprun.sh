#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# xtcprun itself: which sockets it turns, what the program sees of that, and
# what it says when it cannot help.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need python3 ip iperf3 openssl

# says STATUS TEXT COMMAND...: it fails with that status and that text.
says() {
	local rc=0 status=$1 text=$2 output
	shift 2
	output=$("$@" 2>&1 >/dev/null) || rc=$?
	printf '%s\nstatus %d\n' "$output" $rc
	[ $rc = "$status" ]
	case $output in
	*"$text"*) ;;
	*) return 1 ;;
	esac
}

# python OPTION... CODE: a piece of Python on AF_XTCP; what is said, too, is in $WORK/said.
python() {
	local rc=0
	printf 'from socket import *\nimport os, subprocess\n%s\n' "${*: -1}" >"$WORK/code"
	"$XTCPRUN" "${@:1:$#-1}" python3 "$WORK/code" >"$WORK/said" 2>&1 || rc=$?
	cat "$WORK/said" >&2
	return $rc
}

# said NUMBER TEXT: so many lines have it.
said() {
	local nr
	nr=$(grep -cF -- "$2" "$WORK/said" || :)
	[ "$nr" = "$1" ] || { echo "$nr times: $2"; return 1; }
}

# turned CODE: how many sockets a piece of Python makes in AF_XTCP, as -d tells.
turned() {
	python -d "$1"
	grep -c '^xtcprun: python3.* in AF_XTCP: descriptor' "$WORK/said" || :
}

turns__tcp() {
	[ "$(turned 'socket()
socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK)
socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP)
socket(AF_INET6)
socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP)')" = 6 ]
}

turns__nothing_else() {
	[ "$(turned 'socket(AF_INET, SOCK_DGRAM)
socket(AF_UNIX, SOCK_STREAM)
socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
socketpair()
socket(AF_INET6, SOCK_DGRAM)')" = 0 ]
}

# The truth is in /proc/net/protocols; the program hears what it expects.
hides__domain_and_protocol() {
	"$XTCPRUN" python3 - <<-'END'
		from socket import *
		s = socket()
		assert s.getsockopt(SOL_SOCKET, SO_DOMAIN) == AF_INET
		assert s.getsockopt(SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP
		assert s.getsockopt(SOL_SOCKET, SO_TYPE) == SOCK_STREAM
		for size in range(1, 5):
		    part = s.getsockopt(SOL_SOCKET, SO_PROTOCOL, size)
		    assert part == IPPROTO_TCP.to_bytes(4, "little")[:size], (size, part)
		again = socket(fileno=s.detach())
		assert (again.family, again.type, again.proto) == (AF_INET, SOCK_STREAM, 6)
	END
}

leaves__other_answers_alone() {
	"$XTCPRUN" python3 - <<-'END'
		from socket import *
		s = socket(AF_INET, SOCK_DGRAM)
		assert s.getsockopt(SOL_SOCKET, SO_PROTOCOL) == IPPROTO_UDP
		s = socket(AF_UNIX)
		assert s.getsockopt(SOL_SOCKET, SO_DOMAIN) == AF_UNIX
		s = socket(AF_INET, SOCK_STREAM)
		assert s.getsockopt(IPPROTO_TCP, TCP_NODELAY) == 0
	END
}

children__inherit() {
	"$XTCPRUN" -d sh -c 'sh -c "python3 -c \"import socket; socket.socket()\""' \
		2>"$WORK/said"
	said 1 ' in AF_XTCP: descriptor'
	# and are counted with their parent
	said 1 'xtcprun: sh: 1 socket on AF_XTCP, 0 on the kernel'
}

# A script is run by what its first line says.
scripts__work() {
	printf '#!/usr/bin/env python3\nimport socket\nsocket.socket()\n' >"$WORK/script"
	chmod 755 "$WORK/script"
	"$XTCPRUN" -d "$WORK/script" 2>"$WORK/said"
	said 1 ' in AF_XTCP: descriptor'
}

# It has another number, and the program can no longer ask which.
family__is_remembered() {
	local rc=0
	[ -n "${XTCP_KO-}" ] || { echo "XTCP_KO is not set"; return $KSFT_SKIP; }
	rmmod xtcp
	insmod "$XTCP_KO" family=20
	"$XTCPRUN" -d python3 - <<-END 2>"$WORK/turned" || rc=$?
		import os, socket
		os.chroot("$WORK")
		os.environ.pop("XTCPRUN_FAMILY")
		socket.socket()
	END
	rmmod xtcp
	insmod "$XTCP_KO"
	cat "$WORK/turned"
	return $rc
}

status__is_the_program_s() {
	local rc=0
	"$XTCPRUN" sh -c 'exit 42' || rc=$?
	[ $rc = 42 ]
}

preload__is_kept() {
	[ "$(LD_PRELOAD=libdl.so.2 "$XTCPRUN" sh -c 'echo "${LD_PRELOAD##*:}"')" = libdl.so.2 ]
}

refuses__missing() {
	says 127 'no such program' "$XTCPRUN" no-such-program
	says 127 'no such program' "$XTCPRUN" /no/such/program
	says 126 'not allowed' "$XTCPRUN" /etc/passwd
	says 2 Usage "$XTCPRUN"
	says 126 'is a directory' "$XTCPRUN" "$WORK"
	says 2 Usage "$XTCPRUN" -x true
}

help__is_given() {
	"$XTCPRUN" --help | grep -q '^Usage: xtcprun'
	"$XTCPRUN" -h | grep -q '^Usage: xtcprun'
}

refuses__static() {
	local busybox
	busybox=$(command -v busybox) || { echo "no busybox"; return $KSFT_SKIP; }
	says 126 'linked statically' "$XTCPRUN" --door=preload "$busybox" true
	says 126 '--door=seccomp reaches it' "$XTCPRUN" --door=preload "$busybox" true
	says 2 Usage "$XTCPRUN" --door=window true
}

# data_of PROGRAM: where in the file its first data are that can be written.
data_of() {
	python3 - "$1" <<-'END'
		import struct, sys
		elf = open(sys.argv[1], "rb").read()
		phoff, = struct.unpack_from("<Q", elf, 32)
		size, number = struct.unpack_from("<HH", elf, 54)
		for i in range(number):
		    kind, flags, offset = struct.unpack_from("<IIQ", elf, phoff + i * size)
		    if kind == 1 and flags & 3 == 2:
		        print(offset)
		        break
	END
}

# A program that the dynamic linker starts, with Go's mark in its data.
refuses__go() {
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	"$XTCPRUN" --door=preload "$WORK/true"
	printf '\377 Go buildinf:' |
		dd of="$WORK/true" bs=1 seek="$(data_of "$WORK/true")" conv=notrunc status=none
	says 126 'written in Go' "$XTCPRUN" --door=preload "$WORK/true"
}

# The mark elsewhere says nothing: xtcprun has it, who looks for it.
reaches__who_knows_go() {
	"$XTCPRUN" --door=preload "$XTCPRUN" --help >/dev/null
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	printf '\377 Go buildinf:' >>"$WORK/true"
	"$XTCPRUN" --door=preload "$WORK/true"
}

# How long a look at a program takes does not depend on its size: this one, which is
# nearly all hole, would take an hour to read.
reaches__large_programs() {
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	truncate -s 4T "$WORK/true"
	timeout 300 "$XTCPRUN" --door=preload "$WORK/true"
	# and as a child, by the library
	"$XTCPRUN" --door=preload timeout 300 "$WORK/true"
}

# /bin/true with the number of another processor in its header.
refuses__another_word_size() {
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	printf '\001' | dd of="$WORK/true" bs=1 seek=4 conv=notrunc status=none
	says 126 'another kind of processor' "$XTCPRUN" "$WORK/true"
	says 126 'another kind of processor' "$XTCPRUN" --door=seccomp "$WORK/true"
}

refuses__set_user_id() {
	command -v setpriv >/dev/null || { echo "no setpriv"; return $KSFT_SKIP; }
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	# who is not root may not be able to look into this tree
	cp "$XTCPRUN" "$(dirname "$XTCPRUN")/libxtcprun.so" "$WORK"
	chmod 755 "$WORK"
	chmod 4755 "$WORK/true"
	says 126 'set-user-ID' setpriv --reuid 65534 --clear-groups "$WORK/xtcprun" "$WORK/true"
	# for its owner it is a program like any other
	"$XTCPRUN" "$WORK/true"
}

# ---- programs that nothing can be loaded into ----

# A static program: what it gets for each kind of socket, and its child, and what that runs.
static_program() {
	[ ! -x "$WORK/static" ] || return 0
	cat >"$WORK/static.c" <<-'END'
		#include <fcntl.h>
		#include <netinet/in.h>
		#include <stdio.h>
		#include <string.h>
		#include <sys/socket.h>
		#include <sys/wait.h>
		#include <unistd.h>

		static void make(const char *name, int domain, int type, int protocol)
		{
			int fd = socket(domain, type, protocol), is = -1;
			socklen_t len = sizeof(is);

			getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &is, &len);
			printf("%s %s%s%s\n", name, is > 255 ? "xtcp" : "kernel",
			       fcntl(fd, F_GETFD) & FD_CLOEXEC ? " cloexec" : "",
			       fcntl(fd, F_GETFL) & O_NONBLOCK ? " nonblock" : "");
			fflush(stdout);
		}

		int main(int argc, char **argv)
		{
			make("plain", AF_INET, SOCK_STREAM, 0);
			if (argc > 1 && !strcmp(argv[1], "again"))
				return 0;
			make("v6", AF_INET6, SOCK_STREAM, 0);
			if (argc > 1)
				return 0;
			make("flags", AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
			make("datagram", AF_INET, SOCK_DGRAM, 0);
			make("unix", AF_UNIX, SOCK_STREAM, 0);
			if (!fork()) {
				make("child", AF_INET, SOCK_STREAM, 0);
				execl(argv[0], argv[0], "again", NULL);
			}
			wait(NULL);
			return 7;
		}
	END
	gcc -static -O1 -o "$WORK/static" "$WORK/static.c"
}

static__is_reached() {
	local rc=0
	static_program
	"$XTCPRUN" -v "$WORK/static" >"$WORK/got" 2>"$WORK/said" || rc=$?
	cat "$WORK/got" "$WORK/said"
	[ $rc = 7 ]
	[ "$(<"$WORK/got")" = "plain xtcp
v6 xtcp
flags xtcp cloexec nonblock
datagram kernel
unix kernel
child xtcp
plain xtcp" ]
	said 1 'is reached by seccomp'
	wait_for "the report" grep -q "static: 5 sockets on AF_XTCP, 0 on the kernel's TCP" \
		"$WORK/said"
}

static__talks_to_itself() {
	local busybox port=8037
	busybox=$(command -v busybox) || { echo "no busybox"; return $KSFT_SKIP; }
	echo hello >"$WORK/hello"
	in_bg "$WORK/server" "$XTCPRUN" "$busybox" httpd -f -p 127.0.0.1:$port -h "$WORK"
	wait_for "the server" grep -q "^ *[0-9]*: 0100007F:$(printf %04X $port) .* 0A " /proc/net/xtcp
	"$XTCPRUN" "$busybox" wget -q -O - http://127.0.0.1:$port/hello >"$WORK/got"
	[ "$(<"$WORK/got")" = hello ]
}

# Built with the tests, where there was a compiler for it (hello.go).
go__is_reached() {
	local program=${XTCP_TESTS:-$HERE/..}/system/hello
	[ -x "$program" ] || { echo "no Go compiler when the tests were built"; return $KSFT_SKIP; }
	"$XTCPRUN" -v "$program" >"$WORK/got" 2>"$WORK/said"
	cat "$WORK/got" "$WORK/said"
	[ "$(<"$WORK/got")" = "true
hello" ]
	said 1 'is reached by seccomp'
}

# by_seccomp CODE: as python, with the filter.
by_seccomp() {
	python --door=seccomp "$@"
}

# It is the program's, whoever that has become.
seccomp__owner() {
	by_seccomp 'os.setgid(65533)
os.setuid(65534)
s = socket()
st = os.fstat(s.fileno())
assert (st.st_uid, st.st_gid) == (65534, 65533), st'
}

seccomp__namespace() {
	by_seccomp 'import ctypes
ctypes.CDLL(None, use_errno=True).unshare(0x40000000)
s = socket()
s.bind(("127.0.0.1", 7009))
s.listen()
print(open("/proc/net/xtcp").read())
assert ":1B61 " in open("/proc/thread-self/net/xtcp").read()'
}

# Who may not go there makes no socket here.
seccomp__namespace_of_others() {
	command -v setpriv >/dev/null || { echo "no setpriv"; return $KSFT_SKIP; }
	unshare -U true || { echo "no user namespaces"; return $KSFT_SKIP; }
	static_program
	cp "$XTCPRUN" "$WORK"
	chmod 755 "$WORK" "$WORK/static"
	setpriv --reuid 65534 --clear-groups "$WORK/xtcprun" --door=seccomp \
		unshare -rn "$WORK/static" again >"$WORK/got" 2>"$WORK/said"
	cat "$WORK/got" "$WORK/said"
	[ "$(<"$WORK/got")" = "plain kernel cloexec nonblock" ]
	said 1 'may not enter'
}

seccomp__without_root() {
	command -v setpriv >/dev/null || { echo "no setpriv"; return $KSFT_SKIP; }
	static_program
	cp "$XTCPRUN" "$(dirname "$XTCPRUN")/libxtcprun.so" "$WORK"
	chmod 755 "$WORK" "$WORK/static"
	setpriv --reuid 65534 --clear-groups "$WORK/xtcprun" "$WORK/static" again >"$WORK/got"
	[ "$(<"$WORK/got")" = "plain xtcp" ]
}

seccomp__table_full() {
	by_seccomp 'import errno, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
try: socket()
except OSError as e: assert e.errno == errno.EMFILE, e
else: assert False'
}

# What goes into the background keeps the one that makes its sockets.
seccomp__outlives_the_program() {
	static_program
	mkfifo "$WORK/go"
	"$XTCPRUN" --door=seccomp sh -c "(read x <$WORK/go; $WORK/static again >$WORK/got) &" \
		2>"$WORK/said"
	wait_for "the report" grep -q 'sh: 0 sockets on AF_XTCP' "$WORK/said"
	echo >"$WORK/go"
	wait_for "the background's socket" grep -q . "$WORK/got"
	[ "$(<"$WORK/got")" = "plain xtcp" ]
	wait_for "the end of who made it" not pgrep -x xtcprun
}

seccomp__nobody_answers() {
	by_seccomp 'import errno
socket()
subprocess.run(["pkill", "-KILL", "-x", "xtcprun"], check=True)
import time
end = time.monotonic() + 60
while time.monotonic() < end:
    try: socket()
    except OSError as e:
        assert e.errno == errno.ENOSYS, e
        break
else: assert False
socket(AF_INET, SOCK_DGRAM)'
}

# Signals whose handlers do not restart calls: none is lost, and none is made twice.
seccomp__signals() {
	by_seccomp 'import signal
signal.signal(signal.SIGALRM, lambda *a: None)
signal.siginterrupt(signal.SIGALRM, False)
signal.setitimer(signal.ITIMER_REAL, .001, .001)
s = [socket() for i in range(300)]
signal.setitimer(signal.ITIMER_REAL, 0)
assert len(os.listdir("/proc/self/fd")) <= 300 + 5, os.listdir("/proc/self/fd")'
	wait_for "the report" grep -q "python3: 300 sockets on AF_XTCP" "$WORK/said"
}

seccomp__only_one_asks() {
	static_program
	says 126 'another xtcprun' "$XTCPRUN" --door=seccomp "$XTCPRUN" "$WORK/static"
}

seccomp__strict() {
	by_seccomp --strict -4 'import errno
for f, p, e in (AF_INET6, 0, errno.EAFNOSUPPORT), (AF_INET, 262, errno.EPROTONOSUPPORT):
    try: socket(f, SOCK_STREAM, p)
    except OSError as x: assert x.errno == e, x
    else: assert False
socket()'
	said 1 'Multipath TCP is refused'
}

verbose__tells_the_door() {
	"$XTCPRUN" -v true 2>"$WORK/said"
	said 1 'true is reached by preloading /'
	"$XTCPRUN" -v --door=seccomp true 2>"$WORK/said"
	said 1 'true is reached by seccomp'
}

# ---- programs that run already ----

# bpf_case: what these cases need; "in_group COMMAND..." runs in a control group.
bpf_case() {
	[ -e /sys/fs/cgroup/cgroup.procs ] || { echo "no control groups"; return $KSFT_SKIP; }
	[ -d /sys/kernel/btf ] && "$XTCPRUN" --cgroup=/sys/fs/cgroup 2>"$WORK/said" || {
		cat "$WORK/said"
		echo "the kernel has no update_socket_protocol(), or tells no types"
		return $KSFT_SKIP
	}
	"$XTCPRUN" --cgroup=/sys/fs/cgroup --off
	static_program
	GROUP=/sys/fs/cgroup/xtcprun-$$
	mkdir -p "$GROUP"
}

in_group() {
	# shellcheck disable=SC2016
	sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$GROUP" "$@"
}

# makes xtcp|kernel COMMAND...: what it runs makes sockets of both families so.
makes() {
	[ "$("${@:2}" "$WORK/static" families)" = "plain $1
v6 $1" ]
}

cgroup__is_turned() {
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf || return $KSFT_SKIP
	bpf_case || return
	# the link of bpf_case goes a little later than its file
	wait_for "the kernel's TCP" makes kernel env
	"$XTCPRUN" --cgroup="$GROUP"
	"$XTCPRUN" --cgroup="$GROUP"
	makes xtcp in_group
	makes kernel env
	"$XTCPRUN" --cgroup="$GROUP" --off
	wait_for "the end of it" makes kernel in_group
	rmdir "$GROUP"
}

# What the drop-in has before and after a service, in the service's group.
unit__drop_in() {
	local line pre post
	mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf || return $KSFT_SKIP
	bpf_case || return
	wait_for "the kernel's TCP" makes kernel in_group
	line=$(sed -n 's/^ExecStartPre=+[^ ]*xtcprun //p' "$TOOLS/xtcprun.conf")
	read -ra pre <<<"$line"
	line=$(sed -n 's/^ExecStopPost=+[^ ]*xtcprun //p' "$TOOLS/xtcprun.conf")
	read -ra post <<<"$line"
	in_group "$XTCPRUN" "${pre[@]}"
	makes xtcp in_group
	in_group "$XTCPRUN" "${post[@]}"
	wait_for "the end of it" makes kernel in_group
	rmdir "$GROUP"
}

pid__is_turned() {
	bpf_case || return
	python3 - "$XTCPRUN" "$WORK/static" <<-'END'
		import os, socket, subprocess, sys
		p = subprocess.Popen([sys.argv[1], "--pid", str(os.getpid())], stderr=subprocess.PIPE)
		print(p.stderr.readline())
		for family in socket.AF_INET, socket.AF_INET6:
		    s = socket.socket(family)
		    assert s.getsockopt(socket.SOL_SOCKET, socket.SO_PROTOCOL) > 255
		# and they work: IPv6, and IPv4 on a socket of IPv6
		s.bind(("::", 0))
		s.listen()
		port = s.getsockname()[1]
		for address in "::1", "127.0.0.1":
		    c = socket.create_connection((address, port))
		    c.sendall(b"hello")
		    assert s.accept()[0].recv(5, socket.MSG_WAITALL) == b"hello"
		    assert ":%04X " % port in open("/proc/net/xtcp6").read()
		    assert ":%04X " % port not in open("/proc/net/tcp6").read()
		# its children are others
		assert b"kernel" in subprocess.run([sys.argv[2], "again"], stdout=subprocess.PIPE).stdout
		p.kill()
	END
	says 1 'What remains' "$XTCPRUN" --pid=99999999
	says 2 Usage "$XTCPRUN" --pid=1 --off
}

# Where the kernel does not ask, it is said what does not go, and what does.
cgroup__elsewhere() {
	if bpf_case; then echo "it goes here"; return $KSFT_SKIP; fi
	says 1 'the kernel does not' "$XTCPRUN" --cgroup=self
	says 1 'What remains' "$XTCPRUN" --cgroup=self
}

# ---- sockets that are there when the program begins ----

listen__hands_over() {
	"$XTCPRUN" --listen=127.0.0.1:8038 --listen=8039 \
		--listen=[::1]:8041 python3 - <<-'END'
		import os, socket
		assert os.environ["LISTEN_FDS"] == "3"
		assert os.environ["LISTEN_PID"] == str(os.getpid())
		names = [socket.socket(fileno=fd).getsockname() for fd in (3, 4, 5)]
		assert names == [("127.0.0.1", 8038), ("0.0.0.0", 8039),
				 ("::1", 8041, 0, 0)], names
	END
	says 126 'Address already in use' "$XTCPRUN" --listen=8038 --listen=8038 true
	says 126 'no port' "$XTCPRUN" --listen=127.0.0.1:x true
	says 126 'not an address' "$XTCPRUN" --listen=host:80 true
	says 126 'not an address' "$XTCPRUN" --listen=::1:80 true
}

listen__serves() {
	in_bg "$WORK/server" "$XTCPRUN" --listen=127.0.0.1:8040 python3 -c 'import socket
s = socket.socket(fileno=3)
while True:
    c, a = s.accept()
    c.sendall(b"hello")
    c.close()'
	wait_for "the listener" grep -q "0100007F:1F68 .* 0A " /proc/net/xtcp
	python3 -c 'import socket
s = socket.create_connection(("127.0.0.1", 8040))
assert s.recv(5, socket.MSG_WAITALL) == b"hello"'
}

ipv6__is_turned() {
	local door
	for door in preload seccomp; do
		python --door=$door 's = socket(AF_INET6)
assert s.getsockopt(SOL_SOCKET, SO_DOMAIN) == AF_INET6
s.bind(("::1", 0))
s.listen()
c = socket(AF_INET6)
c.connect(s.getsockname())
assert "%04X" % s.getsockname()[1] in open("/proc/net/xtcp6").read()'
		wait_for "the report" grep -q \
			"xtcprun: python3: 2 sockets on AF_XTCP, 0 on the kernel's TCP" "$WORK/said"
	done
}

ipv6__fails_on_request() {
	python -4 'import errno
for type in SOCK_STREAM, SOCK_STREAM | SOCK_NONBLOCK:
    try: socket(AF_INET6, type)
    except OSError as e: assert e.errno == errno.EAFNOSUPPORT
    else: assert False
socket(AF_INET6, SOCK_DGRAM)
socket()'
	said 1 "xtcprun: python3: 1 socket on AF_XTCP, 0 on the kernel's TCP"
}

# listens_with -4|'' PORT COMMAND...: where a server listens that was not told to
# which address: "xtcp", "xtcp6", "inet" or "inet6" in $WORK/where.
listens_with() {
	local option=$1 port=$2 name file
	shift 2
	fresh_net
	# shellcheck disable=SC2086
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" $option -d "$@"
	: >"$WORK/where"
	wait_for "a listener of $*" grep -q ': listen(' "$WORK/server"
	for name in xtcp:xtcp xtcp6:xtcp6 inet:tcp inet6:tcp6; do
		file=/proc/net/${name#*:}
		if in_server grep -qE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$port") [0-9A-F:]+ 0A " \
			"$file"; then
			echo "${name%:*}" >>"$WORK/where"
		fi
	done
	cat "$WORK/server" "$WORK/where"
	stop_all
}

# Programs that listen on [::], and with -4 on 0.0.0.0: on AF_XTCP, and nowhere else.
servers__of_ipv6() {
	local server
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-subj /CN=test -keyout "$WORK/key" -out "$WORK/cert" 2>/dev/null
	for server in "5201 iperf3 --server" \
		"4433 openssl s_server -accept 4433 -key $WORK/key -cert $WORK/cert"; do
		# shellcheck disable=SC2086
		listens_with '' $server
		[ "$(<"$WORK/where")" = xtcp6 ]
		grep -q "listen(.*) at \[::\]:.* in AF_XTCP" "$WORK/server"
		# shellcheck disable=SC2086
		listens_with -4 $server
		[ "$(<"$WORK/where")" = xtcp ]
		grep -q 'listen(.*) at 0.0.0.0:.* in AF_XTCP' "$WORK/server"
	done
}

strict__refuses() {
	local busybox
	busybox=$(command -v busybox) || { echo "no busybox"; return $KSFT_SKIP; }
	python --strict "for call in (lambda: socket(AF_INET, SOCK_STREAM, 262),
             lambda: subprocess.run(['$busybox', 'true']),
             lambda: subprocess.run(['true'], env={}),
             lambda: os.posix_spawn('$busybox', ['busybox', 'true'], os.environ)):
    try: call()
    except OSError as e: print(e)
    else: assert False
subprocess.run(['true'], check=True)"
	said 3 'Permission denied'
	said 1 'Multipath TCP is refused'
	said 1 'it is not started (--strict)'
	said 1 "0 sockets on AF_XTCP, 0 on the kernel's TCP"
}

# What is started beyond reach is said once, and counted.
children__beyond_reach() {
	local busybox
	busybox=$(command -v busybox) || { echo "no busybox"; return $KSFT_SKIP; }
	"$XTCPRUN" sh -c "'$busybox' true; '$busybox' true; env -i true" 2>"$WORK/said"
	cat "$WORK/said"
	said 1 'linked statically'
	said 1 '3 programs started past it'
}

# The linker does not find the library below another root directory.
children__after_chroot() {
	local root=$WORK/root
	mkdir -p "$root/bin" "$root/lib64"
	cp "$(readlink -f "$(type -P true)")" "$root/bin/true"
	ldd "$root/bin/true" | grep -o '/[^ ]*' | while read -r lib; do
		mkdir -p "$root/$(dirname "$lib")"
		cp "$lib" "$root/$lib"
	done
	python "os.chroot('$root')
os.chdir('/')
os.execv('/bin/true', ['true'])"
	said 1 '/bin/true would not find the library below this root directory'
}

# For who is not root, a program that is.
children__set_user_id() {
	command -v setpriv >/dev/null || { echo "no setpriv"; return $KSFT_SKIP; }
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	cp "$XTCPRUN" "$(dirname "$XTCPRUN")/libxtcprun.so" "$WORK"
	chmod 755 "$WORK"
	chmod 4755 "$WORK/true"
	TMPDIR=/tmp setpriv --reuid 65534 --clear-groups "$WORK/xtcprun" \
		sh -c "'$WORK/true'; exit 3" 2>"$WORK/said" || [ $? = 3 ]
	cat "$WORK/said"
	said 1 'is set-user-ID'
	said 1 '1 program started past it'
}

# As a super-server hands them over.
inherited__is_told() {
	local code='import socket, subprocess, sys
s = socket.socket()
sys.exit(subprocess.run(sys.argv[1:], pass_fds=[s.fileno()]).returncode)'
	python3 -c "$code" "$XTCPRUN" true 2>"$WORK/said"
	cat "$WORK/said"
	said 1 "true is handed 1 socket of the kernel's TCP"
	said 1 "0 sockets on AF_XTCP, 1 on the kernel's TCP"
	says 126 'would be handed' python3 -c "$code" "$XTCPRUN" --strict true
}

# A program that a signal ends says nothing any more, so another does.
report__of_a_killed_program() {
	"$XTCPRUN" python3 -c 'import os, socket
socket.socket()
os.kill(os.getpid(), 9)' 2>"$WORK/said" || [ $? = 137 ]
	wait_for "the report" grep -q "python3: 1 socket on AF_XTCP, 0 on the kernel's TCP" \
		"$WORK/said"
}

quiet__says_nothing() {
	python -q 'try: socket(AF_INET, SOCK_STREAM, 262)
except OSError: pass'
	[ ! -s "$WORK/said" ]
}

# What the kernel's version may change, and then what it does not.
cases=(turns__tcp turns__nothing_else hides__domain_and_protocol
	leaves__other_answers_alone family__is_remembered ipv6__fails_on_request
	static__is_reached seccomp__owner seccomp__namespace seccomp__table_full
	cgroup__is_turned unit__drop_in pid__is_turned cgroup__elsewhere)
if [ "${XTCP_KERNEL-uml}" = uml ]; then
	cases+=(children__inherit scripts__work ipv6__is_turned servers__of_ipv6
		strict__refuses children__beyond_reach children__after_chroot
		children__set_user_id inherited__is_told report__of_a_killed_program
		quiet__says_nothing status__is_the_program_s preload__is_kept help__is_given
		refuses__missing refuses__static refuses__go reaches__who_knows_go
		reaches__large_programs refuses__another_word_size
		refuses__set_user_id static__talks_to_itself go__is_reached
		seccomp__namespace_of_others seccomp__without_root seccomp__outlives_the_program
		seccomp__nobody_answers seccomp__signals seccomp__only_one_asks seccomp__strict
		verbose__tells_the_door listen__hands_over listen__serves)
fi
plan "${cases[@]}"
