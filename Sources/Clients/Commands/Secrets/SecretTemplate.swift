import TacitWire

/// A kind of secret that has the same fields everywhere: which are hidden, which variables they become, and what they have to look like.
struct SecretTemplate {
    struct Field {
        var name: String
        var kind: FieldSummary.Kind
        var isNeeded = true
        /// The variable that it becomes in a run.
        var variable: String?
        /// What is taken where nothing is said.
        var usual: String?
        var check: Check = .any
        /// Whether the value has several lines and comes from a file.
        var isFile = false
    }

    /// What a value has to look like.
    enum Check {
        case any, host, port, url
        /// A key as OpenSSH and PEM write it.
        case privateKey

        func isMet(by value: [UInt8]) -> Bool {
            switch self {
            case .any: return true
            case .host: return !value.isEmpty && value.allSatisfy { (0x21...0x7E).contains($0) && !"/@:?#".utf8.contains($0) }
            case .port: return Int(String(decoding: value, as: UTF8.self)).map { (1...65_535).contains($0) } == true
            case .url:
                let text = String(decoding: value, as: UTF8.self)
                return ["https://", "http://"].contains { text.hasPrefix($0) && text.utf8.count > $0.utf8.count }
                    && !text.contains(where: \.isWhitespace)
            case .privateKey:
                return value.starts(with: Array("-----BEGIN ".utf8)) && String(decoding: value.prefix(64), as: UTF8.self).contains("PRIVATE KEY-----")
            }
        }

        var meaning: String {
            switch self {
            case .any: "anything"
            case .host: "the name or address of a host"
            case .port: "a number from 1 to 65535"
            case .url: "an address that begins with https:// or http://"
            case .privateKey: "a private key: -----BEGIN … PRIVATE KEY-----"
            }
        }
    }

    let name: String
    let fields: [Field]

    static let all = [
        SecretTemplate(
            name: "login",
            fields: [
                .init(name: "user", kind: .plain), .init(name: "password", kind: .secret),
                .init(name: "url", kind: .plain, isNeeded: false, check: .url),
                .init(name: "totp", kind: .secret, isNeeded: false),
            ]),
        SecretTemplate(
            name: "database",
            fields: [
                .init(name: "host", kind: .plain, variable: "PGHOST", usual: "localhost", check: .host),
                .init(name: "port", kind: .plain, variable: "PGPORT", usual: "5432", check: .port),
                .init(name: "database", kind: .plain, variable: "PGDATABASE"), .init(name: "user", kind: .plain, variable: "PGUSER"),
                .init(name: "password", kind: .secret, variable: "PGPASSWORD"),
            ]),
        SecretTemplate(
            name: "api", fields: [.init(name: "value", kind: .secret), .init(name: "url", kind: .plain, isNeeded: false, check: .url)]),
        SecretTemplate(
            name: "ssh",
            fields: [
                .init(name: "private_key", kind: .secret, check: .privateKey, isFile: true), .init(name: "user", kind: .plain, isNeeded: false),
                .init(name: "host", kind: .plain, isNeeded: false, check: .host), .init(name: "passphrase", kind: .secret, isNeeded: false),
            ]),
    ]

    static func named(_ name: String) throws -> SecretTemplate {
        guard let template = all.first(where: { $0.name == name }) else {
            throw CommandFailure.usage("there is no such template", hint: "it is one of \(all.map(\.name).joined(separator: ", "))")
        }
        return template
    }

    /// The hidden fields that it cannot do without.
    var neededSecrets: [String] { fields.filter { $0.kind == .secret && $0.isNeeded }.map(\.name) }

    /// Refuses to have a value of several lines typed.
    func checkSource(_ file: String?, isTyped: Bool) throws {
        guard isTyped, file == nil, let field = fields.first(where: \.isFile) else { return }
        throw CommandFailure.usage("the field \(field.name) comes from a file", hint: "add `--file PATH`, or pipe it in")
    }

    /// Adds what was not written: asked for at a terminal, else as usual. Then each field is as it must be.
    func completed(_ parts: [SetFields.Part], on terminal: Terminal?, naming secret: String) throws -> [SetFields.Part] {
        var parts = parts
        for part in parts where !fields.contains(where: { $0.name == part.summary.name && $0.kind == part.summary.kind }) {
            throw CommandFailure.usage(
                "the template \(name) has no \(part.summary.kind.rawValue) field \(part.summary.name)",
                hint: "it has \(fields.map { "\($0.name) (\($0.kind.rawValue))" }.joined(separator: ", "))")
        }
        for field in fields where !parts.contains(where: { $0.summary.name == field.name }) {
            guard let value = try value(of: field, terminal, secret) else { continue }
            parts.append(.init(summary: FieldSummary(name: field.name, kind: field.kind), value: value))
        }
        for part in parts {
            guard let field = fields.first(where: { $0.name == part.summary.name }), !field.check.isMet(by: part.value.bytes) else { continue }
            throw CommandFailure.usage("the field \(field.name) is not as it must be", hint: "it is \(field.check.meaning)")
        }
        return parts
    }

    private func value(of field: Field, _ terminal: Terminal?, _ secret: String) throws -> WipedBytes? {
        if let terminal {
            let aside = field.usual.map { " [\($0)]" } ?? (field.isNeeded ? "" : " (empty for none)")
            // What is hidden is named in full: a `password` alone could be taken for the vault's.
            let what = field.kind == .plain ? field.name : "Value of \(secret)\(field.name == SetFields.usualField ? "" : "#\(field.name)")"
            let typed = try terminal.ask("\(what)\(aside): ", field.kind == .secret ? .hidden : .visible)
            if !typed.isEmpty { return typed }
        }
        if let usual = field.usual { return WipedBytes(Array(usual.utf8)) }
        guard field.isNeeded else { return nil }
        throw CommandFailure.usage(
            "the template \(name) needs the field \(field.name)",
            hint: field.kind == .plain ? "add `--plain \(field.name)=…`" : "run it at a terminal, or write it by `--field \(field.name)`")
    }

    /// The variables of the fields that are written.
    func bindings(of parts: [SetFields.Part]) -> [SetRequest.Binding]? {
        let bindings = fields.compactMap { field -> SetRequest.Binding? in
            guard let variable = field.variable, parts.contains(where: { $0.summary.name == field.name }) else { return nil }
            return SetRequest.Binding(variable: variable, field: field.name)
        }
        return bindings.isEmpty ? nil : bindings
    }
}
