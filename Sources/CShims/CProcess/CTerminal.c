#define _GNU_SOURCE
#include "CProcess.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <termios.h>
#include <unistd.h>

// Terminals

int tacit_open_terminal(uint16_t rows, uint16_t columns, int *main_side, int *program_side) {
    int owner = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (owner < 0) return -errno;
    char name[64];
    int side = -1;
    struct termios mode;
    if (grantpt(owner) != 0 || unlockpt(owner) != 0 || ptsname_r(owner, name, sizeof name) != 0) goto failed;
    side = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (side < 0 || tcgetattr(side, &mode) != 0) goto failed;
    mode.c_iflag |= IUTF8;
    if (tcsetattr(side, TCSANOW, &mode) != 0 || ioctl(side, TIOCSCTTY, 0) != 0) goto failed;
    tacit_set_window_size(owner, rows, columns);
    *main_side = owner;
    *program_side = side;
    return 0;
failed:;
    int error = errno;
    close(owner);
    if (side >= 0) close(side);
    return -error;
}

int tacit_set_window_size(int terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : -errno;
}

int tacit_window_size(int terminal, uint16_t *rows, uint16_t *columns) {
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return -errno;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}

int tacit_unread(int terminal) {
    int count = 0;
    return ioctl(terminal, FIONREAD, &count) == 0 ? count : -errno;
}

static FILE *open_entry(int32_t process, const char *entry) {
    char path[96];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)process, entry);
    return fopen(path, "re");
}

/* Whether asking for a terminal from its background would not stop the process: a shell with job control, for one. */
static int endures_stops(int32_t process) {
    FILE *status = open_entry(process, "status");
    if (!status) return 0;
    char line[256];
    int endures = 0;
    while (fgets(line, sizeof line, status)) {
        if (strncmp(line, "SigBlk:", 7) != 0 && strncmp(line, "SigIgn:", 7) != 0 && strncmp(line, "SigCgt:", 7) != 0) continue;
        if (strtoull(line + 7, NULL, 16) >> (SIGTTIN - 1) & 1) endures = 1;
    }
    fclose(status);
    return endures;
}

/* Whether a descriptor of another process is the terminal, by its own name or as /dev/tty. */
static int is_terminal(int32_t process, unsigned long descriptor, const struct stat *terminal) {
    char path[64];
    struct stat file;
    snprintf(path, sizeof path, "/proc/%d/fd/%lu", (int)process, descriptor);
    if (stat(path, &file) != 0) return errno != ENOENT;
    return S_ISCHR(file.st_mode) && (file.st_rdev == terminal->st_rdev || file.st_rdev == makedev(5, 0));
}

/* Whether a thread waits in a system call that reads the terminal, or that waits for it among others. */
static int waits_for_terminal(int32_t process, const char *thread, const struct stat *terminal) {
    char entry[64], line[256] = "";
    snprintf(entry, sizeof entry, "task/%.16s/syscall", thread);
    FILE *call = open_entry(process, entry);
    if (!call) return errno != ENOENT;
    int failed = !fgets(line, sizeof line, call) && ferror(call);
    fclose(call);
    if (failed) return errno != ESRCH;
    char *end;
    long number = strtol(line, &end, 10);
    if (end == line) return 0; /* it runs */
    switch (number) {
    case SYS_read: case SYS_readv: return is_terminal(process, strtoul(end, NULL, 16), terminal);
    case SYS_ppoll: case SYS_pselect6: case SYS_epoll_pwait:
#ifdef SYS_epoll_pwait2
    case SYS_epoll_pwait2:
#endif
#ifdef SYS_poll
    case SYS_poll: case SYS_select: case SYS_epoll_wait:
#endif
        return 1;
    default: return 0;
    }
}

int tacit_holds_terminal(int32_t process, int terminal) {
    struct stat file;
    char path[64];
    if (fstat(terminal, &file) != 0) return 1;
    if (endures_stops(process)) return 1;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process);
    DIR *threads = opendir(path);
    if (!threads) return 0;
    int waits = 0;
    for (struct dirent *thread; !waits && (thread = readdir(threads));) {
        if (thread->d_name[0] != '.') waits = waits_for_terminal(process, thread->d_name, &file);
    }
    closedir(threads);
    return waits;
}
