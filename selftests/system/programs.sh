#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Unmodified programs over AF_XTCP by means of xtcprun, each against the
# kernel's TCP in both directions and against itself.
#
#   XTCP_FILE_MIB    size of the large file (1024 where the machine is fast enough
#                    to hash it in a minute: user-mode Linux; else 16, debug 4)

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip curl iperf3 python3 nft openssl

case ${XTCP_KERNEL-} in
uml) mib=1024 ;;
debug) mib=4 ;;
*) mib=16 ;;
esac
mib=${XTCP_FILE_MIB:-$mib}

# No RST may leave either side: neither for a connection that is well, nor
# by the kernel's TCP for one that is not its own.
count_resets() {
	local ns
	for ns in "$C" "$S"; do
		ip netns exec "$ns" nft -f - <<-END
			table ip watch {
				counter resets { }
				chain out {
					type filter hook output priority 0
					tcp flags rst counter name resets
				}
			}
		END
	done
}

no_resets() {
	local ns
	for ns in "$C" "$S"; do
		ip netns exec "$ns" nft list counter ip watch resets | tee -a "$WORK/nft"
		ip netns exec "$ns" nft list counter ip watch resets |
			grep -q 'packets 0 '
	done
}

# Was it really ours? One connection at least in that namespace.
was_xtcp() {
	local opens
	[ "$2" = xtcp ] || return 0
	opens=$(($(counter "$1" ActiveOpens) + $(counter "$1" PassiveOpens)))
	echo "$opens connections of AF_XTCP in $1"
	[ $opens -gt 0 ]
}

# http CLIENT SERVER: families
http() {
	fresh_net
	count_resets
	mkdir -p "$WORK/www"
	pattern_file "$WORK/www/small" 1
	serve "$2" "$WORK/www"
	for _ in 1 2 3; do
		# shellcheck disable=SC2046
		in_client $(tcp_of "$1") curl -sS --max-time 20 \
			"http://$SERVER_IP:8000/small" >"$WORK/got"
		cmp "$WORK/www/small" "$WORK/got"
	done
	# many small ones, at the same time
	# shellcheck disable=SC2046
	in_client $(tcp_of "$1") curl -sS --max-time 20 --parallel --parallel-max 20 \
		-o /dev/null "http://$SERVER_IP:8000/?[1-60]"
	was_xtcp "$C" "$1"
	was_xtcp "$S" "$2"
	no_resets
}

http__xtcp_client() { http xtcp inet; }
http__xtcp_server() { http inet xtcp; }
http__both() { http xtcp xtcp; }

# iperf3 CLIENT SERVER OPTION...
iperf() {
	local client=$1 server=$2
	shift 2
	fresh_net
	# shellcheck disable=SC2046
	in_bg "$WORK/iperf.log" ip netns exec "$S" $(tcp_of "$server") \
		iperf3 --server --one-off --bind $SERVER_IP
	wait_for iperf3 listens "$S" "$server" 5201
	# shellcheck disable=SC2046
	in_client $(tcp_of "$client") iperf3 --client $SERVER_IP --bytes 16M \
		--json "$@" >"$WORK/iperf.json" ||
		{ cat "$WORK/iperf.json" "$WORK/iperf.log"; return 1; }
	python3 - "$WORK/iperf.json" <<-'END'
		import json, sys
		result = json.load(open(sys.argv[1]))
		assert "error" not in result, result["error"]
		got = result["end"]["sum_received"]["bytes"]
		print("received", got, "bytes")
		# what was under way when the sender stopped is not counted
		assert got >= 4 << 20
	END
	was_xtcp "$C" "$client"
	was_xtcp "$S" "$server"
}

iperf3__xtcp_client() { iperf xtcp inet; }
iperf3__xtcp_client_reverse() { iperf xtcp inet --reverse; }
iperf3__xtcp_server() { iperf inet xtcp; }
iperf3__xtcp_server_reverse() { iperf inet xtcp --reverse; }
iperf3__both_four_streams() { iperf xtcp xtcp --parallel 4; }

# file CLIENT SERVER MIB
file() {
	fresh_net
	mkdir -p "$WORK/www"
	pattern_file "$WORK/www/large" "$3"
	serve "$2" "$WORK/www"
	# one processor takes the sum while the other one sends
	sha256_of "$WORK/www/large" >"$WORK/sent" &
	local summing=$!
	# shellcheck disable=SC2046
	in_client $(tcp_of "$1") curl -sS "http://$SERVER_IP:8000/large" |
		sha256_of >"$WORK/received"
	wait $summing
	rm "$WORK/www/large"
	cat "$WORK/sent" "$WORK/received"
	[ "$(<"$WORK/sent")" = "$(<"$WORK/received")" ]
	was_xtcp "$C" "$1"
	was_xtcp "$S" "$2"
}

file__xtcp_receives() { file xtcp inet "$mib"; }
file__xtcp_sends() { file inet xtcp "$mib"; }

# A half-closed connection carries data. nc would not do: as a server it leaves when the
# other side's FIN comes while its own buffer happens to be empty, over any TCP.
socat__half_close() {
	command -v socat >/dev/null || { echo "no socat"; return $KSFT_SKIP; }
	fresh_net
	head -c 300000 /dev/urandom >"$WORK/question"
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" \
		socat -t 60 -b 8192 "TCP4-LISTEN:9000,bind=$SERVER_IP" \
		"OPEN:$WORK/question,rdonly!!CREATE:$WORK/answer"
	wait_for socat listens "$S" xtcp 9000
	in_client "$XTCPRUN" socat -t 60 -b 8192 "OPEN:$WORK/question,rdonly!!CREATE:$WORK/got" \
		"TCP4:$SERVER_IP:9000"
	cmp "$WORK/question" "$WORK/got"
	wait_for "the server's end" cmp -s "$WORK/question" "$WORK/answer"
	was_xtcp "$C" xtcp
	was_xtcp "$S" xtcp
}

plan http__xtcp_client http__xtcp_server http__both \
	iperf3__xtcp_client iperf3__xtcp_client_reverse \
	iperf3__xtcp_server iperf3__xtcp_server_reverse iperf3__both_four_streams \
	socat__half_close file__xtcp_receives file__xtcp_sends
