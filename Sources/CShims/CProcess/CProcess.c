#define _GNU_SOURCE
#include "CProcess.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

// Sockets and peers

int tacit_socket_pair(int packets, int ends[2]) {
    return socketpair(AF_UNIX, (packets ? SOCK_SEQPACKET : SOCK_STREAM) | SOCK_CLOEXEC, 0, ends) == 0 ? 0 : -errno;
}

int tacit_send_descriptor(int socket, uint8_t byte, int descriptor) {
    struct iovec part = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    if (descriptor < 0) message.msg_controllen = 0;
    ssize_t sent;
    do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

int tacit_receive_descriptor(int socket, uint8_t *byte, int *descriptor) {
    struct iovec part = {.iov_base = byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t received;
    do received = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0) return -errno;
    if (received == 0) return 0;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *descriptor = -1;
    if (!header) return 1;
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS || header->cmsg_len != CMSG_LEN(sizeof(int))) return -EPROTO;
    memcpy(descriptor, CMSG_DATA(header), sizeof(int));
    return 1;
}

int tacit_peer_credentials(int socket, int32_t *process, uint32_t *user, uint32_t *group) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return -errno;
    *process = peer.pid;
    *user = peer.uid;
    *group = peer.gid;
    return 0;
}

int tacit_peer_pidfd(int socket) {
    int descriptor = -1;
    socklen_t length = sizeof descriptor;
    return getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &descriptor, &length) == 0 ? descriptor : -errno;
}

int tacit_pidfd_open(int32_t process) {
    long descriptor = syscall(SYS_pidfd_open, (pid_t)process, 0);
    return descriptor < 0 ? -errno : (int)descriptor;
}

int tacit_set_socket_timeout(int socket, int milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
    if (setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) return -errno;
    return setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 ? 0 : -errno;
}

// This process

void tacit_open_standard_streams(void) {
    for (int stream = 0; stream < 3; stream++) {
        /* The lowest free number is the one: those below are open by now. */
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != stream) _exit(125);
    }
}

static int forbid_core(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

/* A fault is not a message: it must end the process. */
static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGSYS};
enum { fault_count = sizeof faults / sizeof *faults };

int tacit_hide(void) {
    /* The runtime's crash reporter prints registers and memory, and at a terminal waits for a key while they lie open. */
    for (size_t index = 0; index < fault_count; index++) signal(faults[index], SIG_DFL);
    return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : -errno;
}

int tacit_harden(const char *name) {
    if (forbid_core() != 0 || tacit_hide() != 0) return -errno;
    prctl(PR_SET_NAME, name, 0, 0, 0);
    return 0;
}

int tacit_is_dumpable(void) { return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0); }

int tacit_is_in_memory(int descriptor) {
    struct statfs facts;
    // TMPFS_MAGIC and RAMFS_MAGIC of linux/magic.h
    return fstatfs(descriptor, &facts) == 0 && (facts.f_type == 0x01021994 || facts.f_type == 0x858458f6);
}

int tacit_become_subreaper(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : -errno; }

int tacit_open_signals(void) {
    sigset_t all;
    sigfillset(&all);
    for (size_t index = 0; index < fault_count; index++) sigdelset(&all, faults[index]);
    if (sigprocmask(SIG_SETMASK, &all, NULL) != 0) return -errno;
    int descriptor = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int tacit_signal_descriptor(const sigset_t *signals) {
    int descriptor = signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK);
    return descriptor < 0 ? -errno : descriptor;
}

int tacit_next_signal(int signals) {
    struct signalfd_siginfo information;
    return read(signals, &information, sizeof information) == (ssize_t)sizeof information ? (int)information.ssi_signo : 0;
}

int tacit_children(int32_t process, int32_t *children, int capacity) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *threads = opendir(path);
    if (!threads) return -errno;
    int count = 0;
    for (struct dirent *thread; count < capacity && (thread = readdir(threads));) {
        if (thread->d_name[0] == '.') continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.16s/children", (int)process, thread->d_name);
        FILE *list = fopen(path, "re");
        if (!list) continue;
        for (int child; count < capacity && fscanf(list, "%d", &child) == 1;) children[count++] = child;
        fclose(list);
    }
    closedir(threads);
    return count;
}

