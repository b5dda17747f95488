/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Preloaded into a process by the tests: network cards that are not here. The directory that
 * SERVED_NICS names has a file for each interface that is to look like one, with its name; it is
 * read whenever the process asks, so it may be changed at any time. Served are ethtool's ioctls and
 * netlink replies; what rtnetlink says of the interface is completed. served.py writes the files:
 *
 *   driver: ena                     what ethtool -i prints
 *   bus-info: 0000:00:05.0
 *   speed: 10000                    Mbit/s
 *   supported: 4128                 the first word of the modes that it supports
 *   duplex: full
 *   ring: 256 4096                  of the receive ring: now, and at most
 *   carrier: 0
 *   pause: 12 5                     frames received, and sent
 *   fec: 1000 7                     blocks corrected, and not
 *   link-state: 5 1 12              extended state and substate, times down; -1: nothing
 *   standard: 1 4 17                group, number in it, value
 *   qstats: 0 3 14 17               type and number of a queue (0: it receives), attribute, value
 *   queue: 0 3 8200 61              likewise, its NAPI instance, and the interrupt of that
 *   stats64: rx_crc_errors 17       added to what the kernel has
 *   carrier-down-count: 4           likewise
 *   bond: 1 2 17 61                 state, MII status, failures, LACP state (-1: none)
 *   NIC statistics:                 what ethtool -S prints
 *        rx_drops: 5
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/ethtool_netlink.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STATS_MAX    256
#define STANDARD_MAX 64
#define QUEUES_MAX   64
#define REPLY_SIZE   32768

/* Of Linux 6.4. */
#define LINKSTATE_EXT_DOWN_CNT (ETHTOOL_A_LINKSTATE_EXT_SUBSTATE + 1)

/* The generic netlink family netdev (Documentation/netlink/specs/netdev.yaml). */
enum {
	NETDEV_CMD_QUEUE_GET = 10,
	NETDEV_CMD_NAPI_GET,
	NETDEV_CMD_QSTATS_GET,
};

enum {
	QUEUE_ID = 1,
	QUEUE_IFINDEX,
	QUEUE_TYPE,
	QUEUE_NAPI_ID,
};

enum {
	NAPI_IFINDEX = 1,
	NAPI_ID,
	NAPI_IRQ,
};

enum {
	QSTATS_IFINDEX = 1,
	QSTATS_QUEUE_TYPE,
	QSTATS_QUEUE_ID,
	QSTATS_SCOPE,
	QSTATS_FIRST = 8,
	QSTATS_LAST = 34,
};

struct card {
	char driver[32];
	char bus_info[32];
	char duplex[8];
	long long speed;
	long long supported;
	long long ring[2];
	long long carrier;
	long long pause[2];
	long long fec[2];
	long long link[3];
	long long down_count;
	long long bond[4];
	struct rtnl_link_stats64 stats64;
	long long standard[STANDARD_MAX][3];
	unsigned standards;
	long long qstats[QUEUES_MAX][4];
	unsigned qstats_count;
	long long queue[QUEUES_MAX][4];
	unsigned queues;
	char name[STATS_MAX][ETH_GSTRING_LEN];
	uint64_t value[STATS_MAX];
	unsigned stats;
};

/* --- the files -------------------------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t offset;
} stats64[] = {
#define STAT(member)                                                \
	{                                                           \
#member, offsetof(struct rtnl_link_stats64, member) \
	}
	STAT(rx_packets),	 STAT(rx_errors),     STAT(rx_dropped),	     STAT(rx_missed_errors),
	STAT(rx_length_errors),	 STAT(rx_crc_errors), STAT(rx_frame_errors), STAT(rx_fifo_errors),
	STAT(rx_over_errors),	 STAT(tx_packets),    STAT(tx_errors),	     STAT(tx_dropped),
	STAT(tx_carrier_errors),
};

/* Up to count numbers of a line with this word. */
static void take_numbers(const char *line, const char *word, long long *to, unsigned count)
{
	size_t len = strlen(word);
	char *end;

	if (strncmp(line, word, len) != 0 || line[len] != ':')
		return;
	line += len + 1;
	for (unsigned i = 0; i < count; i++, line = end)
		to[i] = strtoll(line, &end, 10);
}

