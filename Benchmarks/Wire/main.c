// Loads a service over TLS, directly or through the proxy that HTTPS_PROXY names, and is such a service.
//
//   benchmark-wire serve CERTIFICATE KEY AUTHORIZATION    on a free port of the loopback, which it prints
//   benchmark-wire requests HOST:PORT CONNECTIONS SECONDS
//   benchmark-wire connections HOST:PORT THREADS SECONDS
//   benchmark-wire download|upload HOST:PORT BYTES
//   benchmark-wire events HOST:PORT COUNT
//
// Requests carry `Authorization: Bearer $TOKEN`; the service answers 401 to any but AUTHORIZATION. SSL_CERT_FILE names whom to trust.
#include "wire.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

void stop(const char *message, const char *detail) {
    fprintf(stderr, "benchmark-wire: %s: %s\n", message, detail);
    exit(1);
}

int more(struct end *end) {
    if (end->start > 0 && end->count > 0) memmove(end->bytes, end->bytes + end->start, end->count);
    end->start = 0;
    if (end->count == SLICE) return 0;
    char *room = end->bytes + end->count;
    long read = end->tls ? SSL_read(end->tls, room, (int)(SLICE - end->count)) : recv(end->socket, room, SLICE - end->count, 0);
    if (read <= 0) return 0;
    end->count += (size_t)read;
    return 1;
}

size_t head(struct end *end) {
    for (;;) {
        char *found = end->count ? memmem(end->bytes + end->start, end->count, "\r\n\r\n", 4) : NULL;
        if (found) return (size_t)(found - (end->bytes + end->start)) + 4;
        if (!more(end)) return 0;
    }
}

void take(struct end *end, size_t count) {
    end->start += count;
    end->count -= count;
    if (end->count == 0) end->start = 0;
}

int put(struct end *end, const char *bytes, size_t count) {
    while (count > 0) {
        size_t slice = count < SLICE ? count : SLICE;
        long written = end->tls ? SSL_write(end->tls, bytes, (int)slice) : send(end->socket, bytes, slice, MSG_NOSIGNAL);
        if (written <= 0) return 0;
        bytes += written;
        count -= (size_t)written;
    }
    return 1;
}

void finish(struct end *end) {
    if (end->tls) SSL_free(end->tls);
    close(end->socket);
    free(end->bytes);
}

const char *field(const char *head, size_t count, const char *name) {
    size_t length = strlen(name);
    for (const char *line = memchr(head, '\n', count); line; line = memchr(line, '\n', count - (size_t)(line - head))) {
        line++;
        if ((size_t)(line - head) + length + 1 >= count) return NULL;
        if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
        line += length + 1;
        while (*line == ' ') line++;
        return line;
    }
    return NULL;
}

int main(int count, char **words) {
    signal(SIGPIPE, SIG_IGN);
    if (count == 5 && strcmp(words[1], "serve") == 0) return serve(words + 2);
    if (count >= 4) return measure(words[1], words + 2);
    stop("usage", "benchmark-wire serve|requests|connections|download|upload|events …");
}
