/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <string.h>

#include "collectors/base/text.h"
#include "collectors/loss/drop_classes.h"
#include "tests/unit/unit.h"

START_TEST(classes)
{
	static const struct {
		const char *name;
		enum drop_class class;
	} known[] = {
		{"SOCKET_RCVBUFF", DROP_LOSS},
		{"CPU_BACKLOG", DROP_LOSS},
		{"NOT_SPECIFIED", DROP_LOSS},
		{"NEIGH_FAILED", DROP_LOSS},
		{"NETFILTER_DROP", DROP_POLICY},
		{"IP_RPFILTER", DROP_POLICY},
		{"TC_INGRESS", DROP_POLICY},
		{"TC_EGRESS", DROP_POLICY},
		{"XDP", DROP_POLICY},
		{"BPF_CGROUP_EGRESS", DROP_POLICY},
		{"UNHANDLED_PROTO", DROP_BENIGN},
		{"OTHERHOST", DROP_BENIGN},
		{"CONSUMED", DROP_BENIGN},
		{"NO_SOCKET", DROP_BENIGN},
		{"QUEUE_PURGE", DROP_TEARDOWN},
		{"SOCKET_CLOSE", DROP_TEARDOWN},
		{"TCP_RESET", DROP_TEARDOWN},
		{"TCP_ABORT_ON_DATA", DROP_TEARDOWN},
	};

	for (size_t i = 0; i < COUNT_OF(known); i++) {
		const struct drop_meaning *meaning = drop_meaning(known[i].name);
		char fit[DROP_EXPLANATION_SIZE];

		ck_assert_str_eq(meaning->name, known[i].name);
		ck_assert_msg(meaning->class == known[i].class, "%s", known[i].name);
		ck_assert_uint_gt(strlen(meaning->explanation), 10);
		ck_assert_uint_lt(strlen(meaning->explanation), DROP_EXPLANATION_SIZE);
		text_copy(fit, sizeof(fit), meaning->explanation);
		text_sanitise(fit);
		ck_assert_str_eq(fit, meaning->explanation);
	}
}
END_TEST

/* A reason of a later kernel may be the one that matters. */
START_TEST(unknown_is_loss)
{
	static const char *const names[] = {"SOMETHING_NEW", "SUBSYSTEM_1/2", "REASON_300",
					    "overflow", ""};

	for (size_t i = 0; i < COUNT_OF(names); i++) {
		ck_assert_int_eq(drop_meaning(names[i])->class, DROP_LOSS);
		ck_assert_str_eq(drop_meaning(names[i])->explanation, "");
	}
}
END_TEST

UNIT_MAIN("drop_classes", classes, unknown_is_loss)
