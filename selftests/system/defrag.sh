#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A machine without nf_defrag_ipv6, or whose administrator does not want it: xtcp is loaded
# and serves what comes whole, over IPv6 as well.  Fragments of its segments are dropped, and
# none falls to the kernel's TCP, which would reset the connection.

set -u
. "$(dirname "$(readlink -f "$0")")/net.sh"
# find_test()
. "$HERE/family.sh"

MODPROBE=/proc/sys/kernel/modprobe

# A module goes, after those that use it.
remove() {
	local user
	for user in $(awk -v name="$1" '$1 == name { gsub(/,|-/, " ", $4); print $4 }' /proc/modules); do
		remove "$user" || return
	done
	! grep -q "^$1 " /proc/modules || rmmod "$1"
}

# All others may be loaded.
forbid_defrag() {
	cat >"$WORK/modprobe" <<-EOF
		#!/bin/sh
		case "\$*" in *nf_ct_frag6_gather* | *nf_defrag_ipv6*) exit 1 ;; esac
		exec $modprobe "\$@"
	EOF
	chmod +x "$WORK/modprobe"
	echo "$WORK/modprobe" >$MODPROBE
}

here_still() {
	grep -q ' nf_ct_frag6_gather' /proc/kallsyms
}

# What was loaded is unloaded, for it has asked for its reassembly already.
without_defrag() {
	remove xtcp
	# a namespace that just ends may use it
	wait_for "nobody uses nf_defrag_ipv6" remove nf_defrag_ipv6
}

as_before() {
	echo "$modprobe" >$MODPROBE
	rmmod xtcp 2>/dev/null
	rm -rf "$WORK"
}

the_module_is_loaded() {
	insmod "$XTCP_KO"
}

what_comes_whole_is_served() {
	XTCP_NO_DEFRAG=1 "$(find_test ip6)" -t fragments__without_reassembly >"$WORK/out" || {
		cat "$WORK/out"
		return 1
	}
	grep 'pass:1' "$WORK/out"
	not here_still
}

the_log_says_so() {
	dmesg | grep 'xtcp: IPv6 fragments are dropped: there is no nf_defrag_ipv6'
}

[ "$(id -u)" = 0 ] || tap_skip_all "root is needed"
[ -n "$(find_test ip6)" ] || tap_skip_all "ip6 was not built"
if here_still && ! grep -q '^nf_defrag_ipv6 ' /proc/modules; then
	tap_skip_all "nf_defrag_ipv6 is a part of the kernel"
fi
modprobe=$(cat $MODPROBE) || tap_skip_all "the kernel loads no modules"
trap as_before EXIT
forbid_defrag
without_defrag || tap_skip_all "nf_defrag_ipv6 is in use"
plan the_module_is_loaded what_comes_whole_is_served the_log_says_so
