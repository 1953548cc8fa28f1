#pragma once
#include <stddef.h>

/// How well a mapping made by `tacit_locked_map` is protected.
enum tacit_locked_kind {
    TACIT_LOCKED_NONE = 0,    ///< ordinary wiped memory: the lock limit left no room
    TACIT_LOCKED_MLOCK = 1,   ///< never swapped, never dumped, absent in forked children
    TACIT_LOCKED_SECRET = 2,  ///< as above, and unmapped from the kernel's own view (memfd_secret)
};

/// Maps `length` bytes (a multiple of the page size) and protects them as well as this kernel allows.
/// Returns NULL only when no memory can be had at all.
void *tacit_locked_map(size_t length, enum tacit_locked_kind *kind);

/// Overwrites `length` bytes in a way that no optimiser removes.
void tacit_wipe(void *bytes, size_t length);

/// Fills `length` bytes from the system's generator (getrandom), in one call for as many as it gives at once.
/// Returns 0; -1 when the system has none, which no caller may go on from.
int tacit_random(void *bytes, size_t length);
