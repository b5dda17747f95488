/* SPDX-License-Identifier: BSD-2-Clause */
/* Dumps TCP and UDP sockets over NETLINK_SOCK_DIAG (net/ipv4/inet_diag.c) and decodes them. */
#include <config.h>

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "collectors/base/text.h"
#include "collectors/kernel/sock_diag.h"

/* idiag_timer of a TIME_WAIT mini-socket and of one that still counts as FIN_WAIT2. */
#define TIMER_TIME_WAIT 3

/* Memory attributes before 4.7 end with SK_MEMINFO_BACKLOG. */
#define MEMINFO_WITHOUT_DROPS SK_MEMINFO_DROPS

static void sock_diag_key(struct endpoint_key *key, const struct inet_diag_msg *msg, bool local)
{
	size_t len = msg->idiag_family == AF_INET ? 4 : 16;

	memset(key, 0, sizeof(*key));
	memcpy(key->address, local ? msg->id.idiag_src : msg->id.idiag_dst, len);
	key->port = ntohs(local ? msg->id.idiag_sport : msg->id.idiag_dport);
	key->family = msg->idiag_family;
	key->interface = msg->id.idiag_if;
}

static void sock_diag_memory(struct inet_socket *socket, const struct nlattr *attr)
{
	uint32_t values[SK_MEMINFO_VARS] = {0};
	size_t len = mnl_attr_get_payload_len(attr);

	if (len < MEMINFO_WITHOUT_DROPS * sizeof(*values))
		return;
	memcpy(values, mnl_attr_get_payload(attr), len < sizeof(values) ? len : sizeof(values));
	socket->memory = (struct socket_memory){
		.rx_queue = values[SK_MEMINFO_RMEM_ALLOC],
		.rx_buffer = values[SK_MEMINFO_RCVBUF],
		.tx_alloc = values[SK_MEMINFO_WMEM_ALLOC],
		.tx_queue = values[SK_MEMINFO_WMEM_QUEUED],
		.tx_buffer = values[SK_MEMINFO_SNDBUF],
	};
	socket->has_memory = true;
	socket->has_drops = len >= sizeof(values);
	socket->drops = values[SK_MEMINFO_DROPS];
}

/* Whether a tcp_info of len bytes has a member: older kernels' are shorter. */
#define HAS_MEMBER(len, member) \
	((len) >= offsetof(struct tcp_info, member) + sizeof(((struct tcp_info *)0)->member))

static void sock_diag_path(struct inet_socket *socket, const struct nlattr *attr)
{
	size_t len = mnl_attr_get_payload_len(attr);
	struct tcp_info info = {.tcpi_rtt = 0};

	if (!HAS_MEMBER(len, tcpi_total_retrans))
		return;
	memcpy(&info, mnl_attr_get_payload(attr), len < sizeof(info) ? len : sizeof(info));
	socket->path = (struct socket_path){
		.rtt = info.tcpi_rtt,
		.rtt_var = info.tcpi_rttvar,
		.retransmits = info.tcpi_total_retrans,
		.data_segments = info.tcpi_data_segs_out,
		.has_data_segments = HAS_MEMBER(len, tcpi_data_segs_out),
	};
	socket->has_path = true;
}

int sock_diag_decode(const struct nlmsghdr *message, struct inet_socket *socket)
{
	const struct inet_diag_msg *msg;
	const struct nlattr *attr;

	/* The kernel pads each attribute, so a message ends aligned; libmnl counts on it. */
	if ((message->nlmsg_type != SOCK_DIAG_BY_FAMILY &&
	     message->nlmsg_type != TCPDIAG_GETSOCK) ||
	    message->nlmsg_len % MNL_ALIGNTO ||
	    message->nlmsg_len < MNL_NLMSG_HDRLEN + MNL_ALIGN(sizeof(*msg)))
		return -EBADMSG;
	msg = mnl_nlmsg_get_payload(message);
	if ((msg->idiag_family != AF_INET && msg->idiag_family != AF_INET6) || !msg->idiag_state ||
	    msg->idiag_state > SOCKDIAG_NEW_SYN_RECV)
		return -EBADMSG;
	memset(socket, 0, sizeof(*socket));
	sock_diag_key(&socket->local, msg, true);
	sock_diag_key(&socket->remote, msg, false);
	socket->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
	socket->inode = msg->idiag_inode;
	socket->uid = msg->idiag_uid;
	socket->receive_queue = msg->idiag_rqueue;
	socket->send_queue = msg->idiag_wqueue;
	socket->state = msg->idiag_state;
	socket->time_wait = msg->idiag_timer == TIMER_TIME_WAIT;
	mnl_attr_for_each(attr, message, sizeof(*msg)) {
		switch (mnl_attr_get_type(attr)) {
		case INET_DIAG_SHUTDOWN: /* every whole socket has it, unasked, since 3.6 */
			socket->full = true;
			break;
		case INET_DIAG_SKMEMINFO:
			sock_diag_memory(socket, attr);
			break;
		case INET_DIAG_INFO:
			sock_diag_path(socket, attr);
			break;
		}
	}
	return 0;
}

struct each_socket {
	sock_diag_socket_fn *each;
	netlink_restart_fn *restart;
	void *arg;
};

