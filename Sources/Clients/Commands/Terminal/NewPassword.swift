import ArgumentParser

/// Asks for a password that will be set: twice, with an honest word about its strength.
struct NewPassword {
    /// The shortest password that the keeper takes.
    static let minimumByteCount = 8

    let source: PasswordSource

    func ask(_ prompt: String = "New password: ") throws -> WipedBytes {
        if source.descriptor != nil { return try checked(source.password()) }
        guard let terminal = source.terminal else { throw PasswordSource.nobody }
        for _ in 0..<5 {
            let password = try terminal.ask(prompt, .hidden)
            guard password.count >= Self.minimumByteCount else {
                terminal.say(
                    "At least \(Self.minimumByteCount) characters. Several unrelated words make a password that is strong and can be remembered.")
                continue
            }
            let strength = PasswordStrength(of: password.bytes)
            terminal.say("Strength: \(strength.sentence)")
            if try terminal.ask("Once more: ", .hidden).isSame(as: password) { return password }
            terminal.say("The two differ. Again from the start.")
        }
        throw CommandFailure("no password was set", status: .usage, code: "password.none")
    }

    private func checked(_ password: WipedBytes) throws -> WipedBytes {
        guard password.count >= Self.minimumByteCount else {
            throw CommandFailure("the password is shorter than \(Self.minimumByteCount) characters", code: "password.too-short")
        }
        return password
    }
}

/// The descriptor of a password that will be set.
struct NewPasswordOptions: ParsableArguments {
    @Option(
        name: .customLong("new-password-fd"),
        help: ArgumentHelp("Read the new password from this descriptor, up to a line's end.", valueName: "n"))
    var descriptor: Int32?

    /// Without a terminal both passwords have to come from descriptors.
    func check(with options: GlobalOptions) throws {
        guard options.passwordDescriptor == nil || descriptor != nil else {
            throw CommandFailure.usage("`--password-fd` brings the password of now", hint: "bring the new one with `--new-password-fd N`")
        }
    }

    func source(_ context: CommandContext) -> NewPassword { NewPassword(source: PasswordSource(context, descriptor: descriptor)) }
}