// Other processes

/* How a helper is started; prepared before a fork, after which nothing may be allocated. */
struct helper {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
};

static void prepare(struct helper *helper, int descriptor) {
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&helper->actions);
    posix_spawnattr_init(&helper->attributes);
    posix_spawn_file_actions_adddup2(&helper->actions, descriptor, 3);
    for (int stream = 0; stream < 3; stream++) posix_spawn_file_actions_addopen(&helper->actions, stream, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addclosefrom_np(&helper->actions, 4);
    posix_spawnattr_setflags(&helper->attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    posix_spawnattr_setsigmask(&helper->attributes, &none);
    posix_spawnattr_setsigdefault(&helper->attributes, &all);
}

static void discard(struct helper *helper) {
    posix_spawn_file_actions_destroy(&helper->actions);
    posix_spawnattr_destroy(&helper->attributes);
}

int32_t tacit_spawn_helper(const char *path, char *const arguments[], char *const environment[], int descriptor) {
    struct helper helper;
    prepare(&helper, descriptor);
    pid_t process = -1;
    int error = posix_spawn(&process, path, &helper.actions, &helper.attributes, arguments, environment);
    discard(&helper);
    return error ? -error : process;
}

int tacit_spawn_detached(const char *path, char *const arguments[], char *const environment[], int descriptor) {
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -errno;
    struct helper helper;
    prepare(&helper, descriptor);
    pid_t between = fork();
    if (between == 0) {
        pid_t process;
        int error = posix_spawn(&process, path, &helper.actions, &helper.attributes, arguments, environment);
        _exit(write(report[1], &error, sizeof error) == (ssize_t)sizeof error ? 0 : 1);
    }
    int error = between < 0 ? errno : EIO;
    discard(&helper);
    close(report[1]);
    ssize_t count = 0;
    if (between > 0) {
        do count = read(report[0], &error, sizeof error);
        while (count < 0 && errno == EINTR);
        if (count != (ssize_t)sizeof error) error = EIO;
        while (waitpid(between, NULL, 0) < 0 && errno == EINTR) {}
    }
    close(report[0]);
    return -error;
}

/* Runs on the caller's memory (vfork): system calls only, and no change that the caller would see. */
static int become_program(const struct tacit_child *child, pid_t parent) {
    if (child->terminal < 0) {
        if (setsid() < 0) return errno;
    } else {
        /* A group of its own in the caller's session: not orphaned, so that Ctrl-Z stops it, and so does asking for a terminal from its background. */
        if (setpgid(0, 0) != 0 || (!child->in_background && tcsetpgrp(child->terminal, getpid()) != 0)) return errno;
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return errno;
    if (getppid() != parent) return ESRCH;
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    if (forbid_core() != 0 || fchdir(child->directory) != 0) return errno;
    for (int stream = 0; stream < 3; stream++) {
        if (dup2(child->streams[stream], stream) < 0) return errno;
    }
    if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return errno;
    for (int file = 0; file < child->files; file++) {
        if (fcntl(child->first_file + file, F_SETFD, 0) != 0) return errno;
    }
    umask((mode_t)child->file_mask);
    if (child->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return errno;
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execveat(child->program, "", child->arguments, child->environment, AT_EMPTY_PATH);
    return errno;
}

int tacit_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) == 0 ? 0 : -errno; }

int32_t tacit_start_child(const struct tacit_child *child) {
    volatile int error = 0;
    pid_t parent = getpid();
    pid_t process = vfork();
    if (process == 0) {
        error = become_program(child, parent);
        _exit(127);
    }
    if (process < 0) return -errno;
    if (error) {
        waitpid(process, NULL, 0);
        return -error;
    }
    return process;
}

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
