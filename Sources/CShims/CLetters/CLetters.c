#include "CLetters.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#define LETTERS "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

enum { GROUP = 16, LETTER = 1, BASE64 = 2, HEX = 4, SPECIAL = 8, LEAD = 16 };

static void add(struct tacit_letter_rules *rules, uint8_t bit, uint8_t byte) {
    rules->low[byte & 15] |= bit;
    rules->high[byte >> 4] |= bit;
    rules->kinds[byte] |= bit < 8 ? LETTER | BASE64 : SPECIAL;
}

static void add_digit(struct tacit_letter_rules *rules, uint8_t bit, uint8_t byte) {
    rules->low_digits[byte & 15] |= bit;
    rules->high_digits[byte >> 4] |= bit;
    rules->kinds[byte] |= BASE64;
}

void tacit_letters_prepare_portably(struct tacit_letter_rules *rules, int has_escapes, int has_marks) {
    memset(rules, 0, sizeof *rules);
    rules->has_escapes = has_escapes;
    rules->has_blocks = has_marks;
    // Rows of sixteen bytes that have the same members share a bit.
    for (const char *letter = LETTERS; *letter; letter++) {
        uint8_t bit = *letter <= '9' ? 1 : (*letter & 31) < 16 ? 2 : 4;
        add(rules, bit, (uint8_t)*letter);
        add_digit(rules, bit, (uint8_t)*letter);
    }
    for (const char *sign = "+-/"; *sign; sign++) add_digit(rules, 8, (uint8_t)*sign);
    add_digit(rules, 16, '_');
    add(rules, 16, 0x1b);
    add(rules, 128, '\\');
    if (has_escapes) add(rules, 32, '%');
    if (has_escapes || has_marks) add(rules, 32, '&');
    if (has_escapes) add(rules, 64, '=');
    if (has_marks) {
        for (uint8_t byte = 0; byte <= 8; byte += 4) add(rules, 8, byte);
        add(rules, 8, 1);
        add(rules, 64, 0xfd);
        // Besides, this bit tells 0x9e, and the next one 0x1a and 0xdb: those are ordinary.
        add(rules, 128, 0x5e);
        add(rules, 128, 0x9c);
        add(rules, 16, 0xda);
    }
    for (const char *digit = "0123456789abcdefABCDEF"; *digit; digit++) rules->kinds[(uint8_t)*digit] |= HEX;
    for (const char *lead = "\\%&=+'"; *lead; lead++) rules->kinds[(uint8_t)*lead] |= LEAD;
}

void tacit_letters_prepare(struct tacit_letter_rules *rules, int has_escapes, int has_marks) {
    tacit_letters_prepare_portably(rules, has_escapes, has_marks);
#if defined(__x86_64__)
    rules->is_wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
}

/// Whether a special byte is nothing but itself, or an escape of a sign, as most are: others would go on with digits, a reference with a letter, and the last
/// byte of a member's mark stands behind the one before it.
static int is_ordinary(const struct tacit_letters *pass, const struct tacit_letter_rules *rules, size_t place) {
    if (place + 1 >= pass->end) return 0;
    uint8_t byte = pass->text[place], next = pass->text[place + 1];
    // What is before no mark's last byte.
    uint8_t before = place > 0 ? pass->text[place - 1] : 0xff;
    switch (byte) {
    case '\\': return rules->has_escapes ? next == '"' || next == '/' || next == '(' || next == '.' : next != 'n' && next != 'r';
    case '%': case '=':
        return !(rules->kinds[next] & HEX) || (place + 2 < pass->end && !(rules->kinds[pass->text[place + 2]] & (HEX | LEAD)));
    case '&': return !(rules->kinds[next] & LETTER) && next != '#' && before != 'Y';
    case 0x00: return before != 'Z';
    case 0x01: case 0x5e: case 0x9c: case 0xda: return before != 'x';
    case 0x04: return before != 0x03;
    case 0x08: return before != 0x8b;
    case 0xfd: return before != 0x2f;
    default: return !(rules->kinds[byte] & SPECIAL);
    }
}

