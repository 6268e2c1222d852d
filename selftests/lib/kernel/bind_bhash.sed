# SPDX-License-Identifier: GPL-2.0
#
# A tenth of the sockets: they are there to be many, not to take long.
s/MAX_THREADS 600/MAX_THREADS 60/
