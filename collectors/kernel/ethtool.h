/* SPDX-License-Identifier: BSD-2-Clause */
/* The ethtool ioctl: rings, driver, speed, duplex and the driver's statistics of an interface. No
 * capability is needed for any of it. */
#ifndef NETDIAG_KERNEL_ETHTOOL_H
#define NETDIAG_KERNEL_ETHTOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Zeroed memory is closed. */
struct ethtool {
	bool open;
	int fd;			  /* any socket, for the ioctls */
	unsigned link_mode_words; /* what this kernel wants for ETHTOOL_GLINKSETTINGS */
	unsigned char *buf;	  /* owned; what the last ioctl gave */
	size_t size;
};

/* Opens the socket for the ioctls in this network namespace, unless it is open. 0 or -errno. */
int ethtool_open(struct ethtool *ethtool);
void ethtool_close(struct ethtool *ethtool);

/* Ring sizes in entries; absent where the device has no such ring. */
struct nic_rings {
	uint64_t rx;
	uint64_t rx_max;
	uint64_t tx;
	uint64_t tx_max;
};

/*
 * One interface by its name. 0 or -errno: -EOPNOTSUPP when its driver has none of it, -ENODEV when
 * the interface is gone.
 */
int ethtool_rings(struct ethtool *ethtool, const char *ifname, struct nic_rings *rings);

/* Length of a name as ETHTOOL_GSTRINGS gives it: ETH_GSTRING_LEN, NUL-terminated only if shorter.
 */
#define ETHTOOL_STRING_SIZE 32

/* netdiagNicDuplex: dot3StatsDuplexStatus of EtherLike-MIB. */
enum nic_duplex {
	NIC_DUPLEX_UNKNOWN = 1,
	NIC_DUPLEX_HALF,
	NIC_DUPLEX_FULL,
};

#define NIC_DRIVER_SIZE	  33
#define NIC_BUS_INFO_SIZE 33

/* ETHTOOL_GDRVINFO. Texts are empty where the kernel has nothing to say. */
int ethtool_driver(struct ethtool *ethtool, const char *ifname, char driver[NIC_DRIVER_SIZE],
		   char bus_info[NIC_BUS_INFO_SIZE]);

/* Each absent when unknown. */
struct nic_link_settings {
	uint64_t speed_mbps;
	uint64_t fastest_mbps; /* of the modes that the device supports, whatever the link is */
	uint64_t duplex;       /* enum nic_duplex */
};

/* ETHTOOL_GLINKSETTINGS (since 4.6). */
int ethtool_link(struct ethtool *ethtool, const char *ifname, struct nic_link_settings *settings);

/* The speed of the fastest link mode in a mask of so many words, Mbit/s; absent where there is none
 * that is known. Pure. */
uint64_t ethtool_fastest_mode(const uint32_t *supported, size_t words);

/* How many statistics the driver has (ETHTOOL_GSSET_INFO); 0 is no error. */
int ethtool_stats_count(struct ethtool *ethtool, const char *ifname, size_t *count);

/*
 * Their names (count * ETHTOOL_STRING_SIZE bytes) and their values, until the next call with this
 * ethtool. -EAGAIN when the driver has another number of them by now.
 */
int ethtool_strings(struct ethtool *ethtool, const char *ifname, size_t count,
		    const char **strings);
int ethtool_values(struct ethtool *ethtool, const char *ifname, size_t count,
		   const uint64_t **values);

#endif
