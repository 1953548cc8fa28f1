// The client: what it asks it counts and times, and any reply but a 200 ends the program.
#include "wire.h"
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SAMPLES = 1 << 20 };

static SSL_CTX *context;
static const char *place;
static char name[256];
static int servicePort;
/// What a request says of itself, and the proxy's port and credential; port 0 for none.
static char authority[512], greeting[1024];
static int proxyPort;
/// All begin at once, when each is ready and the deadline is set.
static pthread_barrier_t ready, begun;
static int64_t deadline;

static void await(void) {
    pthread_barrier_wait(&ready);
    pthread_barrier_wait(&begun);
}

/// Its own samples, in nanoseconds.
struct worker {
    pthread_t thread;
    int64_t *samples;
    size_t count;
};

static void encode(const char *text, size_t count, char *coded) {
    EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)text, (int)count);
}

static void prepare(const char *where) {
    place = where;
    const char *colon = strrchr(where, ':');
    if (!colon) stop("no port in", where);
    snprintf(name, sizeof name, "%.*s", (int)(colon - where), where);
    servicePort = atoi(colon + 1);
    const char *token = getenv("TOKEN");
    snprintf(authority, sizeof authority, "Host: %s\r\nAuthorization: Bearer %s\r\n", where, token ? token : "");
    const char *proxy = getenv("HTTPS_PROXY");
    if (proxy && *proxy) {
        const char *at = strrchr(proxy, '@'), *begin = strstr(proxy, "://");
        const char *port = strrchr(proxy, ':');
        if (!begin || !port) stop("no such proxy", "HTTPS_PROXY");
        proxyPort = atoi(port + 1);
        char coded[512] = "";
        if (at) encode(begin + 3, (size_t)(at - begin) - 3, coded);
        snprintf(greeting, sizeof greeting, "CONNECT %s HTTP/1.1\r\nHost: %s\r\n%s%s%s\r\n", where, where,
                 at ? "Proxy-Authorization: Basic " : "", coded, at ? "\r\n" : "");
    }
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_default_verify_paths(context);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
}

static int isSuccess(struct end *end, size_t length) { return length > 12 && strncmp(end->bytes + end->start + 9, "200", 3) == 0; }

