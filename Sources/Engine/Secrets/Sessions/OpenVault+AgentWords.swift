import Approvals
import Brokering
import Model
import Redaction
import Storage

/// Words of an agent's own, on their way into the log or before a person.
extension OpenVault {
    /// The words on one line, cut, and freed of control and direction characters. Where the agent's live fake tokens stand in them, in any form, their names do.
    ///
    /// Nothing else is looked for: no value is open before the entry is written that these words are a part of.
    func quoted(_ words: String, of asker: Asker) async throws -> String {
        let text = "\(QuotedText(words))"
        guard let agent = asker.agent, !text.isEmpty else { return text }
        let needles = NeedleSet(try await liveTokens(of: agent))
        guard !needles.isTooShort(Array(text.utf8)) else { return text }
        var redactor = Redactor(needles, mode: .agent)
        var redacted: [UInt8] = []
        unsafe redactor.redact(Array(text.utf8).span.bytes, into: &redacted)
        redactor.finish(into: &redacted)
        return String(decoding: redacted, as: UTF8.self)
    }

    /// A purpose as it is kept; one without a word in it is refused.
    func purpose(_ words: String, of asker: Asker) async throws -> String {
        let quoted = try await quoted(words, of: asker)
        guard quoted.contains(where: { !$0.isWhitespace }) else {
            throw EngineError.invalid("a purpose is needed", hint: "say in one sentence what it is for")
        }
        return quoted
    }

    private func liveTokens(of agent: AgentID) async throws -> [Needle] {
        let now = expiryClock()
        var needles: [Needle] = []
        for row in try await grants(where: { $0.agent == agent && $0.state(at: now) == .live }) {
            guard let secret = row.parent, let (_, name) = try? await located(secret.cast()), let (token, _) = try? token(of: row) else { continue }
            var bytes = Array(token.text.utf8)
            needles.append(Needle(name: "\(name)", value: SecretValue(moving: &bytes), isToken: true))
        }
        return needles
    }
}
