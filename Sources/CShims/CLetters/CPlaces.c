#include "CPlaces.h"

#include <string.h>

static int has_head(const struct tacit_heads *heads, uint32_t head) {
    uint32_t slot = tacit_heads_slot(head, heads->shift);
    return heads->bits[slot >> 3] >> (slot & 7) & 1;
}

static int is_hex(uint8_t byte) {
    uint8_t letter = (uint8_t)((byte | 0x20) - 'a');
    return (uint8_t)(byte - '0') < 10 || letter < 6;
}

/// Whether an escape may stand at a place that begins with one of the bytes that begin escapes.
static int may_be_escape(const struct tacit_heads *heads, const uint8_t *text) {
    switch (text[0]) {
    case '%': case '=': return is_hex(text[1]) && (is_hex(text[2]) || heads->kinds[text[2]] & heads->lead);
    case '&': return text[1] == '#' || (uint8_t)((text[1] | 0x20) - 'a') < 26;
    case '\'': return text[1] == '\\' || text[1] == '"';
    default: return 1;
    }
}

/// Whether a value that begins with a byte may go on behind a line break: with one of the blanks there, with what follows them, or with what is written by more
/// than itself.
static int may_wrap(const struct tacit_heads *heads, uint8_t first, const uint8_t *text, const uint8_t *end) {
    const uint32_t any = 0xffff0000;
    for (; text < end && (*text == ' ' || *text == '\t'); text++) {
        if (has_head(heads, first | (uint32_t)*text << 8 | any)) return 1;
    }
    return text >= end || heads->kinds[*text] & heads->turn || has_head(heads, first | (uint32_t)*text << 8 | any);
}

/// Whether a spelling that begins with a byte may go on with an escape or a gap at `text`.
static int may_turn(const struct tacit_heads *heads, uint8_t first, const uint8_t *text, const uint8_t *end) {
    if (text[0] == '\n') return may_wrap(heads, first, text + 1, end);
    if (text[0] == '=' && (text[1] == '\n' || text[1] == '\r')) return 1;
    return !(heads->kinds[text[0]] & heads->lead) || may_be_escape(heads, text);
}

/// Four times the same bits: one for each of four bytes.
static inline uint32_t fourfold(uint8_t bits) { return bits * 0x01010101u; }

/// Whether some spelling begins with the four bytes of a place, of which one behind the first may be more than itself; `kinds` are theirs.
static int may_begin_turned(const struct tacit_heads *heads, uint32_t head, uint32_t kinds, const uint8_t *text, const uint8_t *end) {
    if (kinds >> 8 & heads->turn && may_turn(heads, text[0], text + 1, end)) return 1;
    if (kinds >> 16 & heads->turn && has_head(heads, head | 0xffff0000)) return 1;
    return kinds >> 24 & heads->turn && has_head(heads, head | 0xff000000);
}

size_t tacit_heads_next(const struct tacit_heads *heads, const uint8_t *text, size_t place, size_t end, size_t count) {
    const size_t whole = count < 4 ? 0 : count - 3, stop = end < whole ? end : whole;
    if (place >= stop) return place < end ? place : end;
    const uint8_t *const all = heads->kinds;
    const uint32_t any = heads->any, first = heads->first, digits = fourfold(heads->digit), turns = fourfold(heads->turn) & 0xffffff00;
    // The kinds of the four bytes from a place on, the first one lowest.
    uint32_t kinds = (uint32_t)all[text[place]] << 8 | (uint32_t)all[text[place + 1]] << 16 | (uint32_t)all[text[place + 2]] << 24;
    for (; place < stop; place++) {
        kinds = kinds >> 8 | (uint32_t)all[text[place + 3]] << 24;
        if (!(kinds & any)) continue;
        if (kinds & heads->whole) return place;
        if (kinds & heads->lead && may_be_escape(heads, text + place)) return place;
        if (!(kinds & first)) continue;
        uint32_t head;
        memcpy(&head, text + place, sizeof head);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        head = __builtin_bswap32(head);
#endif
        if (has_head(heads, head)) return place;
        if (kinds & turns && may_begin_turned(heads, head, kinds, text + place, text + count)) return place;
        // In a swapped word a value may begin with the first two digits; the others are its neighbour's.
        if ((kinds & digits) == digits && has_head(heads, head | 0xffff0000)) return place;
        // Where one byte is repeated, the next places are like this one.
        if (head == (head << 8 | head >> 24)) {
            while (place + 5 < stop && memcmp(text + place + 1, text + place, 8) == 0) place += 5;
        }
    }
    return place < end ? place : end;
}

size_t tacit_digits_end(const uint8_t kinds[256], const uint8_t *text, size_t place, size_t end) {
    while (place < end && kinds[text[place]]) place++;
    return place;
}

int tacit_digits_are_hex(const uint8_t *text, size_t count) {
    for (size_t index = 0; index < count; index++) {
        if (!is_hex(text[index])) return 0;
    }
    return 1;
}

/// Ends the rows whose byte, the one that begins with the last two digits, is no text; nonzero when one of them is long.
static int end_rows(struct tacit_rows *rows, uint32_t lengths[4], unsigned are_text, unsigned place_count) {
    for (unsigned place = 0; place < place_count; place++) {
        if (are_text >> place & 1) continue;
        if (lengths[place] >= rows->shortest) rows->ended[rows->ended_count++] = (struct tacit_row){place, lengths[place]};
        lengths[place] = 0;
    }
    return rows->ended_count > 0;
}

static inline __attribute__((always_inline)) size_t pass_rows(
    struct tacit_rows *rows, const uint8_t *values, const uint8_t *texts, const uint8_t *text, size_t place, size_t end, unsigned bit_count) {
    const int is_hex = bit_count == 4;
    const uint32_t digits = (1u << bit_count) - 1, shortest = rows->shortest;
    uint32_t last = rows->last, lengths[4] = {rows->lengths[0], rows->lengths[1], rows->lengths[2], rows->lengths[3]};
    rows->ended_count = 0;
    while (place < end && rows->ended_count == 0) {
        uint32_t pair = last << bit_count | values[text[place++]];
        last = pair & digits;
        unsigned are_text = texts[pair];
        int is_long = lengths[0] >= shortest || (!is_hex && (lengths[1] >= shortest || lengths[2] >= shortest));
        if (is_long && are_text != (is_hex ? 1 : 7)) end_rows(rows, lengths, are_text, is_hex ? 1 : 3);
        uint32_t first = (lengths[0] + 1) & -(are_text & 1);
        if (is_hex) {
            lengths[0] = lengths[1];
            lengths[1] = first;
        } else {
            uint32_t third = (lengths[2] + 1) & -(are_text >> 2 & 1);
            lengths[2] = (lengths[1] + 1) & -(are_text >> 1 & 1);
            lengths[0] = lengths[3];
            lengths[1] = first;
            lengths[3] = third;
        }
    }
    memcpy(rows->lengths, lengths, sizeof lengths);
    rows->last = last;
    return place;
}

size_t tacit_rows_pass(
    struct tacit_rows *rows, const uint8_t values[256], const uint8_t *texts, const uint8_t *text, size_t place, size_t end) {
    if (place < end && !rows->has_begun) {
        rows->last = values[text[place++]];
        rows->has_begun = 1;
    }
    if (rows->bit_count == 4) return pass_rows(rows, values, texts, text, place, end, 4);
    return pass_rows(rows, values, texts, text, place, end, 6);
}
