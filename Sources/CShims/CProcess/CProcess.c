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
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
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
        /* The lowest free number is the one: those below are open by now. An answer that nobody can read is none: writing it fails, as it would have. */
        int mode = stream == STDOUT_FILENO ? O_RDONLY : O_RDWR;
        if (fcntl(stream, F_GETFD) < 0 && errno == EBADF && open("/dev/null", mode) != stream) _exit(125);
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
    /* It reports on this one, too, and the process would go on. */
    struct sigaction quit;
    if (sigaction(SIGQUIT, NULL, &quit) == 0 && quit.sa_handler != SIG_IGN) signal(SIGQUIT, SIG_DFL);
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

int tacit_end_in(uint32_t seconds) {
    static timer_t timer;
    static int exists = 0;
    if (!exists) {
        /* What blocks every signal does not block this one. */
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
        if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return -errno;
        exists = 1;
    }
    struct itimerspec time = {.it_value = {.tv_sec = (time_t)seconds}};
    return timer_settime(timer, 0, &time, NULL) == 0 ? 0 : -errno;
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

int32_t tacit_spawn_piped(const char *path, char *const arguments[], char *const environment[], const int streams[3]) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int stream = 0; stream < 3; stream++) posix_spawn_file_actions_adddup2(&actions, streams[stream], stream);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    pid_t process = -1;
    int error = posix_spawn(&process, path, &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
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
