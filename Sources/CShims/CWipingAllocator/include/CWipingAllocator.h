#pragma once

/// Linking this target replaces the program's `free` and `realloc` by ones that overwrite memory before they give it back.
///
/// Library buffers (an AES key schedule, a body of HTTP, a copy that an array left behind) would otherwise lie in freed memory until something
/// else happens to be put there. Call it once, so that the linker keeps the replacements; it returns how many bytes a probe found left over.
int tacit_wiping_allocator_check(void);
