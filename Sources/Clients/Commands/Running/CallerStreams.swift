import Glibc
import TacitWire

/// The caller's three streams: which of them are the terminal, and which stay what they are.
struct CallerStreams {
    let output: Int32
    let messages: Int32
    /// Standard input where it is no terminal and the command gets it.
    let pipedInput: Int32?
    let terminal: CallerTerminal?
    /// What the keeper is told of the terminal.
    let wire: RunTerminal?

    /// `inputIsTaken`: a secret goes to standard input in place of the caller's.
    init(_ context: CommandContext, inputIsTaken: Bool) {
        (output, messages) = (context.output, context.messages)
        let isTerminal = [context.input, context.output, context.messages].map { isatty($0) == 1 }
        pipedInput = isTerminal[0] || inputIsTaken ? nil : context.input
        let stream = zip([context.input, context.output, context.messages], isTerminal).first { $0.1 }?.0
        var wire = RunTerminal(
            rows: 0, columns: 0, input: isTerminal[0] && !inputIsTaken, output: isTerminal[1], error: isTerminal[2])
        terminal = stream.flatMap { CallerTerminal($0, isShared: wire.isShared) }
        if let size = terminal?.size { (wire.rows, wire.columns) = size }
        wire.modes = terminal?.modes
        self.wire = terminal == nil ? nil : wire
    }
}
