import Policies
import TacitWire

/// A policy as a person wrote it, judged by the rules that the keeper has too.
struct PolicyText {
    static let maximumByteCount = 1 << 20

    let yaml: String
    let file: PolicyFile
    let document: PolicyDocument
    /// How the file is named in messages.
    let name: String

    init(yaml: [UInt8], naming name: String) throws {
        guard let text = String(validating: yaml, as: UTF8.self) else {
            throw CommandFailure("\(name) is not UTF-8 text", status: .usage, code: "policy.not-text")
        }
        self.yaml = text
        self.name = name
        let file: PolicyFile
        do { file = try PolicyFile(yaml: yaml) } catch { throw CommandFailure(error, in: name) }
        self.file = file
        do { document = try PolicyDocument(json: file.json) } catch { throw CommandFailure(error, in: name, file) }
    }

    /// Reads a policy file; `-` is standard input.
    init(path: String, in context: CommandContext) throws {
        let name = path == "-" ? "standard input" : path
        let yaml =
            path == "-"
            ? try Input.readAll(context.input, limit: Self.maximumByteCount, naming: name)
            : try Input.readFile(path, limit: Self.maximumByteCount, naming: "the policy file")
        try self.init(yaml: yaml, naming: name)
    }

    /// Refuses a policy whose own tests fail.
    func checkTests() throws {
        do { try document.checkTests() } catch { throw CommandFailure(error, in: name, file) }
    }

    /// Tells of what a rule lists in vain: no mistake, and most likely not what was meant.
    func noteListings(on console: Console) {
        for listing in document.vainListings {
            console.note(
                "rule \u{201C}\(listing.rule.printable)\u{201D} lists \(listing.program.printable), which runs any code, without `any_code: allow`: it gets nothing by it"
            )
        }
    }

    /// Puts the policy in force in the place of the one the keeper has now, or of `version`.
    func apply(through door: VaultDoor, replacing version: Int64? = nil) throws -> PolicyState {
        let current = try version ?? door.get(WirePath.policy, as: PolicyState.self).version
        let wish = PolicyApply(document: String(decoding: file.json, as: UTF8.self), text: yaml)
        do {
            return try door.send("PUT", WirePath.policy, json: wish, ifMatch: current)
        } catch let failure as CommandFailure where failure.code.hasPrefix("policy.") { throw located(failure) }
    }

    /// A keeper of another version may refuse what this program takes. It names a place of the JSON, such as `policies[1].agent_id: …`; a person
    /// wants the line of the file.
    func located(_ failure: CommandFailure) -> CommandFailure {
        var failure = failure
        failure.status = .usage
        guard let match = failure.message.prefixMatch(of: #/([a-z_0-9]+(?:\[[0-9]+\])?(?:\.[a-z_0-9]+(?:\[[0-9]+\])?)*): /#),
            let position = file.position(of: String(match.1))
        else { return failure }
        failure.message = "\(name):\(position): \(failure.message)"
        return failure
    }

    /// The YAML of a policy in force; made from its document when it was applied without one, or with one that says something else.
    static func yaml(of state: PolicyState) throws -> String {
        if let text = state.text {
            // What this program does not understand it cannot compare.
            guard let inForce = try? document(of: state), let written = try? PolicyText(yaml: Array(text.utf8), naming: "its text"),
                written.document != inForce
            else { return text }
        }
        do {
            return String(decoding: try PolicyFile.yaml(json: Array((state.document ?? "{}").utf8)), as: UTF8.self)
        } catch { throw CommandFailure(error, in: "the policy in force") }
    }

    /// The document in force; the empty one when none is.
    static func document(of state: PolicyState) throws -> PolicyDocument {
        guard let json = state.document else { return .empty }
        do { return try PolicyDocument(json: Array(json.utf8)) } catch {
            throw CommandFailure("the policy in force is not understood: \(error.message)", hint: error.hint, code: error.code)
        }
    }
}

extension CommandFailure {
    /// What is wrong with a policy, at its line.
    init(_ error: PolicyError, in name: String, _ file: PolicyFile) {
        let place = file.position(of: error.path).map { "\(name):\($0)" } ?? name
        self.init("\(place): \(error.message)", hint: error.hint, status: .usage, code: error.code)
    }
}
