/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The door of AF_INET: socket(AF_INET, SOCK_STREAM, IPPROTO_XTCP).
 */
#ifndef XTCP_PROTOSW_H
#define XTCP_PROTOSW_H

void xtcp_protosw_register(void);
void xtcp_protosw_unregister(void);

#endif /* XTCP_PROTOSW_H */
