package import ArgumentParser

/// A command that does something. It is given all it may touch, so that nothing of the process is reached behind its back.
package protocol Verb: ParsableCommand {
    /// Refuses options that do not go together, before anything is done. (The parser's own `validate` would hide a failure's kind.)
    func check() throws
    /// Does what the command says.
    func perform(in context: CommandContext) throws
}

extension Verb {
    package func check() throws {}
    package func run() throws { try perform(in: .current) }
}
