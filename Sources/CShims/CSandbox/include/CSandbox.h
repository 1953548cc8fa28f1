#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

// The calls that confine a program. Each does one thing and decides nothing. A result below zero is a negated errno, unless the function says otherwise.
// The process that makes them has one thread.

// Namespaces

/// Moves the caller into namespaces of its own: user, mount, network, IPC, host name and control groups. Its children are in a process namespace.
int tacit_unshare_all(void);
/// Makes the caller, in a new user namespace, the user and group that it was, and lets nobody in it change groups. The caller may be read meanwhile.
int tacit_map_itself(uint32_t user, uint32_t group);
/// Forks a sibling: a child of the caller's parent, in the process namespace of the caller's children. Returns 0 in the sibling, else its number as the
/// caller sees it.
int32_t tacit_fork_sibling(void);
/// Forks a child of the caller's. Returns 0 in the child. Only for a process without threads.
int32_t tacit_fork(void);
/// The same, into a control group by its directory's descriptor.
int32_t tacit_fork_into(int group);
/// Sets the name of the machine.
int tacit_set_host_name(const char *name);
/// In a network namespace of the caller's: makes its loopback work, and listens there on a port that the kernel chooses; close-on-exec.
int tacit_listen_on_loopback(void);
/// Listens at a path where nothing is, for this user alone (0600); close-on-exec.
int tacit_listen_at(const char *path);

// Mounts

enum {
    TACIT_MOUNT_READ_ONLY = 0x1,
    TACIT_MOUNT_NO_SET_ID = 0x2,
    TACIT_MOUNT_NO_DEVICES = 0x4,
    TACIT_MOUNT_NO_EXECUTION = 0x8,
};

/// Makes a mount of a new file system that is not attached anywhere; close-on-exec. `options` are names and values by turns, up to NULL; a value of "" is
/// a flag.
int tacit_new_filesystem(const char *type, const char *const options[], unsigned attributes);
/// Makes a copy of the mounts at an open file or directory, with the attributes added, that is not attached anywhere; close-on-exec.
int tacit_copy_mount(int descriptor, unsigned attributes);
/// Attaches a mount at an open file or directory.
int tacit_attach(int mount, int target);
/// Makes an attached mount the root of everything in this mount namespace, and lets go of the old one.
int tacit_become_root(int mount);
/// Lets go of what is attached at a path, at once.
int tacit_detach(const char *path);
/// Keeps mounts made here from appearing elsewhere, and the other way round.
int tacit_isolate_mounts(void);

// Files

enum {
    TACIT_BENEATH = 0x08,         ///< nothing outside of the directory is reached
    TACIT_NO_LINKS = 0x04,        ///< no link of any kind is followed
    TACIT_NO_MAGIC_LINKS = 0x02,  ///< no link of /proc is followed
    TACIT_PLACE_ONLY = 0x200000,  ///< a flag (O_PATH): the place is opened, and not what lies there
};

/// Opens a path below a directory, close-on-exec, under the resolution rules named.
int tacit_open_below(int directory, const char *path, int flags, uint32_t mode, uint64_t rules);
/// The value of an extended attribute of a user's, at most `capacity` bytes of it; its length.
long tacit_attribute(int descriptor, const char *name, void *value, size_t capacity);

// Giving up power

/// Gives up every capability, for good and for all that is executed, and closes the bounding set.
int tacit_drop_capabilities(void);
/// Nothing that is executed from here on gains anything by its owner or its marks.
int tacit_no_new_privileges(void);
/// The caller is killed when its parent ends.
int tacit_die_with_parent(void);
/// Limits a resource (RLIMIT_…), hard and soft.
int tacit_limit(int resource, uint64_t limit);
/// Marks every descriptor from `first` on close-on-exec, or closes it when `closes` is not 0.
int tacit_close_from(unsigned first, int closes);
/// Puts every signal's handling back and lets every signal in.
void tacit_reset_signals(void);
/// Executes what a descriptor names; returns only an error.
int tacit_execute(int program, char *const arguments[], char *const environment[]);
/// The life of a process namespace's first process: collects the dead until it is killed.
_Noreturn void tacit_collect_dead(void);

// Landlock

/// The version of Landlock; 0 without it.
int tacit_landlock_version(void);
/// Makes a set of rules that governs these rights; close-on-exec.
int tacit_landlock_rules(uint64_t files, uint64_t network, uint64_t scopes);
/// Allows rights at and below an open file or directory.
int tacit_landlock_allow(int rules, int place, uint64_t rights);
/// Puts the caller under the rules, for good.
int tacit_landlock_enforce(int rules);

// System calls

/// One instruction of a filter (classic BPF).
struct tacit_filter_step {
    uint16_t code;
    uint8_t if_true, if_false;
    uint32_t value;
};

/// Puts the caller under a filter, for good.
int tacit_filter_calls(const struct tacit_filter_step *steps, uint16_t count);

#if defined(__x86_64__)
enum { TACIT_MACHINE = 0x3E, TACIT_FOREIGN_CALLS = 0x40000000 };
#elif defined(__aarch64__)
enum { TACIT_MACHINE = 0xB7, TACIT_FOREIGN_CALLS = 0 };
#else
#error "the filter knows x86-64 and arm64"
#endif

