#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Servers as Debian has them, unmodified, over AF_XTCP: none is told an address, so
# most would listen on [::]. "xtcprun -4 --strict" starts each; it has to listen on
# AF_XTCP alone, and to answer a client on another host, whose TCP is the kernel's.
# Those that are not installed are skipped.

set -eu
. "$(dirname "$(readlink -f "$0")")/net.sh"
need ip python3
# Minutes of starting servers on an emulated processor would say nothing new.
[ "${XTCP_KERNEL-uml}" = uml ] || tap_skip_all "runs in user-mode Linux"
# Debian's servers that root starts and that users do not
PATH=$PATH:/usr/sbin

# Arguments: port, what to say, what the answer has to have.
cat >"$WORK/ask.py" <<'END_OF_PYTHON'
import socket, sys
port, text, wanted = sys.argv[1:]
s = socket.create_connection(("198.51.100.2", int(port)), timeout=30)
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

# serves PORT TEXT ANSWER COMMAND...
serves() {
	local port=$1 text=$2 answer=$3
	shift 3
	fresh_net
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" -4 --strict -d "$@"
	if ! wait_for "$1 on port $port" listens "$S" xtcp "$port"; then
		cat "$WORK/server"
		return 1
	fi
	if ! in_client python3 "$WORK/ask.py" "$port" "$text" "$answer"; then
		cat "$WORK/server"
		return 1
	fi
	[ "$(rows_of /proc/net/tcp "$port") $(rows_of /proc/net/tcp6 "$port")" = "0 0" ]
	[ "$(counter "$S" PassiveOpens)" -gt 0 ]
}

server__python3() {
	cd "$WWW"
	serves 8000 "$HTTP" "hello from here" python3 -m http.server
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
			server { listen 8000; root $WWW; }
		}
	END
	serves 8000 "$HTTP" "hello from here" nginx -c "$WORK/conf"
}

server__lighttpd() {
	installed lighttpd
	printf 'server.port = 8000\nserver.document-root = "%s"\n' "$WWW" >"$WORK/conf"
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
			bind :8000
			http-request return status 200 content-type text/plain string "hello from haproxy"
	END
	serves 8000 "$HTTP" "hello from haproxy" haproxy -db -f "$WORK/conf"
}

server__redis() {
	installed redis-server
	cd "$WORK"
	serves 6379 'PING\r\n' '+PONG' redis-server --save '' --protected-mode no
}

server__memcached() {
	installed memcached
	serves 11211 'version\r\n' 'VERSION ' memcached -u root -U 0
}

server__vsftpd() {
	installed vsftpd
	mkdir "$WORK/empty"
	cat >"$WORK/conf" <<-END
		listen=YES
		listen_ipv6=NO
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
	serves 53 '\0\x13\0\x01\x01\0\0\x01\0\0\0\0\0\0\x01x\0\0\x01\0\x01' '\x01\x02\x03\x04' \
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
	fresh_net
	in_bg "$WORK/server" ip netns exec "$S" "${nobody[@]}" "$XTCPRUN" -4 --strict -d \
		"$bin/postgres" -D "$data" -c listen_addresses='*' -c unix_socket_directories=
	wait_for "postgres" listens "$S" xtcp 5432
	in_client python3 "$WORK/ask.py" 5432 '\0\0\0\x08\x04\xd2\x16\x2f' N
	[ "$(rows_of /proc/net/tcp 5432) $(rows_of /proc/net/tcp6 5432)" = "0 0" ]
}

server__socat() {
	installed socat
	serves 8000 'hello' 'hello' socat TCP-LISTEN:8000,fork,reuseaddr EXEC:cat
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
			bind :8001
			server back 198.51.100.2:8000
	END
	fresh_net
	serve xtcp "$WWW"
	in_bg "$WORK/server" ip netns exec "$S" "$XTCPRUN" -4 --strict -d haproxy -db -f "$WORK/conf"
	wait_for "haproxy" listens "$S" xtcp 8001
	in_client python3 "$WORK/ask.py" 8001 "$HTTP" "hello from here"
}

plan server__python3 server__apache2 server__nginx server__lighttpd server__node server__squid \
	server__haproxy server__haproxy_before_python3 server__redis server__memcached \
	server__vsftpd server__dnsmasq server__postgres server__socat
