// Times how long commands take to start their child and to end, in rounds that alternate between them.
//
//   benchmark-stopwatch stamp                                   prints the monotonic clock: the child of what is timed
//   benchmark-stopwatch ROUNDS PREPARE... [--- COMMAND...]...   runs PREPARE once, then every COMMAND in each round
//
// COMMAND may be two commands with --then between them, run one after the other. For each it prints one line: which COMMAND, nanoseconds from
// before its spawn to the child's stamp (0 without one) and to its end, the largest resident set in KiB, and the exit status.
// It is in C, and the leader of its session, so that it adds nothing to the sizes it measures and stands directly over the commands.
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

struct result {
    long long child, end;
    long size;
    int status;
};

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static void fail(const char *what) {
    perror(what);
    exit(1);
}

/* Starts one command with its standard output on a pipe, reads that to its end, and waits. */
static void run(char **words, struct result *result) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    pid_t process;
    int code = posix_spawnp(&process, words[0], &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (code != 0) {
        fprintf(stderr, "benchmark-stopwatch: %s: %s\n", words[0], strerror(code));
        exit(1);
    }
    char head[64] = "", rest[65536];
    ssize_t count, length = 0;
    while ((count = read(ends[0], rest, sizeof rest)) > 0) {
        if (length + count < (ssize_t)sizeof head) memcpy(head + length, rest, count);
        length += count;
    }
    close(ends[0]);
    int status;
    struct rusage usage;
    if (wait4(process, &status, 0, &usage) != process) fail("wait4");
    result->end = now();
    if (length < (ssize_t)sizeof head) result->child = atoll(head);
    if (usage.ru_maxrss > result->size) result->size = usage.ru_maxrss;
    if (status != 0) result->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Ends the words at a separator; what follows it, or NULL. */
static char **cut(char **words, const char *separator) {
    for (; *words != NULL; words += 1) {
        if (strcmp(*words, separator) != 0) continue;
        *words = NULL;
        return words + 1;
    }
    return NULL;
}

int main(int count, char **words) {
    if (count == 2 && strcmp(words[1], "stamp") == 0) return printf("%lld\n", now()) < 0;
    if (count < 3) return 2;
    int rounds = atoi(words[1]), commands = 0;
    char **first[16], **second[16];
    for (char **next = cut(words + 2, "---"); next != NULL && commands < 16; commands += 1) {
        first[commands] = next;
        next = cut(next, "---");
        second[commands] = cut(first[commands], "--then");
    }
    struct result prepared = {0};
    run(words + 2, &prepared);
    if (prepared.status != 0) return prepared.status;
    for (int round = 0; round < rounds; round += 1) {
        for (int index = 0; index < commands; index += 1) {
            struct result result = {0};
            long long start = now();
            run(first[index], &result);
            if (second[index] != NULL) run(second[index], &result);
            long long child = result.child > start ? result.child - start : 0;
            printf("%d %lld %lld %ld %d\n", index, child, result.end - start, result.size, result.status);
            fflush(stdout);
        }
    }
    return 0;
}
