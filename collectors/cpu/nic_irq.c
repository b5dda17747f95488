/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The irq collector: how often and on which CPU each network interface's interrupts are served.
 * Counts come from /proc/interrupts, affinities from /proc/irq; nic_irq_vectors.c says which
 * interrupts belong to which interface.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/cpu/nic_irq.h"
#include "collectors/cpu/nic_irq_vectors.h"
#include "collectors/kernel/proc_interrupts.h"

/* How often the file is read when CPUs come or go meanwhile. */
#define READ_TRIES 3

/* More interrupts than a CPU can take: a count that would have to have run faster than this to have
 * wrapped was reset. */
#define WRAP_PER_SECOND UINT64_C(10000000)
#define WRAP_MAX	(UINT64_C(1) << 31)

const struct row_type irq_row_type = {
	ROW_TYPE_TEXT("irq", struct irq_row, name),
	.key = {ROW_NUMBER(struct irq_row, irq)},
};

/*
 * What is remembered of a reading. The kernel counts in 32 bits per interrupt and CPU, and drops
 * the column of a CPU that goes offline. So each column is continued by itself, and what a CPU has
 * counted stays in the total when it leaves.
 */
struct irq_memory {
	uint64_t time;	 /* monotonic ns, of the reading */
	size_t width;	 /* CPU ids are below */
	bool *cpu_known; /* by CPU id: has had a column */
	size_t count;	 /* of interrupts */
	struct irq_entry {
		uint64_t irq; /* ascending */
		uint64_t ifindex;
		uint64_t total;
		uint64_t discontinuity; /* monotonic ns */
		char name[sizeof(((struct irq_row *)0)->name)];
	} * irq;
	uint32_t *counts; /* width of them for each interrupt; 0 where a CPU was never seen */
};

struct irq_state {
	struct irq_memory memory;	      /* width 0: no reading yet */
	uint32_t cpus[INTERRUPTS_CPU_MAX];    /* of the header's columns */
	uint32_t columns[INTERRUPTS_CPU_MAX]; /* counts of one line */
};

/* One reading under way. */
struct irq_reading {
	struct collect *c;
	const struct irq_memory *before;
	struct irq_memory next;
	const uint32_t *cpus;
	uint32_t *columns;
	size_t column_count;
	struct nic_irq_vectors vectors;
	size_t left_out; /* past the bound */
	size_t torn;	 /* lines with other columns than the header's */
};

static void irq_memory_free(struct irq_memory *memory)
{
	free(memory->cpu_known);
	free(memory->irq);
	free(memory->counts);
	memset(memory, 0, sizeof(*memory));
}

/* The index of an interrupt in the memory, or memory->count. */
static size_t irq_memory_find(const struct irq_memory *memory, uint64_t irq)
{
	size_t at = LOWER_BOUND(memory->count, i, memory->irq[i].irq < irq);

	return at < memory->count && memory->irq[at].irq == irq ? at : memory->count;
}

/* Makes room in r->next for as many interrupts as the text has lines, with all counts 0, on the
 * header's CPUs and those known before. 0 or -ENOMEM. */
static int irq_memory_start(struct irq_reading *r, struct span text)
{
	struct irq_memory *next = &r->next;
	size_t lines = 1;
	struct span line;

	while (span_line(&text, &line))
		lines++;
	next->time = r->c->now;
	next->width = r->cpus[r->column_count - 1] + 1;
	if (next->width < r->before->width)
		next->width = r->before->width;
	next->cpu_known = calloc(next->width, sizeof(*next->cpu_known));
	next->irq = calloc(lines, sizeof(*next->irq));
	next->counts = calloc(lines, next->width * sizeof(*next->counts));
	if (!next->cpu_known || !next->irq || !next->counts)
		return -ENOMEM;
	if (r->before->width)
		memcpy(next->cpu_known, r->before->cpu_known,
		       r->before->width * sizeof(*next->cpu_known));
	for (size_t i = 0; i < r->column_count; i++)
		next->cpu_known[r->cpus[i]] = true;
	return 0;
}

