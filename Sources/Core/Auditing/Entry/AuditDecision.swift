import Model

/// What was decided, and by what.
package struct AuditDecision: Sendable, Hashable {
    package enum Effect: UInt8, Sendable {
        case deny = 0
        case allow = 1
    }

    package let effect: Effect
    /// The rule that decided, as the policy names it.
    package let rule: String?
    /// The stable code of a denial or failure.
    package let code: String?

    /// An act that was allowed.
    package static func allow(rule: String? = nil) -> AuditDecision { AuditDecision(effect: .allow, rule: rule, code: nil) }

    /// An act that was denied.
    package static func deny(code: String, rule: String? = nil) -> AuditDecision { AuditDecision(effect: .deny, rule: rule, code: code) }

    init(effect: Effect, rule: String?, code: String?) {
        self.effect = effect
        self.rule = rule.map(AuditText.cut)
        self.code = code.map(AuditText.cut)
    }
}

/// Which part of an act an entry records.
package enum AuditPhase: Sendable, Hashable {
    /// The whole act.
    case single
    /// What is about to leave; durable before it leaves.
    case intent
    /// How the act of the intent at index `of` ended.
    case outcome(of: Int64, result: String)
}

/// One small safe fact: a program's name, an exit code, a count. Never a value, never output.
package struct AuditFact: Sendable, Hashable {
    package let key: String
    package let value: String

    package init(_ key: String, _ value: some CustomStringConvertible) {
        self.key = AuditText.cut(key)
        self.value = AuditText.cut(value.description)
    }
}

extension AuditDecision {
    func write(to writer: inout CanonicalWriter) {
        writer.write(byte: effect.rawValue)
        writer.write(optional: rule)
        writer.write(optional: code)
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        guard let effect = Effect(rawValue: try reader.byte()) else { throw .malformed }
        self.effect = effect
        rule = try reader.optionalText()
        code = try reader.optionalText()
    }
}

extension AuditPhase {
    func write(to writer: inout CanonicalWriter) {
        switch self {
        case .single: writer.write(byte: 0)
        case .intent: writer.write(byte: 1)
        case .outcome(let intent, let result):
            writer.write(byte: 2)
            writer.write(intent)
            writer.write(AuditText.cut(result))
        }
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        switch try reader.byte() {
        case 0: self = .single
        case 1: self = .intent
        case 2: self = .outcome(of: try reader.int64(), result: try reader.boundedText())
        default: throw .malformed
        }
    }
}

extension AuditFact {
    func write(to writer: inout CanonicalWriter) {
        writer.write(key)
        writer.write(value)
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        key = try reader.boundedText()
        value = try reader.boundedText()
    }
}
