import Brokering
package import Model
import Redaction

/// One request that an agent wants to have made with a secret.
package struct ErrandWish: Sendable {
    package var scope: Scope
    package var reference: SecretReference
    package var method = "GET"
    package var url: String
    /// Header fields of the agent's own.
    package var fields: [(name: String, value: String)] = []
    package var body: [UInt8] = []
    package var purpose: String
    /// How long the service has, once the request was allowed.
    package var timeout: Duration?
    /// How much of the reply's body is kept.
    package var mostBytes: Int?
    /// Whether somebody still waits for the answer.
    package var isAwaited: @Sendable () -> Bool = { true }

    package init(scope: Scope, reference: SecretReference, url: String, purpose: String) {
        (self.scope, self.reference, self.url, self.purpose) = (scope, reference, url, purpose)
    }

    static let usualTimeout = Duration.seconds(30)
    package static let timeouts = Duration.seconds(1)...Duration.seconds(120)
    static let usualBytes = 16 << 10
    package static let bytes = (1 << 10)...(64 << 10)
}

/// What a service answered, without values.
package struct ErrandResult: Sendable {
    package var reply: ErrandReply
    package var duration: Duration
    /// The index of the audit entry of the intent.
    package var entry: Int64

    package init(reply: ErrandReply, duration: Duration, entry: Int64) {
        (self.reply, self.duration, self.entry) = (reply, duration, entry)
    }
}

extension ErrandReply {
    /// What was taken out: of which value, in which spelling, how often.
    package var redactedForms: [(name: String, form: String, count: Int)] { redactions.map { ($0.name, $0.view, $0.count) } }
    /// The word for why the rest of the body was kept back.
    package var withheldReason: String? { withheld?.rawValue }
}

extension ErrandWish {
    /// The request as it would be made; an agent's fault is told before a secret is looked for.
    func draft() throws -> RequestDraft {
        guard timeout.map(Self.timeouts.contains) ?? true else { throw EngineError.invalid("a service has between 1 and 120 seconds", hint: nil) }
        guard mostBytes.map(Self.bytes.contains) ?? true else { throw EngineError.invalid("a reply is cut at 1 KiB to 64 KiB", hint: nil) }
        do { return try RequestDraft(method: method, url: url, fields: fields, body: body) } catch { throw EngineError(error) }
    }
}

extension EngineError {
    init(_ problem: DraftProblem) {
        self =
            switch problem {
            // Nothing that the agent words differently helps.
            case .unwritten: .denied(.init(code: "unavailable", reason: problem.message, nextStep: problem.hint))
            default: .invalid(problem.message, hint: problem.hint)
            }
    }
}
