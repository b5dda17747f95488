/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The state file: what netdiagd remembers over a restart, and what --alarms shows of the running
 * daemon. The only file that netdiagd writes.
 */
#ifndef NETDIAG_STATE_FILE_H
#define NETDIAG_STATE_FILE_H

#include "subagent/checks/alarms.h"
#include "subagent/notify/queue.h"

/* No file is larger; a larger one is not read, and not written. */
#define STATE_FILE_MAX ((size_t)4 << 20)

/* Where it is: as the command line says, else the configuration, else in $STATE_DIRECTORY. NULL:
 * nowhere. The text lasts until the next call. */
const char *state_file_path(const char *option, const struct alarm_settings *settings);

/*
 * Restores the alarms, what receivers were told of them, the sequence and the boot id. True when
 * that worked. A file that is missing is no problem; one that is of another boot of the kernel,
 * from the future, cut or broken is logged and ignored.
 */
bool state_file_load(const char *path, struct alarms *alarms, struct notify_queue *queue);

/*
 * Begins to write it, in a thread of its own: to a file beside it, which then takes its place. Does
 * nothing while the last one is still being written. What cannot be written is logged once until it
 * works again. Main thread only. now: monotonic ns.
 */
void state_file_save(const char *path, const struct alarms *alarms,
		     const struct notify_queue *queue, uint64_t now);

/* Whether nothing is being written any more. */
bool state_file_idle(void);

/* Waits for what is being written. False: it is not done by then. */
bool state_file_wait(unsigned timeout_ms);

/* The file as text, and its length; free() it. NULL: memory is short. */
char *state_file_make(const struct alarms *alarms, const struct notify_queue *queue, uint64_t now,
		      size_t *len);

/* Restores from such a text, which is NUL-terminated and gets changed. Returns why it is not to be
 * believed, or NULL; then nothing is restored. */
const char *state_file_take(char *text, size_t len, uint64_t now, struct alarms *alarms,
			    struct notify_queue *queue);

/* Calls fn for each alarm in the file, and says how old it is (ns). 0, or -errno: -EINVAL for a
 * file that is no state of this boot of the kernel. */
int state_file_each(const char *path, void (*fn)(const struct alarm_row *alarm, void *arg),
		    void *arg, uint64_t *age);

#endif