/// Passes bytes one by one up to a place; nonzero when one needs a look.
static int pass_bytes(struct tacit_letters *pass, const struct tacit_letter_rules *rules, size_t end) {
    size_t digits = 0, first = pass->place;
    for (; pass->place < end; pass->place++) {
        if (pass->place == pass->origin + GROUP * pass->group_count) pass->counts[pass->group_count++] = (uint32_t)pass->count;
        uint8_t byte = pass->text[pass->place], kind = rules->kinds[byte];
        if (kind & SPECIAL && !is_ordinary(pass, rules, pass->place)) return 1;
        pass->letters[pass->count] = byte;
        pass->count += kind & LETTER;
        digits += (kind & BASE64) / BASE64;
    }
    if (rules->has_blocks && digits == GROUP && first >= pass->origin && (first - pass->origin) % GROUP == 0)
        pass->blocks[pass->block_count++] = (uint32_t)((first - pass->origin) / GROUP);
    return 0;
}

static size_t boundary_after(const struct tacit_letters *pass) {
    if (pass->place < pass->origin) return pass->origin;
    return pass->place + GROUP - (pass->place - pass->origin) % GROUP;
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,bmi2,popcnt")))

/// The first of these special bytes that needs a look; 32 when there is none.
WIDE static unsigned first_of(uint32_t special, const struct tacit_letters *pass, const struct tacit_letter_rules *rules, size_t place) {
    if (place > 0 && place + 2 * GROUP < pass->end) {
        // Zeros are many where there is one; all but those behind a `Z` are ordinary.
        const uint8_t *source = pass->text + place;
        __m256i bytes = _mm256_loadu_si256((const __m256i *)source), before = _mm256_loadu_si256((const __m256i *)(source - 1));
        __m256i plain = _mm256_andnot_si256(
            _mm256_cmpeq_epi8(before, _mm256_set1_epi8('Z')), _mm256_cmpeq_epi8(bytes, _mm256_setzero_si256()));
        special &= ~(uint32_t)_mm256_movemask_epi8(plain);
    }
    for (; special; special &= special - 1) {
        unsigned index = (unsigned)__builtin_ctz(special);
        if (!is_ordinary(pass, rules, place + index)) return index;
    }
    return 2 * GROUP;
}

/// Copies the bytes of two groups whose masks are set; `kept` has a bit for each.
WIDE static inline void copy(uint8_t *target, const uint8_t *source, const uint64_t masks[4], uint32_t kept) {
    uint64_t words[4];
    memcpy(words, source, sizeof words);
    for (unsigned index = 0; index < 4; index++) words[index] = _pext_u64(words[index], masks[index]);
    memcpy(target, &words[0], 8);
    memcpy(target + _mm_popcnt_u32(kept & 0xff), &words[1], 8);
    memcpy(target + _mm_popcnt_u32(kept & 0xffff), &words[2], 8);
    memcpy(target + _mm_popcnt_u32(kept & 0xffffff), &words[3], 8);
}

/// The classes of bytes by their halves.
struct classes {
    __m256i low, high, low_digits, high_digits;
};

WIDE static inline __m256i broadcast(const uint8_t bytes[16]) { return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)bytes)); }

WIDE static inline __m256i classified(__m256i low_half, __m256i high_half, __m256i low, __m256i high) {
    return _mm256_and_si256(_mm256_shuffle_epi8(low, low_half), _mm256_shuffle_epi8(high, high_half));
}

/// Where a pass through pairs of groups stands.
struct pairs {
    const uint8_t *text;
    uint8_t *letters, *target;
    uint32_t *counts;
    size_t start, group;
};

