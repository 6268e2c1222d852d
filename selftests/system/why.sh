#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# xtcpstat why: each situation is made, and what it says of it is read. That the rules are
# right is tried in the simulator (selftests/sim/why.c), where many more are made.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip python3
XTCPSTAT=$TOOLS/xtcpstat

# peer NAME NAMESPACE TEXT: a program of sockets of AF_XTCP; "done" is said when it waits.
peer() {
	in_bg "$WORK/$1" ip netns exec "$2" "$XTCPRUN" -q python3 -c "import signal, socket, sys, time
$3
print('ready', flush=True)
signal.pause()"
	wait_for "$1" grep -q ready "$WORK/$1"
}

server() {
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" -q python3 -c "import signal, socket, time
s = socket.socket()
s.bind(('$SERVER_IP', 8000))
s.listen(2)
$1
signal.pause()"
	wait_for "the server" listens "$S" xtcp 8000
}

CONNECT="s = socket.create_connection(('$SERVER_IP', 8000))"

# says CAUSE: one of the client's connections has that cause, in both forms of the answer.
says() {
	in_client "$XTCPSTAT" why >"$WORK/text" && grep -q "^    $1: " "$WORK/text" &&
		in_client "$XTCPSTAT" why --json | grep -q "\"cause\": *\"$1\""
}

listener_says() {
	in_server "$XTCPSTAT" why -l >"$WORK/text" && grep -q "^    $1: " "$WORK/text"
}

why__peer_closed_and_we_do_not() {
	fresh_net
	server "c = s.accept()[0]; c.close()"
	peer client "$C" "$CONNECT"
	wait_for "NOT_CLOSED" says NOT_CLOSED
	grep -q "python3\[[0-9]*\]" "$WORK/text"
	grep -q "closed by the peer" "$WORK/text"
	cat "$WORK/text"
}

why__peer_does_not_close() {
	fresh_net
	server "c = s.accept()[0]"
	peer client "$C" "$CONNECT
s.shutdown(socket.SHUT_WR)"
	wait_for "PEER_OPEN" says PEER_OPEN
}

why__peer_does_not_read() {
	fresh_net
	server "c = s.accept()[0]"
	peer client "$C" "$CONNECT
s.setblocking(False)
try:
	while True: s.send(bytes(65536)); time.sleep(0.001)
except BlockingIOError: pass"
	wait_for "PEER_WINDOW" says PEER_WINDOW
}

why__we_do_not_read() {
	fresh_net
	server "c = s.accept()[0]; c.send(bytes(1000))"
	peer client "$C" "$CONNECT"
	wait_for "SLOW_READER" says SLOW_READER
}

# A host that is there and says nothing: its address belongs to nobody.
why__nobody_answers() {
	fresh_net
	ip -n "$C" neigh add 198.51.100.9 lladdr 02:00:00:00:00:09 dev eth0
	peer client "$C" "s = socket.socket()
s.setblocking(False)
try: s.connect(('198.51.100.9', 8000))
except BlockingIOError: pass"
	wait_for "SYN_LOST" says SYN_LOST
	grep -q "retransmission [0-9]* of 10, gives up in" "$WORK/text"
}

why__accept_queue_is_full() {
	fresh_net
	server ""
	peer client "$C" "many = []
for i in range(8):
	s = socket.socket(); s.setblocking(False)
	try: s.connect(('$SERVER_IP', 8000))
	except BlockingIOError: pass
	many.append(s)"
	wait_for "ACCEPT_QUEUE_FULL" listener_says ACCEPT_QUEUE_FULL
	grep -q "3 of 2 wait for accept()" "$WORK/text"
}

why__idle_and_clocks() {
	fresh_net
	ip netns exec "$C" sysctl -qw net.xtcp.watch_ratio=1
	server "c = s.accept()[0]"
	peer client "$C" "$CONNECT"
	wait_for "IDLE" says IDLE
	in_client "$XTCPSTAT" why --json | python3 -c "import json, sys
clocks = [c['clocks'] for c in json.load(sys.stdin) if 'clocks' in c]
assert len(clocks) == 1
for part, most in ('sending_us', 'NOTHING'), ('receiving_us', 'PEER'):
	times = clocks[0][part]
	assert max(times, key=times.get) == most, times"
}

ended_json() {
	grep -q '"PEER_RESET"' "$WORK/json"
}

