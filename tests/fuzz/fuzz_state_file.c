/* SPDX-License-Identifier: BSD-2-Clause */
/* What is taken back from the state file: as it is, and as lines of a file that is whole. */
#include <config.h>

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "subagent/state_file.h"
#include "subagent/tables/agent_rows.h"
#include "tests/fuzz/fuzz.h"

#define NOW UINT64_C(5000000000000)

static const struct alarm_settings settings = {.rate_per_minute = 30, .history = 10};

static bool no_feed(const struct table *table, struct alarm_feed *feed, void *arg)
{
	(void)table;
	(void)feed;
	(void)arg;
	return false;
}

/* The lines between head and end of an empty file, with the checksum that makes it whole. */
static char *whole_file(const uint8_t *data, size_t size, size_t *len)
{
	struct alarms *alarms = alarms_new(&settings, 0);
	struct notify_queue *queue = notify_queue_new(&settings, 0);
	uint64_t sum = UINT64_C(14695981039346656037);
	char *head, *text;
	size_t used;

	fuzz_check(alarms && queue);
	head = state_file_make(alarms, queue, NOW, len);
	fuzz_check(head);
	used = strcspn(head, "\n") + 1;
	text = malloc(used + size + 64);
	fuzz_check(text);
	memcpy(text, head, used);
	if (size)
		memcpy(text + used, data, size);
	used += size;
	text[used++] = '\n';
	for (size_t i = 0; i < used; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
	*len = used + (size_t)sprintf(text + used, "end %016" PRIx64 "\n", sum);
	free(head);
	alarms_free(alarms);
	notify_queue_free(queue);
	return text;
}

static void ignore(const struct alarm_event *event, void *arg)
{
	(void)arg;
	fuzz_check(event->alarm->id);
}

/* Takes a text; what was taken can be worked with, and is taken once more after it was saved. */
static void take(char *text, size_t len, bool again)
{
	const struct alarm_source source = {.feed = no_feed};
	struct alarms *alarms = alarms_new(&settings, 0);
	struct notify_queue *queue = notify_queue_new(&settings, 0);
	struct alarm_totals totals;
	struct rows rows;
	const char *why;
	char *saved;

	fuzz_check(alarms && queue);
	alarms_on_event(alarms, ignore, NULL);
	why = state_file_take(text, len, NOW, alarms, queue);
	alarms_total(alarms, &totals);
	if (why)
		fuzz_check(!totals.worst && !notify_queue_pending(queue));
	for (unsigned i = 0; i < 3; i++) {
		alarms_evaluate(alarms, &source, NOW + i, NOW);
		notify_queue_next(queue, NOW + i);
	}
	rows_init(&rows, &alarm_row_type);
	fuzz_check(!alarms_fill_active(&rows, alarms));
	for (size_t i = 0; i < rows.count; i++) {
		const struct alarm_row *row = rows_at(&rows, i);

		fuzz_check(row->severity > ALARM_NONE && row->severity <= ALARM_CRITICAL);
		fuzz_check(memchr(row->text.summary, '\0', sizeof(row->text.summary)));
	}
	rows_clear(&rows);
	saved = state_file_make(alarms, queue, NOW, &len);
	fuzz_check(saved);
	alarms_free(alarms);
	notify_queue_free(queue);
	if (again)
		take(saved, len, false);
	free(saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	size_t len;

	fuzz_check(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	agent_start();
	take(text, size, true);
	free(text);
	text = whole_file(data, size, &len);
	take(text, len, true);
	free(text);
	return 0;
}