/// Numbers of system calls on this architecture. Those from 424 on are the same everywhere, and newer than some headers.
enum {
    TACIT_CALL_PTRACE = SYS_ptrace,
    TACIT_CALL_PROCESS_VM_READV = SYS_process_vm_readv,
    TACIT_CALL_PROCESS_VM_WRITEV = SYS_process_vm_writev,
    TACIT_CALL_KCMP = SYS_kcmp,
    TACIT_CALL_PERF_EVENT_OPEN = SYS_perf_event_open,
    TACIT_CALL_BPF = SYS_bpf,
    TACIT_CALL_ADD_KEY = SYS_add_key,
    TACIT_CALL_REQUEST_KEY = SYS_request_key,
    TACIT_CALL_KEYCTL = SYS_keyctl,
    TACIT_CALL_USERFAULTFD = SYS_userfaultfd,
    TACIT_CALL_OPEN_BY_HANDLE_AT = SYS_open_by_handle_at,
    TACIT_CALL_MOUNT = SYS_mount,
    TACIT_CALL_UMOUNT2 = SYS_umount2,
    TACIT_CALL_PIVOT_ROOT = SYS_pivot_root,
    TACIT_CALL_CHROOT = SYS_chroot,
    TACIT_CALL_SETNS = SYS_setns,
    TACIT_CALL_UNSHARE = SYS_unshare,
    TACIT_CALL_CLONE = SYS_clone,
    TACIT_CALL_SOCKET = SYS_socket,
    TACIT_CALL_SOCKETPAIR = SYS_socketpair,
    TACIT_CALL_IOCTL = SYS_ioctl,
    TACIT_CALL_EXECVE = SYS_execve,
    TACIT_CALL_EXECVEAT = SYS_execveat,
    TACIT_CALL_CONNECT = SYS_connect,
    TACIT_CALL_BIND = SYS_bind,
    TACIT_CALL_LISTEN = SYS_listen,
    TACIT_CALL_ACCEPT = SYS_accept,
    TACIT_CALL_ACCEPT4 = SYS_accept4,
#if defined(SYS_fork)
    TACIT_CALL_FORK = SYS_fork,
    TACIT_CALL_VFORK = SYS_vfork,
    TACIT_CALL_CHMOD = SYS_chmod,
    TACIT_CALL_OPEN = SYS_open,
    TACIT_CALL_CREAT = SYS_creat,
    TACIT_CALL_MKDIR = SYS_mkdir,
    TACIT_CALL_MKNOD = SYS_mknod,
#else
    TACIT_CALL_FORK = SYS_clone,
    TACIT_CALL_VFORK = SYS_clone,
    // What this architecture does not have, no program calls.
    TACIT_CALL_CHMOD = -1,
    TACIT_CALL_OPEN = -1,
    TACIT_CALL_CREAT = -1,
    TACIT_CALL_MKDIR = -1,
    TACIT_CALL_MKNOD = -1,
#endif
    TACIT_CALL_FCHMOD = SYS_fchmod,
    TACIT_CALL_FCHMODAT = SYS_fchmodat,
    TACIT_CALL_OPENAT = SYS_openat,
    TACIT_CALL_MKDIRAT = SYS_mkdirat,
    TACIT_CALL_MKNODAT = SYS_mknodat,
    TACIT_CALL_OPENAT2 = 437,
    TACIT_CALL_FCHMODAT2 = 452,
    TACIT_CALL_SWAPON = SYS_swapon,
    TACIT_CALL_SWAPOFF = SYS_swapoff,
    TACIT_CALL_REBOOT = SYS_reboot,
    TACIT_CALL_KEXEC_LOAD = SYS_kexec_load,
    TACIT_CALL_INIT_MODULE = SYS_init_module,
    TACIT_CALL_FINIT_MODULE = SYS_finit_module,
    TACIT_CALL_DELETE_MODULE = SYS_delete_module,
    TACIT_CALL_ACCT = SYS_acct,
    TACIT_CALL_QUOTACTL = SYS_quotactl,
    TACIT_CALL_SYSLOG = SYS_syslog,
    TACIT_CALL_IO_URING_SETUP = 425,
    TACIT_CALL_IO_URING_ENTER = 426,
    TACIT_CALL_IO_URING_REGISTER = 427,
    TACIT_CALL_OPEN_TREE = 428,
    TACIT_CALL_MOVE_MOUNT = 429,
    TACIT_CALL_FSOPEN = 430,
    TACIT_CALL_FSCONFIG = 431,
    TACIT_CALL_FSMOUNT = 432,
    TACIT_CALL_FSPICK = 433,
    TACIT_CALL_CLONE3 = 435,
    TACIT_CALL_PIDFD_GETFD = 438,
    TACIT_CALL_MOUNT_SETATTR = 442,
    TACIT_CALL_QUOTACTL_FD = 443,
    TACIT_CALL_OPEN_TREE_ATTR = 467,
};
