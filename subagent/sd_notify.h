/* SPDX-License-Identifier: BSD-2-Clause */
/* Tells a service manager how far the start is. */
#ifndef NETDIAG_SD_NOTIFY_H
#define NETDIAG_SD_NOTIFY_H

/* Sends a state ("READY=1", "RELOADING=1", "STOPPING=1") to the socket in $NOTIFY_SOCKET, as
 * sd_notify(3) does; nothing when there is none. */
void sd_notify_tell(const char *state);

#endif
