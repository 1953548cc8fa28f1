#pragma once
#include <stddef.h>
#include <stdint.h>

/// Argon2id, version 0x13 (RFC 9106). Returns 0, or a negative error code of libargon2; `tacit_argon2_no_memory` is one of them.
/// The memory it worked in is wiped before it is freed.
int tacit_argon2id(
    const void *password, size_t password_length, const void *salt, size_t salt_length,
    uint32_t memory_kib, uint32_t passes, uint32_t lanes, void *output, size_t output_length);

enum { tacit_argon2_no_memory = -22 };
