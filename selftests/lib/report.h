/* SPDX-License-Identifier: GPL-2.0 */
/* What the error queue says of sent data: SO_TIMESTAMPING's reports */
#ifndef LAB_REPORT_H
#define LAB_REPORT_H

#include <stdint.h>
#include <sys/types.h>

/**
 * struct lab_report - one report
 * @type:	SCM_TSTAMP_*, or -1: there is none
 * @id:		number of the octet
 * @us:		when, wall clock
 * @data:	octets of the packet that came along
 * @stats:	length of SCM_TIMESTAMPING_OPT_STATS
 * @tail:	the packet's last octets
 * @stat:	the figures, netlink attributes
 */
struct lab_report {
	int		type;
	uint32_t	id;
	int64_t		us;
	ssize_t		data;
	size_t		stats;
	char		tail[8];
	char		stat[512];
};

struct lab_report lab_report(int fd);
struct lab_report lab_report_of(int fd, int type);
int lab_reports(int fd);

#endif
