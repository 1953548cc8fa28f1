import CProcess

/// How helper processes of this binary are started: a hidden subcommand, hardly any environment, descriptor 3 and nothing else open.
enum Helper {
    static let descriptor: Int32 = 3

    /// No crash report with registers and memory.
    private static let environment = ["SWIFT_BACKTRACE=enable=no"]

    /// Starts a helper that holds `descriptor` as its descriptor 3; the process id.
    static func start(_ executable: String, _ arguments: [String], descriptor: Int32) throws(Errno) -> Int32 {
        let words = CStrings(["tacit"] + arguments)
        let variables = CStrings(environment)
        let process = unsafe tacit_spawn_helper(executable, words.pointers, variables.pointers, descriptor)
        guard process > 0 else { throw Errno(code: -process) }
        return process
    }
}
