/* SPDX-License-Identifier: BSD-2-Clause */
/* Degraded links: half duplex, or worse than the other ports of their bond. */
#ifndef NETDIAG_NIC_BOND_H
#define NETDIAG_NIC_BOND_H

#include "collectors/nic/nic.h"

/*
 * Sets degraded and bond_speed_mbps in rows of nic_row_type that are hardware. Interfaces that are
 * set down are left out. A port is not degraded if no port of its bond has a link, or if it is as
 * fast as its card can be.
 */
void nic_bonds_compare(struct rows *rows);

#endif
