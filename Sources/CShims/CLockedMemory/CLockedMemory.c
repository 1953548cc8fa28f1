#define _GNU_SOURCE
#include "CLockedMemory.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

static void *map_secret(size_t length) {
    int fd = (int)syscall(SYS_memfd_secret, O_CLOEXEC);
    if (fd < 0) return MAP_FAILED;
    void *mapping = MAP_FAILED;
    if (ftruncate(fd, (off_t)length) == 0) {
        mapping = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    }
    close(fd);
    return mapping;
}

void *tacit_locked_map(size_t length, enum tacit_locked_kind *kind) {
    void *mapping = map_secret(length);
    *kind = TACIT_LOCKED_SECRET;
    if (mapping == MAP_FAILED) {
        mapping = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) return NULL;
        *kind = mlock(mapping, length) == 0 ? TACIT_LOCKED_MLOCK : TACIT_LOCKED_NONE;
        madvise(mapping, length, MADV_DONTDUMP);
    }
    /* A child gets no copy of this range, whatever it does before it executes another program. */
    madvise(mapping, length, MADV_DONTFORK);
    return mapping;
}

void tacit_wipe(void *bytes, size_t length) { explicit_bzero(bytes, length); }

int tacit_random(void *bytes, size_t length) {
    unsigned char *next = bytes;
    while (length > 0) {
        ssize_t count = getrandom(next, length, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return -1;
        next += count;
        length -= (size_t)count;
    }
    return 0;
}
