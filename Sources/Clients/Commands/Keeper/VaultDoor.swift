import FoundationEssentials
import TacitClient
import TacitWire

/// A command's way to the vault: one connection, on which a person is asked when the keeper wants to be sure of one.
///
/// With a password from a descriptor the connection is made a person's before the first request, so that the command does the same whatever terminal it
/// runs in. At a terminal the password is asked for when the keeper says so, or at once for acts that always ask.
final class VaultDoor {
    let context: CommandContext
    let passwords: PasswordSource
    /// What the person is about to do, to be shown where the password is asked for.
    let purpose: String
    /// The references that the command is about to use, where a file says them: shown before the password is asked for, since the file may be an agent's.
    var references: [String] = []
    /// The places that it is about, where a request's path does not say: refusals lead there.
    var places: [Scope] = []
    /// What else the person has to know about the password that is asked for; said once.
    var aside: String?
    let connection: KeeperConnection
    /// The password as it was typed for this command, until the connection is a person's.
    private var typed: WipedBytes?
    /// Whether the connection was made a person's by the password.
    private(set) var isSteppedUp = false
    private var hasUnlocked = false

    init(_ context: CommandContext, _ options: GlobalOptions, to purpose: String) throws {
        self.context = context
        self.purpose = purpose
        passwords = PasswordSource(context, descriptor: options.passwordDescriptor)
        connection = try KeeperSocket.connect(context)
        connection.headers[WireHeader.source] = "cli"
    }

    /// Sends a request; when the keeper wants a person, asks and sends it again.
    func answer(
        _ method: String, _ path: String, body: [UInt8] = [], contentType: String? = nil, ifMatch: Int64? = nil
    ) throws -> KeeperConnection.Answer {
        if passwords.descriptor != nil { try stepUp() }
        while true {
            do throws(ClientError) {
                return try connection.send(method, path, body: body, contentType: contentType, ifMatch: ifMatch)
            } catch {
                guard case .problem(let problem) = error, try remedy(problem) else { throw try explained(CommandFailure(error), path) }
            }
        }
    }

    /// Sends JSON and decodes the answer.
    func send<Result: Decodable>(
        _ method: String, _ path: String, json: (some Encodable)?, ifMatch: Int64? = nil, as type: Result.Type = Result.self
    ) throws -> Result {
        try Self.decode(try answer(method, path, json: json, ifMatch: ifMatch).body)
    }

    /// Sends JSON.
    @discardableResult
    func answer(_ method: String, _ path: String, json: (some Encodable)?, ifMatch: Int64? = nil) throws -> KeeperConnection.Answer {
        let body = try json.map { Array(try WireJSON.encode($0)) } ?? []
        return try answer(method, path, body: body, contentType: json == nil ? nil : "application/json", ifMatch: ifMatch)
    }

    func get<Result: Decodable>(_ path: String, as type: Result.Type = Result.self) throws -> Result {
        try Self.decode(try answer("GET", path).body)
    }

    /// Sends a request that needs nobody's authority, or carries its own.
    func plain(
        _ method: String, _ path: String, body: [UInt8] = [], contentType: String? = nil
    ) throws -> KeeperConnection.Answer {
        do throws(ClientError) {
            return try connection.send(method, path, body: body, contentType: contentType)
        } catch { throw CommandFailure(error) }
    }

    static func decode<Result: Decodable>(_ body: [UInt8], as type: Result.Type = Result.self) throws -> Result {
        guard let result = try? WireJSON.decode(Result.self, from: Data(body)) else { throw notUnderstood }
        return result
    }

    static var notUnderstood: CommandFailure {
        CommandFailure(
            "the keeper's answer was not understood",
            hint: "it may be of another version: `tacit lock` ends it, and the next command starts the new one", code: "keeper.answer")
    }
}

extension Asker {
    /// Why the keeper does not take this command for a person's; nil when it does, or when an agent's badge was shown.
    var standingDoubt: Doubt? {
        guard kind == .unidentified else { return nil }
        // A keeper of an earlier version does not say.
        return doubt
            ?? Doubt(
                code: "asker.unknown", message: "the vault is not unlocked for this terminal",
                hint: "unlock it with `tacit unlock`, or give the password with `--password-fd N`")
    }
}

// MARK: - Asking the person

extension VaultDoor {
    /// The state of the vault, as anyone may know it.
    func status() throws -> VaultStatus { try Self.decode(try plain("GET", WirePath.status).body) }

    /// Asks for the password before the first request: the act is one that always asks. Without anybody to ask, or a vault, the keeper's refusal says the rest.
    func askFirst() throws {
        guard passwords.isThere, !isSteppedUp, try status().state != .absent else { return }
        try openIfLocked()
        try stepUp()
    }

    /// Has this command taken for a person's before it asks for what the keeper answers to agents, too, about themselves: to somebody who is not taken for
    /// one "nothing" is no answer. An agent with its badge asks about itself, and is let through.
    func askAsPerson() throws {
        guard passwords.descriptor == nil else { return try stepUp() }
        guard !isSteppedUp else { return }
        try openIfLocked()
        let status = try status()
        guard status.state == .unlocked, let doubt = status.actor.standingDoubt else { return }
        guard passwords.isThere else {
            throw CommandFailure(doubt.message.printable, hint: doubt.hint.printable, status: .denied, code: "not_permitted")
        }
        passwords.terminal?.say(doubt.message.printable.capitalizedFirst + ".")
        try stepUp()
    }

