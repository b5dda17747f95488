/* SPDX-License-Identifier: BSD-2-Clause */
/* netdiagd --test-notification: sends a test alarm along the whole path. */
#ifndef NETDIAG_NOTIFY_TEST_NOTIFICATION_H
#define NETDIAG_NOTIFY_TEST_NOTIFICATION_H

/* Sends netdiagAlarmRaised and netdiagAlarmCleared that say that they are tests, with sequence
 * number 0, beside a netdiagd that may be running. Returns the exit status: EXIT_SUCCESS when the
 * master at `address` has acknowledged both; else why not is in the log. */
int test_notification(const char *address);

#endif
