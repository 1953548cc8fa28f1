#include "CPacking.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

size_t packing_member(int format, int level, const void *input, size_t length, void *output, size_t room) {
    if (format == packing_zstd) {
        size_t written = ZSTD_compress(output, room, input, length, level);
        return ZSTD_isError(written) ? 0 : written;
    }
    if (format == packing_brotli) {
        size_t written = room;
        return BrotliEncoderCompress(level, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE, length, input, &written, output) ? written : 0;
    }
    z_stream stream = {.next_in = (Bytef *)input, .avail_in = (uInt)length, .next_out = output, .avail_out = (uInt)room};
    int wrapping = format == packing_gzip ? MAX_WBITS + 16 : format == packing_zlib ? MAX_WBITS : -MAX_WBITS;
    if (deflateInit2(&stream, level, Z_DEFLATED, wrapping, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
    int result = deflate(&stream, Z_FINISH);
    deflateEnd(&stream);
    return result == Z_STREAM_END ? stream.total_out : 0;
}