/* What the columns of one line add up to. */
struct irq_steps {
	uint64_t sum;	  /* since the last reading */
	uint64_t busiest; /* of one CPU */
	uint32_t cpu;	  /* that one */
	bool reset;	  /* counts went back to 0: the sum is all that was counted since */
	bool appeared;	  /* a CPU that was never seen before had counts already */
};

/* counts: by CPU id, the last ones on entry, the present ones on return. limit: the largest step
 * that is taken for a wrap. */
static void irq_take_steps(const struct irq_reading *r, uint32_t *counts, uint64_t limit,
			   struct irq_steps *steps)
{
	*steps = (struct irq_steps){.sum = 0};
	for (size_t i = 0; i < r->column_count; i++)
		if (r->columns[i] < counts[r->cpus[i]] &&
		    (uint32_t)(r->columns[i] - counts[r->cpus[i]]) > limit)
			steps->reset = true;
	if (steps->reset)
		memset(counts, 0, r->next.width * sizeof(*counts));
	for (size_t i = 0; i < r->column_count; i++) {
		uint32_t cpu = r->cpus[i];
		uint64_t step = (uint32_t)(r->columns[i] - counts[cpu]);

		if (step && (cpu >= r->before->width || !r->before->cpu_known[cpu]))
			steps->appeared = true;
		steps->sum += step;
		if (step > steps->busiest) {
			steps->busiest = step;
			steps->cpu = cpu;
		}
		counts[cpu] = r->columns[i];
	}
}

static uint64_t irq_wrap_limit(const struct irq_reading *r)
{
	uint64_t seconds = (r->c->now - r->before->time) / SECOND_NS + 1;

	return seconds < WRAP_MAX / WRAP_PER_SECOND ? seconds * WRAP_PER_SECOND : WRAP_MAX;
}

/* Whether an entry is about the interrupt that was remembered under its number: not when another
 * device or handler has got it. An interface that is down has no handler. */
static bool irq_is_same(const struct irq_entry *before, const struct irq_entry *now)
{
	return now->ifindex == before->ifindex &&
	       (!now->name[0] || !before->name[0] || !strcmp(now->name, before->name));
}

/* Continues the last interrupt of r->next. Its row gets total, busiest CPU and stamp. */
static void irq_continue(struct irq_reading *r, struct irq_entry *irq, struct irq_row *row)
{
	uint32_t *counts = r->next.counts + (r->next.count - 1) * r->next.width;
	const struct irq_memory *before = r->before;
	size_t at = irq_memory_find(before, irq->irq);
	bool known = at < before->count && irq_is_same(&before->irq[at], irq);
	struct irq_steps steps;

	if (known) {
		memcpy(counts, before->counts + at * before->width,
		       before->width * sizeof(*counts));
		irq->total = before->irq[at].total;
		irq->discontinuity = before->irq[at].discontinuity;
	}
	irq_take_steps(r, counts, irq_wrap_limit(r), &steps);
	irq->total += steps.sum;
	if (!known || steps.reset || steps.appeared) {
		irq->discontinuity = r->c->now;
	} else if (steps.sum) {
		row->busiest_cpu = steps.cpu;
		row->busiest_share = steps.busiest * 10000 / steps.sum;
	}
	row->total = irq->total;
	row->discontinuity = irq->discontinuity;
}

/* The CPUs that the controller sends an interrupt to (since 4.15), otherwise those that it may be
 * sent to. */
static void irq_read_affinity(struct collect *c, struct irq_row *row)
{
	static const char *const files[] = {"effective_affinity_list", "smp_affinity_list"};

	for (size_t i = 0; i < COUNT_OF(files) && !row->affinity[0]; i++) {
		struct span rest, line;

		if (procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "irq/%u/%s",
				(unsigned)row->irq, files[i]))
			continue;
		rest = filebuf_span(c->buf);
		if (span_line(&rest, &line))
			span_copy(line, row->affinity, sizeof(row->affinity));
	}
}

