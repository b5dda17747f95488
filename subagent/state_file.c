/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reads and writes the state file: lines of text with a checksum at the end, valid for this boot of
 * the kernel, since its times are monotonic.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collectors/base/clock.h"
#include "collectors/base/text.h"
#include "collectors/kernel/procfs.h"
#include "subagent/checks/alarm_memory.h"
#include "subagent/checks/record.h"
#include "subagent/log.h"
#include "subagent/state_file.h"
#include "subagent/tables/agent_rows.h"

#define STATE_VERSION 1
#define STATE_NAME    "state"

/* What the alarms may take of STATE_FILE_MAX, but for a last one; the queue is bounded and needs
 * less than the rest. */
#define ALARMS_SIZE (STATE_FILE_MAX / 8 * 3)

#define KERNEL_SIZE 40 /* a UUID */

/* The first line, and the last. */
struct head {
	uint64_t version;
	uint64_t saved; /* monotonic ns */
	uint64_t sequence;
	char kernel[KERNEL_SIZE];
	char boot_id[AGENT_BOOT_ID_SIZE];
};

struct told {
	struct notice notice;
	enum alarm_severity told;
};

#define HEAD(name, kind, member)                                                              \
	{                                                                                     \
		name, kind, offsetof(struct head, member), sizeof(((struct head *)0)->member) \
	}

static const struct record_member head_members[] = {
	HEAD("version", RECORD_NUMBER, version),   HEAD("saved", RECORD_NUMBER, saved),
	HEAD("sequence", RECORD_NUMBER, sequence), HEAD("kernel", RECORD_TEXT, kernel),
	HEAD("bootId", RECORD_TEXT, boot_id),	   {.name = NULL},
};

static const struct record_member told_members[] = {
	{"hostWide", RECORD_SWITCH, offsetof(struct told, notice.host_wide), 0},
	{"told", RECORD_WORD, offsetof(struct told, told), 0},
	{.name = NULL},
};

const char *state_file_path(const char *option, const struct alarm_settings *settings)
{
	static char path[4096];
	const char *directory = getenv("STATE_DIRECTORY");

	if (option)
		return option;
	if (settings->state_file)
		return settings->state_file[0] ? settings->state_file : NULL;
	if (!directory || !directory[0])
		return NULL;
	/* systemd gives several, separated by colons. */
	if (snprintf(path, sizeof(path), "%.*s/%s", (int)strcspn(directory, ":"), directory,
		     STATE_NAME) >= (int)sizeof(path))
		return NULL;
	return path;
}

/* The kernel's id of this boot; "" where it gives none, and then nothing is believed. */
static void kernel_boot(char kernel[KERNEL_SIZE])
{
	struct filebuf buf = {0};

	kernel[0] = '\0';
	if (!procfs_read(&roots_default, ROOT_PROC, &buf, "sys/kernel/random/boot_id"))
		text_copy_n(kernel, KERNEL_SIZE, buf.data, strcspn(buf.data, "\n"));
	filebuf_free(&buf);
}

/* FNV-1a, 64 bits: against what is cut or mixed up, not against an enemy, who could not write the
 * file. */
static uint64_t checksum(const char *text, size_t len)
{
	uint64_t sum = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	return sum;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void save_told(const struct notice *notice, enum alarm_severity told, void *arg)
{
	struct told line = {.notice = *notice, .told = told};

	/* In two lines: what was told, and the alarm that it was told of. */
	record_write(arg, "told", told_members, &line);
	record_write(arg, "of", alarm_row_members, &notice->alarm);
}

char *state_file_make(const struct alarms *alarms, const struct notify_queue *queue, uint64_t now,
		      size_t *len)
{
	struct head head = {
		.version = STATE_VERSION,
		.saved = now,
		.sequence = notify_queue_last_sequence(queue),
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, len);

	if (!out)
		return NULL;
	kernel_boot(head.kernel);
	text_copy(head.boot_id, sizeof(head.boot_id), agent_boot_id());
	record_write(out, "netdiag", head_members, &head);
	alarms_save(alarms, out, ALARMS_SIZE);
	notify_queue_each(queue, save_told, out);
	if (!fflush(out))
		fprintf(out, "end %016" PRIx64 "\n", checksum(text, *len));
	if (fclose(out)) {
		free(text);
		return NULL;
	}
	return text;
}

static int write_all(int fd, const char *text, size_t len)
{
	while (len) {
		ssize_t written = write(fd, text, len);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			text += written;
			len -= (size_t)written;
		}
	}
	return 0;
}

