#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# xtcpstat: what netstat's and ss's users know. The drawing and the texts are tested
# without a module, by tools/xtcpstat_test.c.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip python3 ss
XTCPSTAT=$TOOLS/xtcpstat

# server BACKLOG: in the server's namespace, port 8000; it accepts nobody.
server() {
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" -q python3 -c "import signal, socket
s = socket.socket()
s.bind(('$SERVER_IP', 8000))
s.listen($1)
signal.pause()"
	wait_for "the server" listens "$S" xtcp 8000
}

connected() {
	rows "$C" xtcp | grep -qE "^ *[0-9]+: [0-9A-F:]+ [0-9A-F]+:1F40 01 "
}

client() {
	in_bg "$WORK/client" ip netns exec "$C" "$XTCPRUN" -q python3 -c "import signal, socket
s = socket.create_connection(('$SERVER_IP', 8000))
signal.pause()"
	wait_for "the connection" connected
}

# Recv-Q is who waits in the accept queue, Send-Q how many may: as in ss.
listener__queues() {
	fresh_net
	server 7
	client
	in_server "$XTCPSTAT" -ltn
	in_server "$XTCPSTAT" -ltn | grep -qE '^xtcp +1 +7 +198\.51\.100\.2:8000 '
}

# As fingers type it.
options__of_netstat() {
	fresh_net
	server 7
	in_server "$XTCPSTAT" -tulpn | grep -qE ':8000 .* LISTEN +[0-9]+/python3'
	in_server "$XTCPSTAT" -plant4W | grep -q ':8000 '
	in_server "$XTCPSTAT" --tcp --udp --wide -ln | grep -q ':8000 '
	not in_server "$XTCPSTAT" -Z
}

# Times in the words of ss, which has its own from /proc.
info__rto() {
	local rto
	fresh_net
	server 7
	client
	in_client "$XTCPSTAT" -nti
	in_client env PROC_NET_TCP=/proc/net/xtcp PROC_NET_TCP6=/proc/net/xtcp6 ss -nti
	rto=$(in_client "$XTCPSTAT" -nti | grep -o 'rto:[0-9.]* ')
	rto=${rto#rto:}
	[ "${rto%%.*}" -ge 200 ]
	[ "${rto%%.*}" -lt 3000 ]
}

# Sockets of generic netlink that are in a group.
two_watch() {
	[ "$(in_client awk '$2 == 16 && $4 != "00000000"' /proc/net/netlink | wc -l)" -ge 2 ]
}

# Who did it and which segment, of both kinds of transition; in words and as JSON.
events__why() {
	fresh_net
	server 7
	in_bg "$WORK/events" ip netns exec "$C" "$XTCPSTAT" events
	in_bg "$WORK/json" ip netns exec "$C" "$XTCPSTAT" events --json
	wait_for "both" two_watch
	client
	wait_for "the events" grep -q 'ESTABLISHED' "$WORK/events"
	wait_for "the JSON" grep -q 'PEER_ACCEPTED' "$WORK/json"
	cat "$WORK/events" "$WORK/json"
	grep -qE 'SYN_SENT .*because the user called connect\(\) \[python3, pid [0-9]+\]' "$WORK/events"
	grep -qE 'ESTABLISHED .*its SYN,ACK came \[S\. seq [0-9]+ ack [0-9]+ len 0 win [0-9]+ ttl 64\]' \
		"$WORK/events"
	python3 -c "import json, sys
rows = {row['reason']: row for row in map(json.loads, open('$WORK/json'))}
assert rows['CONNECT']['process']['comm'] == 'python3'
assert 'segment' not in rows['CONNECT']
assert rows['PEER_ACCEPTED']['segment']['flags'] == 'S.'
assert 'process' not in rows['PEER_ACCEPTED']"
}

# What happened, why and how often.
reasons__are_counted() {
	fresh_net
	server 7
	client
	in_client "$XTCPSTAT" reasons
	in_client "$XTCPSTAT" reasons | grep -qE '^ +1 +0  CONNECT +the user called connect\(\) \(3\.10\.1\)$'
	if in_client "$XTCPSTAT" reasons | grep -q KILLED; then
		return 1
	fi
	in_client "$XTCPSTAT" reasons -a | grep -qE '^ +0 +0  KILLED '
	in_client "$XTCPSTAT" reasons --json | python3 -c "import json, sys
assert {'CONNECT', 'PEER_ACCEPTED'} == {r['name'] for r in json.load(sys.stdin)}"
}

plan listener__queues options__of_netstat info__rto events__why reasons__are_counted
