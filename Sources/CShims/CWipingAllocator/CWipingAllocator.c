#define _GNU_SOURCE
#include "CWipingAllocator.h"
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

/* glibc exports its own implementations under these names for programs that wrap them. */
extern void __libc_free(void *pointer);
extern void *__libc_malloc(size_t size);

void free(void *pointer) {
    if (pointer == NULL) return;
    int saved = errno;
    /* All that the block can hold, so also what a caller wrote behind the size it asked for. */
    explicit_bzero(pointer, malloc_usable_size(pointer));
    __libc_free(pointer);
    errno = saved;
}

void *realloc(void *pointer, size_t size) {
    if (pointer == NULL) return __libc_malloc(size);
    if (size == 0) {
        free(pointer);
        return NULL;
    }
    size_t held = malloc_usable_size(pointer);
    /* In place while the block is neither too small nor wastefully large. */
    if (size <= held && held / 2 <= size) return pointer;
    void *moved = __libc_malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, pointer, held < size ? held : size);
    free(pointer);
    return moved;
}

static unsigned char pattern(size_t index) { return (unsigned char)(index * 7 + 13); }

/* Frees a block of a pattern and looks at where it was: how often eight bytes of it are left in a row. A block behind it keeps the page with the process,
   and reading it is no more than a look at the process's own heap. glibc writes its links into the first 32 bytes, and may fill the rest with one byte. */
static int left_over(void (*release)(void *), size_t length) {
    unsigned char *block = __libc_malloc(length);
    void *behind = __libc_malloc(64);
    int left = 0;
    if (block != NULL && behind != NULL) {
        for (size_t index = 0; index < length; index += 1) block[index] = pattern(index);
        const volatile unsigned char *remains = block;
        __asm__ volatile("" : : "r"(block) : "memory");
        release(block);
        for (size_t index = 32, row = 0; index < length; index += 1) {
            row = remains[index] == pattern(index) ? row + 1 : 0;
            if (row == 8) left += 1;
        }
    }
    __libc_free(behind);
    return left;
}

int tacit_wiping_allocator_check(void) {
    /* What every library of the process finds under these names: ours, or the replacement reaches only a part of the program. */
    if (dlsym(RTLD_DEFAULT, "free") != (void *)free || dlsym(RTLD_DEFAULT, "realloc") != (void *)realloc) return -1;
    /* Blocks of a size that is kept in the thread's cache, and of one that is not. */
    return left_over(free, 200) + left_over(free, 4000);
}
