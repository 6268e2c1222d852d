#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The host's firewall sees AF_XTCP's packets as it sees the kernel's: input
# rules, connection tracking, and address translation, of IPv4 or IPv6.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip curl python3 nft

get() {
	# shellcheck disable=SC2046
	in_client $(tcp_of "$1") curl -sS --max-time "${2:-20}" \
		"http://$SERVER_HOST:8000/small" >"$WORK/got" &&
		cmp "$WORK/www/small" "$WORK/got"
}

# setup SERVER-FAMILY
setup() {
	fresh_net
	mkdir -p "$WORK/www"
	pattern_file "$WORK/www/small" 1
	serve "$1" "$WORK/www"
}

# A client that lets in only what it asked for.
conntrack__client() {
	setup inet
	in_client nft -f - <<-END
		table $NFT filter {
			chain input {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				meta l4proto ipv6-icmp accept
				iif lo accept
				counter
			}
		}
	END
	get xtcp
	in_client nft list ruleset
	# nothing was taken for a stranger
	in_client nft list ruleset | grep -q 'counter packets 0 '
}

# A server that lets new connections in by port, and then what belongs to them.
conntrack__server() {
	setup xtcp
	in_server nft -f - <<-END
		table $NFT filter {
			chain input {
				type filter hook input priority 0; policy drop;
				ct state established,related accept
				meta l4proto ipv6-icmp accept
				ct state new tcp dport 8000 accept
			}
		}
	END
	get inet
	get xtcp
}

# What the rules drop does not reach a listener.
input__drop() {
	setup xtcp
	in_server nft -f - <<-END
		table $NFT filter {
			chain input {
				type filter hook input priority 0;
				tcp dport 8000 drop
			}
		}
	END
	not get inet 2
	not get xtcp 2
	[ "$(counter "$S" PassiveOpens)" = 0 ]
	in_server nft flush ruleset
	get xtcp
}

# What the rules reject is refused.
input__reject() {
	setup xtcp
	in_server nft -f - <<-END
		table $NFT filter {
			chain input {
				type filter hook input priority 0;
				tcp dport 8000 reject with tcp reset
			}
		}
	END
	local rc=0
	in_client "$XTCPRUN" curl -sS --max-time 5 "http://$SERVER_HOST:8000/small" || rc=$?
	echo "curl: status $rc"
	[ $rc = 7 ]
}

output__drop() {
	setup inet
	in_client nft -f - <<-END
		table $NFT filter {
			chain output {
				type filter hook output priority 0;
				tcp dport 8000 drop
			}
		}
	END
	not get xtcp 2
}

# Source NAT on the client's own way out.
nat__masquerade() {
	local other=203.0.113.7
	[ "$NFT" = ip ] || other=2001:db8:7::7
	setup inet
	ip -n "$C" addr add $other dev lo
	ip -n "$C" route add "$SERVER_NET" dev eth0 src $other metric 1
	in_client nft -f - <<-END
		table $NFT nat {
			chain postrouting {
				type nat hook postrouting priority srcnat;
				oif eth0 masquerade
			}
		}
	END
	get xtcp
	grep -q "^$CLIENT_IP " "$WORK/http.log"
}

# Destination NAT on the server: the client asks for port 80.
nat__redirect() {
	setup xtcp
	in_server nft -f - <<-END
		table $NFT nat {
			chain prerouting {
				type nat hook prerouting priority dstnat;
				tcp dport 80 redirect to :8000
			}
		}
	END
	in_client curl -sS --max-time 20 "http://$SERVER_HOST:80/small" >"$WORK/got"
	cmp "$WORK/www/small" "$WORK/got"
	in_client "$XTCPRUN" curl -sS --max-time 20 "http://$SERVER_HOST:80/small" >"$WORK/got"
	cmp "$WORK/www/small" "$WORK/got"
}

# Segments that either TCP of a namespace sent again.
sent_again() {
	local theirs
	theirs=$(ip netns exec "$1" awk '/^Tcp: [0-9]/ { print $13 }' /proc/net/snmp)
	echo $((theirs + $(counter "$1" RetransSegs)))
}

# RESETS becomes the number of RSTs that there were while connections were idle, busy and closed
exchange() {
	local ns resets=0
	setup xtcp
	for ns in "$C" "$S"; do
		ip netns exec "$ns" nft -f - <<-END
			table $NFT watch {
				counter resets { }
				chain out {
					type filter hook output priority 0
					tcp flags rst counter name resets
				}
			}
		END
	done
	get xtcp
	get inet
	for ns in "$C" "$S"; do
		resets=$((resets + $(ip netns exec "$ns" nft list counter "$NFT" watch resets |
			awk '$1 == "packets" { print $2 }')))
	done
	RESETS=$resets
}

# Neither the client's nor the server's kernel sends a RST for what it does not know. Where
# one processor stands still, what was sent again waits there until the other side has
# forgotten the connection: such an exchange says nothing, and there is another one.
resets__none() {
	local turn
	for turn in 1 2 3 4 5; do
		exchange
		echo "turn $turn: $RESETS RSTs, sent again: $(sent_again "$C") and $(sent_again "$S")"
		[ "$RESETS" -ne 0 ] || return 0
		[ $(($(sent_again "$C") + $(sent_again "$S"))) -ne 0 ]
	done
	return 1
}

plan conntrack__client conntrack__server input__drop input__reject output__drop \
	nat__masquerade nat__redirect resets__none
