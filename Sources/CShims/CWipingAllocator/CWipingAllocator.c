#define _GNU_SOURCE
#include "CWipingAllocator.h"
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

int tacit_wiping_allocator_check(void) {
    enum { length = 4000 };
    unsigned char *probe = malloc(length);
    if (probe == NULL) return 0;
    memset(probe, 0xA5, length);
    /* The compiler may not conclude that the block is dead. */
    unsigned char *volatile again = probe;
    free(probe);
    unsigned char *next = malloc(length);
    int left = 0;
    if (next == again) {
        for (int index = 0; index < length; index += 1) left += next[index] == 0xA5;
    }
    __libc_free(next);
    return left;
}
