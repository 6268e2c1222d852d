#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Goodput over bad networks beside the kernel's TCP, inside a machine ("make
# bench-netem"), the program built already. Options are those of netem.c.
#
# The table goes to standard output, $XTCP_OUT/netem.tsv has each turn.

set -eu
HERE=$(dirname "$(readlink -f "$0")")
NETEM=${XTCP_NETEM:-$HERE/../../build/bench/netem}

modprobe -a sch_netem tcp_bbr tcp_dctcp 2>/dev/null || :
[ -d /sys/module/xtcp ] || insmod "${XTCP_KO:?}"
printf 'Linux %s, %s\n\n' "$(uname -r)" "${XTCP_KERNEL:-this machine}"
"$NETEM" ${XTCP_OUT:+--tsv "$XTCP_OUT/netem.tsv"} "$@"