/* One line about an interrupt. 0 or -ENOMEM. */
static int irq_take_line(struct irq_reading *r, uint64_t number, struct span content)
{
	const struct irq_device *device;
	struct irq_entry *irq;
	struct irq_row *row;
	struct span names;

	if (r->next.count && number <= r->next.irq[r->next.count - 1].irq)
		return 0;
	if (interrupts_counts(content, r->column_count, r->columns, &names)) {
		r->torn++;
		return 0;
	}
	device = nic_irq_vectors_find(&r->vectors, number, names);
	if (!device)
		return 0;
	if (r->c->rows[0].count >= r->c->settings->max_rows[MAX_ROWS_IRQ]) {
		r->left_out++;
		return 0;
	}
	row = rows_add(&r->c->rows[0]);
	if (!row)
		return -ENOMEM;
	irq = &r->next.irq[r->next.count++];
	span_copy(names, row->name, sizeof(row->name));
	memcpy(irq->name, row->name, sizeof(irq->name));
	irq->irq = row->irq = number;
	irq->ifindex = row->ifindex = device->ifindex;
	irq_continue(r, irq, row);
	return 0;
}

/* Reads the file once. 0; -ESTALE when lines do not fit the header; -errno. */
static int irq_read_file(struct irq_reading *r)
{
	struct collect *c = r->c;
	struct irq_state *state = c->state;
	const char *proc = c->settings->roots.path[ROOT_PROC];
	struct span rest, content;
	uint64_t number;
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "interrupts");

	if (err)
		return collect_fail(c, err, "%s/interrupts cannot be read", proc);
	rest = filebuf_span(c->buf);
	if (!rest.len)
		return collect_fail(c, -ENODATA,
				    "%s/interrupts is empty. Container runtimes mask it: run "
				    "netdiagd with it unmasked (procMount: Unmasked, "
				    "systempaths=unconfined), or do without",
				    proc);
	err = interrupts_header(&rest, state->cpus, INTERRUPTS_CPU_MAX);
	if (err < 0)
		return collect_fail(c, err, "%s/interrupts: its first line names no CPUs", proc);
	r->column_count = (size_t)err;
	err = irq_memory_start(r, rest);
	while (!err && interrupts_next(&rest, &number, &content))
		err = irq_take_line(r, number, content);
	if (err)
		return collect_fail(c, err, "%s/interrupts", proc);
	return r->torn ? -ESTALE : 0;
}

/* Reads until all lines fit the header, and in the end without those that do not. 0 or -errno. */
static int irq_read(struct irq_reading *r)
{
	int err = -ESTALE;

	for (int try = 0; try < READ_TRIES && err == -ESTALE; try++) {
		irq_memory_free(&r->next);
		rows_clear(&r->c->rows[0]);
		r->left_out = r->torn = 0;
		err = irq_read_file(r);
	}
	if (err != -ESTALE)
		return err;
	collect_note(r->c,
		     "/proc/interrupts: %zu lines do not match the header and are left out, "
		     "because CPUs come and go",
		     r->torn);
	return 0;
}

static int irq_collect(struct collect *c)
{
	struct irq_state *state = c->state;
	struct irq_reading r = {
		.c = c, .before = &state->memory, .cpus = state->cpus, .columns = state->columns};
	int err = nic_irq_vectors_read(&r.vectors, c->settings);

	collect_source(c, "/proc/interrupts, /sys/class/net");
	if (err)
		return collect_fail(c, err,
				    "%s/class/net cannot be read, so the network cards' interrupts "
				    "are unknown. Check that sysfs is mounted there",
				    c->settings->roots.path[ROOT_SYS]);
	err = irq_read(&r);
	nic_irq_vectors_free(&r.vectors);
	if (err) {
		irq_memory_free(&r.next);
		return err;
	}
	irq_memory_free(&state->memory);
	state->memory = r.next;
	for (size_t i = 0; i < c->rows[0].count; i++)
		irq_read_affinity(c, rows_at(&c->rows[0], i));
	if (r.left_out)
		collect_note(c, "%zu interrupts have no row: raise `maxRows irq %u`", r.left_out,
			     c->settings->max_rows[MAX_ROWS_IRQ]);
	return 0;
}

static void irq_close(void *state)
{
	irq_memory_free(&((struct irq_state *)state)->memory);
}

const struct collector nic_irq_collector = {
	.name = "irq",
	.interval_ms = 10000,
	.rows = {&irq_row_type, NULL},
	.state_size = sizeof(struct irq_state),
	.collect = irq_collect,
	.close = irq_close,
};