static void take_line(struct card *card, char *line)
{
	char name[64];
	long long value;

	sscanf(line, "driver: %31s", card->driver);
	sscanf(line, "bus-info: %31s", card->bus_info);
	sscanf(line, "duplex: %7s", card->duplex);
	take_numbers(line, "speed", &card->speed, 1);
	take_numbers(line, "supported", &card->supported, 1);
	take_numbers(line, "ring", card->ring, 2);
	take_numbers(line, "carrier", &card->carrier, 1);
	take_numbers(line, "pause", card->pause, 2);
	take_numbers(line, "fec", card->fec, 2);
	take_numbers(line, "link-state", card->link, 3);
	take_numbers(line, "carrier-down-count", &card->down_count, 1);
	take_numbers(line, "bond", card->bond, 4);
	if (!strncmp(line, "standard:", 9) && card->standards < STANDARD_MAX)
		take_numbers(line, "standard", card->standard[card->standards++], 3);
	if (!strncmp(line, "qstats:", 7) && card->qstats_count < QUEUES_MAX)
		take_numbers(line, "qstats", card->qstats[card->qstats_count++], 4);
	if (!strncmp(line, "queue:", 6) && card->queues < QUEUES_MAX)
		take_numbers(line, "queue", card->queue[card->queues++], 4);
	if (sscanf(line, "stats64: %63s %lld", name, &value) == 2)
		for (size_t i = 0; i < sizeof(stats64) / sizeof(*stats64); i++)
			if (!strcmp(stats64[i].name, name))
				memcpy((char *)&card->stats64 + stats64[i].offset, &value,
				       sizeof(value));
	if (*line == ' ' && strrchr(line, ':') && card->stats < STATS_MAX) {
		char *colon = strrchr(line, ':');

		card->value[card->stats] = strtoull(colon + 1, NULL, 10);
		*colon = '\0';
		line += strspn(line, " ");
		memset(card->name[card->stats], 0, ETH_GSTRING_LEN);
		memcpy(card->name[card->stats++], line, strnlen(line, ETH_GSTRING_LEN));
	}
}

