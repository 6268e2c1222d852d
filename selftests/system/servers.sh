#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers as Debian has them, unmodified, over AF_XTCP: none is told an address if it
# then listens for both families, be it in one socket at [::] or in two. "xtcprun
# --strict" starts each; it has to listen on AF_XTCP alone, and to answer clients on
# another host, whose TCP is the kernel's: over IPv4, then over IPv6. Those that are not
# installed are skipped; "make programs" installs them, and more.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip python3
# Minutes of starting servers on an emulated processor would say nothing new.
[ "${XTCP_KERNEL-uml}" = uml ] || tap_skip_all "runs in user-mode Linux"
# Debian's servers that root starts and that users do not
PATH=$PATH:/usr/sbin

# Arguments: address, port, what to say, what the answer has to have.
cat >"$WORK/ask.py" <<'END_OF_PYTHON'
import socket, sys
address, port, text, wanted = sys.argv[1:]
s = socket.create_connection((address, int(port)), timeout=30)
s.sendall(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
answer, wanted = b"", wanted.encode("latin-1").decode("unicode_escape").encode("latin-1")
while wanted not in answer:
    more = s.recv(65536)
    if not more:
        sys.exit(f"the answer was {answer}")
    answer += more
END_OF_PYTHON

HTTP='GET /hello HTTP/1.0\r\n\r\n'
WWW=$WORK/www
mkdir "$WWW"
echo "hello from here" >"$WWW/hello"
chmod 755 "$WORK" "$WWW"

installed() {
	command -v "$1" >/dev/null || { echo "$1 is not installed"; return $KSFT_SKIP; }
}

# rows_of FILE PORT: listeners there, in the server's namespace
rows_of() {
	in_server grep -cE "^ *[0-9]+: [0-9A-F]+:$(printf %04X "$2") [0-9A-F:]+ 0A " "$1" || :
}

# One socket for both families at [::], or two.
listens_for_both() {
	[ "$(rows_of /proc/net/xtcp6 "$1")" -gt 0 ] || return
	[ -n "${TWO_SOCKETS-}" ] || return 0
	[ "$(rows_of /proc/net/xtcp "$1")" -gt 0 ]
}

# starts PORT COMMAND...: until it listens for both
starts() {
	local port=$1
	shift
	fresh_net
	add_ipv6
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" --strict -d "$@"
	wait_for "$1 on port $port" listens_for_both "$port" && return
	cat "$WORK/server"
	return 1
}

# answers PORT TEXT ANSWER: over both, on AF_XTCP alone
answers() {
	local address
	for address in $SERVER_IP $SERVER_IP6; do
		echo "over $address"
		in_client python3 "$WORK/ask.py" $address "$@" && continue
		cat "$WORK/server"
		return 1
	done
	[ "$(rows_of /proc/net/tcp "$1") $(rows_of /proc/net/tcp6 "$1")" = "0 0" ]
	[ "$(counter "$S" PassiveOpens)" -ge 2 ]
}

# serves PORT TEXT ANSWER COMMAND...
serves() {
	starts "$1" "${@:4}"
	answers "$1" "$2" "$3"
}

server__python3() {
	cd "$WWW"
	serves 8000 "$HTTP" "hello from here" python3 -m http.server --bind ::
}

server__apache2() {
	local modules=/usr/lib/apache2/modules
	installed apache2
	cat >"$WORK/conf" <<-END
		ServerRoot $WORK
		ServerName localhost
		PidFile $WORK/apache.pid
		ErrorLog $WORK/apache.log
		LoadModule mpm_event_module $modules/mod_mpm_event.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		Listen 8000
		DocumentRoot $WWW
	END
	serves 8000 "$HTTP" "hello from here" apache2 -X -f "$WORK/conf"
}

server__nginx() {
	installed nginx
	cat >"$WORK/conf" <<-END
		daemon off;
		user root;
		pid $WORK/nginx.pid;
		error_log $WORK/nginx.log;
		events { }
		http {
			access_log off;
			client_body_temp_path $WORK/n1;
			proxy_temp_path $WORK/n2;
			fastcgi_temp_path $WORK/n3;
			uwsgi_temp_path $WORK/n4;
			scgi_temp_path $WORK/n5;
			server { listen [::]:8000 ipv6only=off; root $WWW; }
		}
	END
	serves 8000 "$HTTP" "hello from here" nginx -c "$WORK/conf"
}

server__lighttpd() {
	installed lighttpd
	cat >"$WORK/conf" <<-END
		server.port = 8000
		server.bind = "[::]"
		server.set-v6only = "disable"
		server.document-root = "$WWW"
	END
	serves 8000 "$HTTP" "hello from here" lighttpd -D -f "$WORK/conf"
}

server__node() {
	installed node
	serves 8000 "$HTTP" "hello from node" node -e \
		'require("http").createServer((q, a) => a.end("hello from node")).listen(8000)'
}

server__squid() {
	installed squid
	cat >"$WORK/conf" <<-END
		http_port 3128
		pid_filename none
		cache_log $WORK/squid.log
		access_log none
		cache_effective_user nobody
		pinger_enable off
		visible_hostname localhost
		shutdown_lifetime 1 second
	END
	install -m 666 /dev/null "$WORK/squid.log"
	serves 3128 'GET http://198.51.100.9/ HTTP/1.0\r\n\r\n' ' 403 ' squid -N -f "$WORK/conf"
}

server__haproxy() {
	installed haproxy
	cat >"$WORK/conf" <<-END
		defaults
			mode http
			timeout client 30s
			timeout server 30s
			timeout connect 30s
		frontend front
			bind [::]:8000 v4v6
			http-request return status 200 content-type text/plain string "hello from haproxy"
	END
	serves 8000 "$HTTP" "hello from haproxy" haproxy -db -f "$WORK/conf"
}

server__redis() {
	installed redis-server
	cd "$WORK"
	TWO_SOCKETS=1 serves 6379 'PING\r\n' '+PONG' redis-server --save '' --protected-mode no \
		--bind 0.0.0.0 ::
}

server__memcached() {
	installed memcached
	TWO_SOCKETS=1 serves 11211 'version\r\n' 'VERSION ' memcached -u root -U 0
}

server__vsftpd() {
	installed vsftpd
	mkdir "$WORK/empty"
	cat >"$WORK/conf" <<-END
		listen=NO
		listen_ipv6=YES
		background=NO
		anonymous_enable=YES
		secure_chroot_dir=$WORK/empty
		nopriv_user=nobody
		ftp_username=nobody
		ftpd_banner=hello
	END
	serves 21 '' '220 hello' vsftpd "$WORK/conf"
}

# A question over TCP for the address of x.
server__dnsmasq() {
	installed dnsmasq
	TWO_SOCKETS=1 serves 53 '\0\x13\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01' '\x01\x02\x03\x04' \
		dnsmasq -k -u root -C /dev/null --no-resolv --no-hosts --pid-file= \
		--address=/x/1.2.3.4
}

# "Do you speak TLS?" "No."
server__postgres() {
	local bin data=$WORK/data
	local -a nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | tail -n 1)
	[ -n "$bin" ] || { echo "postgres is not installed"; return $KSFT_SKIP; }
	mkdir "$data"
	chown 65534:65534 "$data"
	cp "$XTCPRUN" "$(dirname "$XTCPRUN")/libxtcprun.so" "$WORK"
	HOME=$data "${nobody[@]}" "$bin/initdb" -D "$data" -A trust --no-sync --no-instructions \
		>"$WORK/said" 2>&1 || { cat "$WORK/said"; return 1; }
	XTCPRUN=$WORK/xtcprun
	# the one that is root starts the one that is nobody
	TWO_SOCKETS=1 serves 5432 '\0\0\0\x08\x04\xd2\x16\x2f' N "${nobody[@]}" \
		"$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories=
}

server__socat() {
	installed socat
	serves 8000 'hello' 'hello' socat TCP6-LISTEN:8000,ipv6only=0,fork,reuseaddr \
		EXEC:cat
}

# A proxy in front of a server, both over AF_XTCP.
server__haproxy_before_python3() {
	installed haproxy
	cat >"$WORK/conf" <<-END
		defaults
			mode http
			timeout client 30s
			timeout server 30s
			timeout connect 30s
		listen front
			bind [::]:8001 v4v6
			server back [$SERVER_IP6]:8000
	END
	starts 8001 haproxy -db -f "$WORK/conf"
	in_bg "$WORK/http.log" ip netns exec "$S" "$XTCPRUN" --strict \
		python3 -m http.server --bind :: --directory "$WWW" 8000
	wait_for "the server behind" listens_for_both 8000
	answers 8001 "$HTTP" "hello from here"
}

plan server__python3 server__apache2 server__nginx server__lighttpd server__node server__squid \
	server__haproxy server__haproxy_before_python3 server__redis server__memcached \
	server__vsftpd server__dnsmasq server__postgres server__socat
