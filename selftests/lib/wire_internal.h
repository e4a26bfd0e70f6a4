/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of the wire library only. */
#ifndef LAB_WIRE_INTERNAL_H
#define LAB_WIRE_INTERNAL_H

#include "wire.h"

/* wire_seg.c: bytes of a packet <-> a segment */
int wire_build(struct wire *w, const struct wire_seg *s, uint8_t *pkt);
enum wire_parsed { WIRE_FOREIGN = 0, WIRE_GOOD = 1, WIRE_BROKEN = -1 };
enum wire_parsed wire_parse(struct wire *w, const uint8_t *pkt, int len, struct wire_got *g,
			    int *kport, int *pport);

/* wire_text.c: words for people */
const char *wire_text(const struct wire_seg *s);
__attribute__((format(printf, 2, 3)))
void wire_note(struct wire *w, const char *fmt, ...);
void wire_record(struct wire *w, bool from_kernel, const struct wire_flow *f,
		 const struct wire_seg *s);

#endif
