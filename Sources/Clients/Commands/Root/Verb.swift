package import ArgumentParser

/// A command that does something. It is given all it may touch, so that nothing of the process is reached behind its back.
package protocol Verb: ParsableCommand {
    /// Does what the command says.
    func perform(in context: CommandContext) throws
}

extension Verb {
    package func run() throws { try perform(in: .current) }
}
