/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel's drop reasons mean to an operator. */
#ifndef NETDIAG_DROP_CLASSES_H
#define NETDIAG_DROP_CLASSES_H

/* The values of netdiagDropClass. */
enum drop_class {
	DROP_LOSS = 1, /* a packet that somebody wanted */
	DROP_POLICY,   /* a rule says so */
	DROP_BENIGN,   /* nobody here wanted it */
	DROP_TEARDOWN, /* what was left when a connection, socket or device ended */
};

/* A reason's name, without its prefix, its class, and a sentence that explains it. Alarms quote the
 * sentence, so it has only letters, digits and " .,-_/="; it is "" for an unknown reason. */
struct drop_meaning {
	const char *name;
	enum drop_class class;
	const char *explanation;
};

/* The meaning of a reason. Never NULL: an unknown name is loss without an explanation. */
const struct drop_meaning *drop_meaning(const char *name);

#define DROP_EXPLANATION_SIZE 200

#endif