static int sock_diag_message(const struct nlmsghdr *message, void *arg)
{
	const struct each_socket *to = arg;
	struct inet_socket socket;
	int err = sock_diag_decode(message, &socket);

	return err ? err : to->each(&socket, to->arg);
}

static void sock_diag_restart(void *arg)
{
	const struct each_socket *to = arg;

	if (to->restart)
		to->restart(to->arg);
}

/* Lets the kernel select by the local port. Each condition takes two operations, the second of
 * which holds its port; where one fails, the jump goes beyond the end, which rejects. */
static void sock_diag_put_ports(struct nlmsghdr *header, const struct sock_diag_query *query)
{
	const uint8_t step = 2 * sizeof(struct inet_diag_bc_op);
	const uint8_t beyond = sizeof(struct inet_diag_bc_op);
	const struct inet_diag_bc_op filter[] = {
		{.code = INET_DIAG_BC_S_GE, .yes = step, .no = 2 * step + beyond},
		{.no = query->port_low},
		{.code = INET_DIAG_BC_S_LE, .yes = step, .no = step + beyond},
		{.no = query->port_high},
	};

	mnl_attr_put(header, INET_DIAG_REQ_BYTECODE, sizeof(filter), filter);
}

/* A request for one family. */
static void sock_diag_put_request(struct nlmsghdr *header, const struct sock_diag_query *query,
				  uint8_t ext)
{
	struct inet_diag_req_v2 *request = mnl_nlmsg_put_extra_header(header, sizeof(*request));

	header->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	request->sdiag_family = query->family;
	request->sdiag_protocol = query->protocol;
	request->idiag_states = query->states;
	request->idiag_ext = ext;
}

/* The older request (inet_diag_dump_compat() in net/ipv4/inet_diag.c), which knows no family: the
 * kernel walks its table of TCP sockets once for both. */
static void sock_diag_put_both_families(struct nlmsghdr *header,
					const struct sock_diag_query *query, uint8_t ext)
{
	struct inet_diag_req *request = mnl_nlmsg_put_extra_header(header, sizeof(*request));

	header->nlmsg_type = TCPDIAG_GETSOCK;
	request->idiag_states = query->states;
	request->idiag_ext = ext;
}

int sock_diag_dump(struct netlink *nl, const struct sock_diag_query *query,
		   sock_diag_socket_fn *each, netlink_restart_fn *restart, void *arg)
{
	_Alignas(struct nlmsghdr) char buf[128]; /* the request and its one attribute */
	struct each_socket to = {.each = each, .restart = restart, .arg = arg};
	struct netlink_dump dump = {
		.message = sock_diag_message,
		.restart = sock_diag_restart,
		.arg = &to,
	};
	struct nlmsghdr *header = mnl_nlmsg_put_header(buf);
	uint8_t ext = 0;
	int err = netlink_open(nl, NETLINK_SOCK_DIAG);

	if (err)
		return err;
	if (query->family == AF_UNSPEC && query->protocol != IPPROTO_TCP)
		return -EINVAL;
	if (query->memory)
		ext |= 1 << (INET_DIAG_SKMEMINFO - 1);
	if (query->path)
		ext |= 1 << (INET_DIAG_INFO - 1);
	if (query->family == AF_UNSPEC)
		sock_diag_put_both_families(header, query, ext);
	else
		sock_diag_put_request(header, query, ext);
	header->nlmsg_flags = NLM_F_DUMP;
	if (query->port_high)
		sock_diag_put_ports(header, query);
	return netlink_dump(nl, header, &dump);
}

const char *sock_diag_remedy(int err)
{
	switch (err) {
	case -ENOENT:
	case -EOPNOTSUPP:
		return "Run modprobe tcp_diag udp_diag, or use a kernel with CONFIG_INET_DIAG";
	case -EPROTONOSUPPORT:
		return "It needs a kernel with CONFIG_INET_DIAG";
	case -EPERM:
	case -EACCES:
		return "Allow NETLINK_SOCK_DIAG, which a security module or seccomp forbids";
	case -EMFILE:
		return "Raise LimitNOFILE";
	case -ETIMEDOUT:
		return "There are too many sockets, or the host is busy: lengthen the interval";
	default:
		return "The next collection tries again";
	}
}

void sock_diag_interface(uint32_t interface, char *text)
{
	if (!if_indextoname(interface, text))
		snprintf(text, IF_NAMESIZE, "%u", interface);
}

void address_format(const struct endpoint_key *key, const char *interface, char *text)
{
	char address[INET6_ADDRSTRLEN] = "";

	inet_ntop(key->family, key->address, address, sizeof(address));
	snprintf(text, ADDRESS_SIZE, "%s%s%.*s", address, interface[0] ? "%" : "", IF_NAMESIZE - 1,
		 interface);
	text_ascii(text, ADDRESS_SIZE, text);
}

void endpoint_format(const struct endpoint_key *key, const char *interface, char *text)
{
	bool v6 = key->family == AF_INET6;
	char address[ADDRESS_SIZE], port[8] = "*";

	address_format(key, interface, address);
	if (key->port)
		snprintf(port, sizeof(port), "%u", key->port);
	snprintf(text, ENDPOINT_SIZE, v6 ? "[%s]:%s" : "%s:%s", address, port);
}
