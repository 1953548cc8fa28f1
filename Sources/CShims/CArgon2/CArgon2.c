#include "CArgon2.h"
#include <argon2.h>

_Static_assert(tacit_argon2_no_memory == ARGON2_MEMORY_ALLOCATION_ERROR, "libargon2 numbers its errors otherwise");

int tacit_argon2id(
    const void *password, size_t password_length, const void *salt, size_t salt_length,
    uint32_t memory_kib, uint32_t passes, uint32_t lanes, void *output, size_t output_length) {
    if (password_length > ARGON2_MAX_PWD_LENGTH || salt_length > ARGON2_MAX_SALT_LENGTH) return ARGON2_INCORRECT_PARAMETER;
    if (output_length > ARGON2_MAX_OUTLEN) return ARGON2_OUTPUT_TOO_LONG;
    argon2_context context = {
        .out = output,
        .outlen = (uint32_t)output_length,
        .pwd = (uint8_t *)password, /* only read: no ARGON2_FLAG_CLEAR_PASSWORD below */
        .pwdlen = (uint32_t)password_length,
        .salt = (uint8_t *)salt,
        .saltlen = (uint32_t)salt_length,
        .t_cost = passes,
        .m_cost = memory_kib,
        .lanes = lanes,
        .threads = lanes,
        .version = ARGON2_VERSION_13,
        .flags = ARGON2_DEFAULT_FLAGS,
    };
    /* The library wipes what it worked in: its switch for that is on, and not exported. */
    return argon2_ctx(&context, Argon2_id);
}
