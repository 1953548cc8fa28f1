"""A network and a /run of these processes' own, as far as root may make them: nobody else is disturbed there, and a technique finds there what a cloud or a desktop has."""

import ctypes
import fcntl
import os
import pathlib
import socket
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
NEW_MOUNTS, NEW_NETWORK, PRIVATE = 0x20000, 0x40000000, 1 << 14 | 1 << 18
SET_ADDRESS, SET_FLAGS, INDEX, UP = 0x8916, 0x8914, 0x8933, 1
# Says that /run is nobody else's.
MARK = pathlib.Path("/run/of-these-tests")
# Where clouds serve a machine its credentials.
METADATA = ("169.254.169.254", "fd00:ec2::254")


def call(result):
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def seclude():
    """Gives this process both; where root may not, the techniques that need them are left out."""
    try:
        call(LIBC.unshare(NEW_MOUNTS))
        call(LIBC.mount(b"none", b"/", b"none", PRIVATE, None))
        call(LIBC.mount(b"tmpfs", b"/run", b"tmpfs", 0, b"mode=0755"))
        MARK.touch()
        seclude_network()
    except PermissionError:
        pass


def seclude_network():
    """A loopback alone, with the addresses of metadata services, and on which everybody may ping."""
    try:
        call(LIBC.unshare(NEW_NETWORK))
    except PermissionError:
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as four, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as six:
        fcntl.ioctl(four, SET_FLAGS, struct.pack("16sH14x", b"lo", UP))
        fcntl.ioctl(four, SET_ADDRESS, struct.pack("16sHH4s8x", b"lo:1", socket.AF_INET, 0, socket.inet_aton(METADATA[0])))
        [index] = struct.unpack("16xi", fcntl.ioctl(four, INDEX, struct.pack("16si", b"lo", 0)))
        fcntl.ioctl(six, SET_ADDRESS, socket.inet_pton(socket.AF_INET6, METADATA[1]) + struct.pack("Ii", 128, index))
    try:
        pathlib.Path("/proc/sys/net/ipv4/ping_group_range").write_text("0 2147483647")
    except OSError:
        pass
