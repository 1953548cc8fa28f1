#define _GNU_SOURCE
#include "CProcess.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// Files

int tacit_open_path(int directory, const char *path) {
    int descriptor = openat(directory < 0 ? AT_FDCWD : directory, path, O_PATH | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int tacit_open_directory(const char *path) {
    int descriptor = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    int result = tacit_check_executable(descriptor);
    if (result == 0) return descriptor;
    close(descriptor);
    return result;
}

int tacit_reopen(int descriptor) {
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    int readable = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return readable < 0 ? -errno : readable;
}

int tacit_check_executable(int descriptor) { return faccessat(descriptor, "", X_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 ? 0 : -errno; }

int tacit_open_nameless(const char *directory) {
    int descriptor = open(directory, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
    // Before Linux 3.11, and on some network file systems, the flag means a directory that is opened for writing.
    if (descriptor < 0) return errno == EISDIR || errno == EINVAL ? -EOPNOTSUPP : -errno;
    return descriptor;
}

int tacit_name_file(int descriptor, const char *path) {
    char unnamed[32];
    snprintf(unnamed, sizeof unnamed, "/proc/self/fd/%d", descriptor);
    return linkat(AT_FDCWD, unnamed, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : -errno;
}

int tacit_make_named_pipe(int directory, const char *name) {
    if (mkfifoat(directory, name, 0600) != 0) return -errno;
    int descriptor = openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (descriptor < 0) return -errno;
    struct stat facts;
    if (fstat(descriptor, &facts) == 0 && S_ISFIFO(facts.st_mode)) return descriptor;
    close(descriptor);
    return -EEXIST;
}

int tacit_watch_name(const char *path) {
    int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch < 0) return -errno;
    if (inotify_add_watch(watch, path, IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_DONT_FOLLOW) >= 0) return watch;
    int error = errno;
    close(watch);
    return -error;
}

void tacit_forget_events(int watch) {
    char events[1024];
    while (read(watch, events, sizeof events) > 0) {}
}

int tacit_may_write(const char *path) { return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0; }

int tacit_sealed_copy(int descriptor) {
    int source = tacit_reopen(descriptor);
    if (source < 0) return source;
    int copy = memfd_create("tacit-program", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);
    // Before Linux 6.3 every such file may be executed, and the flag is unknown.
    if (copy < 0 && errno == EINVAL) copy = memfd_create("tacit-program", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error = copy < 0 ? errno : 0;
    size_t total = 0;
    while (!error) {
        ssize_t count = sendfile(copy, source, NULL, 16 << 20);
        if (count == 0) break;
        if (count < 0 && errno != EINTR) error = errno;
        if (count > 0 && (total += (size_t)count) > TACIT_LONGEST_COPY) error = EFBIG;
    }
    if (!error && fcntl(copy, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) error = errno;
    close(source);
    if (!error) return copy;
    if (copy >= 0) close(copy);
    return -error;
}

int tacit_value_file(const void *bytes, size_t count, int number) {
    int made = memfd_create("tacit-value", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
    // Before Linux 6.3 the flag is unknown; the mode says as much.
    if (made < 0 && errno == EINVAL) made = memfd_create("tacit-value", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (made < 0) return -errno;
    int error = fchmod(made, 0600) == 0 ? 0 : errno;
    size_t done = 0;
    while (!error && done < count) {
        ssize_t written = write(made, (const char *)bytes + done, count - done);
        if (written > 0) done += (size_t)written;
        else if (written == 0 || errno != EINTR) error = written == 0 ? EIO : errno;
    }
    if (!error && lseek(made, 0, SEEK_SET) < 0) error = errno;
    if (!error && fcntl(made, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) != 0) error = errno;
    int moved = error ? -1 : fcntl(made, F_DUPFD_CLOEXEC, number);
    if (!error && moved < 0) error = errno;
    close(made);
    return error ? -error : moved;
}

// Files

int tacit_make_private_directory(char *path) { return mkdtemp(path) ? 0 : -errno; }

static int open_directory(int directory, const char *name) {
    int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int descriptor = openat(directory, name, flags);
    if (descriptor < 0 && errno == EACCES && fchmodat(directory, name, 0700, 0) == 0) descriptor = openat(directory, name, flags);
    return descriptor;
}

int tacit_remove_tree(int directory, const char *name) {
    if (directory < 0) directory = AT_FDCWD;
    int descriptor = open_directory(directory, name);
    if (descriptor < 0) {
        if (errno != ENOTDIR && errno != ELOOP) return -errno;
        return unlinkat(directory, name, 0) == 0 ? 0 : -errno;
    }
    fchmod(descriptor, 0700);
    DIR *entries = fdopendir(descriptor);
    if (!entries) {
        close(descriptor);
        return -errno;
    }
    int result = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        int removed = unlinkat(dirfd(entries), entry->d_name, 0);
        if (removed != 0 && (errno == EISDIR || errno == EPERM)) removed = tacit_remove_tree(dirfd(entries), entry->d_name);
        if (removed != 0 && !result) result = removed < -1 ? removed : -errno;
    }
    closedir(entries);
    if (unlinkat(directory, name, AT_REMOVEDIR) != 0 && !result) result = -errno;
    return result;
}