/* Whether an interface is served, and as what. */
static bool card_read(const char *ifname, struct card *card)
{
	const char *directory = getenv("SERVED_NICS");
	char path[4096], line[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%.*s", directory ? directory : "", IFNAMSIZ, ifname);
	file = directory && *ifname ? fopen(path, "re") : NULL;
	if (!file)
		return false;
	memset(card, 0, sizeof(*card));
	card->carrier = card->speed = card->pause[0] = card->fec[0] = -1;
	card->link[0] = card->link[1] = card->link[2] = -1;
	card->bond[0] = -1;
	while (fgets(line, sizeof(line), file))
		take_line(card, line);
	fclose(file);
	return true;
}

static bool card_read_index(unsigned ifindex, struct card *card)
{
	char name[IFNAMSIZ];

	return if_indextoname(ifindex, name) && card_read(name, card);
}

/* --- ioctls ----------------------------------------------------------------------------------- */

static int serve_link_settings(const struct card *card, struct ethtool_link_settings *link)
{
	/* The kernel says first how many words its masks have. */
	if (link->link_mode_masks_nwords != 1) {
		memset(link, 0, sizeof(*link));
		link->cmd = ETHTOOL_GLINKSETTINGS;
		link->link_mode_masks_nwords = -1;
		return 0;
	}
	link->speed = (uint32_t)card->speed;
	link->duplex = !strcmp(card->duplex, "half")   ? DUPLEX_HALF
		       : !strcmp(card->duplex, "full") ? DUPLEX_FULL
						       : DUPLEX_UNKNOWN;
	link->link_mode_masks[0] = (uint32_t)card->supported;
	return 0;
}

static int serve_ioctl(const struct card *card, void *data)
{
	struct ethtool_drvinfo *info = data;
	struct ethtool_ringparam *rings = data;
	struct ethtool_sset_info *sets = data;
	struct ethtool_gstrings *strings = data;
	struct ethtool_stats *stats = data;

	switch (*(uint32_t *)data) {
	case ETHTOOL_GDRVINFO:
		snprintf(info->driver, sizeof(info->driver), "%s", card->driver);
		snprintf(info->bus_info, sizeof(info->bus_info), "%s", card->bus_info);
		return 0;
	case ETHTOOL_GLINKSETTINGS:
		return serve_link_settings(card, data);
	case ETHTOOL_GRINGPARAM:
		rings->rx_pending = rings->tx_pending = (uint32_t)card->ring[0];
		rings->rx_max_pending = rings->tx_max_pending = (uint32_t)card->ring[1];
		return 0;
	case ETHTOOL_GSSET_INFO:
		sets->data[0] = card->stats;
		return 0;
	case ETHTOOL_GSTRINGS:
		strings->len = card->stats;
		memcpy(strings->data, card->name, (size_t)card->stats * ETH_GSTRING_LEN);
		return 0;
	case ETHTOOL_GSTATS:
		stats->n_stats = card->stats;
		memcpy(stats->data, card->value, card->stats * sizeof(uint64_t));
		return 0;
	default:
		errno = EOPNOTSUPP;
		return -1;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	struct card card;
	struct ifreq *ifr;
	va_list args;
	void *data;

	va_start(args, request);
	data = va_arg(args, void *);
	va_end(args);
	ifr = data;
	if (request == SIOCETHTOOL && card_read(ifr->ifr_name, &card))
		return serve_ioctl(&card, ifr->ifr_data);
	return (int)syscall(SYS_ioctl, fd, request, data);
}

/* --- netlink ---------------------------------------------------------------------------------- */

/* What this thread reads next from fd instead of the kernel's answer. */
static __thread struct {
	int fd;
	size_t len;
	char bytes[REPLY_SIZE] __attribute__((aligned(8)));
} reply;

static bool is_netlink(int fd, int family)
{
	int domain, protocol;
	socklen_t len = sizeof(int);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_NETLINK &&
	       !getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) && protocol == family;
}

static struct rtattr *put(char *to, size_t *at, unsigned type, const void *data, size_t size)
{
	struct rtattr *attribute = (struct rtattr *)(to + *at);

	attribute->rta_type = (unsigned short)type;
	attribute->rta_len = (unsigned short)RTA_LENGTH(size);
	if (size)
		memcpy(RTA_DATA(attribute), data, size);
	memset((char *)attribute + attribute->rta_len, 0,
	       RTA_ALIGN(attribute->rta_len) - attribute->rta_len);
	*at += RTA_ALIGN(attribute->rta_len);
	return attribute;
}

static struct rtattr *nest_begin(char *to, size_t *at, unsigned type)
{
	return put(to, at, type | NLA_F_NESTED, NULL, 0);
}

static void nest_end(char *to, size_t at, struct rtattr *nest)
{
	nest->rta_len = (unsigned short)(to + at - (char *)nest);
}

static void put_u8(size_t *at, unsigned type, long long value)
{
	uint8_t byte = (uint8_t)value;

	if (value >= 0)
		put(reply.bytes, at, type, &byte, sizeof(byte));
}

static void put_u32(size_t *at, unsigned type, long long value)
{
	uint32_t word = (uint32_t)value;

	if (value >= 0)
		put(reply.bytes, at, type, &word, sizeof(word));
}

static void serve_standard(const struct card *card, size_t *at)
{
	for (unsigned i = 0; i < card->standards; i++) {
		struct rtattr *group = nest_begin(reply.bytes, at, ETHTOOL_A_STATS_GRP), *stat;

		put_u32(at, ETHTOOL_A_STATS_GRP_ID, card->standard[i][0]);
		put_u32(at, ETHTOOL_A_STATS_GRP_SS_ID, 17 + card->standard[i][0]);
		stat = nest_begin(reply.bytes, at, ETHTOOL_A_STATS_GRP_STAT);
		put(reply.bytes, at, (unsigned)card->standard[i][1], &card->standard[i][2], 8);
		nest_end(reply.bytes, *at, stat);
		nest_end(reply.bytes, *at, group);
	}
}

/* Puts the attributes of the answer to a command. The command of the answer; 0: there is none. */
static uint8_t serve_command(const struct card *card, uint8_t command, size_t *at)
{
	struct rtattr *nest;

	switch (command) {
	case ETHTOOL_MSG_PAUSE_GET:
		if (card->pause[0] < 0)
			return 0;
		nest = nest_begin(reply.bytes, at, ETHTOOL_A_PAUSE_STATS);
		put(reply.bytes, at, ETHTOOL_A_PAUSE_STAT_RX_FRAMES, &card->pause[0], 8);
		put(reply.bytes, at, ETHTOOL_A_PAUSE_STAT_TX_FRAMES, &card->pause[1], 8);
		nest_end(reply.bytes, *at, nest);
		return ETHTOOL_MSG_PAUSE_GET_REPLY;
	case ETHTOOL_MSG_FEC_GET:
		if (card->fec[0] < 0)
			return 0;
		nest = nest_begin(reply.bytes, at, ETHTOOL_A_FEC_STATS);
		put(reply.bytes, at, ETHTOOL_A_FEC_STAT_CORRECTED, &card->fec[0], 8);
		put(reply.bytes, at, ETHTOOL_A_FEC_STAT_UNCORR, &card->fec[1], 8);
		nest_end(reply.bytes, *at, nest);
		return ETHTOOL_MSG_FEC_GET_REPLY;
	case ETHTOOL_MSG_LINKSTATE_GET:
		put_u8(at, ETHTOOL_A_LINKSTATE_EXT_STATE, card->link[0]);
		put_u8(at, ETHTOOL_A_LINKSTATE_EXT_SUBSTATE, card->link[1]);
		put_u32(at, LINKSTATE_EXT_DOWN_CNT, card->link[2]);
		return ETHTOOL_MSG_LINKSTATE_GET_REPLY;
	case ETHTOOL_MSG_STATS_GET:
		serve_standard(card, at);
		return ETHTOOL_MSG_STATS_GET_REPLY;
	default:
		return 0;
	}
}

/* The interface that a request to the family ethtool is about; 0: it is another family's. */
static unsigned request_ifindex(const struct nlmsghdr *request)
{
	const struct rtattr *header = (const void *)((const char *)request +
						     NLMSG_SPACE(GENL_HDRLEN));
	const struct rtattr *index = RTA_DATA(header);

	if (request->nlmsg_type <= GENL_ID_CTRL ||
	    request->nlmsg_len < NLMSG_SPACE(GENL_HDRLEN) + 2 * RTA_LENGTH(0) + 4 ||
	    !(header->rta_type & NLA_F_NESTED) || index->rta_type != ETHTOOL_A_HEADER_DEV_INDEX ||
	    index->rta_len != RTA_LENGTH(4))
		return 0;
	return *(const uint32_t *)RTA_DATA(index);
}

/* Makes the answer to a request, and what follows it. */
static void serve_request(int fd, const struct nlmsghdr *request, const struct card *card)
{
	const struct genlmsghdr *asked = NLMSG_DATA(request);
	struct nlmsghdr *header = (struct nlmsghdr *)reply.bytes;
	struct genlmsghdr *generic = NLMSG_DATA(header);
	size_t at = NLMSG_SPACE(GENL_HDRLEN);
	struct nlmsgerr *error;
	uint8_t command = serve_command(card, asked->cmd, &at);

	*header = (struct nlmsghdr){.nlmsg_len = (uint32_t)at,
				    .nlmsg_type = request->nlmsg_type,
				    .nlmsg_seq = request->nlmsg_seq};
	*generic = (struct genlmsghdr){.cmd = command, .version = asked->version};
	if (!command)
		at = 0;
	header = (struct nlmsghdr *)(reply.bytes + at);
	*header = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(*error)),
				    .nlmsg_type = NLMSG_ERROR,
				    .nlmsg_seq = request->nlmsg_seq};
	error = NLMSG_DATA(header);
	*error = (struct nlmsgerr){.error = command ? 0 : -EOPNOTSUPP, .msg = *request};
	reply.len = at + NLMSG_ALIGN(header->nlmsg_len);
	reply.fd = fd;
}

