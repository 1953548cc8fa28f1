import Glibc
import TacitWire

/// Where a command prints: answers on one descriptor, words about them on another.
struct Console: Sendable {
    let output: Int32
    let messages: Int32
    private let loss: OutputLoss
    /// Whether the answers go to a terminal.
    let isTerminal: Bool
    let style: Style
    /// How styled the messages are.
    let messageStyle: Style

    init(_ context: CommandContext) {
        output = context.output
        messages = context.messages
        loss = context.loss
        isTerminal = isatty(context.output) == 1
        let allowsColour = (context.environment["NO_COLOR"] ?? "").isEmpty && context.environment["TERM"] != "dumb"
        style = Style(isColoured: allowsColour && isTerminal)
        messageStyle = Style(isColoured: allowsColour && isatty(context.messages) == 1)
    }

    /// Prints lines of an answer. At a terminal a line that is said alone is broken between its words.
    func say(_ text: String) {
        let isLine = isTerminal && !text.contains("\n")
        answer(Array("\(isLine ? LineBreaker(output).broken(text) : text)\n".utf8))
    }

    /// Prints bytes of an answer. What could not be written makes the command fail when it ends.
    func answer(_ bytes: [UInt8]) { if !Self.write(bytes, to: output) { loss.note(errno) } }

    /// Prints an answer as JSON.
    func say(json value: some Encodable) {
        // Wire types hold nothing that JSON cannot.
        guard let data = try? WireJSON.encode(value) else { return }
        answer(Array(data) + [UInt8(ascii: "\n")])
    }

    /// Prints facts about a command whose output is the answer, as JSON.
    func tell(json value: some Encodable) {
        guard let data = try? WireJSON.encode(value) else { return }
        Self.write(Array(data) + [UInt8(ascii: "\n")], to: messages)
    }

    /// Prints something a person should know, apart from the answer.
    func note(_ text: String) { remark("\(messageStyle.dim("tacit: note:")) \(text)") }

    func warn(_ text: String) { remark("\(messageStyle.yellow("tacit: warning:")) \(text)") }

    func complain(_ failure: CommandFailure) {
        remark("\(messageStyle.red("tacit: error:")) \(failure.message)" + (failure.hint.map { "\n\(messageStyle.dim("tacit: hint:")) \($0)" } ?? ""))
    }

    /// Prints messages, at a terminal broken between their words.
    private func remark(_ text: String) { Self.write(Array("\(LineBreaker(messages).broken(text, indent: 2))\n".utf8), to: messages) }

    /// Writes bytes as they are; false when not all of them could be written.
    @discardableResult
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, bytes.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
