/* SPDX-License-Identifier: BSD-2-Clause */
/* Reads and drops capabilities of this thread: capget(2), capset(2), prctl(2). */
#include <config.h>

#include <errno.h>
#include <linux/capability.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "collectors/kernel/capability.h"

/* The three sets of a thread, 32 capabilities an element. Zeroed before capget(), because valgrind
 * takes only the first element for written. */
struct capability_sets {
	struct __user_cap_data_struct word[_LINUX_CAPABILITY_U32S_3];
};

/* capget(2) or capset(2), which glibc does not wrap. 0 or -errno. */
static int capability_call(long call, struct capability_sets *sets)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};

	return syscall(call, &header, sets->word) ? -errno : 0;
}

bool capability_held(int capability)
{
	struct capability_sets sets = {0};

	if (capability_call(SYS_capget, &sets))
		return false;
	return sets.word[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

int capability_drop(int capability)
{
	struct capability_sets sets = {0};
	struct __user_cap_data_struct *word = &sets.word[CAP_TO_INDEX(capability)];
	uint32_t bit = CAP_TO_MASK(capability);
	int err = capability_call(SYS_capget, &sets);

	if (err || !((word->effective | word->permitted | word->inheritable) & bit))
		return err;
	/* Needs CAP_SETPCAP. Without it the capability cannot come back by execve() either, unless
	 * a file has it, which PR_SET_NO_NEW_PRIVS prevents. */
	prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
	word->effective &= ~bit;
	word->permitted &= ~bit;
	word->inheritable &= ~bit;
	/* The kernel clears the ambient bit with either of the other two. */
	return capability_call(SYS_capset, &sets);
}
