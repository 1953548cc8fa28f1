// Where in a text something may begin, and where rows of digits may stand for text, found by plain loops that are bound by nothing but the processor.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// The first four bytes of what is looked for: "perhaps" or "no".
struct tacit_heads {
    /// What a byte may be, by its bits: the first one of a spelling, the whole of a value, or the first one of an escape; one at which a byte of a value may be
    /// written by more than itself; a hexadecimal digit. `any` are the first three.
    const uint8_t *kinds;
    uint8_t first, whole, lead, turn, digit, any;
    /// A bit for each head, of as many as a hash has values when it is shifted down so far. Two or three bytes behind which any may stand have 0xff there.
    const uint8_t *bits;
    uint32_t shift;
};

static inline uint32_t tacit_heads_slot(uint32_t head, uint32_t shift) { return ((head ^ head >> 15) * 0x9e3779b1) >> shift; }

/// The first place from `place` to `end` that needs a look, of a text of `count` bytes: `end` when there is none. Near the text's end every place does.
size_t tacit_heads_next(const struct tacit_heads *heads, const uint8_t *text, size_t place, size_t end, size_t count);

/// The first place that is no digit.
size_t tacit_digits_end(const uint8_t kinds[256], const uint8_t *text, size_t place, size_t end);

int tacit_digits_are_hex(const uint8_t *text, size_t count);

/// A row of bytes that are text, in a decoding of digits: of so many, up to the byte that would begin at this place of a group of digits.
struct tacit_row {
    uint32_t place, length;
};

/// How long the row of text is that each grouping of the digits is in, of base64 (six bits each) or hexadecimal ones (four).
struct tacit_rows {
    uint32_t bit_count, shortest;
    /// By the place in a group that the next byte's first digit has: it is the last digit that was passed.
    uint32_t lengths[4];
    uint32_t last;
    int has_begun;
    /// The long rows that the last digit has ended.
    struct tacit_row ended[3];
    uint32_t ended_count;
};

/// Passes digits up to `end` or just after one that ends a long row. `values` says what each stands for, `texts` for each two of them which bytes that begin
/// with the first one are text: a bit for each place in a group.
size_t tacit_rows_pass(struct tacit_rows *rows, const uint8_t values[256], const uint8_t *texts, const uint8_t *text, size_t place, size_t end);