/* --- the family netdev ------------------------------------------------------------------------ */

/* Begins another message of the answer. */
static struct nlmsghdr *message_begin(const struct nlmsghdr *request, unsigned ifindex,
				      unsigned attribute)
{
	const struct genlmsghdr *asked = NLMSG_DATA(request);
	struct nlmsghdr *message = (struct nlmsghdr *)(reply.bytes + reply.len);

	*message = (struct nlmsghdr){.nlmsg_type = request->nlmsg_type,
				     .nlmsg_flags = NLM_F_MULTI,
				     .nlmsg_seq = request->nlmsg_seq};
	*(struct genlmsghdr *)NLMSG_DATA(message) = (struct genlmsghdr){.cmd = asked->cmd,
									.version = asked->version};
	reply.len += NLMSG_SPACE(GENL_HDRLEN);
	put_u32(&reply.len, attribute, ifindex);
	return message;
}

static void message_end(struct nlmsghdr *message)
{
	message->nlmsg_len = (uint32_t)(reply.bytes + reply.len - (char *)message);
}

/* Whether a queue of this number comes before, in the same list. */
static bool is_repeated(long long (*list)[4], unsigned at)
{
	for (unsigned i = 0; i < at; i++)
		if (list[i][0] == list[at][0] && list[i][1] == list[at][1])
			return true;
	return false;
}

