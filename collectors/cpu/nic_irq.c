/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/base/clock.h"
#include "collectors/cpu/nic_irq.h"
#include "collectors/cpu/nic_irq_vectors.h"
#include "collectors/kernel/proc_interrupts.h"

/* CPUs came or went while the file was read: how often it is read again. */
#define READ_TRIES 3

/* More interrupts a second than a CPU can take: a count that would have to have run faster than
 * this to have wrapped was reset. */
#define WRAP_PER_SECOND UINT64_C(10000000)
#define WRAP_MAX	(UINT64_C(1) << 31)

const struct row_type irq_row_type = {
	.name = "irq",
	.size = sizeof(struct irq_row),
	.text = offsetof(struct irq_row, name),
	.key = {ROW_NUMBER(struct irq_row, irq)},
};

/*
 * The memory. The kernel's counts are 32 bits wide per interrupt and CPU, and the column of a CPU
 * that is offline is gone, so totals are kept here: each column is continued by itself, and what a
 * CPU counted stays in the total when it leaves. What was never seen counts as 0.
 */
struct memory_irq {
	uint64_t irq;
	uint64_t ifindex;
	uint64_t total;
	uint64_t discontinuity; /* monotonic ns */
	char name[sizeof(((struct irq_row *)0)->name)];
};

struct memory {
	uint64_t time;	 /* monotonic ns, of the reading */
	size_t width;	 /* CPU ids are below */
	bool *cpu_known; /* by CPU id: has had a column */
	size_t count;	 /* of interrupts, ascending */
	struct memory_irq *irq;
	uint32_t *counts; /* the last ones: width of them for each interrupt */
};

struct irq_state {
	struct memory memory; /* width 0: no reading yet */
	uint32_t *cpus;	      /* of the header's columns, INTERRUPTS_CPU_MAX of them */
	uint32_t *columns;    /* counts of one line, as many */
};

/* One reading under way. */
struct reading {
	struct collect *c;
	const struct memory *before;
	struct memory next;
	size_t capacity; /* of next */
	const uint32_t *cpus;
	uint32_t *columns;
	size_t column_count;
	struct nic_irq_vectors vectors;
	size_t left_out; /* past the bound */
	size_t torn;	 /* lines with other columns than the header's */
};

static void memory_free(struct memory *memory)
{
	free(memory->cpu_known);
	free(memory->irq);
	free(memory->counts);
	memset(memory, 0, sizeof(*memory));
}

/* The place of an interrupt in the memory, or memory->count. */
static size_t memory_find(const struct memory *memory, uint64_t irq)
{
	size_t at = LOWER_BOUND(memory->count, i, memory->irq[i].irq < irq);

	return at < memory->count && memory->irq[at].irq == irq ? at : memory->count;
}

/* An empty memory for the header's CPUs and those known before. 0 or -ENOMEM. */
static int memory_start(struct reading *r)
{
	struct memory *next = &r->next;

	next->time = r->c->now;
	next->width = r->cpus[r->column_count - 1] + 1;
	if (next->width < r->before->width)
		next->width = r->before->width;
	next->cpu_known = calloc(next->width, sizeof(*next->cpu_known));
	if (!next->cpu_known)
		return -ENOMEM;
	if (r->before->width)
		memcpy(next->cpu_known, r->before->cpu_known,
		       r->before->width * sizeof(*next->cpu_known));
	for (size_t i = 0; i < r->column_count; i++)
		next->cpu_known[r->cpus[i]] = true;
	return 0;
}

/* A new interrupt at the end, with all counts 0. NULL when memory is short. */
static struct memory_irq *memory_add(struct reading *r)
{
	struct memory *next = &r->next;

	if (next->count == r->capacity) {
		size_t capacity = r->capacity ? r->capacity * 2 : 16;
		struct memory_irq *irq = reallocarray(next->irq, capacity, sizeof(*irq));
		uint32_t *counts;

		if (!irq)
			return NULL;
		next->irq = irq;
		counts = reallocarray(next->counts, capacity * next->width, sizeof(*counts));
		if (!counts)
			return NULL;
		next->counts = counts;
		r->capacity = capacity;
	}
	memset(next->counts + next->count * next->width, 0, next->width * sizeof(*next->counts));
	memset(&next->irq[next->count], 0, sizeof(*next->irq));
	return &next->irq[next->count++];
}

/* What the columns of one line amount to. */
struct steps {
	uint64_t sum;	  /* since the last reading */
	uint64_t busiest; /* of one CPU */
	uint32_t cpu;	  /* that one */
	bool reset;	  /* the interrupt was made anew: the sum is all that it counted */
	bool appeared;	  /* a CPU that was never seen had counted already */
};

/* counts: the last ones by CPU id, becomes the present ones. limit: the largest step that is taken
 * for a wrap. */