    private func openIfLocked() throws {
        if passwords.terminal != nil, try status().state == .locked { try unlock() }
    }

    /// Makes the connection a person's. From here on the connection says enough: the password is overwritten.
    func stepUp(opensGrace: Bool = false) throws {
        try prove(opensGrace: opensGrace)
        forgetPassword()
    }

    /// Overwrites the password that was typed.
    func forgetPassword() { typed = nil }

    private func prove(opensGrace: Bool = false) throws {
        guard !isSteppedUp else { return }
        let answer = try withPassword { password in
            try plain("POST", WirePath.stepUp + (opensGrace ? "?grace=reveal" : ""), body: password, contentType: Self.octets)
        }
        connection.headers[WireHeader.stepUp] = try Self.decode(answer.body, as: StepUp.self).token
        isSteppedUp = true
    }

    /// Says that the vault is locked, asks for the password and unlocks it for this terminal.
    private func unlock() throws {
        passwords.terminal?.say("The vault is locked.")
        let answer = try withPassword { try plain("POST", WirePath.unlock, body: $0, contentType: Self.octets) }
        hasUnlocked = true
        let unlocked: Unlocked = try Self.decode(answer.body)
        let console = Console(context)
        for notice in unlocked.notices { console.note(notice.printable) }
    }

    /// Does what a refusal asks for; false when there is nothing to do, or it was done already.
    func remedy(_ problem: Problem) throws -> Bool {
        guard passwords.isThere else { return false }
        switch problem.code {
        case "vault.locked" where passwords.terminal != nil && !hasUnlocked: try unlock()
        case "step-up.required" where !isSteppedUp: try stepUp()
        default:
            // Whoever is not taken for a person is told nothing of what is there: said so, and asked, before a name is called absent.
            guard let doubt = try doubt(behind: problem) else { return false }
            passwords.terminal?.say(doubt.message.printable.capitalizedFirst + ".")
            try stepUp()
        }
        return true
    }

    /// A failure with the reason why the keeper did not take this command for a person's, where that may be why it refused; else with what leads to the place
    /// that was asked about, by the request's path.
    func explained(_ failure: CommandFailure, _ path: String = "") throws -> CommandFailure {
        guard let problem = failure.problem, let doubt = try doubt(behind: problem) else { return placed(failure, path) }
        var failure = failure
        failure.explain(doubt)
        return failure
    }

    /// What makes the keeper doubt that a person asks; nil when that has nothing to do with the problem.
    ///
    /// The problem itself cannot say: to the unidentified a name they may not know of is as absent as one that nobody has.
    private func doubt(behind problem: Problem) throws -> Asker.Doubt? {
        guard !isSteppedUp, problem.code != "vault.absent", problem.status == 403 || problem.status == 404 else { return nil }
        return try status().actor.standingDoubt
    }

    /// The password for this command; at a terminal a wrong one may be typed again.
    func withPassword<Result>(explaining: Bool = true, _ body: ([UInt8]) throws -> Result) throws -> Result {
        if let typed { return try body(typed.bytes) }
        for attempt in 1...3 {
            try refuseVain()
            if explaining, attempt == 1 { explain() }
            let password = try passwords.password()
            do {
                let result = try body(password.bytes)
                typed = password
                return result
            } catch let failure as CommandFailure where failure.code == "unlock.failed" && attempt < 3 && passwords.terminal != nil {
                passwords.terminal?.say("The password is wrong.")
            }
        }
        throw PasswordSource.nobody
    }

    /// Fails where any password would be refused now: nobody types one for nothing.
    func refuseVain() throws {
        guard passwords.terminal != nil, let problem = try status().passwordRefusal else { return }
        throw CommandFailure(problem)
    }

    private func explain() {
        // One on each line, in quotes: nothing that a file says can pass for a line of ours.
        let lines = references.map { "  \u{201C}\($0.printable)\u{201D}" }
        if !lines.isEmpty { passwords.terminal?.say((["It uses:"] + lines).joined(separator: "\n")) }
        references = []
        passwords.terminal?.say("Your password is needed to \(purpose).")
        if let aside { passwords.terminal?.say(aside) }
        aside = nil
    }

    /// The password of now, for requests that carry it themselves; the first that a command asks for.
    func currentPassword() throws -> WipedBytes {
        defer { forgetPassword() }
        if passwords.isThere {
            try openIfLocked()
            try prove()
        }
        guard let typed else { throw PasswordSource.nobody }
        return typed
    }

    /// Reads the password now when it comes from a descriptor: before standard input is read, which may be the same.
    func takePassword() throws {
        if passwords.descriptor != nil, typed == nil { typed = try passwords.password() }
    }

    /// Whether the password was typed for this command, to unlock the vault, and is still at hand.
    var hasTyped: Bool { typed != nil }

    /// Keeps a password that was typed for this command.
    func remember(_ password: WipedBytes) { typed = password }

    static let octets = "application/octet-stream"
}
