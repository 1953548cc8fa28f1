import Glibc

/// Stopping this process the way its command was stopped, so that the shell sees what it would have seen.
enum Suspension {
    /// Stops, and returns when somebody lets this process go on; at once where nobody would.
    static func suspend(_ number: Int32) {
        guard [SIGTSTP, SIGTTIN, SIGTTOU].contains(number) else {
            kill(getpid(), SIGSTOP)
            return
        }
        // The whole job, as the terminal would: a pipeline stops together. The kernel does not stop a group that no shell watches.
        var only = sigset_t()
        unsafe sigemptyset(&only)
        unsafe sigaddset(&only, number)
        kill(0, number)
        unsafe pthread_sigmask(SIG_UNBLOCK, &only, nil)
        unsafe pthread_sigmask(SIG_BLOCK, &only, nil)
    }

    /// Whether the caller said that this signal does nothing (`nohup`).
    static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        return unsafe unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
