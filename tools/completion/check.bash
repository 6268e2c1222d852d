#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the completion for bash offers, as TAP; and whether the others' shells, where they
# are, can read theirs.

cd "$(dirname "$0")" || exit
. ./xtcpstat.bash
nr=0 failed=0

result() {
	local verdict=ok
	nr=$((nr + 1))
	[ "$1" -eq 0 ] || verdict='not ok' failed=1
	echo "$verdict $nr $2"
}

# offers EXPECTED WORD...: with the cursor in the last word.
offers() {
	local expected=$1
	shift
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_xtcpstat
	[[ " ${COMPREPLY[*]} " == *" $expected "* ]]
	result $? "completion__bash_offers $expected after: ${*:1:$#-1}"
}

# reads SHELL FILE
reads() {
	if command -v "$1" >/dev/null; then
		"$1" -n "$2"
		result $? "completion__is_read_by_$1"
	else
		result 0 "completion__is_read_by_$1 # SKIP no $1"
	fi
}

offers events xtcpstat ev
offers dport xtcpstat -n dp
offers --listening xtcpstat --li
offers time-wait xtcpstat state time
offers established xtcpstat events exclude es
offers rate xtcpstat top --sort = ra
offers root xtcpstat dport = 80 and user != ro
offers lo xtcpstat dev l
offers keepalive= xtcpstat set dport 80 keepa
offers off xtcpstat set dport 80 keepalive = of
offers and xtcpstat kill dport 80 an
COMP_WORDS=(xtcpstat kill ev) COMP_CWORD=2
_xtcpstat
[ ${#COMPREPLY[@]} -eq 0 ]
result $? "completion__one_command_is_enough"
reads bash xtcpstat.bash
reads zsh _xtcpstat
reads fish xtcpstat.fish
echo "1..$nr"
exit $failed
