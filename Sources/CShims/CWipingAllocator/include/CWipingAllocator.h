#pragma once

/// Linking this target replaces the program's `free` and `realloc` by ones that overwrite memory before they give it back.
///
/// Library buffers (an AES key schedule, a body of HTTP, a copy that an array left behind) would otherwise lie in freed memory until something
/// else happens to be put there. Call the check once, so that the linker keeps the replacements; it returns 0 when they are what the whole process
/// uses and a probe found nothing left over.
int tacit_wiping_allocator_check(void);
