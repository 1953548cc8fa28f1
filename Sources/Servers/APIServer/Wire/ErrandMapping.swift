import FoundationEssentials
import Model
import Secrets
import TacitWire

extension ErrandWish {
    init(_ wire: ErrandRequest) throws {
        self.init(
            scope: try Scope(parsing: wire.scope), reference: try SecretReference(parsing: wire.secret), url: wire.url, purpose: wire.purpose)
        if let method = wire.method { self.method = method }
        fields = (wire.headers ?? []).map { ($0.name, $0.value) }
        body = try Self.body(wire)
        timeout = wire.timeoutSeconds.map { .seconds($0) }
        mostBytes = wire.maxOutputBytes
    }

    private static func body(_ wire: ErrandRequest) throws -> [UInt8] {
        guard let text = wire.body else { return [] }
        guard wire.bodyEncoding == .base64 else { return Array(text.utf8) }
        guard let bytes = Data(base64Encoded: text) else { throw EngineError.invalid("the body is not base64", hint: nil) }
        return Array(bytes)
    }
}

extension ErrandAnswer {
    init(_ result: ErrandResult) {
        let reply = result.reply
        let text = String(validating: reply.body, as: UTF8.self)
        let milliseconds = result.duration.components.seconds * 1000 + result.duration.components.attoseconds / 1_000_000_000_000_000
        self.init(
            status: reply.status, headers: reply.fields.map { HeaderField(name: $0.name, value: $0.value) },
            body: text ?? Data(reply.body).base64EncodedString(), bodyEncoding: text == nil ? .base64 : .text, truncated: reply.isTruncated,
            redactions: reply.redactedForms.map { .init(name: $0.name, form: $0.form, count: $0.count) }, withheld: reply.withheldReason,
            durationMs: milliseconds, auditEntry: result.entry)
    }
}

extension AgentTokenWish {
    init(_ wire: AgentTokenRequest) throws {
        self.init(
            scope: try Scope(parsing: wire.scope), reference: try SecretReference(parsing: wire.secret), purpose: wire.purpose,
            life: wire.ttlSeconds.map { .seconds($0) })
    }
}

extension AgentTokenAnswer {
    init(_ token: AgentToken) {
        self.init(
            tokenId: "\(token.id)", token: token.text, provider: token.provider, baseUrl: token.address,
            env: token.variables.map { HeaderField(name: $0.name, value: $0.value) }, expiresAt: token.expiresAt.seconds, auditEntry: token.entry)
    }
}
