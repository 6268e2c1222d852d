# SPDX-License-Identifier: GPL-2.0
#
# The page of screens: what "make screens" was told by selftests/wire/verdict.c.  Processes,
# clocks and how long a machine took are other ones each time, and are not what there is to see.
BEGIN {
	print "<!-- SPDX-License-Identifier: GPL-2.0 -->"
	print "<!-- Generated: make screens -->"
	print "# What xtcpstat says"
	print ""
	print "Each situation is made by the test of that name in `selftests/wire/verdict.c`, whose peer is"
	print "192.0.2.2, and `xtcpstat` is asked. `[PID]`, `HH:MM:SS` and sequence numbers are other ones each"
	print "time, and so is what took less than a second."
}

{
	gsub(/\[[0-9]+\]/, "[PID]")
	gsub(/seq [0-9]+/, "seq N")
	gsub(/ack [1-9][0-9]*/, "ack N")
	gsub(/[0-9]+\.[0-9]+ ms/, "0.1 ms")
	gsub(/[0-9]+ ms/, "100 ms")
	gsub(/^    [0-9][0-9]:[0-9][0-9]:[0-9][0-9] /, "    HH:MM:SS ")
	if (/^    HH:MM:SS /)
		gsub(/ +[0-9]+\.[0-9][0-9][0-9] /, "     0.100 ")
	sub(/ +$/, "")
	print
}
