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

two_watch() {
	watching "$C" 2
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

# listed FILTER...: what it lists in the client's namespace, states and peers.
listed() {
	in_client "$XTCPSTAT" -nH "$@" | awk '{ print $6, $5 }' | sort | tr '\n' ';'
}

# What the kernel is asked and what is left to the program together make the answer.
filter__chooses() {
	local one="ESTABLISHED $SERVER_IP:8000;"
	fresh_net
	server 7
	client
	[ "$(listed dport = 8000)" = "$one" ]
	[ "$(listed dst $SERVER_IP/31 and not dport 8001)" = "$one" ]
	[ "$(listed "( dst $SERVER_IP:8000 or dport = 1 ) and user root")" = "$one" ]
	[ "$(listed state established exclude closing)" = "$one" ]
	[ "$(listed -4 sport gt 1023)" = "$one" ]
	[ "$(listed -6)" = "" ]
	[ "$(listed dport ne 8000)" = "" ]
	[ "$(listed user nobody)" = "" ]
	[ "$(listed dev eth0)" = "" ]
	[ "$(listed state listening or dev lo)" = "" ]
	# who names listeners means them, and so does -a
	in_server "$XTCPSTAT" -nH state listening | grep -q ":8000 "
	in_server "$XTCPSTAT" -anH sport 8000 | grep -q LISTEN
	[ "$(in_server "$XTCPSTAT" -nH sport 8000 | grep -c LISTEN)" -eq 0 ]
	in_client "$XTCPSTAT" --json dport 8000 | python3 -c "import json, sys
rows = json.load(sys.stdin)
assert [row['remote_port'] for row in rows] == [8000], rows"
}

# The word that is wrong is pointed at, and the status is that of wrong usage.
filter__wrong_word() {
	local rc=0
	"$XTCPSTAT" dport = http and sporr = 3 2>"$WORK/error" || rc=$?
	cat "$WORK/error"
	[ $rc -eq 2 ]
	grep -q "^xtcpstat: 'sporr' is no condition" "$WORK/error"
	grep -qx ' \{19\}^~~~~' "$WORK/error"
	rc=0
	"$XTCPSTAT" evnets 2>"$WORK/error" || rc=$?
	[ $rc -eq 2 ]
	grep -q "^xtcpstat: 'evnets' is neither a command nor" "$WORK/error"
	rc=0
	"$XTCPSTAT" --count=none 2>"$WORK/error" || rc=$?
	[ $rc -eq 2 ]
}

# From outside of the namespace, again, with memory.
options__of_ss() {
	fresh_net
	server 7
	client
	"$XTCPSTAT" -N "$C" -nm
	"$XTCPSTAT" -N "$C" -nm | grep -A 1 ":8000 " | grep -qE 'skmem:\(r0,rb[1-9][0-9]*,t0,tb[1-9]'
	"$XTCPSTAT" --net="/run/netns/$C" -nH | grep -q ":8000 "
	[ "$("$XTCPSTAT" -N "$C" -ncH --delay=0.01 --count=3 | grep -c ":8000 ")" -eq 3 ]
	not "$XTCPSTAT" -N "no-such-$$" 2>"$WORK/error"
	grep -q 'network namespace no-such' "$WORK/error"
	"$XTCPSTAT" -N "$C" --json -m | python3 -c "import json, sys
(row,) = json.load(sys.stdin)
assert row['memory']['rcvbuf'] > 0 and row['memory']['backlog'] == 0"
}

# Events of whom the filter means, by what only a socket has, too.
events__filter() {
	fresh_net
	server 7
	in_bg "$WORK/ours" ip netns exec "$C" "$XTCPSTAT" events user root and dport 8000
	in_bg "$WORK/others" ip netns exec "$C" "$XTCPSTAT" events not user root or dport != 8000
	wait_for "both" two_watch
	client
	wait_for "the events" grep -q 'ESTABLISHED' "$WORK/ours"
	cat "$WORK/ours" "$WORK/others"
	[ ! -s "$WORK/others" ]
}

# It ends whom the filter means, nobody else, and says how many.
kill__filter() {
	local rc=0
	fresh_net
	server 7
	client
	in_client "$XTCPSTAT" kill dport 8001 >"$WORK/out" || rc=$?
	[ $rc -eq 1 ]
	grep -q '^0 ended' "$WORK/out"
	connected
	[ "$(in_client "$XTCPSTAT" kill --json dport 8000 and user root)" = \
		'{"matched":1,"ended":1,"gone":0,"refused":0}' ]
	not connected
	in_client "$XTCPSTAT" reasons | grep -qE '^ +1 .* KILLED '
	# without a filter nothing, nor for anybody
	rc=0
	in_client "$XTCPSTAT" kill || rc=$?
	[ $rc -eq 2 ]
	rc=0
	in_server setpriv --reuid=65534 --regid=65534 --clear-groups "$XTCPSTAT" \
		kill state all 2>"$WORK/error" || rc=$?
	cat "$WORK/error"
	[ $rc -eq 1 ]
	grep -q CAP_NET_ADMIN "$WORK/error"
	# a listener ends if it is named
	in_server "$XTCPSTAT" kill sport 8000 || :
	listens "$S" xtcp 8000
	[ "$(in_server "$XTCPSTAT" kill state listening sport 8000)" = "1 ended" ]
	not listens "$S" xtcp 8000
}

# What somebody else's connection has, as setsockopt() would have set it.
set__knobs() {
	local rc=0
	fresh_net
	server 7
	client
	[ "$(in_client "$XTCPSTAT" set dport 8000 congestion=dctcp keepalive=on keepidle=10m \
		keepintvl=3 keepcnt=4 user-timeout=30s pacing-rate=8mbit)" = "1 set" ]
	in_client "$XTCPSTAT" -nio dport 8000 | tee "$WORK/out"
	grep -q dctcp "$WORK/out"
	grep -qE 'keepalive \((600|59[0-9])\.' "$WORK/out"
	in_client "$XTCPSTAT" -i --json dport 8000 | python3 -c "import json, sys
(row,) = json.load(sys.stdin)
assert row['info']['max_pacing_rate'] == 1e6, row"
	[ "$(in_client "$XTCPSTAT" set dport 8000 keepalive=off pacing-rate=max)" = "1 set" ]
	in_client "$XTCPSTAT" -no dport 8000 | grep -q ' off '
	# what is refused changes nothing, and is told
	in_client "$XTCPSTAT" set dport 8000 congestion=nosuch keepalive=on 2>"$WORK/error" || rc=$?
	cat "$WORK/error"
	[ $rc -eq 1 ]
	grep -q 'no such congestion control' "$WORK/error"
	in_client "$XTCPSTAT" -no dport 8000 | grep -q ' off '
	rc=0
	in_client "$XTCPSTAT" set dport 8000 keepalive=on keepidle=0 2>"$WORK/error" || rc=$?
	cat "$WORK/error"
	[ $rc -eq 1 ]
	grep -q 'out of range' "$WORK/error"
	in_client "$XTCPSTAT" -no dport 8000 | grep -q ' off '
	rc=0
	in_client setpriv --reuid=65534 --regid=65534 --clear-groups "$XTCPSTAT" \
		set state all keepalive=on 2>"$WORK/error" || rc=$?
	cat "$WORK/error"
	[ $rc -eq 1 ]
	grep -q CAP_NET_ADMIN "$WORK/error"
	rc=0
	in_client "$XTCPSTAT" set dport 8000 keepaliv=on 2>"$WORK/error" || rc=$?
	[ $rc -eq 2 ]
	grep -qx ' \{13\}^~~~~~~~~~~' "$WORK/error"
}

# talk: in the server's namespace a server reads all, answers with seven bytes and closes;
# the client says five, closes its direction first, and waits for the answer.
talk() {
	in_bg "$WORK/talker" ip netns exec "$S" "$XTCPRUN" -q python3 -c "import socket
s = socket.create_server(('$SERVER_IP', 8001))
while True:
    c, _ = s.accept()
    while c.recv(99):
        pass
    c.sendall(b'goodbye')
    c.close()"
	wait_for "the server" listens "$S" xtcp 8001
	in_client "$XTCPRUN" -q python3 -c "import socket
s = socket.create_connection(('$SERVER_IP', 8001))
s.sendall(b'hello')
s.shutdown(socket.SHUT_WR)
while s.recv(99):
    pass"
}

# A line for each connection that ended: who, how long, how much, how.
life__tells_how_it_ended() {
	fresh_net
	server 7
	in_bg "$WORK/life" ip netns exec "$C" "$XTCPSTAT" life -n dport 8001
	in_bg "$WORK/json" ip netns exec "$C" "$XTCPSTAT" life --json
	in_bg "$WORK/theirs" ip netns exec "$S" "$XTCPSTAT" life --json
	wait_for "both" two_watch
	wait_for "the third" watching "$S" 1
	talk
	client
	in_client "$XTCPSTAT" kill dport 8000
	wait_for "the line" grep -q ":8001" "$WORK/life"
	wait_for "both lines" grep -q KILLED "$WORK/json"
	wait_for "the server's lines" grep -q PEER_RESET "$WORK/theirs"
	cat "$WORK/life" "$WORK/json" "$WORK/theirs"
	[ "$(wc -l <"$WORK/life")" -eq 2 ]
	grep -qE 'python3\[[0-9]+\] +[0-9]+\.[0-9]{3} +5 +7  the user shut down' "$WORK/life"
	python3 -c "import json
rows = [json.loads(line) for line in open('$WORK/json')]
assert [(r['remote_port'], r['reason']) for r in rows] == [
    (8001, 'USER_SHUTDOWN'), (8000, 'KILLED')], rows
assert rows[0]['bytes_acked'] == 5 and rows[0]['bytes_received'] == 7, rows
assert all(r['duration_ns'] > 0 and r['uid'] == 0 for r in rows), rows
assert rows[1]['process']['comm'] == 'python3', rows
theirs = [json.loads(line) for line in open('$WORK/theirs')]
assert [(r['local_port'], r['reason']) for r in theirs] == [
    (8001, 'PEER_CLOSED'), (8000, 'PEER_RESET')], theirs
assert theirs[0]['bytes_acked'] == 7 and theirs[0]['bytes_received'] == 5, theirs
assert all(r['duration_ns'] > 0 for r in theirs), theirs"
}

busy() {
	in_client "$XTCPSTAT" top --json --count=1 --delay=0.2 dport 8002 |
		python3 -c "import json, sys
rows = json.load(sys.stdin)
sys.exit(not rows or rows[0]['bytes_out_per_s'] < 1000)"
}

# Who sends is at the top, by rate; the others are below.
top__rates() {
	local rc=0
	fresh_net
	server 7
	client
	in_bg "$WORK/sink" ip netns exec "$S" "$XTCPRUN" -q python3 -c "import socket
s = socket.create_server(('$SERVER_IP', 8002))
c, _ = s.accept()
while c.recv(1 << 16):
    pass"
	wait_for "the server" listens "$S" xtcp 8002
	in_bg "$WORK/source" ip netns exec "$C" "$XTCPRUN" -q python3 -c "import socket, time
s = socket.create_connection(('$SERVER_IP', 8002))
while True:
    s.sendall(bytes(1000))
    time.sleep(0.01)"
	wait_for "the rate" busy
	in_client "$XTCPSTAT" top -nb --count=2 --delay=0.5 | tee "$WORK/out"
	[ "$(grep -c '^2 connections, by rate' "$WORK/out")" -eq 2 ]
	[ "$(sed -n 3p "$WORK/out" | grep -c ":8002")" -eq 1 ]
	[ "$(sed -n 4p "$WORK/out" | grep -c ":8000")" -eq 1 ]
	in_client "$XTCPSTAT" top -nbHp --sort=rtt --count=1 --delay=0.01 | grep -q python3
	in_client "$XTCPSTAT" top --sort=size 2>"$WORK/error" || rc=$?
	[ $rc -eq 2 ]
}

# What a scraper reads; as JSON the same.
metrics__of_prometheus() {
	fresh_net
	server 7
	client
	in_server "$XTCPSTAT" metrics >"$WORK/text"
	in_server "$XTCPSTAT" metrics --json >"$WORK/json"
	grep -v ' 0$' "$WORK/text"
	python3 - "$WORK/text" "$WORK/json" <<-'END'
	import json, re, sys
	SAMPLE = re.compile(r'(xtcp_[a-z_]+)\{((?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)$')
	text, types, last = {}, {}, None
	for line in open(sys.argv[1]):
	    if line.startswith('# TYPE '):
	        _, _, name, kind = line.split()
	        assert name not in types and kind == ('counter' if name.endswith('_total') else 'gauge')
	        types[name] = kind
	        last = name
	    elif not line.startswith('# HELP '):
	        name, labels, value = SAMPLE.match(line.rstrip('\n')).groups()
	        assert name == last, line
	        key = name, labels
	        assert key not in text, line
	        text[key] = float(value)
	same = {}
	for metric in json.load(open(sys.argv[2])):
	    for s in metric['samples']:
	        labels = ','.join(f'{k}="{v}"' for k, v in s['labels'].items())
	        same[metric['name'], labels] = s['value']
	# who waits has waited longer by the second time
	for key in [k for k in text if k[0] == 'xtcp_accept_wait_seconds']:
	    assert 0 <= text[key] <= same[key], key
	    same[key] = text[key]
	assert text == same, {k for k in text.keys() | same if text.get(k) != same.get(k)}
	assert text['xtcp_connections', 'state="LISTEN"'] == 1
	assert text['xtcp_connections', 'state="ESTABLISHED"'] == 1
	assert text['xtcp_transitions_total',
	            'from="LISTEN",to="SYN_RECV",event="rcv SYN"'] == 1
	assert text['xtcp_reasons_total', 'reason="SYN_CAME"'] == 1
	assert text['xtcp_resets_sent_total', 'reason="KILLED"'] == 0
	assert text['xtcp_events_total', 'counter="PassiveOpens"'] == 1
	assert text['xtcp_segments_total', 'kind="dropped",verdict="CSUM"'] == 0
	assert text['xtcp_segments_total', 'kind="taken",verdict="SYN"'] == 1
	listener = 'address="198.51.100.2",port="8000"'
	assert [text[k] for k in text if k[0] == 'xtcp_accept_queue' and listener in k[1]] == [1]
	def of(name, more=''):
	    return [text[k] for k in text if k[0] == name and listener in k[1] and more in k[1]]
	assert of('xtcp_accept_queue_limit') == [7]
	assert of('xtcp_accept_queue_most') == [1] and of('xtcp_syn_queue') == [0]
	assert of('xtcp_accepted_total') == [0] and of('xtcp_accept_wait_seconds')[0] >= 0
	assert of('xtcp_listener_drops_total', 'cause="accept queue full"') == [0]
	assert len(of('xtcp_listener_drops_total')) == 4
	END
}

# What happened, why and how often.
reasons__are_counted() {
	fresh_net
	server 7
	client
	in_client "$XTCPSTAT" reasons
	in_client "$XTCPSTAT" reasons | grep -qE '^ +1 +0 +1  CONNECT +the user called connect\(\) \(3\.10\.1\)$'
	if in_client "$XTCPSTAT" reasons | grep -q KILLED; then
		return 1
	fi
	in_client "$XTCPSTAT" reasons -a | grep -qE '^ +0 +0 +0  KILLED '
	in_client "$XTCPSTAT" reasons --json | python3 -c "import json, sys
assert {'CONNECT', 'PEER_ACCEPTED', 'ACK_SYN_ACK'} == {r['name'] for r in json.load(sys.stdin)}"
}

plan listener__queues options__of_netstat options__of_ss filter__chooses filter__wrong_word \
	kill__filter set__knobs info__rto events__why events__filter life__tells_how_it_ended \
	top__rates metrics__of_prometheus reasons__are_counted
