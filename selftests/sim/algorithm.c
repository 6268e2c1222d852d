// SPDX-License-Identifier: GPL-2.0
#include "algorithm.h"

const struct algorithm algorithms[] = {
	{ "reno" },
};

const unsigned int nr_algorithms = ARRAY_SIZE(algorithms);
