#include "CLetters.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { GROUP = 16, LETTER = 1, BASE64 = 2, HEX = 4, SPECIAL = 8 };

static void add(struct tacit_letter_rules *rules, uint8_t bit, uint8_t byte) {
    rules->low[byte & 15] |= bit;
    rules->high[byte >> 4] |= bit;
    rules->kinds[byte] |= bit < 8 ? LETTER | BASE64 : SPECIAL;
}

void tacit_letters_prepare_portably(struct tacit_letter_rules *rules, int has_escapes, int has_marks) {
    memset(rules, 0, sizeof *rules);
    // Rows of sixteen bytes that have the same members share a bit.
    for (uint8_t byte = '0'; byte <= '9'; byte++) add(rules, 1, byte);
    for (uint8_t byte = 'A'; byte <= 'O'; byte++) add(rules, 2, byte);
    for (uint8_t byte = 'a'; byte <= 'o'; byte++) add(rules, 2, byte);
    for (uint8_t byte = 'P'; byte <= 'Z'; byte++) add(rules, 4, byte);
    for (uint8_t byte = 'p'; byte <= 'z'; byte++) add(rules, 4, byte);
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
    for (const char *sign = "+-/_"; *sign; sign++) rules->kinds[(uint8_t)*sign] |= BASE64;
    for (const char *digit = "0123456789abcdefABCDEF"; *digit; digit++) rules->kinds[(uint8_t)*digit] |= HEX;
}

void tacit_letters_prepare(struct tacit_letter_rules *rules, int has_escapes, int has_marks) {
    tacit_letters_prepare_portably(rules, has_escapes, has_marks);
#if defined(__x86_64__)
    rules->is_wide = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
#endif
}

/// Whether a special byte is nothing but itself, as most are: an escape would go on with a digit, a reference with a letter, and the last byte of a member's
/// mark stands behind the one before it.
static int is_ordinary(const struct tacit_letters *pass, const struct tacit_letter_rules *rules, size_t place) {
    if (place + 1 >= pass->end) return 0;
    uint8_t byte = pass->text[place], next = pass->text[place + 1];
    // What is before no mark's last byte.
    uint8_t before = place > 0 ? pass->text[place - 1] : 0xff;
    switch (byte) {
    case '%': case '=': return !(rules->kinds[next] & HEX);
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
    if (digits == GROUP && first >= pass->origin && (first - pass->origin) % GROUP == 0)
        pass->blocks[pass->block_count++] = (uint32_t)((first - pass->origin) / GROUP);
    return 0;
}

static size_t boundary_after(const struct tacit_letters *pass) {
    if (pass->place < pass->origin) return pass->origin;
    return pass->place + GROUP - (pass->place - pass->origin) % GROUP;
}

#if defined(__x86_64__)
#define WIDE __attribute__((target("avx2,bmi2,popcnt")))

/// Copies the bytes of a group whose mask is set; gives where the next ones go.
WIDE static uint8_t *copy(uint8_t *target, const uint8_t *source, uint64_t first, uint64_t second) {
    uint64_t words[2];
    memcpy(words, source, sizeof words);
    uint64_t low = _pext_u64(words[0], first), high = _pext_u64(words[1], second);
    memcpy(target, &low, sizeof low);
    target += (unsigned)_mm_popcnt_u64(first) / 8;
    memcpy(target, &high, sizeof high);
    return target + (unsigned)_mm_popcnt_u64(second) / 8;
}

/// The first of these special bytes that needs a look; 32 when there is none.
WIDE static unsigned first_of(uint32_t special, const struct tacit_letters *pass, const struct tacit_letter_rules *rules, size_t place) {
    for (; special; special &= special - 1) {
        unsigned index = (unsigned)__builtin_ctz(special);
        if (!is_ordinary(pass, rules, place + index)) return index;
    }
    return 2 * GROUP;
}

/// Passes two groups at a time, as long as there are two; the first may be begun. Nonzero when a byte needs a look.
WIDE static int pass_groups(struct tacit_letters *pass, const struct tacit_letter_rules *rules) {
    const __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)rules->low));
    const __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)rules->high));
    const __m256i half = _mm256_set1_epi8(15), letter = _mm256_set1_epi8(7), zero = _mm256_setzero_si256();
    unsigned begun = (unsigned)((pass->place - pass->origin) % GROUP);
    size_t start = pass->place - begun, group = (start - pass->origin) / GROUP;
    uint8_t *target = pass->letters + pass->count;
    for (; start + 2 * GROUP <= pass->end; start += 2 * GROUP, group += 2, begun = 0) {
        const uint8_t *source = pass->text + start;
        __m256i bytes = _mm256_loadu_si256((const __m256i *)source);
        __m256i kinds = _mm256_and_si256(
            _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
            _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
        __m256i left_out = _mm256_cmpeq_epi8(_mm256_and_si256(kinds, letter), zero);
        __m256i kept = _mm256_andnot_si256(left_out, _mm256_set1_epi8(-1));
        uint32_t special = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(_mm256_andnot_si256(letter, kinds), zero));
        __m256i minus = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('+')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('-')));
        __m256i slash = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('/')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('_')));
        uint32_t digits = (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(kept, _mm256_or_si256(minus, slash)));
        uint64_t words[4];
        _mm256_storeu_si256((__m256i *)words, kept);
        if (begun) {
            // What was passed before stays so: its group is counted, and told if it is one of digits.
            uint32_t rest = ~0u << begun;
            special &= rest;
            digits &= rest;
            words[0] &= begun < 8 ? ~0ull << 8 * begun : 0;
            words[1] &= begun < 8 ? ~0ull : ~0ull << 8 * (begun - 8);
        } else {
            pass->counts[group] = (uint32_t)(target - pass->letters);
        }
        uint8_t *middle = copy(target, source, words[0], words[1]);
        unsigned look = special ? first_of(special, pass, rules, start) : 2 * GROUP;
        if (look >= GROUP) {
            pass->counts[group + 1] = (uint32_t)(middle - pass->letters);
            if ((digits & 0xffff) == 0xffff) pass->blocks[pass->block_count++] = (uint32_t)group;
        }
        if (look < 2 * GROUP) {
            uint32_t before = (uint32_t)_mm256_movemask_epi8(kept) & (~0u << begun) & ((1u << look) - 1);
            if (look > GROUP) copy(middle, source + GROUP, words[2], words[3]);
            pass->count = (size_t)(target - pass->letters) + (unsigned)__builtin_popcount(before);
            pass->place = start + look;
            pass->group_count = group + (look < GROUP ? 1 : 2);
            return 1;
        }
        if (digits >> 16 == 0xffff) pass->blocks[pass->block_count++] = (uint32_t)group + 1;
        target = copy(middle, source + GROUP, words[2], words[3]);
    }
    pass->count = (size_t)(target - pass->letters);
    pass->place = start > pass->place ? start : pass->place;
    pass->group_count = pass->place == start ? group : pass->group_count;
    return 0;
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
