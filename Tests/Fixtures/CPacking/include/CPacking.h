// Compressed members for tests, made by the libraries that everybody uses.
#pragma once

#include <stddef.h>

enum { packing_gzip, packing_zlib, packing_deflate, packing_zstd, packing_brotli };

/// Compresses bytes; gives how many were written, or 0 when there is not enough room.
size_t packing_member(int format, int level, const void *input, size_t length, void *output, size_t room);
