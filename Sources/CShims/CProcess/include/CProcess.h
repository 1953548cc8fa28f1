#pragma once
#include <signal.h>
#include <stddef.h>
#include <stdint.h>

// The calls of Linux that Swift's importer does not reach. A result below zero is a negated errno, unless the function says otherwise.

// Sockets and peers

/// Makes two joined, close-on-exec sockets: a byte stream, or whole packets when `packets` is not 0.
int tacit_socket_pair(int packets, int ends[2]);
/// Sends one byte and a copy of a descriptor (none when -1); never raises SIGPIPE.
int tacit_send_descriptor(int socket, uint8_t byte, int descriptor);
/// Receives what `tacit_send_descriptor` sent: 1 and the byte, with a close-on-exec descriptor or -1; 0 at the end of the stream.
int tacit_receive_descriptor(int socket, uint8_t *byte, int *descriptor);
/// Tells who was on the other end of a Unix socket when it was connected.
int tacit_peer_credentials(int socket, int32_t *process, uint32_t *user, uint32_t *group);
/// Opens a pidfd of the process on the other end of a Unix socket (SO_PEERPIDFD, Linux 6.5).
int tacit_peer_pidfd(int socket);
/// Opens a close-on-exec pidfd.
int tacit_pidfd_open(int32_t process);
/// Limits how long a blocking read and a blocking write may take; 0 lifts the limit.
int tacit_set_socket_timeout(int socket, int milliseconds);

// This process

/// Opens /dev/null as each of the descriptors 0, 1 and 2 that is closed, so that nothing else is ever taken for one of them; 1 for reading alone.
void tacit_open_standard_streams(void);
/// Makes the process undumpable (no core, no ptrace or /proc reading by the same user), until it executes a program. A crash prints nothing.
int tacit_hide(void);
/// As `tacit_hide`, names the process, and forbids core files to the programs that it executes, too.
int tacit_harden(const char *name);
/// Whether processes of the same user may read or trace this one, or it leaves core files: 0 when not.
int tacit_is_dumpable(void);
/// Whether an open file or directory lies in memory (tmpfs or ramfs) and never on a disk: 1 when so.
int tacit_is_in_memory(int descriptor);
/// Orphaned descendants become children of this process.
int tacit_become_subreaper(void);
/// Blocks every signal that can be blocked and opens a close-on-exec, non-blocking descriptor that reports them.
int tacit_open_signals(void);
/// Opens a close-on-exec descriptor that can be read as soon as one of these signals, which the caller blocks, has come.
int tacit_signal_descriptor(const sigset_t *signals);
/// Takes the next reported signal; 0 when there is none.
int tacit_next_signal(int signals);
/// Has a signal act on this process here and now, whatever the thread blocks.
void tacit_be_signalled(int number);
/// Has the kernel kill this process (SIGKILL) after so many seconds, in place of what was said before; 0 takes it back. For a process of one thread.
int tacit_end_in(uint32_t seconds);
/// Copies the ids of the children of `process` into `children`; their number, at most `capacity`.
int tacit_children(int32_t process, int32_t *children, int capacity);

// Other processes

/// Starts a program with `descriptor` as descriptor 3, /dev/null as 0, 1 and 2, nothing else open, in a session of its own. Returns the process id.
int32_t tacit_spawn_helper(const char *path, char *const arguments[], char *const environment[], int descriptor);
/// Starts a program in the caller's session with these descriptors as 0, 1 and 2, nothing else open, and every signal as usual. Returns the process id.
int32_t tacit_spawn_piped(const char *path, char *const arguments[], char *const environment[], const int streams[3]);
/// As `tacit_spawn_helper`, for a process that is nobody's child: it outlives the caller, and leaves it no dead child to collect. Returns 0.
int tacit_spawn_detached(const char *path, char *const arguments[], char *const environment[], int descriptor);

