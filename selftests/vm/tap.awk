# SPDX-License-Identifier: GPL-2.0
#
# Count a test program's TAP: prints "passed failed skipped". Results count at
# the top level only (a kselftest prefixes its children's lines with "# "); the
# output may be that of several programs. A plan that is not fulfilled and a
# status that no line explains are failures: status is the exit status of the
# program, 4 being kselftest's "skipped".

BEGIN { plan = -1 }
/^1\.\.[0-9]+/ { plan = (plan < 0 ? 0 : plan) + substr($0, 4); if ($0 ~ /# *SKIP/) whole = 1 }
/^ok( |$)/ { if (toupper($0) ~ /# *SKIP/) skipped++; else passed++ }
/^not ok( |$)/ { if (toupper($0) ~ /# *(SKIP|TODO|XFAIL)/) skipped++; else failed++ }
/^Bail out!/ { bailed = 1 }
END {
	n = passed + failed + skipped
	if (status == 4 && !failed && !passed) {
		if (!skipped)
			skipped = 1
	} else if (plan >= 0 && n != plan && !(whole && n == 0)) {
		failed += (plan > n) ? plan - n : 1
	} else if ((status != 0 || bailed) && !failed) {
		failed = 1
	} else if (n == 0 && status == 0) {
		# a program without TAP: its status is its result
		passed = 1
	}
	printf "%d %d %d\n", passed, failed, skipped
}
