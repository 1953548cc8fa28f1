// The letters and digits of a text, copied one after the other, as fast as the processor can.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "CMarks.h"
#include "CPlaces.h"

/// Which bytes are special: escapes, terminal sequences and compressed members may begin with them, or be known by them.
struct tacit_letter_rules {
    uint8_t kinds[256];
    // The same by the two halves of a byte, whose classes are combined: three bits tell letters and digits, five special bytes.
    uint8_t low[16], high[16];
    // And whether it is a digit of base64.
    uint8_t low_digits[16], high_digits[16];
    int has_escapes, has_blocks;
    int is_wide;
};

void tacit_letters_prepare(struct tacit_letter_rules *rules, int has_escapes, int has_marks);

/// Takes the processor's wide instructions out of use.
void tacit_letters_prepare_portably(struct tacit_letter_rules *rules, int has_escapes, int has_marks);

/// Where a pass through a text stands. All memory is the caller's.
struct tacit_letters {
    const uint8_t *text;
    size_t end;
    /// The next byte.
    size_t place;
    /// Where the first group of sixteen bytes begins.
    size_t origin;
    /// What was copied: room for as many bytes as the text has, and 32 more.
    uint8_t *letters;
    size_t count;
    /// For each group, how many letters there are before it.
    uint32_t *counts;
    size_t group_count;
    /// The groups of nothing but base64 digits; where the rules have no marks of members, nobody asks for them.
    uint32_t *blocks;
    size_t block_count;
};

/// Goes on to a special byte that may be more than itself, or to the text's end, where `place` is left.
void tacit_letters_pass(struct tacit_letters *pass, const struct tacit_letter_rules *rules);

/// Overwrites what the calls before left on the stack below their caller: groups of the text, in registers that were saved there.
void tacit_letters_forget(void);
