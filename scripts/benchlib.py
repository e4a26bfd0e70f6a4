# SPDX-License-Identifier: GPL-2.0
"""What scripts/bench and scripts/bench-links share: build, boot, listen to the guest's program."""

import os
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
OUT = "build/bench"
NAME = os.path.basename(sys.argv[0])
# of make and of the benchmarks: not for those that are called from here
MINE = ("MAKEFLAGS", "MFLAGS", "KVER", "KDIR", "TESTS", "CELLS", "SEEDS", "CC", "TRACE", "SELF",
        "ROWS", "RUNS", "REAL", "WORDS", "IDLE", "LAND", "PROFILE")


def give_up(why):
    print(f"{NAME}: {why}", file=sys.stderr)
    sys.exit(2)


def plain_environment():
    return {k: v for k, v in os.environ.items() if k not in MINE}


def build():
    """The module and the tests; returns the kernel's full version."""
    for job in (["make", "--no-print-directory", "compile", "KVER=6.12"], ["scripts/build-tests"]):
        done = subprocess.run(job, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              stdin=subprocess.DEVNULL, env=plain_environment())
        if done.returncode:
            sys.stdout.write(done.stdout.decode(errors="replace"))
            give_up(f"{' '.join(job)} failed")
    made = subprocess.run(["make", "-s", "--no-print-directory", "release", "KVER=6.12"],
                          stdout=subprocess.PIPE, check=True, env=plain_environment())
    return made.stdout.decode().strip()


def run(release, program, chosen, options):
    """Yield the lines of the guest's program (more commands may follow it, as in a shell).

    It finds BENCH_NAME=VALUE for each one chosen.
    """
    command = ["scripts/vm", "--kernel", release, "--console", f"{OUT}/console",
               "--insmod", f"{TOP}/build/{release}/tcplab.ko", *options]
    for name, value in chosen.items():
        command += ["--env", f"BENCH_{name}={value}"]
    command += ["--", f"build/selftests/perf/{program}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace",
                          stdin=subprocess.DEVNULL) as vm:
        for line in vm.stdout:
            yield line.rstrip("\n")
        if vm.wait():
            give_up(f"the VM's run ended with status {vm.returncode}")
