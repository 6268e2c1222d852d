# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Completion of xtcpstat for bash. The lists are the program's: "make check" compares them.

_xtcpstat_commands='events life top why kill set fsm counters stats reasons metrics'
_xtcpstat_options='--all --listening --numeric --ipv4 --ipv6 --programs --extend --timers --info --memory --continuous --statistics --no-header --net --tcp --udp --raw --wide --batch --sort --delay --count --json --help'
_xtcpstat_conditions='state exclude sport dport src dst dev user'
_xtcpstat_states='established syn-sent syn-recv fin-wait-1 fin-wait-2 time-wait closed close close-wait last-ack listening listen closing all connected synchronized bucket big'
_xtcpstat_knobs='congestion user-timeout keepalive keepidle keepintvl keepcnt pacing-rate watch'
_xtcpstat_sorts='rate retrans rtt memory'

_xtcpstat_reply() {
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

# What is asked for before the cursor; a comparison may stand in between.
_xtcpstat_before() {
	local i=$((COMP_CWORD - 1))
	case ${COMP_WORDS[i]} in
	= | == | '!=' | '<' | '<=' | '>' | '>=' | eq | ne | lt | le | gt | ge) i=$((i - 1)) ;;
	esac
	before=${COMP_WORDS[i]}
}

_xtcpstat() {
	local cur=${COMP_WORDS[COMP_CWORD]} before word command= words
	[ "$cur" != = ] || cur=
	_xtcpstat_before
	for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
		[[ " $_xtcpstat_commands " != *" $word "* ]] || command=${command:-$word}
	done
	case $before in
	state | exclude)
		_xtcpstat_reply -W "$_xtcpstat_states"
		return
		;;
	sport | dport)
		_xtcpstat_reply -A service
		return
		;;
	src | dst)
		_xtcpstat_reply -A hostname
		return
		;;
	dev)
		_xtcpstat_reply -W "$(ls /sys/class/net)"
		return
		;;
	user)
		_xtcpstat_reply -u
		return
		;;
	-N | --net)
		_xtcpstat_reply -W "$(ls /run/netns 2>/dev/null)"
		return
		;;
	--sort)
		_xtcpstat_reply -W "$_xtcpstat_sorts"
		return
		;;
	congestion)
		_xtcpstat_reply -W "$(cat /proc/sys/net/xtcp/available_congestion_control 2>/dev/null)"
		return
		;;
	keepalive)
		_xtcpstat_reply -W 'on off'
		return
		;;
	esac
	words="$_xtcpstat_conditions and or not"
	[ -n "$command" ] || words+=" $_xtcpstat_commands"
	case $cur in
	-*) words=$_xtcpstat_options ;;
	*)
		if [ "$command" = set ]; then
			compopt -o nospace 2>/dev/null
			words+=" ${_xtcpstat_knobs// /= }="
		fi
		;;
	esac
	_xtcpstat_reply -W "$words"
}

complete -F _xtcpstat xtcpstat