/// What a child is before it executes its program.
struct tacit_child {
    int program;                ///< descriptor that is executed
    char *const *arguments;
    char *const *environment;
    int directory;              ///< descriptor of the working directory
    int streams[3];             ///< descriptors of 0, 1 and 2, each above 2
    int terminal;               ///< its terminal (of the caller's session), or -1 for a session without one
    int in_background;          ///< whether it begins behind the caller: asking for the terminal stops it
    int no_new_privileges;
    uint32_t file_mask;
    int first_file;             ///< the first of the descriptors that the program inherits besides its streams
    int files;                  ///< how many of them follow one another
};

/// Makes a close-on-exec pipe: the reading end, the writing end.
int tacit_pipe(int ends[2]);

/// Starts a child in a process group of its own. It dies with the caller. Returns the process id; the caller is suspended until the program runs.
int32_t tacit_start_child(const struct tacit_child *child);

/// Opens a file relative to `directory` (AT_FDCWD when -1) without reading it (O_PATH), close-on-exec.
int tacit_open_path(int directory, const char *path);
/// Opens a directory that this process may enter (O_PATH), close-on-exec.
int tacit_open_directory(const char *path);
/// Opens for reading what an O_PATH descriptor names; waits for nothing.
int tacit_reopen(int descriptor);
/// 0 when the opened file may be executed by this process.
int tacit_check_executable(int descriptor);
/// Whether this process may write what lies at a path; links are followed.
int tacit_may_write(const char *path);
/// The longest file of which a sealed copy is made.
#define TACIT_LONGEST_COPY (512 << 20)
/// Copies what an O_PATH descriptor names into a file without a path that nobody can change any more, and that can be executed; close-on-exec.
int tacit_sealed_copy(int descriptor);

/// Puts bytes into a file without a path (0600) that nobody can change any more, as the lowest free descriptor from `number` on; close-on-exec.
int tacit_value_file(const void *bytes, size_t count, int number);

// Terminals

/// Opens both sides of a new terminal, close-on-exec; the main side is non-blocking. The other side becomes the caller's controlling terminal.
int tacit_open_terminal(uint16_t rows, uint16_t columns, int *main_side, int *program_side);
int tacit_set_window_size(int terminal, uint16_t rows, uint16_t columns);
int tacit_window_size(int terminal, uint16_t *rows, uint16_t *columns);
/// How many bytes can be read from the program's side of a terminal now.
int tacit_unread(int terminal);
/// Whether the process would be hurt if its group lost this terminal now: it waits for input, perhaps there, or takes no notice of being in the background.
/// What cannot be looked at may; 0 when not.
int tacit_holds_terminal(int32_t process, int terminal);
/// From now on a terminal shows nothing of what is typed, key by key; what was typed before is dropped. A signal that ends or stops this process finds it as it
/// was. Returns a number for the next two; -EAGAIN from the background.
int tacit_hide_typing(int terminal);
/// For a prompt whose answer is seen such a terminal is as it was; 0 hides again. What was typed is dropped where that changes.
int tacit_show_typing(int hidden, int is_shown);
/// The terminal is as it was, without what nobody has read.
void tacit_end_hiding(int hidden);

// Files

/// Opens a new file, 0600, that has no name in this directory yet, for writing; close-on-exec. EOPNOTSUPP where the file system has none.
int tacit_open_nameless(const char *directory);
/// Gives an open file without a name one that nothing has.
int tacit_name_file(int descriptor, const char *path);
/// Makes a named pipe, 0600, that was not there before, and opens it without reading or writing (O_PATH), close-on-exec.
int tacit_make_named_pipe(int directory, const char *name);
/// Opens a close-on-exec, non-blocking descriptor that can be read as soon as a file, not followed, has lost this name or gets another.
int tacit_watch_name(const char *path);
/// Reads what such a descriptor has to tell, and forgets it.
void tacit_forget_events(int watch);
/// Makes a directory with mode 0700 whose name ends with six random characters in place of the `XXXXXX` of `path`.
int tacit_make_private_directory(char *path);
/// Removes a directory with everything in it; never follows a link.
int tacit_remove_tree(int directory, const char *name);
