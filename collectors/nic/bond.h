/* SPDX-License-Identifier: BSD-2-Clause */
/* Links that are lesser ones than they should be: half duplex, or behind the others of a bond. */
#ifndef NETDIAG_NIC_BOND_H
#define NETDIAG_NIC_BOND_H

#include "collectors/nic/nic.h"

/*
 * Sets degraded and bond_speed_mbps in rows of nic_row_type, where hardware is known to be behind
 * them. What is set down is passed over, and what has no link while the others of its bond have
 * none either, and what is as fast as its card can be: that may be meant to be so.
 */
void nic_bonds_compare(struct rows *rows);

#endif
