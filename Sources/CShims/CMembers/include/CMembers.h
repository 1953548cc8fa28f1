// Compressed members, read piece by piece by libz, libzstd and libbrotlidec.
#pragma once

#include <stddef.h>

enum { tacit_member_gzip, tacit_member_zlib, tacit_member_deflate, tacit_member_zstd, tacit_member_brotli };

/// What a read led to: the member goes on, ended (with its checksum right, where it has one), or is none or not one that is read here.
enum { tacit_member_goes_on, tacit_member_ended, tacit_member_failed };

/// One member that is being read.
struct tacit_member;

/// Begins a member; NULL when there is no memory. Close it in any case.
struct tacit_member *tacit_member_open(int format);

/// Reads on. `length` is how many bytes there are, and then how many were taken; `room` how many there is room for, and then how many were written. With room
/// left and all taken, nothing of what was taken is still to be written. What comes out before a member fails does not depend on how it was cut; of brotli it may.
int tacit_member_read(struct tacit_member *member, const void *input, size_t *length, void *output, size_t *room);

/// With room left and all taken: how many of the last bytes that were taken may have begun what is not written yet. Those before them tell nothing of it, but for how often each byte
/// stands in a block of deflate.
size_t tacit_member_unwritten(const struct tacit_member *member);

void tacit_member_close(struct tacit_member *member);
