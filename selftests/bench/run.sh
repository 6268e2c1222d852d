#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The benchmark, inside a machine ("make bench"), the program built already.
#
#   run.sh [--wall] [--reps N] [ROW...]
#   run.sh --profile [ROW...]
#
# The table goes to standard output, $XTCP_OUT/bench.tsv has the same for programs.
# --wall measures time and not instructions: in user-mode Linux, whose clock is the
# host's (make bench KERNEL=uml).  --profile is for "make bench-profile": what profile.c
# wants to know besides the counts is left in $XTCP_OUT.

set -eu
HERE=$(dirname "$(readlink -f "$0")")
BENCH=${XTCP_BENCH:-$HERE/../../build/bench/bench}

[ -d /sys/module/xtcp ] || insmod "${XTCP_KO:?}"
if [ "${1-}" = --profile ]; then
	shift
	cat /proc/kallsyms >"${XTCP_OUT:?}/kallsyms"
	exec "$BENCH" --profile "$XTCP_OUT/turns" "$@"
fi
printf 'Linux %s, %s\n\n' "$(uname -r)" "${XTCP_KERNEL:-this machine}"
"$BENCH" ${XTCP_OUT:+--tsv "$XTCP_OUT/bench.tsv"} "$@"
