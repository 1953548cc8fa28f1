/// Where a command gets the passwords from: a descriptor that the caller named, or the person at the terminal.
struct PasswordSource {
    let descriptor: Int32?
    let terminal: Terminal?

    init(_ context: CommandContext, descriptor: Int32?) {
        self.descriptor = descriptor
        terminal = descriptor == nil ? Terminal(context) : nil
    }

    /// Whether anything can be asked for.
    var isThere: Bool { descriptor != nil || terminal != nil }

    /// The password of the vault.
    func password(_ prompt: String = "Password: ") throws -> WipedBytes {
        if let descriptor { return try Self.read(descriptor, "the password") }
        guard let terminal else { throw Self.nobody }
        let none = CommandFailure("no password was typed", status: .denied, code: "password.empty")
        // An end of input is as little of a password as an empty line.
        do {
            let password = try terminal.ask(prompt, .hidden)
            guard !password.isEmpty else { throw none }
            return password
        } catch let failure as CommandFailure where failure.code == "input.empty" { throw none }
    }

    /// A password or key from a descriptor: up to a line's end or the end of the stream.
    static func read(_ descriptor: Int32, _ what: String) throws -> WipedBytes {
        let line = WipedBytes(try Input.readLine(descriptor, naming: what))
        guard !line.isEmpty else {
            throw CommandFailure("\(what) is empty", hint: "descriptor \(descriptor) gave nothing to read", status: .usage, code: "password.empty")
        }
        return line
    }

    static let nobody = CommandFailure(
        "the password is needed, and there is no terminal to ask at", hint: "run it in a terminal, or pass the password with `--password-fd N`",
        status: .denied, code: "password.nobody")
}
