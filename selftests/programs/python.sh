#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# python3's http.server, one socket for both families, and urllib: one large file, and small ones on
# a connection each.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${0%/*}/lib.sh"

cat >"$work/fetch.py" <<'END'
import hashlib, sys, urllib.request

def fetch(name):
    with urllib.request.urlopen(f"http://{sys.argv[1]}:8000/{name}", timeout=120) as answer:
        return answer.read()

assert hashlib.sha256(fetch("large")).hexdigest() == sys.argv[2], "the large file came changed"
for _ in range(10):
    assert fetch("small") == b"a small file\n", "the small file came changed"
END

fetches() {
	client 120 python3 "$work/fetch.py" "$2" "$large" >"$work/said" 2>&1 || because "urllib" "$work/said"
}

begin "$proofs"
mkdir "$work/site"
random_file "$work/site/large" "$(size 3000000 50000000)"
echo "a small file" >"$work/site/small"
large=$(sum "$work/site/large")
serve 8000 python3 -m http.server --bind :: --directory "$work/site" 8000
prove "python's http.server and urllib" 11 fetches
finish
