/* SPDX-License-Identifier: BSD-2-Clause */
/* What --check reads of snmpd.conf, over text in memory: no file is included. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "subagent/preflight/snmpd_conf.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t base[] = {1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 2718};
	struct snmpd_conf *conf = calloc(1, sizeof(*conf));
	char *text = malloc(size + 1);

	fuzz_check(conf && text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	conf->base = base;
	conf->base_len = sizeof(base) / sizeof(*base);
	snmpd_conf_parse(conf, text, SNMPD_CONF_DEPTH_MAX);
	fuzz_check(conf->views <= SNMPD_CONF_VIEWS_MAX && conf->readers <= SNMPD_CONF_VIEWS_MAX);
	/* Nobody sees anything where nobody is let in. */
	fuzz_check(!snmpd_conf_visible(conf) || conf->whole || conf->readers);
	free(text);
	free(conf);
	return 0;
}