/// Passes a pair of groups of which the first `begun` bytes, less than a group, have been passed; nonzero when a byte needs a look.
WIDE static inline __attribute__((always_inline)) int pass_pair(
    struct tacit_letters *pass, const struct tacit_letter_rules *rules, const struct classes *all, struct pairs *at, unsigned begun, int has_blocks) {
    const uint8_t *source = at->text + at->start;
    __m256i bytes = _mm256_loadu_si256((const __m256i *)source), half = _mm256_set1_epi8(15);
    __m256i low = _mm256_and_si256(bytes, half), high = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half);
    __m256i kinds = classified(low, high, all->low, all->high);
    __m256i mask = _mm256_cmpgt_epi8(_mm256_and_si256(kinds, _mm256_set1_epi8(7)), _mm256_setzero_si256());
    // Special bytes have one of the higher bits.
    uint32_t special = (uint32_t)_mm256_movemask_epi8(_mm256_adds_epu8(kinds, _mm256_set1_epi8(0x78)));
    uint32_t others = ~0u, kept = (uint32_t)_mm256_movemask_epi8(mask);
    if (has_blocks) {
        __m256i digits = classified(low, high, all->low_digits, all->high_digits);
        others = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(digits, _mm256_setzero_si256()));
    }
    uint64_t masks[4];
    _mm256_storeu_si256((__m256i *)masks, mask);
    if (begun) {
        // What was passed before stays so: its group is counted, and told if it is one of digits.
        uint32_t rest = ~0u << begun;
        special &= rest;
        others |= ~rest;
        kept &= rest;
        masks[0] &= begun < 8 ? ~0ull << 8 * begun : 0;
        masks[1] &= begun < 8 ? ~0ull : ~0ull << 8 * (begun - 8);
    } else {
        at->counts[at->group] = (uint32_t)(at->target - at->letters);
    }
    // What is copied from the byte on that needs a look is copied once more.
    copy(at->target, source, masks, kept);
    unsigned look = __builtin_expect(special != 0, 0) ? first_of(special, pass, rules, at->start) : 2 * GROUP;
    if (__builtin_expect(look < 2 * GROUP, 0)) {
        if (look >= GROUP) {
            at->counts[at->group + 1] = (uint32_t)(at->target - at->letters) + (uint32_t)_mm_popcnt_u32(kept & 0xffff);
            if ((others & 0xffff) == 0) pass->blocks[pass->block_count++] = (uint32_t)at->group;
        }
        pass->count = (size_t)(at->target - at->letters) + (unsigned)_mm_popcnt_u32(kept & ((1u << look) - 1));
        pass->place = at->start + look;
        pass->group_count = at->group + (look < GROUP ? 1 : 2);
        return 1;
    }
    at->counts[at->group + 1] = (uint32_t)(at->target - at->letters) + (uint32_t)_mm_popcnt_u32(kept & 0xffff);
    if (has_blocks && (others & 0xffff) == 0) pass->blocks[pass->block_count++] = (uint32_t)at->group;
    if (has_blocks && others >> 16 == 0) pass->blocks[pass->block_count++] = (uint32_t)at->group + 1;
    at->target += _mm_popcnt_u32(kept);
    at->start += 2 * GROUP;
    at->group += 2;
    return 0;
}

/// Passes two groups at a time, as long as there are two, of which there are three when this begins; the first may be begun. Nonzero when a byte needs a look.
WIDE static inline __attribute__((always_inline)) int pass_pairs(
    struct tacit_letters *pass, const struct tacit_letter_rules *rules, int has_blocks) {
    unsigned begun = (unsigned)((pass->place - pass->origin) % GROUP);
    const size_t start = pass->place - begun, end = pass->end;
    const struct classes all = {broadcast(rules->low), broadcast(rules->high), broadcast(rules->low_digits), broadcast(rules->high_digits)};
    struct pairs at = {pass->text, pass->letters, pass->letters + pass->count, pass->counts, start, (start - pass->origin) / GROUP};
    if (begun && pass_pair(pass, rules, &all, &at, begun, has_blocks)) return 1;
    while (at.start + 2 * GROUP <= end) {
        if (pass_pair(pass, rules, &all, &at, 0, has_blocks)) return 1;
    }
    pass->count = (size_t)(at.target - at.letters);
    pass->place = at.start;
    pass->group_count = at.group;
    return 0;
}

WIDE static int pass_groups(struct tacit_letters *pass, const struct tacit_letter_rules *rules) {
    return rules->has_blocks ? pass_pairs(pass, rules, 1) : pass_pairs(pass, rules, 0);
}
#endif

void tacit_letters_pass(struct tacit_letters *pass, const struct tacit_letter_rules *rules) {
    while (pass->place < pass->end) {
#if defined(__x86_64__)
        if (rules->is_wide && pass->place >= pass->origin && pass->end - pass->place >= 3 * GROUP) {
            if (pass_groups(pass, rules)) return;
            continue;
        }
#endif
        size_t boundary = boundary_after(pass);
        if (pass_bytes(pass, rules, boundary < pass->end ? boundary : pass->end)) return;
    }
}

/// How deep calls go below a redactor's: without an optimizer each of them has a large frame.
#if __OPTIMIZE__
enum { DEPTH = 16 << 10 };
#else
enum { DEPTH = 64 << 10 };
#endif

__attribute__((noinline)) void tacit_letters_forget(void) {
    uint8_t below[DEPTH];
    memset(below, 0, sizeof below);
    // The compiler must not find out that nobody reads it.
    __asm__ volatile("" : : "r"(below) : "memory");
}
