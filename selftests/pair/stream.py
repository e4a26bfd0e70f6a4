#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""What two hosts send each other: several MB in both directions at once, in each of some cases.

usage: stream.py server|client|list

A case is a protocol, a family, and whether the receiving device joins segments (GRO).  Each
end compares what it gets, looks at the packets that come in, and prints "ok CASE" or
"not ok CASE: why".
"""

import itertools
import random
import socket
import subprocess
import sys
import threading
import time

AMOUNT = 3 << 20
FRAME = 1514            # MTU and Ethernet's header
WAIT = 60
DEV = "eth0"
PACKET_OUTGOING = 4
ETH_P_ALL = 3
SO_RCVBUFFORCE = 33
CASES = list(itertools.product((6, 253), (4, 6), ("on", "off")))


def name(protocol, family, gro):
    return f"protocol {protocol}, IPv{family}, GRO {gro}"


def content(case, who):
    return random.Random(f"{case} {who}").randbytes(AMOUNT)


class Watch(threading.Thread):
    """The largest frame that comes in."""

    def __init__(self):
        super().__init__(daemon=True)
        self.tap = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
        self.tap.bind((DEV, ETH_P_ALL))
        self.tap.settimeout(0.2)
        self.largest = 0
        self.done = False
        self.start()

    def run(self):
        one = bytearray(1)
        while not self.done:
            try:
                size, _, _, where = self.tap.recvmsg_into([one], 0, socket.MSG_TRUNC)
            except socket.timeout:
                continue
            if where[2] != PACKET_OUTGOING:
                self.largest = max(self.largest, size)

    def end(self):
        self.done = True
        self.join()
        self.tap.close()
        return self.largest


def connection(number, protocol, family, who):
    kind = socket.AF_INET6 if family == 6 else socket.AF_INET
    server = ("2001:db8::1" if family == 6 else "192.0.2.1", 7000 + number)
    deadline = time.monotonic() + WAIT
    if who == "server":
        with socket.socket(kind, socket.SOCK_STREAM, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(server)
            listener.listen(1)
            listener.settimeout(WAIT)
            return listener.accept()[0]
    while True:
        sock = socket.socket(kind, socket.SOCK_STREAM, protocol)
        sock.settimeout(WAIT)
        try:
            sock.connect(server)
            return sock
        except OSError:
            sock.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def exchange(sock, mine, theirs):
    """Why it is not as it should be, or nothing."""
    def send():
        sock.sendall(mine)
        sock.shutdown(socket.SHUT_WR)

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    got = bytearray()
    while True:
        piece = sock.recv(1 << 17)
        if not piece:
            break
        got += piece
    sender.join(WAIT)
    if got == theirs:
        return ""
    same = next((i for i, (a, b) in enumerate(zip(got, theirs)) if a != b), min(len(got), AMOUNT))
    return f"{len(got)} bytes of {AMOUNT} came, {same} as they were sent"


def run(number, case, who):
    protocol, family, gro = case
    subprocess.run(["ethtool", "-K", DEV, "gro", gro], check=True)
    other = "client" if who == "server" else "server"
    mine, theirs = content(case, who), content(case, other)
    watch = Watch()
    try:
        with connection(number, protocol, family, who) as sock:
            sock.settimeout(WAIT)
            why = exchange(sock, mine, theirs)
    except OSError as err:
        why = str(err)
    largest = watch.end()
    if not why and gro == "off" and largest > FRAME:
        why = f"a frame of {largest} bytes came in"
    if not why and gro == "on" and largest <= FRAME:
        why = "no segments were joined"
    print(f"not ok {name(*case)}: {why}" if why else f"ok {name(*case)}", flush=True)


def main():
    if sys.argv[1] == "list":
        print("\n".join(name(*case) for case in CASES))
        return
    for number, case in enumerate(CASES):
        run(number, case, sys.argv[1])


if __name__ == "__main__":
    main()
