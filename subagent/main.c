/* SPDX-License-Identifier: BSD-2-Clause */
#include <config.h>

#include <stdio.h>

int main(void)
{
	puts(PACKAGE_STRING);
	return 0;
}
