/* SPDX-License-Identifier: BSD-2-Clause */
/* Names of drop reasons from made type information, whose numbers are no kernel's. */
#include <config.h>

#include <bpf/btf.h>
#include <string.h>

#include "collectors/loss/drop_names.h"
#include "tests/unit/unit.h"

static struct btf *btf;
static struct drop_names names;

static void begin(void)
{
	ck_assert(btf = btf__new_empty());
	memset(&names, 0, sizeof(names));
}

static void end(void)
{
	drop_names_free(&names);
	btf__free(btf);
}

static void add_enum(struct btf *to, const char *name)
{
	ck_assert_int_gt(btf__add_enum(to, name, 4), 0);
}

static void add_value(struct btf *to, const char *name, uint32_t value)
{
	ck_assert_int_eq(btf__add_enum_value(to, name, value), 0);
}

static void name_is(uint32_t reason, const char *expected)
{
	char text[DROP_NAME_SIZE];

	drop_names_text(&names, reason, text);
	ck_assert_str_eq(text, expected);
}

START_TEST(other_numbers)
{
	begin();
	add_enum(btf, "something_else");
	add_value(btf, "SKB_DROP_REASON_TCP_CSUM", 7);
	add_enum(btf, "skb_drop_reason");
	add_value(btf, "SKB_NOT_DROPPED_YET", 0);
	add_value(btf, "SKB_DROP_REASON_NO_SOCKET", 77);
	add_value(btf, "SKB_DROP_REASON_TCP_CSUM", 5);
	add_value(btf, "SKB_CONSUMED", 78);
	add_value(btf, "SKB_DROP_REASON_LAST_ALIAS", 77);
	add_value(btf, "SKB_DROP_REASON_MAX", 79);
	add_value(btf, "SKB_DROP_REASON_SUBSYS_MASK", 0xffff0000);
	ck_assert_int_eq(drop_names_add(&names, btf, 1), 0);
	name_is(0, "NOT_DROPPED_YET");
	name_is(77, "NO_SOCKET");
	name_is(5, "TCP_CSUM");
	name_is(78, "CONSUMED");
	name_is(7, "REASON_7");
	name_is(79, "REASON_79");
	name_is(0xffff0000, "SUBSYSTEM_65535/0");
	end();
}
END_TEST

/* Reasons of subsystems: by number, until their enum is there, in the kernel or in a module. */
START_TEST(subsystems)
{
	struct btf *module;

	begin();
	add_enum(btf, "skb_drop_reason");
	add_value(btf, "SKB_DROP_REASON_NO_SOCKET", 3);
	add_enum(btf, "mac80211_drop_reason");
	add_value(btf, "___RX_DROP_UNUSABLE", 0x10000);
	add_value(btf, "RX_DROP_U_MIC_FAIL", 0x10001);
	add_value(btf, "RX_CONTINUE", 1);
	ck_assert(module = btf__new_empty_split(btf));
	add_enum(module, "ovs_drop_reason");
	add_value(module, "OVS_DROP_METER", 0x30005);
	ck_assert_int_eq(drop_names_add(&names, btf, 1), 0);
	name_is(0x10000, "SUBSYSTEM_1/0");
	name_is(0x10001, "RX_DROP_U_MIC_FAIL");
	name_is(1, "REASON_1");
	name_is(0x30005, "SUBSYSTEM_3/5");
	ck_assert_int_eq(drop_names_add(&names, module, btf__type_cnt(btf)), 0);
	name_is(0x30005, "OVS_DROP_METER");
	name_is(3, "NO_SOCKET");
	btf__free(module);
	end();
}
END_TEST

START_TEST(no_names)
{
	begin();
	ck_assert_int_eq(drop_names_add(&names, btf, 1), 0);
	ck_assert_uint_eq(names.count, 0);
	name_is(6, "REASON_6");
	end();
}
END_TEST

/* A name longer than there is room, with bytes that no name has. */
START_TEST(odd_names)
{
	char name[200] = "SKB_DROP_REASON_";
	char text[DROP_NAME_SIZE];

	begin();
	memset(name + strlen(name), 'A', 100);
	add_enum(btf, "skb_drop_reason");
	add_value(btf, name, 1);
	ck_assert_int_eq(drop_names_add(&names, btf, 1), 0);
	drop_names_text(&names, 1, text);
	ck_assert_uint_eq(strlen(text), DROP_NAME_SIZE - 1);
	end();
}
END_TEST

/* The type of the tracepoint with so many arguments, the fourth of which is the reason or an int.
 */
static struct drop_tracepoint tracepoint(unsigned arguments, bool has_enum)
{
	struct drop_tracepoint found;
	int reason, number, function, pointer;

	begin();
	ck_assert_int_gt(number = btf__add_int(btf, "int", 4, BTF_INT_SIGNED), 0);
	add_enum(btf, "skb_drop_reason");
	reason = (int)btf__type_cnt(btf) - 1;
	add_value(btf, "SKB_DROP_REASON_NO_SOCKET", 3);
	ck_assert_int_gt(function = btf__add_func_proto(btf, 0), 0);
	for (unsigned i = 0; i < arguments; i++)
		ck_assert_int_eq(btf__add_func_param(btf, "", i == 3 && has_enum ? reason : number),
				 0);
	ck_assert_int_gt(pointer = btf__add_ptr(btf, function), 0);
	ck_assert_int_gt(btf__add_typedef(btf, "btf_trace_kfree_skb", pointer), 0);
	found = drop_tracepoint_of(btf);
	end();
	return found;
}

START_TEST(tracepoints)
{
	ck_assert(!tracepoint(3, true).has_reason); /* before 5.17 */
	ck_assert(tracepoint(4, true).has_reason);
	ck_assert(!tracepoint(4, true).has_rx_sk);
	ck_assert(!tracepoint(4, false).has_reason);
	ck_assert(tracepoint(5, true).has_reason);
	ck_assert(tracepoint(5, true).has_rx_sk);
	ck_assert(!tracepoint(5, false).has_rx_sk);
	begin();
	ck_assert(!drop_tracepoint_of(btf).has_reason);
	end();
}
END_TEST

UNIT_MAIN("drop_names", other_numbers, subsystems, no_names, odd_names, tracepoints)
