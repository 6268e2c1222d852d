# SPDX-License-Identifier: GPL-2.0
#
# Without sockets of IPv6.
s/build_rcv_fd(AF_INET6,/build_rcv_fd(AF_INET,/
/fprintf.*IPv6/d
/run_one_test(AF_INET.*\(AF_INET6\|IP6\|MAPPED6\)/d