/* The sum of an attribute, of one queue or of all that the device ever had. */
static long long qstats_sum(const struct card *card, const long long *queue, long long attribute)
{
	long long sum = -1;

	for (unsigned i = 0; i < card->qstats_count; i++) {
		const long long *it = card->qstats[i];

		if (it[2] != attribute || (queue && (it[0] != queue[0] || it[1] != queue[1])))
			continue;
		sum = (sum < 0 ? 0 : sum) + it[3];
	}
	return sum;
}

static void serve_qstats(const struct nlmsghdr *request, struct card *card, unsigned ifindex,
			 const long long *queue)
{
	struct nlmsghdr *message = message_begin(request, ifindex, QSTATS_IFINDEX);

	if (queue) {
		put_u32(&reply.len, QSTATS_QUEUE_TYPE, queue[0]);
		put_u32(&reply.len, QSTATS_QUEUE_ID, queue[1]);
	}
	for (unsigned attribute = QSTATS_FIRST; attribute <= QSTATS_LAST; attribute++) {
		long long sum = qstats_sum(card, queue, attribute);

		if (sum >= 0)
			put(reply.bytes, &reply.len, attribute, &sum, sizeof(sum));
	}
	message_end(message);
}

/* The first attribute of a request, when it is this one. */
static const struct rtattr *request_attribute(const struct nlmsghdr *request, unsigned type)
{
	const struct rtattr *it = (const void *)((const char *)request + NLMSG_SPACE(GENL_HDRLEN));

	return request->nlmsg_len >= NLMSG_SPACE(GENL_HDRLEN) + RTA_LENGTH(4) &&
			       it->rta_type == type
		       ? it
		       : NULL;
}

/* What a card answers to a dump. */
static void serve_netdev(const struct nlmsghdr *request, struct card *card, unsigned ifindex)
{
	const struct genlmsghdr *asked = NLMSG_DATA(request);
	const struct rtattr *of = request_attribute(request, QUEUE_IFINDEX);
	struct nlmsghdr *message;

	if (asked->cmd == NETDEV_CMD_QSTATS_GET && !request_attribute(request, QSTATS_SCOPE)) {
		if (card->qstats_count)
			serve_qstats(request, card, ifindex, NULL);
		return;
	}
	for (unsigned i = 0; asked->cmd == NETDEV_CMD_QSTATS_GET && i < card->qstats_count; i++)
		if (card->qstats[i][0] >= 0 && !is_repeated(card->qstats, i))
			serve_qstats(request, card, ifindex, card->qstats[i]);
	for (unsigned i = 0; i < card->queues; i++) {
		const long long *queue = card->queue[i];

		if (asked->cmd == NETDEV_CMD_NAPI_GET) {
			message = message_begin(request, ifindex, NAPI_IFINDEX);
			put_u32(&reply.len, NAPI_ID, queue[2]);
			put_u32(&reply.len, NAPI_IRQ, queue[3]);
			message_end(message);
		}
		if (asked->cmd == NETDEV_CMD_QUEUE_GET && of &&
		    *(const uint32_t *)RTA_DATA(of) == ifindex) {
			message = message_begin(request, ifindex, QUEUE_IFINDEX);
			put_u32(&reply.len, QUEUE_ID, queue[1]);
			put_u32(&reply.len, QUEUE_TYPE, queue[0]);
			put_u32(&reply.len, QUEUE_NAPI_ID, queue[2]);
			message_end(message);
		}
	}
}

