// Which rows of letters of a text are marked, looked up as fast as the processor can.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TACIT_MARKS_FIRST 0x9e3779b1
#define TACIT_MARKS_SECOND 0x85ebca77

/// Marks of windows: up to eight letters in a row, the first one lowest. Two bits of a word say that one is marked, or that some others are.
///
/// Windows of hexadecimal digits alone (`tacit_marks_is_hex`) have marks of their own. They are most of what is marked and hardly any of ordinary text, whose few
/// marks are so near to the processor.
struct tacit_marks {
    /// As many words as a hash has values when it is shifted down so far; behind them, from an offset on, those of hexadecimal digits.
    const uint64_t *words;
    size_t hex_offset;
    uint32_t shift, hex_shift;
    /// The letters that a window has.
    uint64_t mask;
    /// How many letters after each other two windows begin: 1, 2, 4 or 8.
    size_t stride;
    int is_wide;
};

static inline uint32_t tacit_marks_hash(uint64_t window) {
    uint64_t hash = (window & 0xffffffff) * TACIT_MARKS_FIRST + (window >> 32) * TACIT_MARKS_SECOND;
    return (uint32_t)(hash ^ hash >> 32);
}

static inline uint64_t tacit_marks_bits(uint32_t hash) { return (uint64_t)1 << (hash & 63) | (uint64_t)1 << (hash >> 6 & 63); }

/// Whether a window's letters and digits are hexadecimal digits, or the `x` of their prefix (or `y` or `z`), in whatever case.
static inline int tacit_marks_is_hex(uint64_t window) {
    uint64_t letters = window & 0x4040404040404040, numbers = window & 0x1f1f1f1f1f1f1f1f;
    return (letters >> 1 & (numbers + 0x1919191919191919) & ~(numbers + 0x0808080808080808)) == 0;
}

static inline int tacit_marks_has(const struct tacit_marks *marks, uint64_t window) {
    uint32_t hash = tacit_marks_hash(window);
    uint64_t bits = tacit_marks_bits(hash);
    size_t index = tacit_marks_is_hex(window) ? marks->hex_offset + (hash >> marks->hex_shift) : hash >> marks->shift;
    return (marks->words[index] & bits) == bits;
}

/// The window that begins with a letter, behind which there are seven more bytes.
static inline uint64_t tacit_marks_window(const struct tacit_marks *marks, const uint8_t *letter) {
    uint64_t window;
    memcpy(&window, letter, sizeof window);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    window = __builtin_bswap64(window);
#endif
    return window & marks->mask;
}

/// Whether this processor has the wide instructions.
int tacit_marks_can_be_wide(void);

/// The first of the indices from `index` to `last`, a stride apart, whose window is marked; one beyond `last` when there is none.
///
/// `last` begins a window, too: seven bytes behind it can be read.
size_t tacit_marks_next(const struct tacit_marks *marks, const uint8_t *letters, size_t index, size_t last);
