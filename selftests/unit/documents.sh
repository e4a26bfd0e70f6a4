#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the documents repeat of the sources must not be older than these: the
# state diagram, the example, the names of files, settings, counters, events
# and socket options.

cd "$(dirname "$0")/../.." || exit 1
count=0
failed=0

verdict() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then
		echo "ok $count $2"
	else
		echo "not ok $count $2"
		failed=1
	fi
}

# Each word of standard input must stand in a file, as a word; and there must be some.
all_in() {
	local word bad=0 words=0
	while read -r word; do
		words=$((words + 1))
		grep -qw -- "$word" "$1" || {
			echo "# $word is not in $1"
			bad=1
		}
	done
	[ $words -gt 0 ] && return $bad
}

names() {
	sed -n "s/^[[:space:]]*$1.*/\\1/p" "$2"
}

echo "TAP version 13"
echo "1..8"

scripts/state-diagram --check 2>&1 | sed 's/^/# /'
verdict "${PIPESTATUS[0]}" state_diagram

sed -n '/^int main/,/^}/p' README.md | cmp -s - <(sed -n '/^int main/,/^}/p' examples/client.c)
verdict $? example_in_readme

{
	names 'ROW(\([a-z0-9_]*\),' module/view/sysctl.c
	names 'ROW_NAMED("\([a-z0-9_]*\)",' module/view/sysctl.c
	names '\.procname[[:space:]]*= "\([a-z_]*\)"' module/view/sysctl.c
} | all_in Documentation/sysctl.rst
verdict $? sysctl

names '\.name[[:space:]]*= "\([a-z0-9]*\)"' module/view/procfs.c | all_in Documentation/procfs.rst
verdict $? procfs_files

{
	names 'TL_MIB(\([A-Za-z0-9]*\))' module/obs/mib.h
	names 'TL_DROP(\([A-Za-z0-9]*\),' module/obs/drop.h | sed 's/^/Drop/'
} | all_in Documentation/procfs.rst &&
	grep -o '^Drop[A-Za-z0-9]\+ ' Documentation/procfs.rst | sed 's/^Drop/TL_DROP(/; s/ $//' |
	all_in module/obs/drop.h
verdict $? counters_and_drops

names 'TRACE_EVENT(\([a-z_]*\),' module/obs/trace.h | all_in Documentation/tracing.rst
verdict $? trace_events

find module -name '*.c' -printf '%f\n' | all_in Documentation/architecture.rst
verdict $? source_files

# every row of the tables
{
	names '\[\(TCP_[A-Z0-9_]*\)\]' module/api/tcpopt.c
	names '{ SOL_IP[V6]*, \(IPV*6*_[A-Z0-9_]*\),' module/api/ipopt.c
} | all_in Documentation/sockopt.rst
verdict $? socket_options

exit $failed
