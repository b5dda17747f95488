/* SPDX-License-Identifier: BSD-2-Clause */
/* Queues, NAPI instances and statistics of queues over the generic netlink family "netdev"
 * (net/core/netdev-genl.c, Documentation/netlink/specs/netdev.yaml). */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "collectors/base/array.h"
#include "collectors/kernel/netdev_genl.h"

#define FAMILY_NAME "netdev"

/* From include/uapi/linux/netdev.h, which older headers lack. */
#define CMD_QUEUE_GET  10
#define CMD_NAPI_GET   11
#define CMD_QSTATS_GET 12

#define QUEUE_ID      1
#define QUEUE_IFINDEX 2
#define QUEUE_TYPE    3
#define QUEUE_NAPI_ID 4

#define NAPI_IFINDEX 1
#define NAPI_ID	     2
#define NAPI_IRQ     3

#define QSTATS_IFINDEX		     1
#define QSTATS_QUEUE_TYPE	     2
#define QSTATS_QUEUE_ID		     3
#define QSTATS_SCOPE		     4
#define QSTATS_SCOPE_QUEUE	     1
#define QSTATS_RX_PACKETS	     8
#define QSTATS_RX_BYTES		     9
#define QSTATS_TX_PACKETS	     10
#define QSTATS_TX_BYTES		     11
#define QSTATS_RX_ALLOC_FAIL	     12
#define QSTATS_RX_HW_DROPS	     13
#define QSTATS_RX_HW_DROP_OVERRUNS   14
#define QSTATS_RX_HW_DROP_RATELIMITS 23
#define QSTATS_TX_HW_DROPS	     24
#define QSTATS_TX_HW_DROP_ERRORS     25
#define QSTATS_TX_HW_DROP_RATELIMITS 32
#define QSTATS_TX_STOP		     33
#define QSTATS_TX_WAKE		     34

/* --- decoding ------------------------------------------------------------------------------- */

/* An attribute and the member that it sets. Keys are at most 32 bits wide. */
struct netdev_attribute {
	uint16_t type;
	size_t offset;
	bool key;
};

/* clang-format off */
#define KEY(attribute, type, member)   {attribute, offsetof(struct type, member), true}
#define VALUE(attribute, type, member) {attribute, offsetof(struct type, member), false}
/* clang-format on */

static const struct netdev_attribute stats_attributes[] = {
	KEY(QSTATS_IFINDEX, netdev_stats, ifindex),
	KEY(QSTATS_QUEUE_TYPE, netdev_stats, type),
	KEY(QSTATS_QUEUE_ID, netdev_stats, id),
	VALUE(QSTATS_RX_PACKETS, netdev_stats, rx_packets),
	VALUE(QSTATS_RX_BYTES, netdev_stats, rx_bytes),
	VALUE(QSTATS_RX_ALLOC_FAIL, netdev_stats, rx_alloc_fail),
	VALUE(QSTATS_RX_HW_DROPS, netdev_stats, rx_hw_drops),
	VALUE(QSTATS_RX_HW_DROP_OVERRUNS, netdev_stats, rx_hw_drop_overruns),
	VALUE(QSTATS_RX_HW_DROP_RATELIMITS, netdev_stats, rx_hw_drop_ratelimits),
	VALUE(QSTATS_TX_PACKETS, netdev_stats, tx_packets),
	VALUE(QSTATS_TX_BYTES, netdev_stats, tx_bytes),
	VALUE(QSTATS_TX_HW_DROPS, netdev_stats, tx_hw_drops),
	VALUE(QSTATS_TX_HW_DROP_ERRORS, netdev_stats, tx_hw_drop_errors),
	VALUE(QSTATS_TX_HW_DROP_RATELIMITS, netdev_stats, tx_hw_drop_ratelimits),
	VALUE(QSTATS_TX_STOP, netdev_stats, tx_stop),
	VALUE(QSTATS_TX_WAKE, netdev_stats, tx_wake),
};

static const struct netdev_attribute queue_attributes[] = {
	KEY(QUEUE_IFINDEX, netdev_queue, ifindex),
	KEY(QUEUE_TYPE, netdev_queue, type),
	KEY(QUEUE_ID, netdev_queue, id),
	KEY(QUEUE_NAPI_ID, netdev_queue, napi_id),
};

static const struct netdev_attribute napi_attributes[] = {
	KEY(NAPI_IFINDEX, netdev_napi, ifindex),
	KEY(NAPI_ID, netdev_napi, id),
	KEY(NAPI_IRQ, netdev_napi, irq),
};

/* Sets the members of a struct of uint64_t from a message's attributes, the others to ROW_ABSENT.
 */
static int netdev_decode(const struct nlmsghdr *message, uint16_t family, int command,
			 const struct netdev_attribute *known, size_t count, void *to, size_t size)
{
	const struct nlattr *attribute;

	memset(to, 0xff, size); /* ROW_ABSENT */
	if (genetlink_command(message, family) != command)
		return -EBADMSG;
	mnl_attr_for_each(attribute, message, GENETLINK_HEADER) {
		uint16_t type = mnl_attr_get_type(attribute);
		uint64_t number;

		for (size_t i = 0; i < count; i++) {
			if (type != known[i].type)
				continue;
			if (!genetlink_number(attribute, &number) ||
			    (known[i].key && number > UINT32_MAX))
				return -EBADMSG;
			*row_member(to, known[i].offset) = row_present(number);
		}
	}
	return 0;
}

