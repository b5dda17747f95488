/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collectors/netns/container_name.h"
#include "tests/unit/unit.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ID2 "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

static const struct {
	const char *cgroup, *name;
} cgroups[] = {
	/* Docker: systemd and cgroupfs, v2 and v1. */
	{"0::/system.slice/docker-" ID ".scope\n", "docker:0123456789ab"},
	{"0::/docker/" ID "\n", "docker:0123456789ab"},
	{"0::/docker/" ID "/system.slice/nginx.service\n", "docker:0123456789ab"},
	{"12:cpuset:/\n4:memory:/docker/" ID "\n0::/\n", "docker:0123456789ab"},
	{"4:memory:/system.slice:docker:" ID "\n", "docker:0123456789ab"},
	/* Kubernetes: pods, whatever the runtime. */
	{"0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-"
	 "pod8b6a1b2c_0d1e_4f20_9a3b_4c5d6e7f8091.slice/cri-containerd-" ID ".scope\n",
	 "pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"},
	{"0::/kubepods.slice/kubepods-pod8b6a1b2c_0d1e_4f20_9a3b_4c5d6e7f8091.slice/crio-" ID
	 ".scope\n",
	 "pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"},
	{"11:memory:/kubepods/besteffort/pod8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091/" ID "\n",
	 "pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"},
	{"4:memory:/system.slice/containerd.service/"
	 "kubepods-burstable-pod8b6a1b2c_0d1e_4f20_9a3b_4c5d6e7f8091.slice:cri-containerd:" ID "\n",
	 "pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"},
	{"0::/kubepods/burstable/pod0123456789abcdef0123456789abcdef/" ID "\n",
	 "pod:0123456789abcdef0123456789abcdef"},
	/* Nested: kind (a node in a container), and a container in a pod's. */
	{"0::/docker/" ID "/kubelet/kubepods/pod8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091/" ID2 "\n",
	 "pod:8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"},
	{"0::/kubepods/pod8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091/" ID "/docker/" ID2 "\n",
	 "docker:fedcba987654"},
	/* Others. */
	{"0::/machine.slice/libpod-" ID ".scope/container\n", "podman:0123456789ab"},
	{"0::/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope\n",
	 "podman:0123456789ab"},
	{"0::/system.slice/cri-containerd-" ID ".scope\n", "containerd:0123456789ab"},
	{"0::/default/" ID "\n", "container:0123456789ab"},
	{"0::/ecs/4ef1/" ID "\n", "container:0123456789ab"},
	{"0::/lxc.payload.web-1/init.scope\n", "lxc:web-1"},
	{"0::/lxc.payload/web-1/system.slice\n", "lxc:web-1"},
	{"8:devices:/lxc/web 2\n", "lxc:web 2"},
	{"0::/machine.slice/machine-debian\\x2d12.scope/payload\n", "machine:debian-12"},
	{"0::/machine.slice/systemd-nspawn@debian\\x2d12.service/payload\n", "machine:debian-12"},
	{"0::/machine.slice/machine-a\\x0ab\\x2\\xzz.scope\n", "machine:a?b\\x2\\xzz"},
	/* None. */
	{"", ""},
	{"\n", ""},
	{"0::/\n", ""},
	{"0::/user.slice/user-0.slice/session-1.scope\n", ""},
	{"0::/machine.slice/libpod-conmon-" ID ".scope\n", ""},
	{"0::/kubepods.slice/kubepods-burstable.slice\n", ""},
	{"0::/system.slice/docker.service\n", ""},
	{"0::/docker/0123456789ab\n", ""},
	{"0::/docker/" ID "0\n", ""},
	{"0::/docker/" ID2 "X\n", ""},
	{"4:memory:/process_api/b88f29c55e356c59dd7650e68bc2a844\n", ""},
	{"0::/machine-.scope\n", ""},
	{"0::/lxc.payload.\n", ""},
	{"0::/pod8b6a1b2c-0d1e-4f20-9a3b4-c5d6e7f8091\n", ""},
	{"docker/" ID "\n", ""},
	{"0:docker/" ID "\n", ""},
};

START_TEST(containers)
{
	for (size_t i = 0; i < COUNT_OF(cgroups); i++) {
		struct span text = {cgroups[i].cgroup, strlen(cgroups[i].cgroup)};
		char name[NETNS_NAME_SIZE] = "left over";

		ck_assert_msg(container_name_of(text, NULL, NULL, name, sizeof(name)) ==
				      !!cgroups[i].name[0],
			      "%s: '%s'", cgroups[i].cgroup, name);
		ck_assert_msg(!strcmp(name, cgroups[i].name), "%s: '%s'", cgroups[i].cgroup, name);
	}
}
END_TEST

/* Cut anywhere, and into little room: nothing is read or written past the end. */
START_TEST(containers_cut)
{
	for (size_t i = 0; i < COUNT_OF(cgroups); i++)
		for (size_t len = 0; len <= strlen(cgroups[i].cgroup); len++) {
			char *copy = strndup(cgroups[i].cgroup, len), name[8];

			ck_assert_ptr_nonnull(copy);
			container_name_of((struct span){copy, len}, NULL, NULL, name, sizeof(name));
			ck_assert_uint_lt(strnlen(name, sizeof(name)), sizeof(name));
			free(copy);
		}
}
END_TEST

START_TEST(long_names)
{
	char text[400], name[NETNS_NAME_SIZE];
	int len = snprintf(text, sizeof(text), "0::/lxc/%0300d\n", 0);

	ck_assert(container_name_of((struct span){text, (size_t)len}, NULL, NULL, name,
				    sizeof(name)));
	ck_assert_uint_eq(strlen(name), sizeof(name) - 1);
	ck_assert_int_eq(strncmp(name, "lxc:000", 7), 0);
}
END_TEST

START_TEST(made_names)
{
	ck_assert(netns_name_is_made("cni-8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"));
	ck_assert(netns_name_is_made("netns-8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"));
	ck_assert(!netns_name_is_made("blue"));
	ck_assert(!netns_name_is_made(""));
	ck_assert(!netns_name_is_made("8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f8091"));
	ck_assert(!netns_name_is_made("x-8b6a1b2c-0d1e-4f20-9a3b-4c5d6e7f809Z"));
}
END_TEST

START_TEST(numbers)
{
	char name[9];

	netns_name_number("blue", 1, name, sizeof(name));
	ck_assert_str_eq(name, "blue");
	netns_name_number("blue", 2, name, sizeof(name));
	ck_assert_str_eq(name, "blue#2");
	netns_name_number("a-long-name", 1, name, sizeof(name));
	ck_assert_str_eq(name, "a-long-n");
	netns_name_number("a-long-name", 12, name, sizeof(name));
	ck_assert_str_eq(name, "a-lon#12");
}
END_TEST

UNIT_MAIN("netns_name", containers, containers_cut, long_names, made_names, numbers)
