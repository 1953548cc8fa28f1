import TacitWire

/// Which fields of a secret go into which variables: the one that is named; else every bound one; else the one that stands for the secret; where none
/// does, and the secret is one of all, each. The keeper decides the same way for the runs that it starts.
struct InjectedFields {
    let detail: SecretDetail
    let reference: Reference
    let prefix: String
    /// Whether the secret was not named, but is one of all.
    var isOfAll = false

    init(_ detail: SecretDetail, _ reference: Reference, prefix: String, isOfAll: Bool = false) {
        (self.detail, self.reference, self.prefix, self.isOfAll) = (detail, reference, prefix, isOfAll)
    }

    func targets(_ secret: RunSecret) throws -> [UnmaskedRun.Target] {
        let isInput = secret.stdin == true
        if reference.field == nil, secret.variable == nil, !isInput {
            let bound = detail.fields.filter { $0.binding != nil }
            if !bound.isEmpty { return bound.map { target($0.name, $0.binding) } }
        }
        if isOfAll, standing == nil {
            return detail.fields.map { target($0.name, Self.variable(for: "\(detail.name)_\($0.name)", prefix: prefix)) }
        }
        let field = try chosen()
        return [target(field.name, isInput ? nil : secret.variable ?? field.binding ?? variable(of: field.name))]
    }

    private func target(_ field: String, _ variable: String?) -> UnmaskedRun.Target {
        var narrowed = reference
        narrowed.field = field
        return UnmaskedRun.Target(reference: narrowed, variable: variable)
    }

    /// The field that is named, or the one that stands for the secret: `value`, else the only secret one.
    private func chosen() throws -> FieldSummary {
        if let name = reference.field {
            // What the version lacks the keeper refuses when it is asked for the value.
            return detail.fields.first { $0.name == name } ?? FieldSummary(name: name, kind: .secret)
        }
        guard let standing else {
            throw CommandFailure(
                "the secret \(detail.name) has several fields",
                hint: "name one: `-k \(detail.name)#FIELD=VARIABLE`; `tacit show \(detail.name)` lists them",
                code: "secret.several-fields")
        }
        return standing
    }

    /// The field that stands for the secret: `value`, else the only secret one; nil where none does.
    private var standing: FieldSummary? {
        let secrets = detail.fields.filter { $0.kind == .secret }
        return detail.fields.first { $0.name == "value" } ?? (secrets.count == 1 ? secrets[0] : nil)
    }

    private func variable(of field: String) -> String {
        let isNamed = reference.field != nil && field != "value"
        return Self.variable(for: isNamed ? "\(detail.name)_\(field)" : detail.name, prefix: prefix)
    }

    /// `stripe/api-key` becomes `STRIPE_API_KEY`.
    static func variable(for name: String, prefix: String) -> String {
        let upper = name.utf8.map { byte -> UInt8 in
            if (97...122).contains(byte) { return byte - 32 }
            return NameShape.isLetter(byte) || NameShape.isDigit(byte) ? byte : UInt8(ascii: "_")
        }
        let text = prefix + String(decoding: upper, as: UTF8.self)
        return text.utf8.first.map(NameShape.isDigit) == true ? "_" + text : text
    }

    /// Checks that a secret may be injected as this variable.
    static func check(_ variable: String) throws {
        guard !DangerousVariables.contains(variable) else {
            throw CommandFailure(
                "\(variable) decides what programs do; no secret is injected as it", hint: "choose another variable: `-k KEY=VARIABLE`",
                code: "injection.dangerous-variable")
        }
    }

    /// Two secrets in one place.
    static func taken(_ variable: String?) -> CommandFailure {
        guard let variable else { return CommandFailure("two secrets would be sent to standard input", code: "injection.taken") }
        return CommandFailure(
            "two secrets would be injected as \(variable)", hint: "give one of them a variable of its own: `-k KEY=VARIABLE`", code: "injection.taken"
        )
    }
}