/* Whether a request is a dump of the family netdev, the only one of which any are asked for. */
static bool is_netdev_dump(const struct nlmsghdr *request)
{
	const struct genlmsghdr *asked = NLMSG_DATA(request);

	return request->nlmsg_type > GENL_ID_CTRL &&
	       (request->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP &&
	       asked->cmd >= NETDEV_CMD_QUEUE_GET && asked->cmd <= NETDEV_CMD_QSTATS_GET;
}

/* Answers for all cards at once. False when none of them has queues: the kernel is asked then. */
static bool serve_netdev_dump(int fd, const struct nlmsghdr *request)
{
	const char *directory = getenv("SERVED_NICS");
	DIR *cards = directory ? opendir(directory) : NULL;
	const struct dirent *entry;
	struct nlmsghdr *done;
	bool any = false;

	reply.len = 0;
	while (cards && (entry = readdir(cards))) {
		unsigned ifindex = if_nametoindex(entry->d_name);
		struct card card;

		if (!ifindex || !card_read(entry->d_name, &card))
			continue;
		any |= card.qstats_count || card.queues;
		serve_netdev(request, &card, ifindex);
	}
	if (cards)
		closedir(cards);
	if (!any)
		return false;
	done = (struct nlmsghdr *)(reply.bytes + reply.len);
	*done = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(sizeof(int)),
				  .nlmsg_type = NLMSG_DONE,
				  .nlmsg_flags = NLM_F_MULTI,
				  .nlmsg_seq = request->nlmsg_seq};
	memset(NLMSG_DATA(done), 0, sizeof(int));
	reply.len += NLMSG_SPACE(sizeof(int));
	reply.fd = fd;
	return true;
}

ssize_t sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	struct card card;

	if (len >= NLMSG_SPACE(GENL_HDRLEN) && is_netlink(fd, NETLINK_GENERIC) &&
	    card_read_index(request_ifindex(buf), &card)) {
		serve_request(fd, buf, &card);
		return (ssize_t)len;
	}
	if (len >= NLMSG_SPACE(GENL_HDRLEN) && is_netlink(fd, NETLINK_GENERIC) &&
	    is_netdev_dump(buf) && serve_netdev_dump(fd, buf))
		return (ssize_t)len;
	return syscall(SYS_sendto, fd, buf, len, flags, to, to_len);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
	struct timespec until = {timeout / 1000, timeout % 1000 * 1000000};

	if (count == 1 && reply.len && fds->fd == reply.fd) {
		fds->revents = POLLIN;
		return 1;
	}
	return (int)syscall(SYS_ppoll, fds, count, timeout < 0 ? NULL : &until, NULL, 0);
}

/* Appends what a link of a bond has. */
static void put_bond(const struct card *card, char *to, size_t *at)
{
	struct rtattr *info = nest_begin(to, at, IFLA_LINKINFO), *data;
	uint8_t byte[4];
	uint32_t failures = (uint32_t)card->bond[2];

	for (unsigned i = 0; i < 4; i++)
		byte[i] = (uint8_t)card->bond[i];
	put(to, at, IFLA_INFO_SLAVE_KIND, "bond", sizeof("bond"));
	data = nest_begin(to, at, IFLA_INFO_SLAVE_DATA);
	put(to, at, IFLA_BOND_SLAVE_STATE, &byte[0], 1);
	put(to, at, IFLA_BOND_SLAVE_MII_STATUS, &byte[1], 1);
	put(to, at, IFLA_BOND_SLAVE_LINK_FAILURE_COUNT, &failures, sizeof(failures));
	if (card->bond[3] >= 0)
		put(to, at, IFLA_BOND_SLAVE_AD_ACTOR_OPER_PORT_STATE, &byte[3], 1);
	nest_end(to, *at, data);
	nest_end(to, *at, info);
}

