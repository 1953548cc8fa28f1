#define _GNU_SOURCE
#include "CRunStarter.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

// Newer than some headers, and everywhere the same.
enum {
    call_open_tree = 428, call_move_mount = 429, call_fsopen = 430, call_fsconfig = 431, call_fsmount = 432, call_close_range = 436,
    call_openat2 = 437, call_mount_setattr = 442,
};
enum { patience_milliseconds = 2000, both_ends = 0x4 | 0x40 /* MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH */ };

static int told(long result) { return result < 0 ? -errno : (int)result; }

static void limit_waiting(int socket, int milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

static int is_user(int socket, uint32_t user) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == user;
}

// What every request shares

/// A user namespace in which the person's files are the run's: what is marked with it shows the one as the other, both ways.
static int make_owners(const struct tacit_run_people *people) {
    int gate[2], owners = -1, error = 0;
    if (pipe2(gate, O_CLOEXEC) != 0) return -errno;
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        char end;
        close(gate[1]);
        _exit(read(gate[0], &end, 1) != 0);
    }
    if (child < 0) error = errno;
    const uint32_t ids[2][2] = {{people->person, people->run}, {people->person_group, people->run_group}};
    for (int kind = 0; kind < 2 && error == 0; kind++) {
        char path[64], line[64];
        snprintf(path, sizeof path, "/proc/%ld/%s", child, kind ? "gid_map" : "uid_map");
        int length = snprintf(line, sizeof line, "%u %u 1\n", ids[kind][0], ids[kind][1]), file = open(path, O_WRONLY | O_CLOEXEC);
        if (file < 0 || write(file, line, (size_t)length) != length) error = errno;
        if (file >= 0) close(file);
    }
    if (error == 0) {
        char path[64];
        snprintf(path, sizeof path, "/proc/%ld/ns/user", child);
        owners = open(path, O_RDONLY | O_CLOEXEC);
        if (owners < 0) error = errno;
    }
    close(gate[0]);
    close(gate[1]);
    while (child > 0 && waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) {}
    return error ? -error : owners;
}

/// What the kernel does with files from here on, it does as somebody else.
static void look_as(uint32_t user, uint32_t group) {
    setfsgid(group);
    setfsuid(user);
}

// The process of one run, before it is a runner: the first of its process namespace, in a mount namespace of its own

struct starting {
    const struct tacit_run_people *people;
    int owners, program, connection, control;
};

static _Noreturn void fail(const struct starting *starting, uint32_t stage, int error) {
    struct tacit_run_answer answer = {.stage = stage, .error = error};
    send(starting->connection, &answer, sizeof answer, MSG_NOSIGNAL);
    _exit(125);
}

/// A directory of the run's own, attached over one that it may not pass.
static int cover(int directory) {
    int context = told(syscall(call_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */)), cover = -1;
    if (context < 0) return context;
    const char *const options[][2] = {{"mode", "0755"}, {"uid", "0"}, {"gid", "0"}, {"size", "64k"}, {"nr_inodes", "256"}};
    int result = 0;
    for (int index = 0; index < 5 && result == 0; index++) {
        result = told(syscall(call_fsconfig, context, 1 /* FSCONFIG_SET_STRING */, options[index][0], options[index][1], 0));
    }
    if (result == 0) result = told(syscall(call_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0));
    if (result == 0) result = cover = told(syscall(call_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, 0x2 | 0x4 | 0x8 /* no set-id, devices, execution */));
    if (result >= 0) result = told(syscall(call_move_mount, cover, "", directory, "", both_ends));
    close(context);
    return result < 0 ? result : cover;
}