/* Puts the text in the place of the file, all of it or nothing. 0 or -errno. */
static int replace_file(const char *path, const char *text, size_t len)
{
	char temporary[4096 + 8];
	int fd, err;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >= (int)sizeof(temporary))
		return -ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		  0640);
	if (fd < 0)
		return -errno;
	err = write_all(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		unlink(temporary);
	return err;
}

/* The file that is being written, by a thread of its own: a disk that stalls must not keep the main
 * thread from answering. All but `done` is the main thread's while no thread runs. */
static struct {
	pthread_t thread;
	bool running;
	bool done; /* atomic: the thread has ended, or is about to */
	bool failed;
	int err;
	char path[4096];
	char *text;
	size_t len;
} writer;

static void *writer_run(void *arg)
{
	writer.err = replace_file(writer.path, writer.text, writer.len);
	__atomic_store_n(&writer.done, true, __ATOMIC_RELEASE);
	return arg;
}

/* What came of a write: logged once per change. */
static void writer_report(int err)
{
	if (err && !writer.failed)
		log_warning("%s: the alarms cannot be saved: %s; they will not survive a restart",
			    writer.path, strerror(-err));
	else if (!err && writer.failed)
		log_notice("%s: the alarms are saved again", writer.path);
	writer.failed = err != 0;
	free(writer.text);
	writer.text = NULL;
}

bool state_file_idle(void)
{
	if (!writer.running)
		return true;
	if (!__atomic_load_n(&writer.done, __ATOMIC_ACQUIRE))
		return false;
	pthread_join(writer.thread, NULL);
	writer.running = false;
	writer_report(writer.err);
	return true;
}

void state_file_save(const char *path, const struct alarms *alarms,
		     const struct notify_queue *queue, uint64_t now)
{
	if (!state_file_idle())
		return;
	text_copy(writer.path, sizeof(writer.path), path);
	writer.text = state_file_make(alarms, queue, now, &writer.len);
	writer.done = false;
	if (!writer.text || writer.len > STATE_FILE_MAX) {
		writer_report(writer.text ? -EFBIG : -ENOMEM);
		return;
	}
	writer.running = !pthread_create(&writer.thread, NULL, writer_run, NULL);
	if (!writer.running)
		writer_report(-EAGAIN);
}

