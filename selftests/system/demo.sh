#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A demonstration, for a virtual machine ("make demo") or any machine where the
# module may be loaded: an unmodified client and an unmodified server talk over
# AF_XTCP, watched from outside.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
XTCPSTAT=$TOOLS/xtcpstat

say() {
	printf '\n\033[1m# %s\033[0m\n' "$*"
}

# show COMMAND...: with the namespace's name as a prompt.
show() {
	local where=$1 ns=$S
	shift
	[ "$where" = server ] || ns=$C
	printf '%s$ %s\n' "$where" "${*/#$TOOLS\//}"
	ip netns exec "$ns" "$@" || :
}

connected() {
	rows "$C" xtcp | grep -qE "^ *[0-9]+: [0-9A-F:]+ [0-9A-F]+:1F40 01 "
}

say "A stock kernel, $(uname -r), and the module."
if [ ! -d /sys/module/xtcp ]; then
	echo "insmod xtcp.ko"
	insmod "${XTCP_KO:?}"
fi
echo "AF_XTCP is protocol family $(</sys/module/xtcp/parameters/family)."

say "Two network namespaces with a cable: client $CLIENT_IP, server $SERVER_IP."
make_net
# slow enough to be watched
tc -n "$S" qdisc add dev eth0 root tbf rate 40mbit burst 64kb latency 200ms 2>/dev/null ||
	rate="--limit-rate 4M"
pattern_file "$WORK/file" 24

say "An unmodified server and an unmodified client, each started with xtcprun."
echo "server\$ xtcprun python3 -m http.server --bind $SERVER_IP 8000 &"
serve xtcp "$WORK"
echo "client\$ xtcprun -d curl http://$SERVER_IP:8000/file | sha256sum &"
{
	# shellcheck disable=SC2086
	in_client "$XTCPRUN" -d curl -sS ${rate-} "http://$SERVER_IP:8000/file" \
		2>"$WORK/curl.log" | sha256_of >"$WORK/sum"
} &
client=$!
wait_for "the connection" connected
cat "$WORK/curl.log"

say "While they talk: the server's sockets, and the inside of the client's."
show server "$XTCPSTAT" -antp
echo
show client "$XTCPSTAT" -nti

wait $client
say "What arrived is what was sent."
printf 'sent      %s\nreceived  %s\n' "$(sha256_of "$WORK/file")" "$(<"$WORK/sum")"
[ "$(sha256_of "$WORK/file")" = "$(<"$WORK/sum")" ]

say "The client's state machine, with a count on every edge that was taken."
show client "$XTCPSTAT" fsm
say "The server's. It closed first (HTTP/1.0), so TIME_WAIT is on its side."
show server "$XTCPSTAT" fsm
show server "$XTCPSTAT" -ant

say "Unloading, with a connection in TIME_WAIT: no waiting, nothing left."
stop_all
echo "rmmod xtcp"
wait_for rmmod rmmod xtcp
echo
