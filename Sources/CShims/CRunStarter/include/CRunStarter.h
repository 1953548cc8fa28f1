#pragma once
#include <stdint.h>

// The one part of Tacit that runs as root, and how a keeper asks it for a runner. It starts runners under a user who is neither the keeper's nor the
// person's, and has CAP_SETUID, CAP_SETGID and CAP_SYS_ADMIN alone. It takes one fixed message from the keeper, parses nothing, and holds no value.

/// Who is who: the person, the keeper that serves the person, and the user under whom the person's runs execute.
struct tacit_run_people {
    uint32_t person, person_group, keeper, run, run_group;
};

enum { TACIT_RUN_VERSION = 1, TACIT_LONGEST_DIRECTORY = 4096 };

/// What a keeper sends, with one descriptor: the runner's end of its control socket.
struct tacit_run_request {
    uint32_t version;
    uint32_t byte_count;
    /// The working directory, absolute and ended by zeros, as the person may open it; empty for none.
    char directory[TACIT_LONGEST_DIRECTORY];
};

/// How far a request came.
enum tacit_run_stage {
    TACIT_RUN_STARTED = 0,
    TACIT_RUN_REQUEST,    ///< the message is none of ours
    TACIT_RUN_PROCESS,    ///< there is no new process, or it has no view of its own
    TACIT_RUN_DIRECTORY,  ///< the person cannot open the directory
    TACIT_RUN_OWNERS,     ///< the directory's file system cannot show its files as the run's
    TACIT_RUN_PLACE,      ///< the directory cannot be shown to the run
    TACIT_RUN_IDENTITY,   ///< the process cannot become the run's user
    TACIT_RUN_UNANSWERED, ///< nobody answered; the helper never sends this
};

/// What is answered, before the runner begins.
struct tacit_run_answer {
    uint32_t stage;
    int32_t error;
};

/// Starts what a keeper asks for on one connection of whole packets, and waits until that run has ended. The caller has one thread and is root. Returns 0, or
/// a negated errno when it cannot serve.
int tacit_start_run(int connection, const struct tacit_run_people *people);

/// Asks for a runner that holds `control` as its descriptor 3. Only root is believed.
struct tacit_run_answer tacit_ask_for_runner(const char *socket_path, const char *directory, int control);