bool state_file_wait(unsigned timeout_ms)
{
	uint64_t until = clock_monotonic() + timeout_ms * MILLISECOND_NS;
	const struct timespec pause = {.tv_nsec = MILLISECOND_NS};

	while (!state_file_idle()) {
		if (clock_monotonic() >= until)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Reads the whole file, NUL-terminated; free() it. 0 or -errno. */
static int read_file(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), err = 0;
	struct stat status;

	*text = NULL;
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		err = -errno;
	else if (!S_ISREG(status.st_mode))
		err = -EINVAL;
	else if ((size_t)status.st_size > STATE_FILE_MAX)
		err = -EFBIG;
	*text = err ? NULL : malloc((size_t)status.st_size + 1);
	if (!err && !*text)
		err = -ENOMEM;
	for (*len = 0; !err && *len < (size_t)status.st_size;) {
		ssize_t got = read(fd, *text + *len, (size_t)status.st_size - *len);

		if (got <= 0)
			break;
		*len += (size_t)got;
	}
	close(fd);
	if (err) {
		free(*text);
		*text = NULL;
		return err;
	}
	(*text)[*len] = '\0';
	return 0;
}

/* Takes the next line off a text, NUL-terminated. NULL at the end. */
static char *next_line(char **text)
{
	char *line = *text, *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	return line;
}

static const char *after_word(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (line[len] == ' ' || !line[len]) ? line + len : NULL;
}

/* Checks the whole of the file and takes its head; what is left of the text are the lines between
 * head and end. Returns why it is not to be believed, or NULL. */
static const char *check_state(char **text, size_t len, uint64_t now, struct head *head)
{
	char kernel[KERNEL_SIZE], expected[32], *end, *line;
	const char *rest;

	memset(head, 0, sizeof(*head));
	if (strlen(*text) != len || len < 2 || (*text)[len - 1] != '\n')
		return "it is cut or broken";
	(*text)[len - 1] = '\0';
	end = strrchr(*text, '\n');
	(*text)[len - 1] = '\n';
	if (!end)
		return "it is cut or broken";
	snprintf(expected, sizeof(expected), "end %016" PRIx64 "\n",
		 checksum(*text, (size_t)(end + 1 - *text)));
	if (strcmp(end + 1, expected))
		return "it is cut or broken";
	end[1] = '\0';
	line = next_line(text);
	rest = line ? after_word(line, "netdiag") : NULL;
	if (!rest || !record_read(rest, head_members, head))
		return "it is cut or broken";
	if (head->version != STATE_VERSION)
		return "another version of netdiagd wrote it";
	kernel_boot(kernel);
	if (!kernel[0] || strcmp(kernel, head->kernel))
		return "the host was started anew since";
	return head->saved > now ? "it is from the future" : NULL;
}

static bool load_told(struct notify_queue *queue, char **text, const char *rest)
{
	struct told line = {.told = ALARM_NONE};
	char *next = next_line(text);
	const char *of = next ? after_word(next, "of") : NULL;

	if (!of || !record_read(rest, told_members, &line) ||
	    !record_read(of, alarm_row_members, &line.notice.alarm) || line.told > ALARM_CRITICAL ||
	    line.notice.alarm.severity > ALARM_CRITICAL)
		return false;
	line.told = line.told ? line.told : ALARM_NONE;
	line.notice.kind = ALARM_EVENT_REPEATED;
	return !notify_queue_restore(queue, &line.notice, line.told);
}

static bool load_lines(char *text, struct alarms *alarms, struct notify_queue *queue)
{
	char *line;

	while ((line = next_line(&text))) {
		const char *told = after_word(line, "told");

		if (told ? !load_told(queue, &text, told) : !alarms_restore_line(alarms, line))
			return false;
	}
	alarms_restored(alarms);
	return true;
}

const char *state_file_take(char *text, size_t len, uint64_t now, struct alarms *alarms,
			    struct notify_queue *queue)
{
	struct head head;
	const char *why = check_state(&text, len, now, &head);

	if (why)
		return why;
	if (!load_lines(text, alarms, queue)) {
		alarms_restore_failed(alarms);
		notify_queue_clear(queue);
		return "it has lines that are wrong";
	}
	agent_keep_boot_id(head.boot_id);
	notify_queue_set_sequence(queue, head.sequence);
	return NULL;
}

bool state_file_load(const char *path, struct alarms *alarms, struct notify_queue *queue)
{
	const char *why;
	char *text;
	size_t len;
	int err = read_file(path, &text, &len);

	if (err) {
		if (err != -ENOENT)
			log_warning("%s: the alarms of before cannot be read: %s", path,
				    strerror(-err));
		return false;
	}
	why = state_file_take(text, len, clock_monotonic(), alarms, queue);
	free(text);
	if (why)
		log_warning("%s: the alarms of before are ignored: %s", path, why);
	return !why;
}

int state_file_each(const char *path, void (*fn)(const struct alarm_row *alarm, void *arg),
		    void *arg, uint64_t *age)
{
	uint64_t now = clock_monotonic();
	struct alarm_row row;
	char *text, *lines, *line;
	struct head head;
	size_t len;
	int err = read_file(path, &text, &len);

	if (err)
		return err;
	lines = text;
	if (check_state(&lines, len, now, &head)) {
		free(text);
		return -EINVAL;
	}
	*age = now - head.saved;
	while ((line = next_line(&lines))) {
		const char *rest = after_word(line, "alarm");

		if (!rest)
			continue;
		memset(&row, 0, sizeof(row));
		if (record_read(rest, alarm_row_members, &row))
			fn(&row, arg);
	}
	free(text);
	return 0;
}