/// Goes down to a directory, name by name and by no link, as the run may. Where the run may not pass, an empty directory takes the place of what it could not
/// have seen anyway, and the rest of the way is made in it. The directory that the run reaches under this path, or a negated errno.
static int go(char *path, const struct stat *wanted, const struct tacit_run_people *people) {
    const int flags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int here = open("/", flags), is_covered = 0;
    for (char *name = strtok(path, "/"); name && here >= 0; name = strtok(NULL, "/")) {
        if (!is_covered) look_as(people->run, people->run_group);
        int next = is_covered ? -1 : told(openat(here, name, flags));
        look_as(0, 0);
        if (next == -EACCES || is_covered) {
            int within = is_covered ? here : cover(here);
            is_covered = 1;
            next = within < 0 ? within : mkdirat(within, name, 0755) != 0 ? -errno : told(openat(within, name, flags));
            if (within >= 0 && within != here) close(within);
        }
        close(here);
        here = next;
    }
    struct stat found;
    if (here < 0 || is_covered) return here;
    if (fstat(here, &found) == 0 && found.st_dev == wanted->st_dev && found.st_ino == wanted->st_ino) return here;
    close(here);
    return -ESTALE;
}

/// Shows a directory of the person's in its own place, with the person's files as the run's, and gives what is shown.
static int show(const struct starting *starting, int place, const struct stat *facts) {
    struct {
        uint64_t set, clear, propagation, owners;
    } change = {.set = 0x2 | 0x4 | 0x100000 /* MOUNT_ATTR_NOSUID, _NODEV, _IDMAP */, .owners = (uint64_t)starting->owners};
    const unsigned everything = AT_EMPTY_PATH | AT_RECURSIVE;
    int tree = told(syscall(call_open_tree, place, "", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | everything));
    if (tree < 0) fail(starting, TACIT_RUN_PLACE, -tree);
    if (syscall(call_mount_setattr, tree, "", everything, &change, sizeof change) != 0) fail(starting, TACIT_RUN_OWNERS, errno);
    char link[64], path[TACIT_LONGEST_DIRECTORY];
    snprintf(link, sizeof link, "/proc/self/fd/%d", place);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) fail(starting, TACIT_RUN_PLACE, errno);
    path[length] = 0;
    int target = go(path, facts, starting->people);
    if (target < 0) fail(starting, TACIT_RUN_PLACE, -target);
    if (syscall(call_move_mount, tree, "", target, "", both_ends) != 0) fail(starting, TACIT_RUN_PLACE, errno);
    close(target);
    return tree;
}

/// Opens the directory as the person may, and goes there. One that is not the person's stays as it is.
static void enter(const struct starting *starting, const char *directory) {
    const struct tacit_run_people *people = starting->people;
    struct {
        uint64_t flags, mode, resolve;
    } how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = 0x02 /* RESOLVE_NO_MAGICLINKS */};
    look_as(people->person, people->person_group);
    int place = told(syscall(call_openat2, AT_FDCWD, directory, &how, sizeof how));
    look_as(0, 0);
    struct stat facts;
    if (place < 0) fail(starting, TACIT_RUN_DIRECTORY, -place);
    if (fstat(place, &facts) != 0) fail(starting, TACIT_RUN_DIRECTORY, errno);
    int shown = facts.st_uid == people->person ? show(starting, place, &facts) : place;
    look_as(people->run, people->run_group);
    if (fchdir(shown) != 0) fail(starting, TACIT_RUN_DIRECTORY, errno);
    look_as(0, 0);
    close(place);
    if (shown != place) close(shown);
}

static int become(const struct tacit_run_people *people) {
    const struct rlimit none = {0, 0};
    if (setgroups(0, NULL) != 0 || setresgid(people->run_group, people->run_group, people->run_group) != 0) return errno;
    if (setresuid(people->run, people->run, people->run) != 0) return errno;
    if (setuid(0) == 0 || getuid() != people->run || geteuid() != people->run || getgid() != people->run_group) return EPERM;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ? errno : 0;
}

