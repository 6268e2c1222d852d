# SPDX-License-Identifier: GPL-2.0
#
# It stays in the namespace that suites.sh made: Fast Open is switched on there, for
# AF_XTCP, too.  What it writes itself is net.ipv4.tcp_fastopen.
s/unshare(CLONE_NEWNET)/0/
