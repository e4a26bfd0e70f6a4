#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One of two VMs. usage: end.sh server|client

here=$(cd "$(dirname "$0")" && pwd)
[ "$1" = server ] && host=1 || host=2

modprobe virtio_net 2>/dev/null		# a kernel may have it built in
ip addr add "192.0.2.$host/24" dev eth0
ip addr add "2001:db8::$host/64" dev eth0 nodad
ip link set eth0 up

"$here/stream.py" "$1"

if rmmod tcplab && ! dmesg | grep -E 'BUG: |kernel BUG|WARNING:|Call Trace|Oops|refcount_t|general protection'; then
	echo "ok no complaint"
else
	echo "not ok no complaint"
fi
