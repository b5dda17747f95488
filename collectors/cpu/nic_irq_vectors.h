/* SPDX-License-Identifier: BSD-2-Clause */
/* Which interrupts belong to which interface. */
#ifndef NETDIAG_CPU_NIC_IRQ_VECTORS_H
#define NETDIAG_CPU_NIC_IRQ_VECTORS_H

#include <net/if.h>

#include "collectors/base/parse.h"
#include "collectors/settings.h"

#define DEVICE_NAME_SIZE 65 /* "virtio2", "0000:3b:00.0" */

/* An interface with a device. */
struct irq_device {
	uint64_t ifindex; /* 0 when unknown */
	bool has_vectors; /* sysfs lists its interrupts; otherwise handlers' names decide */
	char ifname[IFNAMSIZ];
	char name[DEVICE_NAME_SIZE];
};

/* An interrupt of a device. */
struct irq_vector {
	uint64_t irq;
	size_t device; /* index */
};

/* Owns its memory. Vectors are sorted by interrupt and interface. */
struct nic_irq_vectors {
	struct irq_device *device;
	size_t devices;
	struct irq_vector *vector;
	size_t vectors;
};

/*
 * Reads /sys/class/net: device/msi_irqs (PCI, since 3.2), device/irqs (auxiliary devices, since
 * 6.11), device/irq (no MSI); for virtio those of the device that carries it. Skips the interfaces
 * that the settings leave out. 0 or -errno (vectors are then empty); -ENOENT where there is no
 * /sys/class/net.
 */
int nic_irq_vectors_read(struct nic_irq_vectors *vectors, const struct collect_settings *settings);
void nic_irq_vectors_free(struct nic_irq_vectors *vectors);

/*
 * The device that an interrupt belongs to, or NULL. names: those of its handlers
 * (interrupts_counts()). Of several interfaces on one device it is the one that a handler is named
 * after, otherwise the first. Where sysfs does not list interrupts, a handler is looked for that is
 * named after the device or the interface ("virtio2-input.0", "eth0-TxRx-0").
 */
const struct irq_device *nic_irq_vectors_find(const struct nic_irq_vectors *vectors, uint64_t irq,
					      struct span names);

#endif
