/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications: gives what the alarms tell to the AgentX master, as AgentX Notify PDUs that are
 * acknowledged by its response. Main thread only; never waits.
 *
 * After the session has come up netdiagAlarmSync is first, then the active alarms. While the master
 * is away or slow nothing piles up: see queue.h.
 */
#ifndef NETDIAG_NOTIFY_SENDER_H
#define NETDIAG_NOTIFY_SENDER_H

#include "subagent/checks/alarms.h"

/* Listens to the alarms and to session_on_change(). The settings are not kept. seed: of the jitter,
 * another one on each host. 0 or -ENOMEM. */
int sender_init(struct alarms *alarms, const struct alarm_settings *settings, uint64_t seed);
void sender_close(void);

void sender_configure(const struct alarm_settings *settings);

/* Sends what is due. Called at every turn of the main loop. */
void sender_turn(uint64_t now);

/* For how many milliseconds there is nothing for sender_turn() to do, at most `most`. */
unsigned sender_wait_ms(uint64_t now, unsigned most);

/* netdiagAgentTraps…: acknowledged by the master; left out; waiting. */
uint64_t sender_sent(void);
uint64_t sender_suppressed(void);
uint64_t sender_pending(void);

/* netdiagAgentHeldBack: notifications of alarms that wait to be sent or acknowledged; and for how
 * long (ns) the oldest of them has waited, 0: none does. */
uint64_t sender_held_back(void);
uint64_t sender_held_back_ns(uint64_t now);

/* netdiagAgentLastSequence. */
uint64_t sender_last_sequence(void);

struct notify_queue;

/* For the state file: what receivers have been told. */
struct notify_queue *sender_queue(void);

#endif
