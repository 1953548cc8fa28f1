#include "CMembers.h"

#include <brotli/decode.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

/* 8 MiB, as much as any level of zstd asks for but those that its `--ultra` unlocks: a frame of a few bytes may announce a window of gigabytes. */
enum { LARGEST_WINDOW = 23, BLOCK_HEADER = 3 };

/* A length and a distance of deflate with their extra bits have 48 (RFC 1951, 3.2.5 to 3.2.7), which lie in seven bytes at most. */
enum { LONGEST_SYMBOL = 7 };

struct tacit_member {
    int format;
    z_stream inflater;
    BrotliDecoderState *brotli;
    ZSTD_DStream *frame;
    /* How many bytes zstd reads at most before it writes what they decode to. */
    size_t unit;
    /* How many bytes were taken since the last one by which such a unit was whole. */
    size_t begun;
    /* Whether zstd may have more to write of what it was given. */
    int is_full;
};

static int is_inflated(int format) { return format == tacit_member_gzip || format == tacit_member_zlib || format == tacit_member_deflate; }

/* What zlib is to expect around deflated bytes. */
static int wrapping(int format) { return format == tacit_member_gzip ? MAX_WBITS + 16 : format == tacit_member_zlib ? MAX_WBITS : -MAX_WBITS; }

struct tacit_member *tacit_member_open(int format) {
    struct tacit_member *member = calloc(1, sizeof *member);
    if (member == NULL) return NULL;
    member->format = format;
    int is_ready;
    if (format == tacit_member_brotli) {
        /* Without the extension for large windows: what announces one of more than 16 MiB is none. */
        member->brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        is_ready = member->brotli != NULL;
    } else if (format == tacit_member_zstd) {
        member->frame = ZSTD_createDStream();
        /* The first byte goes alone: a frame that lies there whole would be decoded at once, or not at all. */
        member->unit = 1;
        is_ready = member->frame != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(member->frame, ZSTD_d_windowLogMax, LARGEST_WINDOW));
    } else {
        is_ready = inflateInit2(&member->inflater, wrapping(format)) == Z_OK;
    }
    if (is_ready) return member;
    tacit_member_close(member);
    return NULL;
}

static int read_deflated(z_stream *stream, const void *input, size_t *length, void *output, size_t *room) {
    uInt given = *length < UINT_MAX ? (uInt)*length : UINT_MAX, space = *room < UINT_MAX ? (uInt)*room : UINT_MAX;
    stream->next_in = (Bytef *)input; /* only read */
    stream->avail_in = given;
    stream->next_out = output;
    stream->avail_out = space;
    int result = inflate(stream, Z_NO_FLUSH);
    *length = given - stream->avail_in;
    *room = space - stream->avail_out;
    if (result == Z_STREAM_END) return tacit_member_ended;
    return result == Z_OK || result == Z_BUF_ERROR ? tacit_member_goes_on : tacit_member_failed;
}

/* One block at a time: where one fails, what those before it held would be kept back with it. */
static int read_frame(struct tacit_member *member, const void *input, size_t *length, void *output, size_t *room) {
    ZSTD_outBuffer written = {.dst = output, .size = *room, .pos = 0};
    size_t taken = 0, result;
    do {
        size_t left = member->is_full ? 0 : *length - taken;
        ZSTD_inBuffer given = {.src = (const char *)input + taken, .size = left < member->unit ? left : member->unit, .pos = 0};
        result = ZSTD_decompressStream(member->frame, &written, &given);
        taken += given.pos;
        member->begun = given.pos == member->unit ? 0 : member->begun + given.pos;
        if (ZSTD_isError(result) || result == 0) break;
        member->is_full = written.pos == written.size;
        /* What is asked for is a block and the header of the next one, or less. */
        member->unit = result > BLOCK_HEADER ? result - BLOCK_HEADER : result;
    } while (!member->is_full && taken < *length);
    *length = taken;
    *room = written.pos;
    if (ZSTD_isError(result)) return tacit_member_failed;
    return result == 0 ? tacit_member_ended : tacit_member_goes_on;
}

static int read_brotli(BrotliDecoderState *state, const void *input, size_t *length, void *output, size_t *room) {
    size_t left = *length, space = *room;
    const uint8_t *next = input;
    uint8_t *place = output;
    BrotliDecoderResult result = BrotliDecoderDecompressStream(state, &left, &next, &space, &place, NULL);
    *length -= left;
    *room -= space;
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return tacit_member_ended;
    return result == BROTLI_DECODER_RESULT_ERROR ? tacit_member_failed : tacit_member_goes_on;
}

int tacit_member_read(struct tacit_member *member, const void *input, size_t *length, void *output, size_t *room) {
    if (member->brotli != NULL) return read_brotli(member->brotli, input, length, output, room);
    if (member->frame != NULL) return read_frame(member, input, length, output, room);
    return read_deflated(&member->inflater, input, length, output, room);
}

size_t tacit_member_unwritten(const struct tacit_member *member) {
    if (member->brotli != NULL) return PTRDIFF_MAX;
    return member->frame != NULL ? member->begun : LONGEST_SYMBOL;
}

void tacit_member_close(struct tacit_member *member) {
    if (member == NULL) return;
    if (is_inflated(member->format)) inflateEnd(&member->inflater);
    ZSTD_freeDStream(member->frame);
    if (member->brotli != NULL) BrotliDecoderDestroyInstance(member->brotli);
    free(member);
}
