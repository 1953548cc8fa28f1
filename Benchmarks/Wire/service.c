// The service: small replies, downloads, uploads, and events that say when they left.
#include "wire.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static SSL_CTX *context;
static const char *authorization;
static char text[SLICE];

/// Prose-like bytes: what a redactor sees in most replies.
static void fill(void) {
    static const char *const words[] = {"{\"id\": ", "item", "status", "true", " of the", "2026-11-28T04:12:11Z", "\", \"name\": \"", "a8f0c1", ", ", "\n"};
    uint32_t state = 7;
    for (size_t at = 0; at < SLICE;) {
        state = state * 1664525 + 1013904223;
        for (const char *letter = words[(state >> 16) % 10]; *letter && at < SLICE; letter++) text[at++] = *letter;
    }
}

static int answer(struct end *end, size_t length) {
    char head[160];
    int count = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n", length);
    char first[2048];
    memcpy(first, head, (size_t)count);
    size_t begun = length < 1024 ? length : 1024;
    memcpy(first + count, text, begun);
    if (!put(end, first, (size_t)count + begun)) return 0;
    for (size_t left = length - begun; left > 0;) {
        size_t slice = left < SLICE ? left : SLICE;
        if (!put(end, text, slice)) return 0;
        left -= slice;
    }
    return 1;
}

static int events(struct end *end, long wanted) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    if (!put(end, head, sizeof head - 1)) return 0;
    for (long index = 0; index < wanted; index++) {
        nanosleep(&(struct timespec){.tv_nsec = 4000000}, NULL);
        char event[128];
        int count = snprintf(event, sizeof event, "data: %lld\n\n", (long long)now());
        if (!put(end, event, (size_t)count)) return 0;
    }
    return 0;
}

static int serveRequest(struct end *end) {
    size_t length = head(end);
    if (length == 0) return 0;
    char *bytes = end->bytes + end->start;
    const char *shown = field(bytes, length, "authorization");
    int isRight = shown && strncmp(shown, authorization, strlen(authorization)) == 0;
    const char *sized = field(bytes, length, "content-length");
    const char *coded = field(bytes, length, "transfer-encoding");
    size_t body = sized ? strtoull(sized, NULL, 10) : 0;
    char kind = bytes[0] == 'P' ? 'u' : bytes[5];
    size_t asked = 0;
    char *query = memchr(bytes, '?', length);
    if (query) asked = strtoull(query + 1, NULL, 10);
    take(end, length);
    if (!isRight || coded) {
        static const char refused[] = "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        put(end, refused, sizeof refused - 1);
        return 0;
    }
    while (body > 0) {
        if (end->count == 0 && !more(end)) return 0;
        size_t slice = end->count < body ? end->count : body;
        take(end, slice);
        body -= slice;
    }
    if (kind == 'e') return events(end, (long)asked);
    return answer(end, kind == 'u' ? 2 : asked);
}

static void *serveConnection(void *argument) {
    struct end end = {.socket = (int)(intptr_t)argument, .bytes = malloc(SLICE)};
    end.tls = SSL_new(context);
    SSL_set_fd(end.tls, end.socket);
    if (SSL_accept(end.tls) == 1)
        while (serveRequest(&end)) {}
    SSL_shutdown(end.tls);
    finish(&end);
    return NULL;
}

int serve(char **words) {
    fill();
    authorization = words[2];
    context = SSL_CTX_new(TLS_server_method());
    if (SSL_CTX_use_certificate_chain_file(context, words[0]) != 1) stop("cannot use the certificate", words[0]);
    if (SSL_CTX_use_PrivateKey_file(context, words[1], SSL_FILETYPE_PEM) != 1) stop("cannot use the key", words[1]);
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listening, (struct sockaddr *)&address, length) != 0 || listen(listening, 1024) != 0) stop("cannot listen", "on the loopback");
    getsockname(listening, (struct sockaddr *)&address, &length);
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int accepted = accept(listening, NULL, NULL);
        if (accepted < 0) continue;
        setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        pthread_t thread;
        if (pthread_create(&thread, &detached, serveConnection, (void *)(intptr_t)accepted) != 0) stop("cannot start", "a thread");
    }
}
