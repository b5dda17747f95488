/* SPDX-License-Identifier: BSD-2-Clause */
/* The network interfaces' interrupts: /proc/interrupts, /proc/irq, sysfs. */
#ifndef NETDIAG_CPU_NIC_IRQ_H
#define NETDIAG_CPU_NIC_IRQ_H

#include "collectors/collector.h"

struct irq_row {
	uint64_t irq;
	uint64_t ifindex;	/* 0 when unknown */
	uint64_t total;		/* on all CPUs, including those that are offline now */
	uint64_t busiest_cpu;	/* over the last interval */
	uint64_t busiest_share; /* 0.01 percent of the interval's; both absent if it had none */
	uint64_t discontinuity; /* monotonic ns */
	char name[65];
	char affinity[129]; /* CPU list */
};

extern const struct row_type irq_row_type;
extern const struct collector nic_irq_collector;

#endif
