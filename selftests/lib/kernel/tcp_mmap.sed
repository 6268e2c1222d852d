# SPDX-License-Identifier: GPL-2.0
#
# A file of 16 MiB instead of 32 GiB.
s/(1ULL << 35)/(1ULL << 24)/
