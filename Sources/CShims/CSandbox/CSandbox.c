#define _GNU_SOURCE
#include "CSandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

// Newer than some headers, and everywhere the same.
enum {
    call_open_tree = 428, call_move_mount = 429, call_fsopen = 430, call_fsconfig = 431, call_fsmount = 432, call_close_range = 436,
    call_clone3 = 435, call_openat2 = 437, call_mount_setattr = 442, call_landlock_create = 444, call_landlock_add = 445, call_landlock_enforce = 446,
};

static int told(long result) { return result < 0 ? -errno : (int)result; }

// Namespaces

int tacit_unshare_all(void) {
    return told(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP));
}

static int write_text(const char *path, const char *text) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    ssize_t count = write(file, text, strlen(text));
    int error = count == (ssize_t)strlen(text) ? 0 : count < 0 ? errno : EIO;
    close(file);
    return -error;
}

int tacit_map_itself(uint32_t user, uint32_t group) {
    char line[32];
    /* The files of a process that hides belong to root, whom a new user namespace does not know. */
    if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0) return -errno;
    int result = write_text("/proc/self/setgroups", "deny");
    snprintf(line, sizeof line, "%u %u 1", user, user);
    if (result == 0) result = write_text("/proc/self/uid_map", line);
    snprintf(line, sizeof line, "%u %u 1", group, group);
    if (result == 0) result = write_text("/proc/self/gid_map", line);
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 && result == 0) result = -errno;
    return result;
}

int32_t tacit_fork_sibling(void) {
    return told(syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0));
}

int32_t tacit_fork(void) { return told(fork()); }

int32_t tacit_fork_into(int group) {
    struct {
        uint64_t flags, descriptor, child_number, parent_number, exit_signal, stack, stack_size, storage, numbers, numbers_count, group;
    } how = {.flags = 0x200000000ULL /* CLONE_INTO_CGROUP */, .exit_signal = SIGCHLD, .group = (uint64_t)group};
    return told(syscall(call_clone3, &how, sizeof how));
}

int tacit_set_host_name(const char *name) { return told(sethostname(name, strlen(name))); }

int tacit_listen_on_loopback(void) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -errno;
    struct ifreq loopback = {.ifr_name = "lo"};
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int result = ioctl(listener, SIOCGIFFLAGS, &loopback);
    loopback.ifr_flags |= IFF_UP;
    if (result == 0) result = ioctl(listener, SIOCSIFFLAGS, &loopback);
    if (result == 0) result = bind(listener, (struct sockaddr *)&place, sizeof place);
    if (result == 0) result = listen(listener, 256);
    if (result == 0) return listener;
    int error = errno;
    close(listener);
    return -error;
}

int tacit_listen_at(const char *path) {
    struct sockaddr_un place = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof place.sun_path) return -ENAMETOOLONG;
    strcpy(place.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -errno;
    int result = bind(listener, (struct sockaddr *)&place, sizeof place);
    int isBound = result == 0;
    /* Nobody connects before it listens. */
    if (result == 0) result = chmod(path, 0600);
    if (result == 0) result = listen(listener, 256);
    if (result == 0) return listener;
    int error = errno;
    close(listener);
    if (isBound) unlink(path);
    return -error;
}

// Mounts

struct mount_attributes {
    uint64_t set, clear, propagation, user_namespace;
};

int tacit_new_filesystem(const char *type, const char *const options[], unsigned attributes) {
    long context = syscall(call_fsopen, type, 1 /* FSOPEN_CLOEXEC */);
    if (context < 0) return -errno;
    long result = 0;
    for (size_t index = 0; result == 0 && options[index]; index += 2) {
        const char *value = options[index + 1];
        /* FSCONFIG_SET_STRING and FSCONFIG_SET_FLAG */
        result = *value ? syscall(call_fsconfig, context, 1, options[index], value, 0) : syscall(call_fsconfig, context, 0, options[index], NULL, 0);
    }
    if (result == 0) result = syscall(call_fsconfig, context, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0);
    if (result == 0) result = syscall(call_fsmount, context, 1 /* FSMOUNT_CLOEXEC */, attributes);
    int answer = told(result);
    close((int)context);
    return answer;
}

