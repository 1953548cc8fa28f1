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
enum { both_ends = 0x4 | 0x40 /* MOVE_MOUNT_F_EMPTY_PATH, MOVE_MOUNT_T_EMPTY_PATH */ };

static int told(long result) { return result < 0 ? -errno : (int)result; }

// What every request shares

/// A user namespace in which the person's files are the run's: what is marked with it shows the one as the other, both ways.
static int make_owners(const struct tacit_run_people *people) {
    int owners = -1, error = 0;
    long child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
    if (child < 0) return -errno;
    // It is only there to be looked at.
    if (child == 0) for (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);;) pause();
    const char *const names[] = {"uid_map", "gid_map", "ns/user"};
    const uint32_t ids[2][2] = {{people->person, people->run}, {people->person_group, people->run_group}};
    for (int kind = 0; kind < 3 && error == 0; kind++) {
        char path[64], line[64];
        snprintf(path, sizeof path, "/proc/%ld/%s", child, names[kind]);
        int file = open(path, (kind < 2 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        int length = kind < 2 ? snprintf(line, sizeof line, "%u %u 1\n", ids[kind][0], ids[kind][1]) : 0;
        if (file < 0 || (length > 0 && write(file, line, (size_t)length) != length)) error = errno;
        if (kind == 2) owners = file; else close(file);
    }
    kill((pid_t)child, SIGKILL);
    while (waitpid((pid_t)child, NULL, 0) < 0 && errno == EINTR) {}
    return error ? -error : owners;
}

/// What the kernel does with files from here on, it does as somebody else.
static void look_as(uint32_t user, uint32_t group) {
    setfsgid(group);
    setfsuid(user);
}

// One run, up to its beginning

struct starting {
    const struct tacit_run_people *people;
    /// All from 16 on, beside numbers that are given away.
    int owners, program, connection, control, nothing;
    /// The person's working directory; what a run is shown of it, if it is the person's; and a socket to who fills that, if it is a copy.
    int place, shown, bearer;
    struct stat facts;
    char path[TACIT_LONGEST_DIRECTORY];
};

static _Noreturn void fail(const struct starting *starting, uint32_t stage, int error) {
    struct tacit_run_answer answer = {.stage = stage, .error = error};
    send(starting->connection, &answer, sizeof answer, MSG_NOSIGNAL);
    _exit(125);
}

/// A file system in memory that is attached nowhere.
static int make_memory(const char *const options[5][2], unsigned attributes) {
    int context = told(syscall(call_fsopen, "tmpfs", 1 /* FSOPEN_CLOEXEC */)), result = context;
    for (int index = 0; index < 5 && result >= 0; index++) {
        result = told(syscall(call_fsconfig, context, 1 /* FSCONFIG_SET_STRING */, options[index][0], options[index][1], 0));
    }
    if (result >= 0) result = told(syscall(call_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0));
    if (result >= 0) result = told(syscall(call_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes));
    if (context >= 0) close(context);
    return result;
}

/// A directory of the run's own, attached over one that it may not pass.
static int cover(int directory) {
    const char *const options[5][2] = {{"mode", "0755"}, {"uid", "0"}, {"gid", "0"}, {"size", "64k"}, {"nr_inodes", "256"}};
    int cover = make_memory(options, 0x2 | 0x4 | 0x8 /* no set-id, devices, execution */);
    int result = cover < 0 ? cover : told(syscall(call_move_mount, cover, "", directory, "", both_ends));
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

/// Becomes somebody for good, and executes this program in one of its roles, with the descriptors that it is given, from 3 on, and nothing else.
static _Noreturn void execute(const struct starting *starting, uint32_t user, uint32_t group, const char *const role[], const int given[], int count) {
    const struct rlimit none = {0, 0};
    for (int number = 0; number < 3 + count; number++) {
        if (dup2(number < 3 ? starting->nothing : given[number - 3], number) < 0) fail(starting, TACIT_RUN_PROCESS, errno);
    }
    if (syscall(call_close_range, 3 + count, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    if (setgroups(0, NULL) != 0 || setresgid(group, group, group) != 0 || setresuid(user, user, user) != 0) fail(starting, TACIT_RUN_IDENTITY, errno);
    if (setuid(0) == 0 || getuid() != user || geteuid() != user || getgid() != group) fail(starting, TACIT_RUN_IDENTITY, EPERM);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0) fail(starting, TACIT_RUN_IDENTITY, errno);
    struct tacit_run_answer answer = {.stage = TACIT_RUN_STARTED};
    if (send(starting->connection, &answer, sizeof answer, MSG_NOSIGNAL) != sizeof answer) _exit(125);
    char *const words[] = {"tacit", (char *)role[0], (char *)role[1], NULL}, *const variables[] = {"SWIFT_BACKTRACE=enable=no", NULL};
    execveat(starting->program, "", words, variables, AT_EMPTY_PATH);
    _exit(125);
}

/// Marks a mount so that it shows the person's files as the run's.
static int mark(const struct starting *starting, int tree) {
    struct {
        uint64_t set, clear, propagation, owners;
    } change = {0x2 | 0x4 | 0x100000 /* MOUNT_ATTR_NOSUID, _NODEV, _IDMAP */, 0, MS_PRIVATE, (uint64_t)starting->owners};
    return told(syscall(call_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change));
}

/// A private copy to be shown in a directory's place, if its file system cannot. A process of the person's fills it, and brings back what is changed in it.
static void take_copy(struct starting *starting) {
    const struct tacit_run_people *people = starting->people;
    char user[16], group[16];
    snprintf(user, sizeof user, "%u", people->person);
    snprintf(group, sizeof group, "%u", people->person_group);
    const char *const options[5][2] = {{"mode", "0700"}, {"uid", user}, {"gid", group}, {"size", "512m"}, {"nr_inodes", "65536"}};
    int copy = make_memory(options, 0x2 | 0x4 /* no set-id, devices */), ends[2];
    // Only what is attached can be shown twice, as the person's and as the run's: it is, for a moment, where nobody looks.
    if (copy < 0 || unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail(starting, TACIT_RUN_OWNERS, errno);
    if (syscall(call_move_mount, copy, "", AT_FDCWD, "/proc", 0x4) != 0) fail(starting, TACIT_RUN_OWNERS, errno);
    starting->shown = told(syscall(call_open_tree, copy, "", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_EMPTY_PATH));
    if (starting->shown < 0 || umount2("/proc", MNT_DETACH) != 0 || mark(starting, starting->shown) != 0) fail(starting, TACIT_RUN_OWNERS, errno);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    pid_t bearer = fork();
    if (bearer < 0) fail(starting, TACIT_RUN_PROCESS, errno);
    struct starting own = {.program = starting->program, .nothing = starting->nothing, .connection = ends[1]};
    const int given[3] = {ends[1], starting->place, copy};
    if (bearer == 0) execute(&own, people->person, people->person_group, (const char *const[]){"__bearer", NULL}, given, 3);
    close(ends[1]);
    close(copy);
    starting->bearer = ends[0];
}

/// Opens the directory as the person may. One that is not the person's stays as it is.
static void open_directory(struct starting *starting, const char *directory) {
    const struct tacit_run_people *people = starting->people;
    struct {
        uint64_t flags, mode, resolve;
    } how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = 0x02 /* RESOLVE_NO_MAGICLINKS */};
    look_as(people->person, people->person_group);
    starting->place = told(syscall(call_openat2, AT_FDCWD, directory, &how, sizeof how));
    look_as(0, 0);
    if (starting->place < 0) fail(starting, TACIT_RUN_DIRECTORY, -starting->place);
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", starting->place);
    if (fstat(starting->place, &starting->facts) != 0 || readlink(link, starting->path, sizeof starting->path - 1) < 0) {
        fail(starting, TACIT_RUN_DIRECTORY, errno);
    }
    if (starting->facts.st_uid != people->person) return;
    starting->shown = told(syscall(call_open_tree, starting->place, "", 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE));
    if (starting->shown < 0) fail(starting, TACIT_RUN_PLACE, -starting->shown);
    if (mark(starting, starting->shown) == 0) return;
    close(starting->shown);
    take_copy(starting);
}

/// Goes there, where what is shown takes the directory's place.
static void enter(struct starting *starting) {
    int there = starting->shown < 0 ? starting->place : starting->shown;
    if (starting->shown >= 0) {
        int target = go(starting->path, &starting->facts, starting->people);
        if (target < 0) fail(starting, TACIT_RUN_PLACE, -target);
        if (syscall(call_move_mount, starting->shown, "", target, "", both_ends) != 0) fail(starting, TACIT_RUN_PLACE, errno);
    }
    look_as(starting->people->run, starting->people->run_group);
    if (fchdir(there) != 0) fail(starting, TACIT_RUN_DIRECTORY, errno);
    look_as(0, 0);
}

/// The first process of a process namespace, in a mount namespace of its own.
static _Noreturn void begin(struct starting *starting) {
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) fail(starting, TACIT_RUN_PROCESS, errno);
    // What covers a directory is to be passed by the run.
    umask(0);
    if (starting->place >= 0) enter(starting);
    umask(077);
    sigset_t none;
    sigemptyset(&none);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    // Of a copy the runner tells what it stands for.
    char what[48];
    snprintf(what, sizeof what, "%llu:%llu", (unsigned long long)starting->facts.st_dev, (unsigned long long)starting->facts.st_ino);
    const char *const role[2] = {"__runner", starting->bearer < 0 ? NULL : what};
    const int given[2] = {starting->control, starting->bearer};
    execute(starting, starting->people->run, starting->people->run_group, role, given, starting->bearer < 0 ? 1 : 2);
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
    struct ucred peer;
    socklen_t length = sizeof peer;
    // Whoever is not the keeper is told nothing.
    if (getsockopt(connection, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0 || peer.uid != people->keeper) return -EPERM;
    // It has no secret, and its namespace of owners can be opened only while it can be looked at; by root alone, as all that is root's.
    if (setgroups(0, NULL) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return -errno;
    struct starting starting = {.people = people, .place = -1, .shown = -1, .bearer = -1};
    do starting.nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (starting.nothing >= 0 && starting.nothing < 16);
    starting.connection = fcntl(connection, F_DUPFD_CLOEXEC, 16);
    starting.program = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if ((starting.owners = make_owners(people)) < 0) return starting.owners;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || starting.program < 0 || starting.connection < 0 || chdir("/") != 0) return -errno;
    const struct timeval patience = {.tv_sec = 2};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    static struct tacit_run_request request;
    struct tacit_run_answer answer = {.stage = TACIT_RUN_REQUEST, .error = EPROTO};
    long process = -1;
    starting.control = receive(connection, &request);
    if (starting.control >= 0) {
        if (request.directory[0]) open_directory(&starting, request.directory);
        process = syscall(SYS_clone, CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
        if (process == 0) begin(&starting);
        answer = (struct tacit_run_answer){.stage = TACIT_RUN_PROCESS, .error = errno};
    }
    if (process < 0) send(connection, &answer, sizeof answer, MSG_NOSIGNAL);
    // What is left of the service lasts as long as the run, and holds nothing.
    syscall(call_close_range, 3, ~0U, 0);
    while (process > 0 && waitpid((pid_t)process, NULL, 0) < 0 && errno == EINTR) {}
    return 0;
}
