# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Shared by the host-side scripts of the rig. Sourced, never run.
#
# RIG_TREE   the project's top directory (may be set, to try the rig on
#            another tree)
# RIG_CACHE  what is downloaded or built once per kernel, outside the tree:
#            $XTCP_CACHE, or ~/.cache/xtcp

RIG_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
RIG_TREE=${RIG_TREE:-$(cd "$RIG_DIR/../.." && pwd)}
# shellcheck disable=SC2034
RIG_CACHE=${XTCP_CACHE:-${HOME:?HOME or XTCP_CACHE must be set}/.cache/xtcp}
# A build started by make must not talk to that make's job server through
# descriptors that it did not inherit.
RIG_JOBS=${RIG_JOBS:-$(nproc)}

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# One line for each long step, with the time since this script began.
say() {
	printf '[%4ds] %s\n' "$SECONDS" "$*" >&2
}

# lock FD WHAT: hold the lock behind a descriptor; say so where another run has it.
lock() {
	flock -n "$1" && return
	say "waiting for $2, which another run holds"
	flock "$1"
}

# run_logged LOG WHAT CMD...: run quietly; show the log's end if it fails.
run_logged() {
	local log=$1 what=$2 rc=0
	shift 2
	say "$what"
	"$@" >"$log" 2>&1 </dev/null || rc=$?
	if [ "$rc" -ne 0 ]; then
		tail -n 40 "$log" >&2
		die "$what: failed with status $rc; everything is in $log"
	fi
}

# Before a command that must not outlive who starts it, however that one ends, by kill -9,
# too: machines are killed, scripts that have something to clean up are asked to go.
# shellcheck disable=SC2034
LEASH_KILL=(setpriv --pdeathsig KILL --)
# shellcheck disable=SC2034
LEASH_TERM=(setpriv --pdeathsig TERM --)