/* A copy of a link's message with what the card has, in to. Its length. */
static size_t complete_link(const struct card *card, const struct nlmsghdr *message, char *to)
{
	size_t at = NLMSG_SPACE(sizeof(struct ifinfomsg));
	int left = (int)(message->nlmsg_len - at);
	const struct rtattr *it = (const void *)((const char *)message + at);

	memcpy(to, message, at);
	for (; RTA_OK(it, left); it = RTA_NEXT(it, left)) {
		struct rtattr *copy;

		/* Without a kind it is hardware. */
		if ((it->rta_type & NLA_TYPE_MASK) == IFLA_LINKINFO)
			continue;
		copy = put(to, &at, it->rta_type, RTA_DATA(it), RTA_PAYLOAD(it));
		if (it->rta_type == IFLA_CARRIER && card->carrier >= 0)
			*(uint8_t *)RTA_DATA(copy) = (uint8_t)card->carrier;
		if (it->rta_type == IFLA_CARRIER_DOWN_COUNT || it->rta_type == IFLA_CARRIER_CHANGES)
			*(uint32_t *)RTA_DATA(copy) += (uint32_t)card->down_count;
		if (it->rta_type == IFLA_STATS64)
			for (size_t i = 0; i + 8 <= RTA_PAYLOAD(it) && i < sizeof(card->stats64);
			     i += 8) {
				uint64_t kernel, more;

				memcpy(&kernel, (char *)RTA_DATA(copy) + i, 8);
				memcpy(&more, (const char *)&card->stats64 + i, 8);
				kernel += more;
				memcpy((char *)RTA_DATA(copy) + i, &kernel, 8);
			}
	}
	if (card->bond[0] >= 0)
		put_bond(card, to, &at);
	((struct nlmsghdr *)to)->nlmsg_len = (uint32_t)at;
	return at;
}

/* Completes the links in a buffer. Its new length; as it was when that is too much for it. */
static size_t complete_links(char *buf, size_t len, size_t size)
{
	const struct nlmsghdr *message = (const void *)buf;
	char *copy = malloc(len + 65536);
	size_t at = 0;
	unsigned left = (unsigned)len;

	for (; copy && NLMSG_OK(message, left) && at < len + 32768;
	     message = NLMSG_NEXT(message, left)) {
		const struct ifinfomsg *info = NLMSG_DATA(message);
		struct card card;

		if (message->nlmsg_type == RTM_NEWLINK && info->ifi_family == AF_UNSPEC &&
		    card_read_index((unsigned)info->ifi_index, &card)) {
			at += complete_link(&card, message, copy + at);
			continue;
		}
		memcpy(copy + at, message, NLMSG_ALIGN(message->nlmsg_len));
		at += NLMSG_ALIGN(message->nlmsg_len);
	}
	if (copy && !left && at <= size) {
		memcpy(buf, copy, at);
		len = at;
	}
	free(copy);
	return len;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
	ssize_t got;

	if (reply.len && reply.fd == fd) {
		struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

		got = (ssize_t)reply.len;
		memcpy(message->msg_iov->iov_base, reply.bytes, reply.len);
		memcpy(message->msg_name, &kernel, sizeof(kernel));
		message->msg_flags = 0;
		reply.len = 0;
		return got;
	}
	got = syscall(SYS_recvmsg, fd, message, flags);
	if (got > 0 && !(message->msg_flags & MSG_TRUNC) && message->msg_iovlen == 1 &&
	    is_netlink(fd, NETLINK_ROUTE))
		got = (ssize_t)complete_links(message->msg_iov->iov_base, (size_t)got,
					      message->msg_iov->iov_len);
	return got;
}
