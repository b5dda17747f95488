/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "subagent/agentx/protocol.h"
#include "subagent/agentx/retry.h"
#include "tests/unit/unit.h"

/* The waits after 0, 1, 2 ... failures. */
static void check_waits(const struct retry *retry, const unsigned *want, size_t count)
{
	for (unsigned i = 0; i < count; i++)
		ck_assert_msg(retry_ms(retry, i) == want[i], "%s: %u ms after %u failures",
			      retry->remedy, retry_ms(retry, i), i);
	ck_assert_uint_eq(retry_ms(retry, UINT32_MAX), want[count - 1]);
}

START_TEST(a_restart_is_noticed_within_a_second)
{
	static const unsigned want[] = {0, 500, 500, 500};

	check_waits(retry_connect(ENOENT), want, COUNT_OF(want));
	check_waits(retry_connect(ECONNREFUSED), want, COUNT_OF(want));
}
END_TEST

START_TEST(what_needs_the_operator_is_tried_less_often)
{
	static const unsigned want[] = {0, 500, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	static const int errors[] = {EACCES, EPERM, EPROTO, ECONNRESET, EMFILE, ENFILE, ENOTSOCK};

	for (size_t i = 0; i < COUNT_OF(errors); i++)
		check_waits(retry_connect(errors[i]), want, COUNT_OF(want));
	ck_assert_ptr_nonnull(strstr(retry_connect(EPERM)->remedy, "agentXPerms"));
	ck_assert_ptr_nonnull(strstr(retry_connect(ENFILE)->remedy, "LimitNOFILE"));
}
END_TEST

START_TEST(a_silent_master_does_not_hold_up_the_main_thread)
{
	static const unsigned want[] = {0, 500, 1000, 2000, 4000, 4000};

	check_waits(retry_connect(ETIMEDOUT), want, COUNT_OF(want));
	check_waits(retry_connect(EAGAIN), want, COUNT_OF(want));
}
END_TEST

START_TEST(a_refused_registration)
{
	static const unsigned want[] = {0, 1000, 4000, 16000, 60000, 60000};
	static const long errors[] = {AGENTX_DUPLICATE_REGISTRATION, AGENTX_REQUEST_DENIED,
				      AGENTX_PROCESSING_ERROR};

	for (size_t i = 0; i < COUNT_OF(errors); i++)
		check_waits(retry_register(errors[i]), want, COUNT_OF(want));
	ck_assert_ptr_nonnull(strstr(retry_register(263)->remedy, "second netdiagd"));
}
END_TEST

UNIT_MAIN("retry", a_restart_is_noticed_within_a_second,
	  what_needs_the_operator_is_tried_less_often,
	  a_silent_master_does_not_hold_up_the_main_thread, a_refused_registration)
