// What the two ends of a measured connection share: TLS by the system's OpenSSL, in blocking calls, a thread for each connection.
#pragma once
#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

enum { SLICE = 256 << 10 };

/// One end of a connection, and what has been read of it and not used yet.
struct end {
    int socket;
    SSL *tls;
    char *bytes;
    size_t start, count;
};

/// Nanoseconds of a clock that every process has alike.
int64_t now(void);
/// Ends the program with a message.
_Noreturn void stop(const char *message, const char *detail);

/// Reads more; false at the connection's end.
int more(struct end *end);
/// Reads until the end of a head, and gives its length; 0 at the connection's end.
size_t head(struct end *end);
/// Takes bytes that are there.
void take(struct end *end, size_t count);
/// Writes all; false where the connection is over.
int put(struct end *end, const char *bytes, size_t count);
void finish(struct end *end);

/// A field's value in a head, or NULL; it ends with the line.
const char *field(const char *head, size_t count, const char *name);

/// Serves until it is killed.
int serve(char **words);
/// Measures a service, and prints a line of JSON.
int measure(const char *what, char **words);
