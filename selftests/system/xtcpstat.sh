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

plan listener__queues options__of_netstat info__rto
