import TacitWire

/// A policy as a person wrote it, ready for the keeper.
struct PolicyText {
    static let maximumByteCount = 1 << 20

    let yaml: String
    let file: PolicyFile
    /// How the file is named in messages.
    let name: String

    init(yaml: [UInt8], naming name: String) throws {
        guard let text = String(validating: yaml, as: UTF8.self) else {
            throw CommandFailure("\(name) is not UTF-8 text", status: .usage, code: "policy.not-text")
        }
        self.yaml = text
        self.name = name
        do { file = try PolicyFile(yaml: yaml) } catch { throw CommandFailure(error, in: name) }
    }

    /// Puts the policy in force in the place of the one the keeper has now, or of `version`.
    func apply(through door: VaultDoor, replacing version: Int64? = nil) throws -> PolicyState {
        let current = try version ?? door.get(WirePath.policy, as: PolicyState.self).version
        let wish = PolicyApply(document: String(decoding: file.json, as: UTF8.self), text: yaml)
        do {
            return try door.send("PUT", WirePath.policy, json: wish, ifMatch: current)
        } catch let failure as CommandFailure where failure.code.hasPrefix("policy.") { throw located(failure) }
    }

    /// The keeper names a place of the JSON, such as `policies[1].agent_id: …`; a person wants the line of the file.
    func located(_ failure: CommandFailure) -> CommandFailure {
        var failure = failure
        failure.status = .usage
        guard let match = failure.message.prefixMatch(of: #/([a-z_]+(?:\[[0-9]+\])?(?:\.[a-z_]+(?:\[[0-9]+\])?)*): /#),
            let position = file.position(of: String(match.1))
        else { return failure }
        failure.message = "\(name):\(position): \(failure.message)"
        return failure
    }

    /// The YAML of a policy in force, made from its document when it was applied without one.
    static func yaml(of state: PolicyState) throws -> String {
        if let text = state.text { return text }
        do {
            return String(decoding: try PolicyFile.yaml(json: Array((state.document ?? "{}").utf8)), as: UTF8.self)
        } catch { throw CommandFailure(error, in: "the policy in force") }
    }
}
