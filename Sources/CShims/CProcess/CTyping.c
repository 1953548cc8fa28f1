#define _GNU_SOURCE
#include "CProcess.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <termios.h>
#include <unistd.h>

// Terminals that show nothing of what is typed

enum state { FREE, SHOWN, UNSEEN };

/* A terminal, and how it is at other times. A signal's handler looks at all of them. */
static struct held {
    atomic_int state;
    int terminal;
    struct termios usual;
} held[64];

enum { PLACES = sizeof held / sizeof *held };

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int count;

/* Whoever is in the background must not touch a terminal: it is another's now. One that is not the session's knows no background. */
static int is_in_front(int terminal) {
    pid_t group = tcgetpgrp(terminal);
    return group < 0 || group == getpgrp();
}

/* Key by key, so that a line may be longer than the kernel's own editor allows. */
static int hide(struct held *place) {
    struct termios mode = place->usual;
    mode.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL | ICANON);
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    return tcsetattr(place->terminal, TCSANOW, &mode);
}

/* What was not read by now was typed for a prompt that does not come: nobody else is to read it. */
static int show(struct held *place) {
    if (!is_in_front(place->terminal)) return 0;
    tcflush(place->terminal, TCIFLUSH);
    return tcsetattr(place->terminal, TCSANOW, &place->usual);
}

void tacit_be_signalled(int number) {
    sigset_t only, mask;
    sigemptyset(&only);
    sigaddset(&only, number);
    raise(number);
    pthread_sigmask(SIG_UNBLOCK, &only, &mask);
    pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* Puts every terminal right, has the signal do what it always does, and goes on where that was a stop. */
static void handle(int number) {
    int error = errno;
    for (int i = 0; i < PLACES; i++) {
        if (atomic_load(&held[i].state) == UNSEEN) show(&held[i]);
    }
    struct sigaction usual = {.sa_handler = SIG_DFL}, own;
    sigaction(number, &usual, &own);
    tacit_be_signalled(number);
    sigaction(number, &own, NULL);
    for (int i = 0; i < PLACES; i++) {
        if (atomic_load(&held[i].state) != UNSEEN || !is_in_front(held[i].terminal)) continue;
        // Its user may have changed it meanwhile.
        if (tcgetattr(held[i].terminal, &held[i].usual) == 0) hide(&held[i]);
    }
    errno = error;
}

static int does_nothing(int number) {
    switch (number) {
    case SIGCHLD: case SIGCONT: case SIGURG: case SIGWINCH: return 1;
    default: return 0;
    }
}

/* Has signals that are not cared for go to one handler in the place of another. */
static void replace(void (*former)(int), void (*next)(int)) {
    struct sigaction action = {.sa_handler = next, .sa_flags = next == SIG_DFL ? 0 : SA_RESTART}, present;
    sigfillset(&action.sa_mask);
    for (int number = 1; number <= SIGRTMAX; number++) {
        if (does_nothing(number) || sigaction(number, NULL, &present) != 0) continue;
        if (!(present.sa_flags & SA_SIGINFO) && present.sa_handler == former) sigaction(number, &action, NULL);
    }
}

int tacit_hide_typing(int terminal) {
    if (!is_in_front(terminal)) return -EAGAIN;
    pthread_mutex_lock(&turn);
    int place = 0, error = 0;
    while (place < PLACES && atomic_load(&held[place].state) != FREE) place++;
    if (place == PLACES) error = EMFILE;
    else if (tcgetattr(terminal, &held[place].usual) != 0) error = errno;
    else {
        if (count++ == 0) replace(SIG_DFL, handle);
        held[place].terminal = terminal;
        atomic_store(&held[place].state, UNSEEN);
        if (hide(&held[place]) != 0) error = errno;
        // What was typed before was typed for somebody else.
        tcflush(terminal, TCIFLUSH);
    }
    pthread_mutex_unlock(&turn);
    if (!error) return place;
    if (place < PLACES && atomic_load(&held[place].state) != FREE) tacit_end_hiding(place);
    return -error;
}

int tacit_show_typing(int place, int is_shown) {
    struct held *one = &held[place];
    if (!is_in_front(one->terminal)) return -EAGAIN;
    if (is_shown) {
        int result = show(one);
        atomic_store(&one->state, SHOWN);
        return result == 0 ? 0 : -errno;
    }
    if (atomic_exchange(&one->state, UNSEEN) == SHOWN) tcflush(one->terminal, TCIFLUSH);
    return hide(one) == 0 ? 0 : -errno;
}

void tacit_end_hiding(int place) {
    pthread_mutex_lock(&turn);
    if (atomic_load(&held[place].state) == UNSEEN) show(&held[place]);
    atomic_store(&held[place].state, FREE);
    if (--count == 0) replace(handle, SIG_DFL);
    pthread_mutex_unlock(&turn);
}