static bool is_queue_type(uint64_t type)
{
	return type == NETDEV_RX || type == NETDEV_TX;
}

int netdev_decode_stats(const struct nlmsghdr *message, uint16_t family, struct netdev_stats *stats)
{
	int err = netdev_decode(message, family, CMD_QSTATS_GET, stats_attributes,
				COUNT_OF(stats_attributes), stats, sizeof(*stats));
	bool of_queue = stats->type != ROW_ABSENT;

	if (err || stats->ifindex == ROW_ABSENT || of_queue != (stats->id != ROW_ABSENT) ||
	    (of_queue && !is_queue_type(stats->type)))
		return -EBADMSG;
	return 0;
}

int netdev_decode_queue(const struct nlmsghdr *message, uint16_t family, struct netdev_queue *queue)
{
	int err = netdev_decode(message, family, CMD_QUEUE_GET, queue_attributes,
				COUNT_OF(queue_attributes), queue, sizeof(*queue));

	if (err || queue->ifindex == ROW_ABSENT || queue->id == ROW_ABSENT ||
	    !is_queue_type(queue->type))
		return -EBADMSG;
	return 0;
}

int netdev_decode_napi(const struct nlmsghdr *message, uint16_t family, struct netdev_napi *napi)
{
	int err = netdev_decode(message, family, CMD_NAPI_GET, napi_attributes,
				COUNT_OF(napi_attributes), napi, sizeof(*napi));

	return err || napi->ifindex == ROW_ABSENT || napi->id == ROW_ABSENT ? -EBADMSG : 0;
}

/* --- asking --------------------------------------------------------------------------------- */

/* Room for a request and its one attribute. */
struct netdev_request {
	_Alignas(struct nlmsghdr) char buf[64];
};

/* Receives the messages of a dump; one of the callbacks is set. */
struct netdev_take {
	uint16_t family;
	netdev_stats_fn *stats;
	netdev_queue_fn *queue;
	netdev_napi_fn *napi;
	void *arg;
};

static int netdev_take_stats(const struct nlmsghdr *message, void *arg)
{
	const struct netdev_take *take = arg;
	struct netdev_stats stats;
	int err = netdev_decode_stats(message, take->family, &stats);

	return err ? err : take->stats(&stats, take->arg);
}

static int netdev_take_queue(const struct nlmsghdr *message, void *arg)
{
	const struct netdev_take *take = arg;
	struct netdev_queue queue;
	int err = netdev_decode_queue(message, take->family, &queue);

	return err ? err : take->queue(&queue, take->arg);
}

static int netdev_take_napi(const struct nlmsghdr *message, void *arg)
{
	const struct netdev_take *take = arg;
	struct netdev_napi napi;
	int err = netdev_decode_napi(message, take->family, &napi);

	return err ? err : take->napi(&napi, take->arg);
}

/* Opens the socket and finds the family, unless that is done, and begins a request. */
static int netdev_begin(struct netdev_genl *genl, struct netdev_request *request, uint8_t command)
{
	int err = netlink_open(&genl->nl, NETLINK_GENERIC);

	if (!err && !genl->family.id)
		err = genetlink_lookup(&genl->nl, FAMILY_NAME, &genl->family);
	if (!err)
		genetlink_request(request->buf, &genl->family, command, NLM_F_DUMP);
	return err;
}

static int netdev_dump(struct netdev_genl *genl, struct netdev_request *request,
		       netlink_message_fn *message, struct netdev_take *take)
{
	const struct netlink_dump dump = {.message = message, .arg = take};

	take->family = genl->family.id;
	return netlink_dump(&genl->nl, (struct nlmsghdr *)request->buf, &dump);
}

int netdev_dump_stats(struct netdev_genl *genl, bool queues, netdev_stats_fn *each, void *arg)
{
	struct netdev_take take = {.stats = each, .arg = arg};
	struct netdev_request request;
	int err = netdev_begin(genl, &request, CMD_QSTATS_GET);

	if (err)
		return err;
	if (queues)
		mnl_attr_put_u32((struct nlmsghdr *)request.buf, QSTATS_SCOPE, QSTATS_SCOPE_QUEUE);
	return netdev_dump(genl, &request, netdev_take_stats, &take);
}

int netdev_dump_queues(struct netdev_genl *genl, uint32_t ifindex, netdev_queue_fn *each, void *arg)
{
	struct netdev_take take = {.queue = each, .arg = arg};
	struct netdev_request request;
	int err = netdev_begin(genl, &request, CMD_QUEUE_GET);

	if (err)
		return err;
	mnl_attr_put_u32((struct nlmsghdr *)request.buf, QUEUE_IFINDEX, ifindex);
	return netdev_dump(genl, &request, netdev_take_queue, &take);
}

int netdev_dump_napis(struct netdev_genl *genl, netdev_napi_fn *each, void *arg)
{
	struct netdev_take take = {.napi = each, .arg = arg};
	struct netdev_request request;
	int err = netdev_begin(genl, &request, CMD_NAPI_GET);

	return err ? err : netdev_dump(genl, &request, netdev_take_napi, &take);
}

void netdev_genl_close(struct netdev_genl *genl)
{
	netlink_close(&genl->nl);
}