# Between two passes the server resets one connection: what ended it, and who has to act.
why__ended() {
	fresh_net
	ip netns exec "$C" sysctl -qw net.xtcp.watch_ratio=1
	server "import struct
c = s.accept()[0]
c.recv(1)
c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
c.close()"
	in_bg "$WORK/text" ip netns exec "$C" "$XTCPSTAT" why -c -n dport 8000
	in_bg "$WORK/json" ip netns exec "$C" "$XTCPSTAT" why -c --json
	in_bg "$WORK/life" ip netns exec "$C" "$XTCPSTAT" life --json
	wait_for "three who watch" watching "$C" 3
	peer client "$C" "$CONNECT
s.send(b'x')"
	wait_for "the end" grep -q "^    PEER_RESET: " "$WORK/text"
	wait_for "the same for programs" ended_json
	wait_for "its life" grep -q PEER_RESET "$WORK/life"
	cat "$WORK/text" "$WORK/life"
	grep -qE '^ended  .* - 198\.51\.100\.2:8000  python3\[[0-9]+\]$' "$WORK/text"
	grep -qE '^    PEER_RESET: in ESTABLISHED, the peer sent a RST \[R.* ttl 64\]; it had lasted [0-9.]+ s, 1 bytes went and 0 came. To act: the program at the peer ' \
		"$WORK/text"
	python3 -c "import json
rows = [row for line in open('$WORK/json') for row in json.loads(line) if 'ended' in row]
assert [(r['cause'], r['remote_port'], r['bytes_acked']) for r in rows] == [
    ('PEER_RESET', 8000, 1)], rows
assert rows[0]['by']['segment']['peer_hop_limit'] == 64, rows
assert rows[0]['clocks']['total_us'] > 0, rows
life = json.loads(open('$WORK/life').readline())
assert sum(life['clocks']['states_us'].values()) == life['clocks']['total_us'], life
assert life['cause']['segment']['flags'].startswith('R'), life"
}

# They are gone when somebody asks: the last of many, in the namespace where they were.
why__asked_afterwards() {
	fresh_net
	server "import struct
for i in range(64):
	c = s.accept()[0]
	c.recv(1)
	c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
	c.close()"
	peer client "$C" "for i in range(64):
	$CONNECT
	s.send(b'x' * (i + 1))
	try: s.recv(1)
	except ConnectionResetError: s.close()"
	in_client "$XTCPSTAT" why ended -n dport = :8000 >"$WORK/text"
	tail -n 4 "$WORK/text"
	tail -n 2 "$WORK/text" | grep -qE '^ended  .* - 198\.51\.100\.2:8000  [0-9.]+ s ago$'
	tail -n 1 "$WORK/text" |
		grep -qE '^    PEER_RESET: in ESTABLISHED, the peer sent a RST \[R.* ttl 64\], 64 bytes went and 0 came. To act: the program at the peer '
	in_client "$XTCPSTAT" why ended --json | python3 -c "import json, sys
rows = json.load(sys.stdin)
assert 16 <= len(rows) <= 64 and [r['bytes_acked'] for r in rows][-1] == 64, rows
assert rows == sorted(rows, key=lambda r: r['time_ns']), rows
assert all(r['cause'] == 'PEER_RESET' and r['remote_port'] == 8000 for r in rows), rows"
	in_client "$XTCPSTAT" why ended dport = :8001 | { not grep .; }
	in_server "$XTCPSTAT" why ended -n >"$WORK/text"
	tail -n 2 "$WORK/text"
	tail -n 1 "$WORK/text" |
		grep -q '^    UNREAD_DATA: in ESTABLISHED, .* \[python3, pid [0-9]*\], 0 bytes went and 64 came'
	ip netns exec "$S" setpriv --reuid 65534 --clear-groups "$XTCPSTAT" why ended \
		2>"$WORK/refused" && return 1
	grep -q CAP_NET_ADMIN "$WORK/refused"
}

# Both stacks share the ports.
why__port_is_held() {
	fresh_net
	server "c = s.accept()[0]"
	in_bg "$WORK/other" ip netns exec "$S" python3 -c "import signal, socket
s = socket.socket(); s.bind(('$SERVER_IP', 8001)); s.listen(); signal.pause()"
	wait_for "the kernel's server" listens "$S" inet 8001
	in_server "$XTCPSTAT" why -n port 8000 >"$WORK/text"
	grep -qE '^xtcp +LISTEN +198\.51\.100\.2:8000 +python3' "$WORK/text"
	grep -q 'port 8000: a listener has it: bind() says EADDRINUSE' "$WORK/text"
	in_server "$XTCPSTAT" why -n port 8001 | grep -qE '^kernel +LISTEN +198\.51\.100\.2:8001 +python3'
	in_server "$XTCPSTAT" why port 8002 | grep -q 'nobody has it'
	in_server "$XTCPSTAT" why listener 8000 | grep -q '    SERVES: '
	not in_server "$XTCPSTAT" why port
}

# Four local ports, and three connections.
why__ports_towards_a_host() {
	fresh_net
	ip netns exec "$C" sysctl -qw net.ipv4.ip_local_port_range="40000 40003"
	server "many = [s.accept()[0] for i in range(3)]
signal.pause()"
	peer client "$C" "many = [socket.create_connection(('$SERVER_IP', 8000)) for i in range(3)]"
	in_client "$XTCPSTAT" why dest $SERVER_IP | tee "$WORK/text"
	grep -q '3 of 4 local ports are in use, by 3 connections, 0 of them in TIME_WAIT' "$WORK/text"
	in_client "$XTCPSTAT" why --json dest $SERVER_IP | grep -q '"used": *3'
}

plan why__peer_closed_and_we_do_not why__peer_does_not_close why__peer_does_not_read \
	why__we_do_not_read why__nobody_answers why__accept_queue_is_full why__idle_and_clocks \
	why__ended why__asked_afterwards why__port_is_held why__ports_towards_a_host
