# SPDX-License-Identifier: GPL-2.0
#
# awk -f probe.awk probe.c MESSAGES: the definitions for what compiled. MESSAGES is
# what the compiler said about probe.c, whose lines it names as probe.c:LINE:.

FNR == NR {
	if (match($0, /^PROBE\([A-Z0-9_]+/)) {
		name[++n] = substr($0, 7, RLENGTH - 6)
		line[n] = FNR
	}
	next
}
match($0, /probe\.c:[0-9]+:/) {
	complained[substr($0, RSTART + 8, RLENGTH - 9)] = 1
}
END {
	for (i = 1; i <= n; i++)
		if (!(line[i] in complained))
			have[name[i]] = 1
	if (!("POSSIBLE" in have) || "IMPOSSIBLE" in have) {
		print "xtcp-probes-failed"
		exit
	}
	for (i = 1; i <= n; i++)
		if (name[i] != "POSSIBLE" && name[i] in have)
			printf "-DXTCP_HAVE_%s ", name[i]
}
