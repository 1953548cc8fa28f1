#define _GNU_SOURCE
#include "CResolver.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

int tacit_look_up(const char *name, struct tacit_address *addresses, int room) {
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *list = NULL;
    if (getaddrinfo(name, NULL, &hints, &list) != 0) return 0;
    int count = 0;
    for (struct addrinfo *entry = list; entry != NULL && count < room; entry = entry->ai_next) {
        struct tacit_address *address = &addresses[count];
        if (entry->ai_family == AF_INET) {
            address->length = 4;
            memcpy(address->bytes, &((struct sockaddr_in *)entry->ai_addr)->sin_addr, 4);
            count++;
        } else if (entry->ai_family == AF_INET6) {
            address->length = 16;
            memcpy(address->bytes, &((struct sockaddr_in6 *)entry->ai_addr)->sin6_addr, 16);
            count++;
        }
    }
    freeaddrinfo(list);
    return count;
}
