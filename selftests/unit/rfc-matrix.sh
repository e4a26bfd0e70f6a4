#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every MUST of RFC 9293 has code and a test, or a reason.

exec "$(dirname "$0")/../../scripts/rfc-matrix" --ktap