static void take_steps(const struct reading *r, uint32_t *counts, uint64_t limit,
		       struct steps *steps)
{
	*steps = (struct steps){.sum = 0};
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

static uint64_t wrap_limit(const struct reading *r)
{
	uint64_t seconds = (r->c->now - r->before->time) / SECOND_NS + 1;

	return seconds < WRAP_MAX / WRAP_PER_SECOND ? seconds * WRAP_PER_SECOND : WRAP_MAX;
}

/* Continues an interrupt from the memory before. Its row gets total, busiest CPU and stamp. */
static void continue_irq(struct reading *r, struct memory_irq *irq, struct irq_row *row)
{
	uint32_t *counts = r->next.counts + (r->next.count - 1) * r->next.width;
	size_t at = memory_find(r->before, irq->irq);
	bool known = at < r->before->count, renamed = false;
	struct steps steps;

	if (known) {
		const struct memory_irq *old = &r->before->irq[at];

		memcpy(counts, r->before->counts + at * r->before->width,
		       r->before->width * sizeof(*counts));
		irq->total = old->total;
		irq->discontinuity = old->discontinuity;
		renamed = irq->ifindex != old->ifindex ||
			  (irq->name[0] && old->name[0] && strcmp(irq->name, old->name));
	}
	take_steps(r, counts, wrap_limit(r), &steps);
	irq->total += steps.sum;
	if (!known || renamed || steps.reset || steps.appeared)
		irq->discontinuity = r->c->now;
	if (known && !steps.reset && !steps.appeared && steps.sum) {
		row->busiest_cpu = steps.cpu;
		row->busiest_share = steps.busiest * 10000 / steps.sum;
	}
	row->total = irq->total;
	row->discontinuity = irq->discontinuity;
}

/* Which CPUs an interrupt goes to: where the controller sends it (since 4.15), otherwise where it
 * may be sent. */
static void read_affinity(struct collect *c, struct irq_row *row)
{
	static const char *const files[] = {"effective_affinity_list", "smp_affinity_list"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && !row->affinity[0]; i++) {
		struct span rest, line;

		if (procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "irq/%u/%s",
				(unsigned)row->irq, files[i]))
			continue;
		rest = (struct span){c->buf->data, c->buf->len};
		if (span_line(&rest, &line))
			span_copy(line, row->affinity, sizeof(row->affinity));
	}
}

/* One line about an interrupt. 0 or -ENOMEM. */
static int take_line(struct reading *r, uint64_t number, struct span content)
{
	const struct irq_device *device;
	struct memory_irq *irq;
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
	irq = memory_add(r);
	row = rows_add(&r->c->rows[0]);
	if (!irq || !row)
		return -ENOMEM;
	span_copy(names, row->name, sizeof(row->name));
	memcpy(irq->name, row->name, sizeof(irq->name));
	irq->irq = row->irq = number;
	irq->ifindex = row->ifindex = device->ifindex;
	continue_irq(r, irq, row);
	return 0;
}

/* Reads the file once. 0; -ESTALE when lines do not fit the header; -errno. */
static int read_interrupts(struct reading *r)
{
	struct collect *c = r->c;
	struct irq_state *state = c->state;
	struct span rest, content;
	uint64_t number;
	int err = procfs_read(&c->settings->roots, ROOT_PROC, c->buf, "interrupts");

	if (err)
		return collect_fail(c, err, "/proc/interrupts: cannot be read");
	rest = (struct span){c->buf->data, c->buf->len};
	err = interrupts_header(&rest, state->cpus, INTERRUPTS_CPU_MAX);
	if (err < 0)
		return collect_fail(c, err, "/proc/interrupts: its first line names no CPUs");
	r->column_count = (size_t)err;
	err = memory_start(r);
	while (!err && interrupts_next(&rest, &number, &content))
		err = take_line(r, number, content);
	if (err)
		return collect_fail(c, err, "/proc/interrupts");
	return r->torn ? -ESTALE : 0;
}

/* Throws away what a reading brought. */
static void reading_restart(struct reading *r)
{
	memory_free(&r->next);
	rows_clear(&r->c->rows[0]);
	r->capacity = r->left_out = r->torn = 0;
}

/* Reads until the lines fit the header, or has left out those that never did. 0 or -errno. */
static int read_all(struct reading *r)
{
	int err = -ESTALE;

	for (int try = 0; try < READ_TRIES && err == -ESTALE; try++) {
		reading_restart(r);
		err = read_interrupts(r);
	}
	if (err != -ESTALE)
		return err;
	collect_note(
		r->c,
		"/proc/interrupts: %zu lines do not fit its header and are left out; CPUs come "
		"and go",
		r->torn);
	return 0;
}

static int prepare(struct irq_state *state)
{
	if (!state->cpus)
		state->cpus = calloc(INTERRUPTS_CPU_MAX, sizeof(*state->cpus));
	if (!state->columns)
		state->columns = calloc(INTERRUPTS_CPU_MAX, sizeof(*state->columns));
	return state->cpus && state->columns ? 0 : -ENOMEM;
}

static int irq_collect(struct collect *c)
{
	struct irq_state *state = c->state;
	struct reading r = {.c = c, .before = &state->memory};
	int err = prepare(state);

	collect_source(c, "/proc/interrupts, /sys/class/net");
	if (err)
		return collect_fail(c, err, "irq");
	r.cpus = state->cpus;
	r.columns = state->columns;
	err = nic_irq_vectors_read(&r.vectors, c->settings);
	if (err)
		return collect_fail(c, err,
				    "/sys/class/net: cannot be read, so the network cards' "
				    "interrupts are unknown; is /sys mounted?");
	err = read_all(&r);
	nic_irq_vectors_free(&r.vectors);
	if (err) {
		memory_free(&r.next);
		return err;
	}
	memory_free(&state->memory);
	state->memory = r.next;
	for (size_t i = 0; i < c->rows[0].count; i++)
		read_affinity(c, rows_at(&c->rows[0], i));
	if (r.left_out)
		collect_note(c, "%zu more interrupts than maxRows irq %u: raise it to see them",
			     r.left_out, c->settings->max_rows[MAX_ROWS_IRQ]);
	return 0;
}

static void irq_close(void *state)
{
	struct irq_state *own = state;

	memory_free(&own->memory);
	free(own->cpus);
	free(own->columns);
}

const struct collector nic_irq_collector = {
	.name = "irq",
	.interval_ms = 10000,
	.rows = {&irq_row_type, NULL},
	.state_size = sizeof(struct irq_state),
	.collect = irq_collect,
	.close = irq_close,
};