static struct end reach(void) {
    struct end end = {.socket = socket(AF_INET, SOCK_STREAM, 0), .bytes = malloc(SLICE)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    address.sin_port = htons((uint16_t)(proxyPort ? proxyPort : servicePort));
    if (connect(end.socket, (struct sockaddr *)&address, sizeof address) != 0) stop("cannot connect to", place);
    setsockopt(end.socket, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (proxyPort) {
        put(&end, greeting, strlen(greeting));
        size_t length = head(&end);
        if (!isSuccess(&end, length)) stop("the proxy refused", place);
        take(&end, length);
    }
    end.tls = SSL_new(context);
    SSL_set_fd(end.tls, end.socket);
    SSL_set_tlsext_host_name(end.tls, name);
    SSL_set1_host(end.tls, name);
    if (SSL_connect(end.tls) != 1) stop("no TLS with", place);
    return end;
}

static void leave(struct end *end) {
    SSL_shutdown(end->tls);
    finish(end);
}

static void ask(struct end *end, const char *line, size_t body) {
    char request[1024];
    int count = snprintf(request, sizeof request, "%s HTTP/1.1\r\n%s", line, authority);
    if (body) count += snprintf(request + count, sizeof request - (size_t)count, "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n", body);
    count += snprintf(request + count, sizeof request - (size_t)count, "\r\n");
    if (!put(end, request, (size_t)count)) stop("the connection ended before the request", line);
}

/// Reads a reply whole, and gives how many bytes its body has.
static size_t reply(struct end *end) {
    size_t length = head(end), whole = 0;
    if (!isSuccess(end, length)) {
        if (length) end->bytes[end->start + 40] = 0;
        stop("not answered with 200", length ? end->bytes + end->start : "the connection ended");
    }
    const char *bytes = end->bytes + end->start;
    const char *sized = field(bytes, length, "content-length");
    int isChunked = field(bytes, length, "transfer-encoding") != NULL;
    size_t left = sized ? strtoull(sized, NULL, 10) : 0;
    take(end, length);
    if (!isChunked) {
        for (whole = left; left > 0;) {
            if (end->count == 0 && !more(end)) stop("a reply was cut", place);
            size_t slice = end->count < left ? end->count : left;
            take(end, slice);
            left -= slice;
        }
        return whole;
    }
    for (;;) {
        char *line;
        while (!(line = end->count ? memmem(end->bytes + end->start, end->count, "\r\n", 2) : NULL))
            if (!more(end)) stop("a chunk was cut", place);
        size_t chunk = strtoull(end->bytes + end->start, NULL, 16);
        take(end, (size_t)(line - (end->bytes + end->start)) + 2);
        for (left = chunk + 2; left > 0;) {
            if (end->count == 0 && !more(end)) stop("a chunk was cut", place);
            size_t slice = end->count < left ? end->count : left;
            take(end, slice);
            left -= slice;
        }
        whole += chunk;
        if (chunk == 0) return whole;
    }
}

static void *requests(void *argument) {
    struct worker *worker = argument;
    struct end end = reach();
    // What a connection's first request pays for is not counted.
    ask(&end, "GET /reply?1024", 0);
    reply(&end);
    await();
    for (int64_t start = now(); start < deadline && worker->count < SAMPLES;) {
        ask(&end, "GET /reply?1024", 0);
        if (reply(&end) != 1024) stop("a reply has another length than", "1024");
        int64_t then = now();
        worker->samples[worker->count++] = then - start;
        start = then;
    }
    leave(&end);
    return NULL;
}

static void *connections(void *argument) {
    struct worker *worker = argument;
    await();
    for (int64_t start = now(); start < deadline && worker->count < SAMPLES;) {
        struct end end = reach();
        ask(&end, "GET /reply?1024", 0);
        reply(&end);
        leave(&end);
        int64_t then = now();
        worker->samples[worker->count++] = then - start;
        start = then;
    }
    return NULL;
}

static int ascending(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static void show(int64_t *samples, size_t count, double seconds) {
    if (count == 0) stop("nothing was measured at", place);
    qsort(samples, count, sizeof *samples, ascending);
    printf("{\"count\": %zu, \"seconds\": %.4f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n", count, seconds, (double)samples[count / 2] / 1e3,
           (double)samples[count * 99 / 100] / 1e3);
}

static int load(void *(*work)(void *), int threads, double seconds) {
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    pthread_barrier_init(&ready, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&begun, NULL, (unsigned)threads + 1);
    for (int index = 0; index < threads; index++) {
        workers[index].samples = malloc(SAMPLES * sizeof(int64_t));
        if (pthread_create(&workers[index].thread, NULL, work, &workers[index]) != 0) stop("cannot start", "a thread");
    }
    pthread_barrier_wait(&ready);
    int64_t start = now(), *all = NULL;
    deadline = start + (int64_t)(seconds * 1e9);
    pthread_barrier_wait(&begun);
    size_t count = 0;
    for (int index = 0; index < threads; index++) {
        pthread_join(workers[index].thread, NULL);
        all = realloc(all, (count + workers[index].count + 1) * sizeof *all);
        memcpy(all + count, workers[index].samples, workers[index].count * sizeof *all);
        count += workers[index].count;
    }
    show(all, count, (double)(now() - start) / 1e9);
    return 0;
}

static int transfer(size_t bytes, int isUpload) {
    struct end end = reach();
    ask(&end, "GET /reply?1024", 0);
    reply(&end);
    int64_t start = now();
    if (isUpload) {
        static char slice[SLICE];
        memset(slice, 'u', SLICE);
        for (size_t index = 16; index < SLICE; index += 17) slice[index] = ' ';
        ask(&end, "POST /upload", bytes);
        for (size_t left = bytes; left > 0;) {
            size_t part = left < SLICE ? left : SLICE;
            if (!put(&end, slice, part)) stop("an upload was cut", place);
            left -= part;
        }
        reply(&end);
    } else {
        char line[64];
        snprintf(line, sizeof line, "GET /reply?%zu", bytes);
        ask(&end, line, 0);
        if (reply(&end) != bytes) stop("a reply was cut", place);
    }
    double seconds = (double)(now() - start) / 1e9;
    printf("{\"bytes\": %zu, \"seconds\": %.4f}\n", bytes, seconds);
    leave(&end);
    return 0;
}

static int events(size_t count) {
    int64_t *samples = calloc(count, sizeof *samples);
    struct end end = reach();
    char line[64];
    snprintf(line, sizeof line, "GET /events?%zu", count);
    ask(&end, line, 0);
    size_t length = head(&end), seen = 0;
    if (!isSuccess(&end, length)) stop("not answered with 200", "events");
    take(&end, length);
    while (seen < count) {
        char *found = end.count ? memmem(end.bytes + end.start, end.count, "data: ", 6) : NULL;
        char *rest = found ? memmem(found, end.count - (size_t)(found - (end.bytes + end.start)), "\n\n", 2) : NULL;
        if (!rest) {
            if (!more(&end)) stop("events were cut", place);
            continue;
        }
        samples[seen++] = now() - strtoll(found + 6, NULL, 10);
        take(&end, (size_t)(rest + 2 - (end.bytes + end.start)));
    }
    show(samples, count, 0);
    finish(&end);
    return 0;
}

int measure(const char *what, char **words) {
    prepare(words[0]);
    if (strcmp(what, "requests") == 0 && words[2]) return load(requests, atoi(words[1]), atof(words[2]));
    if (strcmp(what, "connections") == 0 && words[2]) return load(connections, atoi(words[1]), atof(words[2]));
    if (strcmp(what, "download") == 0) return transfer(strtoull(words[1], NULL, 10), 0);
    if (strcmp(what, "upload") == 0) return transfer(strtoull(words[1], NULL, 10), 1);
    if (strcmp(what, "events") == 0) return events(strtoull(words[1], NULL, 10));
    stop("unknown measurement", what);
}
