extension RunTerminal {
    /// Whether the terminal may have other readers: programs of the same pipeline (`tacit run … | less`).
    ///
    /// The command then begins in the background of its own terminal, so that nothing is typed into it that was meant for others. When it asks for the
    /// terminal it is stopped (SIGTTIN, SIGTTOU); the client hears `stopped`, takes its own terminal, and answers `resume`, which brings the command to
    /// the front. Once it has been answered and reads no more, the runner puts it back and says `terminalFree`. A command that waits for its terminal
    /// with `poll` before it ever reads or sets it asks for nothing, and is not heard.
    public var isShared: Bool { !(input && output) }
}
