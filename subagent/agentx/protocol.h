/* SPDX-License-Identifier: BSD-2-Clause */
/* What RFC 2741 says and the library keeps to itself. */
#ifndef NETDIAG_AGENTX_PROTOCOL_H
#define NETDIAG_AGENTX_PROTOCOL_H

/* Types of PDU (RFC 2741, 6.1); the library puts them into netsnmp_pdu.command. */
enum agentx_pdu {
	AGENTX_PDU_CLOSE = 2,
	AGENTX_PDU_REGISTER = 3,
	AGENTX_PDU_GET = 5,
	AGENTX_PDU_GET_NEXT = 6,
	AGENTX_PDU_GET_BULK = 7,
	AGENTX_PDU_TEST_SET = 8,
	AGENTX_PDU_COMMIT_SET = 9,
	AGENTX_PDU_UNDO_SET = 10,
	AGENTX_PDU_CLEANUP_SET = 11,
	AGENTX_PDU_NOTIFY = 12,
	AGENTX_PDU_PING = 13,
	AGENTX_PDU_RESPONSE = 18,
};

/* res.error (RFC 2741, 6.2.16). */
enum agentx_error {
	AGENTX_OPEN_FAILED = 256,
	AGENTX_NOT_OPEN = 257,
	AGENTX_UNSUPPORTED_CONTEXT = 262,
	AGENTX_DUPLICATE_REGISTRATION = 263,
	AGENTX_PARSE_ERROR = 266,
	AGENTX_REQUEST_DENIED = 267,
	AGENTX_PROCESSING_ERROR = 268,
};

/* c.reason of Close (RFC 2741, 6.2.2); the library takes it from netsnmp_pdu.errstat. */
#define AGENTX_REASON_SHUTDOWN 5

/* netsnmp_pdu.flags: the byte order of the PDU (RFC 2741, 6.1). */
#define AGENTX_NETWORK_BYTE_ORDER 0x10

/* r.priority: the default (RFC 2741, 6.2.3). */
#define AGENTX_PRIORITY 127

#endif