static _Noreturn void begin(const struct starting *starting, const char *directory) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    // What covers a directory is to be passed by the run.
    umask(0);
    if (directory[0]) enter(starting, directory);
    umask(077);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (nothing < 0) fail(starting, TACIT_RUN_PROCESS, errno);
    /* Out of the way of the numbers that are given away now; all of them close when the program is executed. */
    int control = fcntl(starting->control, F_DUPFD_CLOEXEC, 16), program = fcntl(starting->program, F_DUPFD_CLOEXEC, 16);
    struct starting last = {.connection = fcntl(starting->connection, F_DUPFD_CLOEXEC, 16)};
    if (control < 0 || program < 0 || last.connection < 0) fail(starting, TACIT_RUN_PROCESS, errno);
    const int given[4] = {nothing, nothing, nothing, control};
    for (int number = 0; number < 4; number++) {
        if (dup2(given[number], number) < 0) fail(&last, TACIT_RUN_PROCESS, errno);
    }
    if (syscall(call_close_range, 4, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0) fail(&last, TACIT_RUN_PROCESS, errno);
    int error = become(starting->people);
    if (error) fail(&last, TACIT_RUN_IDENTITY, error);
    struct tacit_run_answer answer = {.stage = TACIT_RUN_STARTED};
    if (send(last.connection, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) _exit(125);
    char *const words[] = {"tacit", "__runner", NULL}, *const variables[] = {"SWIFT_BACKTRACE=enable=no", NULL};
    execveat(program, "", words, variables, AT_EMPTY_PATH);
    _exit(125);
}

// Requests

/// Receives one message: exactly the struct, exactly one descriptor, a stream socket of this machine. The descriptor, or a negated errno; nothing stays open.
static int receive(int connection, struct tacit_run_request *request) {
    struct iovec part = {.iov_base = request, .iov_len = sizeof *request};
    enum { most = 8 };
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(most * sizeof(int))];
    } rights = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = rights.room, .msg_controllen = sizeof rights.room};
    ssize_t received = recvmsg(connection, &message, MSG_CMSG_CLOEXEC);
    if (received < 0) return -errno;
    int control = -1, count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (size_t index = 0; index < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); index++) {
            if (count++ > 0) close(control);
            memcpy(&control, CMSG_DATA(header) + index * sizeof(int), sizeof(int));
        }
    }
    int domain = 0, type = 0;
    socklen_t length = sizeof(int);
    if (received == sizeof *request && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && request->version == TACIT_RUN_VERSION
        && request->byte_count == sizeof *request && memchr(request->directory, 0, sizeof request->directory)
        && (request->directory[0] == 0 || request->directory[0] == '/') && count == 1
        && getsockopt(control, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 && domain == AF_UNIX
        && getsockopt(control, SOL_SOCKET, SO_TYPE, &type, &length) == 0 && type == SOCK_STREAM) {
        return control;
    }
    if (control >= 0) close(control);
    return -EPROTO;
}

int tacit_start_run(int connection, const struct tacit_run_people *people) {
    const uint32_t users[] = {0, people->person, people->keeper, people->run};
    for (int one = 0; one < 4; one++) {
        for (int other = 0; other < one; other++) if (users[one] == users[other]) return -EINVAL;
    }
    if (geteuid() != 0 || people->run_group == 0 || people->run_group == people->person_group) return -EPERM;
    // Whoever is not the keeper is told nothing.
    if (!is_user(connection, people->keeper)) return -EPERM;
    // It has no secret, and its namespace of owners can be opened only while it can be looked at; by root alone, as all that is root's. */
    if (setgroups(0, NULL) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return -errno;
    struct starting starting = {
        .people = people, .owners = make_owners(people), .program = open("/proc/self/exe", O_PATH | O_CLOEXEC), .connection = connection,
    };
    if (starting.owners < 0) return starting.owners;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || starting.program < 0 || chdir("/") != 0) return -errno;
    limit_waiting(connection, patience_milliseconds);
    static struct tacit_run_request request;
    struct tacit_run_answer answer = {.stage = TACIT_RUN_REQUEST, .error = EPROTO};
    long process = -1;
    starting.control = receive(connection, &request);
    if (starting.control >= 0) {
        process = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
        if (process == 0) begin(&starting, request.directory);
        answer = (struct tacit_run_answer){.stage = TACIT_RUN_PROCESS, .error = errno};
    }
    if (process < 0) send(connection, &answer, sizeof answer, MSG_NOSIGNAL);
    // What is left of the service lasts as long as the run, and holds nothing.
    syscall(call_close_range, 3, ~0U, 0);
    while (process > 0 && waitpid((pid_t)process, NULL, 0) < 0 && errno == EINTR) {}
    return 0;
}
