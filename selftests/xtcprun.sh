#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# xtcprun itself: which sockets it turns, what the program sees of that, and
# what it says when it cannot help.

set -eu
. "$(dirname "$(readlink -f "$0")")/lib/net.sh"
need python3

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

# turned CODE: the lines of -d that a piece of Python makes.
turned() {
	printf 'from socket import *\n%s\n' "$1" >"$WORK/code"
	"$XTCPRUN" -d python3 "$WORK/code" >"$WORK/turned" 2>&1
	cat "$WORK/turned" >&2
	grep -c '^xtcprun: python3' "$WORK/turned" || :
}

turns__tcp_over_ipv4() {
	[ "$(turned 'socket()
socket(AF_INET, SOCK_STREAM, IPPROTO_TCP)
socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK)
socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP)')" = 4 ]
}

turns__nothing_else() {
	[ "$(turned 'socket(AF_INET, SOCK_DGRAM)
socket(AF_UNIX, SOCK_STREAM)
socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)
socketpair()
try: socket(AF_INET6, SOCK_STREAM)
except OSError: pass')" = 0 ]
}

# The truth is in /proc/net/protocols; the program hears what it expects.
hides__domain_and_protocol() {
	"$XTCPRUN" python3 - <<-'END'
		from socket import *
		s = socket()
		assert s.getsockopt(SOL_SOCKET, SO_DOMAIN) == AF_INET
		assert s.getsockopt(SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP
		assert s.getsockopt(SOL_SOCKET, SO_TYPE) == SOCK_STREAM
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
	[ "$("$XTCPRUN" -d sh -c 'sh -c "python3 -c \"import socket; socket.socket()\""' 2>&1 |
		grep -c '^xtcprun: python3')" = 1 ]
}

# A script is run by what its first line says.
scripts__work() {
	printf '#!/usr/bin/env python3\nimport socket\nsocket.socket()\n' >"$WORK/script"
	chmod 755 "$WORK/script"
	[ "$("$XTCPRUN" -d "$WORK/script" 2>&1 | grep -c '^xtcprun: ')" = 1 ]
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
	says 2 Usage "$XTCPRUN" -x true
}

refuses__static() {
	local busybox
	busybox=$(command -v busybox) || { echo "no busybox"; return $KSFT_SKIP; }
	says 126 'linked statically' "$XTCPRUN" "$busybox" true
}

# A program that the dynamic linker starts, with Go's mark in it.
refuses__go() {
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	"$XTCPRUN" "$WORK/true"
	printf '\377 Go buildinf:' >>"$WORK/true"
	says 126 'written in Go' "$XTCPRUN" "$WORK/true"
}

# /bin/true with the number of another processor in its header.
refuses__another_word_size() {
	cp "$(readlink -f "$(type -P true)")" "$WORK/true"
	printf '\001' | dd of="$WORK/true" bs=1 seek=4 conv=notrunc status=none
	says 126 'another kind of processor' "$XTCPRUN" "$WORK/true"
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

plan turns__tcp_over_ipv4 turns__nothing_else hides__domain_and_protocol \
	leaves__other_answers_alone family__is_remembered children__inherit scripts__work \
	status__is_the_program_s preload__is_kept refuses__missing refuses__static refuses__go \
	refuses__another_word_size refuses__set_user_id