int tacit_copy_mount(int descriptor, unsigned attributes) {
    const unsigned flags = 1 /* OPEN_TREE_CLONE */ | O_CLOEXEC | AT_RECURSIVE | AT_EMPTY_PATH;
    long copy = syscall(call_open_tree, descriptor, "", flags);
    if (copy < 0) return -errno;
    struct mount_attributes change = {.set = attributes};
    if (syscall(call_mount_setattr, copy, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) == 0) return (int)copy;
    int error = errno;
    close((int)copy);
    return -error;
}

int tacit_attach(int mount, int target) {
    /* MOVE_MOUNT_F_EMPTY_PATH and MOVE_MOUNT_T_EMPTY_PATH */
    return told(syscall(call_move_mount, mount, "", target, "", 0x4 | 0x40));
}

int tacit_become_root(int mount) {
    if (fchdir(mount) != 0 || syscall(SYS_pivot_root, ".", ".") != 0) return -errno;
    /* The old root lies on top of the new one now. */
    return umount2(".", MNT_DETACH) == 0 && chdir("/") == 0 ? 0 : -errno;
}

int tacit_detach(const char *path) { return told(umount2(path, MNT_DETACH)); }

int tacit_isolate_mounts(void) { return told(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL)); }

// Files

_Static_assert(TACIT_PLACE_ONLY == O_PATH, "the flag is the system's");

int tacit_open_below(int directory, const char *path, int flags, uint32_t mode, uint64_t rules) {
    struct {
        uint64_t flags, mode, resolve;
    } how = {.flags = (uint64_t)(flags | O_CLOEXEC), .mode = mode, .resolve = rules};
    long opened;
    do opened = syscall(call_openat2, directory, path, &how, sizeof how);
    while (opened < 0 && errno == EAGAIN);
    return told(opened);
}

long tacit_attribute(int descriptor, const char *name, void *value, size_t capacity) {
    ssize_t length = fgetxattr(descriptor, name, value, capacity);
    return length < 0 ? -errno : length;
}

// Giving up power

int tacit_drop_capabilities(void) {
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0; capability++) {
        if (prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0) return -errno;
    }
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL) return -errno;
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {{0}};
    return told(syscall(SYS_capset, &header, none));
}

int tacit_no_new_privileges(void) { return told(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); }

int tacit_die_with_parent(void) { return told(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)); }

int tacit_limit(int resource, uint64_t limit) {
    struct rlimit both;
    if (getrlimit(resource, &both) != 0) return -errno;
    if (limit < both.rlim_max) both.rlim_max = limit;
    if (both.rlim_cur > both.rlim_max) both.rlim_cur = both.rlim_max;
    return told(setrlimit(resource, &both));
}

int tacit_close_from(unsigned first, int closes) {
    return told(syscall(call_close_range, first, ~0U, closes ? 0 : 4 /* CLOSE_RANGE_CLOEXEC */));
}

void tacit_reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) sigaction(number, &standard, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int tacit_execute(int program, char *const arguments[], char *const environment[]) {
    execveat(program, "", arguments, environment, AT_EMPTY_PATH);
    return -errno;
}

_Noreturn void tacit_collect_dead(void) {
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    for (;;) {
        while (waitpid(-1, NULL, WNOHANG) > 0) {}
        sigwaitinfo(&children, NULL);
    }
}

// Landlock

int tacit_landlock_version(void) {
    long version = syscall(call_landlock_create, NULL, 0, 1 /* LANDLOCK_CREATE_RULESET_VERSION */);
    return version < 0 ? 0 : (int)version;
}

int tacit_landlock_rules(uint64_t files, uint64_t network, uint64_t scopes) {
    uint64_t rules[3] = {files, network, scopes};
    /* An older kernel knows a shorter form, and takes the longer one where the rest is zero. */
    size_t size = scopes ? 24 : network ? 16 : 8;
    return told(syscall(call_landlock_create, rules, size, 0));
}

int tacit_landlock_allow(int rules, int place, uint64_t rights) {
    struct __attribute__((packed)) {
        uint64_t rights;
        int32_t place;
    } beneath = {rights, place};
    return told(syscall(call_landlock_add, rules, 1 /* LANDLOCK_RULE_PATH_BENEATH */, &beneath, 0));
}

int tacit_landlock_enforce(int rules) { return told(syscall(call_landlock_enforce, rules, 0)); }

// System calls

_Static_assert(sizeof(struct tacit_filter_step) == sizeof(struct sock_filter), "an instruction is what the kernel takes");

int tacit_filter_calls(const struct tacit_filter_step *steps, uint16_t count) {
    struct sock_fprog program = {.len = count, .filter = (struct sock_filter *)steps};
    return told(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
}
