# SPDX-License-Identifier: GPL-2.0
#
# Programs of IPv6 alone, over IPv4. Who counts addresses up does so in the first byte.
s/AF_INET6/AF_INET/g
s/sockaddr_in6/sockaddr_in/g
s/sin6_/sin_/g
/sin_flowinfo\|sin_scope_id/d
s/s6_addr32\[3\]/s_addr/g
s/"::"/"0.0.0.0"/
s/"2401:dead::1"/"1.0.0.10"/
