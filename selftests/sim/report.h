/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What came of the runs, for people and for programs.
 */
#ifndef XTCP_SIM_REPORT_H
#define XTCP_SIM_REPORT_H

#include <stdio.h>

#include "scenario.h"

void report_table(FILE *f, const struct outcome *outs, unsigned int nr);
void report_tsv(FILE *f, const struct outcome *outs, unsigned int nr);
void report_data(FILE *f, const struct outcome *out);
void report_plots(FILE *f, const struct outcome *outs, unsigned int nr);
void report_page(FILE *f, const struct outcome *outs, unsigned int nr);

#endif /* XTCP_SIM_REPORT_H */
