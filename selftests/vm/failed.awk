# SPDX-License-Identifier: GPL-2.0
#
# What a test program said of each test that failed: the lines since the result before
# it, the last 25 of them. A program that failed without such a line: its last ones.

function keep(line) { said[n++ % 25] = line }
function show(prefix,  i) {
	for (i = n > 25 ? n - 25 : 0; i < n; i++)
		print prefix said[i % 25]
	n = 0
}
{ keep($0) }
/^(# )*ok( |$)/ { n = 0 }
/^(# )*not ok( |$)/ && toupper($0) !~ /# *(SKIP|TODO|XFAIL)/ { show("      | "); shown = 1 }
END { if (!shown) show("      | ") }
