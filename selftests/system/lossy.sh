#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A bad network: every 50th packet is lost, every fourth is reordered, every
# hundredth comes twice, and all are 20 ms late. What arrives is what was sent.
#
#   XTCP_LOSSY_MIB   size of the file (4; debug 1)

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip tc curl python3 openssl
modprobe sch_netem 2>/dev/null || :

[ "${XTCP_KERNEL-}" = debug ] && mib=1 || mib=4
mib=${XTCP_LOSSY_MIB:-$mib}

# lossy CLIENT SERVER
lossy() {
	local ns
	fresh_net
	for ns in "$C" "$S"; do
		# a packet is a packet, not sixty-four kilobytes
		ip -n "$ns" link set dev eth0 gso_max_segs 1
		tc -n "$ns" qdisc add dev eth0 root netem limit 10000 \
			delay 20ms loss 2% reorder 25% duplicate 1% 2>/dev/null ||
			{ echo "no netem"; return $KSFT_SKIP; }
	done
	mkdir -p "$WORK/www"
	pattern_file "$WORK/www/file" "$mib"
	serve "$2" "$WORK/www"
	# shellcheck disable=SC2046
	in_client $(tcp_of "$1") curl -sS "http://$SERVER_HOST:8000/file" >"$WORK/got"
	cmp "$WORK/www/file" "$WORK/got"
	sha256_of "$WORK/www/file" "$WORK/got"
	tc -n "$S" -s qdisc show dev eth0
	if [ "$2" = xtcp ]; then
		echo "retransmitted: $(counter "$S" RetransSegs)"
		[ "$(counter "$S" RetransSegs)" -gt 0 ]
	fi
}

lossy__xtcp_receives() { lossy xtcp inet; }
lossy__xtcp_sends() { lossy inet xtcp; }
lossy__both() { lossy xtcp xtcp; }

plan lossy__xtcp_receives lossy__xtcp_sends lossy__both
