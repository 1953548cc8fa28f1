#include "CMarks.h"

#if defined(__x86_64__)
#include <immintrin.h>
#define WIDE __attribute__((target("avx2")))

/// Thirty-two letters have as many windows as the stride says; they are read side by side, four at a time. The bytes that are read are those of the windows.
enum { BLOCK = 32, WINDOW = 8 };

/// What a search needs in each step.
struct search {
    __m256i mask, low, bit, one, letter, rest, seventh, last, first, second, hex_offset;
    __m128i shift, hex_shift;
};

WIDE static inline struct search search(const struct tacit_marks *marks) {
    return (struct search){
        .mask = _mm256_set1_epi64x((long long)marks->mask), .low = _mm256_set1_epi64x(0xffffffff), .bit = _mm256_set1_epi64x(63),
        .one = _mm256_set1_epi64x(1), .letter = _mm256_set1_epi8(0x40), .rest = _mm256_set1_epi8(0x1f), .seventh = _mm256_set1_epi8(0x19),
        .last = _mm256_set1_epi8(0x08),
        .first = _mm256_set1_epi64x(TACIT_MARKS_FIRST), .second = _mm256_set1_epi64x(TACIT_MARKS_SECOND),
        .hex_offset = _mm256_set1_epi64x((long long)marks->hex_offset), .shift = _mm_cvtsi32_si128((int)marks->shift),
        .hex_shift = _mm_cvtsi32_si128((int)marks->hex_shift),
    };
}

/// A one in each lane whose window is marked. As `tacit_marks_has`, which says what it does; words are fetched one by one, because some processors gather
/// them slowly.
WIDE static inline __m256i marked(__m256i windows, const uint64_t *words, const struct search *each) {
    __m256i hash = _mm256_add_epi64(
        _mm256_mul_epu32(windows, each->first), _mm256_mul_epu32(_mm256_srli_epi64(windows, 32), each->second));
    hash = _mm256_and_si256(_mm256_xor_si256(hash, _mm256_srli_epi64(hash, 32)), each->low);
    __m256i letters = _mm256_srli_epi64(_mm256_and_si256(windows, each->letter), 1);
    __m256i numbers = _mm256_and_si256(windows, each->rest);
    __m256i others = _mm256_andnot_si256(_mm256_add_epi8(numbers, each->last), _mm256_add_epi8(numbers, each->seventh));
    __m256i is_hex = _mm256_cmpeq_epi64(_mm256_and_si256(letters, others), _mm256_setzero_si256());
    __m256i indices = _mm256_blendv_epi8(
        _mm256_srl_epi64(hash, each->shift), _mm256_add_epi64(_mm256_srl_epi64(hash, each->hex_shift), each->hex_offset), is_hex);
    __m128i low = _mm256_castsi256_si128(indices), high = _mm256_extracti128_si256(indices, 1);
    __m256i found = _mm256_set_epi64x(
        (long long)words[_mm_extract_epi64(high, 1)], (long long)words[_mm_cvtsi128_si64(high)],
        (long long)words[_mm_extract_epi64(low, 1)], (long long)words[_mm_cvtsi128_si64(low)]);
    return _mm256_and_si256(
        _mm256_srlv_epi64(found, _mm256_and_si256(hash, each->bit)),
        _mm256_srlv_epi64(found, _mm256_and_si256(_mm256_srli_epi64(hash, 6), each->bit)));
}

/// Passes blocks in which no window is marked; gives where the next one begins, or a place from which on there is no whole block.
WIDE static size_t pass_blocks(const struct tacit_marks *marks, const uint8_t *letters, size_t index, size_t last) {
    const struct search each = search(marks);
    const uint64_t *words = marks->words;
    const size_t stride = marks->stride;
    for (; index + BLOCK - stride <= last; index += BLOCK) {
        __m256i any = _mm256_setzero_si256();
        for (size_t offset = 0; offset < WINDOW; offset += stride) {
            __m256i windows = _mm256_loadu_si256((const __m256i *)(letters + index + offset));
            any = _mm256_or_si256(any, marked(_mm256_and_si256(windows, each.mask), words, &each));
        }
        if (!_mm256_testz_si256(any, each.one)) return index;
    }
    return index;
}
#endif

int tacit_marks_can_be_wide(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx2");
#else
    return 0;
#endif
}

size_t tacit_marks_next(const struct tacit_marks *marks, const uint8_t *letters, size_t index, size_t last) {
    while (index <= last) {
        size_t end = last + 1;
#if defined(__x86_64__)
        if (marks->is_wide) {
            index = pass_blocks(marks, letters, index, last);
            end = index + BLOCK <= last ? index + BLOCK : last + 1;
        }
#endif
        for (; index < end; index += marks->stride) {
            if (tacit_marks_has(marks, tacit_marks_window(marks, letters + index))) return index;
        }
    }
    return index;
}
