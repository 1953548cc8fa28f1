// Names of hosts and their addresses: the structures of sockets are no concern of Swift's.
#pragma once

#include <stdint.h>

/// An address of 4 or 16 bytes, in the order of the network.
struct tacit_address {
    uint8_t length;
    uint8_t bytes[16];
};

/// Looks a name up by the system's rules, which blocks; gives how many addresses were written, at most `room`.
int tacit_look_up(const char *name, struct tacit_address *addresses, int room);
