#define _GNU_SOURCE
#include "CRunStarter.h"
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

// The keeper's side: nothing here runs as root.

enum { patience_seconds = 10 };

static int is_root(int socket) {
    struct ucred peer;
    socklen_t length = sizeof peer;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 && peer.uid == 0;
}

struct tacit_run_answer tacit_ask_for_runner(const char *socket_path, const char *directory, int control) {
    struct tacit_run_answer answer = {.stage = TACIT_RUN_UNANSWERED};
    struct tacit_run_request request = {.version = TACIT_RUN_VERSION, .byte_count = sizeof request};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(directory) >= sizeof request.directory || strlen(socket_path) >= sizeof address.sun_path) {
        return (struct tacit_run_answer){.stage = TACIT_RUN_DIRECTORY, .error = ENAMETOOLONG};
    }
    strcpy(request.directory, directory);
    strcpy(address.sun_path, socket_path);
    int connection = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (connection < 0) return answer.error = errno, answer;
    const struct timeval limit = {.tv_sec = patience_seconds};
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(connection, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    struct iovec part = {.iov_base = &request, .iov_len = sizeof request};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } rights = {0};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = rights.room, .msg_controllen = sizeof rights.room};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &control, sizeof(int));
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) {
        answer.error = errno;
    } else if (!is_root(connection)) {
        answer.error = EPERM;
    } else {
        ssize_t count = sendmsg(connection, &message, MSG_NOSIGNAL);
        if (count == sizeof request) count = recv(connection, &answer, sizeof answer, 0);
        if (count != sizeof answer) answer = (struct tacit_run_answer){.stage = TACIT_RUN_UNANSWERED, .error = count < 0 ? errno : EPIPE};
    }
    close(connection);
    return answer;
}

