/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells a service manager how the daemon is. */
#ifndef NETDIAG_SD_NOTIFY_H
#define NETDIAG_SD_NOTIFY_H

#include <stdint.h>

/* Sends a state ("READY=1", "STOPPING=1", "WATCHDOG=1") to the socket in $NOTIFY_SOCKET, as
 * sd_notify(3) does; nothing when there is none. */
void sd_notify_tell(const char *state);

/* RELOADING=1 with the time, which Type=notify-reload needs; READY=1 ends it. */
void sd_notify_reloading(void);

/* STATUS=, one line for systemctl status; nothing when it is the same as before. */
void sd_notify_status(const char *status);

/* How often WATCHDOG=1 is to be sent, in ns: twice within $WATCHDOG_USEC. 0: the service manager
 * does not ask this process for it. */
uint64_t sd_notify_watchdog(void);

#endif
