import TacitClient
import TacitWire

/// One field that an export writes.
struct ExportedField {
    var secret: String
    var version: Int64
    var name: String
    var isPlain: Bool
    /// Its variable in a .env file.
    var variable: String
    /// Whether its secret has other fields.
    var hasSiblings: Bool
    fileprivate var path: String

    /// `NAME`, or `NAME#FIELD` where there are several.
    var label: String { hasSiblings ? "\(secret)#\(name)" : secret }

    func value(through door: VaultDoor) throws -> WipedBytes {
        WipedBytes(try door.answer("GET", "\(path)/value?field=\(WirePath.encoded(name))&version=\(version)").body)
    }
}

/// The fields of an environment, for export.
enum ExportedFields {
    static func list(_ scope: Scope, through door: VaultDoor) throws -> [ExportedField] {
        try door.list(scope, allPages: true).items.flatMap { item in
            let path = WirePath.secret(scope.project, scope.environment, item.name)
            let detail: SecretDetail = try door.get(path)
            return detail.fields.map { field in
                ExportedField(
                    secret: item.name, version: detail.version, name: field.name, isPlain: field.kind == .plain,
                    variable: field.binding ?? variable(item.name, field.name), hasSiblings: detail.fields.count > 1, path: path)
            }
        }
    }

    /// `stripe/api-key` becomes `STRIPE_API_KEY`, as in a run; a field other than `value` adds its own name.
    static func variable(_ secret: String, _ field: String) -> String {
        let mapped = (field == SetFields.usualField ? secret : "\(secret)_\(field)").utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
            case _ where NameShape.isLetter(byte) || NameShape.isDigit(byte): byte
            default: UInt8(ascii: "_")
            }
        }
        let text = String(decoding: mapped, as: UTF8.self)
        return mapped.first.map(NameShape.isDigit) == true ? "_" + text : text
    }

    static func checkVariables(_ fields: [ExportedField]) throws {
        var owners: [String: String] = [:]
        for field in fields {
            guard let other = owners.updateValue(field.label, forKey: field.variable) else { continue }
            throw CommandFailure(
                "\(other.printable) and \(field.label.printable) would both be the variable \(field.variable.printable)",
                hint: "bind one of them to another: `tacit set NAME --bind VARIABLE=FIELD`, or use `--format json`", code: "export.conflict")
        }
    }

    /// The whole text; the caller wipes it.
    static func print(_ fields: [(ExportedField, WipedBytes)], as format: ExportFormat, named name: String) throws -> [UInt8] {
        do throws(FormatError) { return try text(fields, as: format, named: name) } catch {
            // Those that cannot be written by themselves; where each can, it is about all of them together.
            let unfit = fields.filter { !isFit($0, for: format, named: name) }.map(\.0.label)
            let rest = unfit.count - 10
            let names = unfit.prefix(10).joined(separator: ", ").printable + (rest > 0 ? " and \(rest) more" : "")
            throw CommandFailure(
                "\(unfit.isEmpty ? "this" : names) cannot be written as \(format.rawValue): \(error.message)",
                hint: "use `--format json`, or bind the field to another variable: `tacit set NAME --bind VARIABLE=FIELD`", code: error.code)
        }
    }

    private static func isFit(_ field: (ExportedField, WipedBytes), for format: ExportFormat, named name: String) -> Bool {
        guard var text = try? text([field], as: format, named: name) else { return false }
        text.wipe()
        return true
    }

    private static func text(_ fields: [(ExportedField, WipedBytes)], as format: ExportFormat, named name: String) throws(FormatError) -> [UInt8] {
        let variables = format.hasVariables ? fields.map { DotEnv.Item(name: $0.variable, value: $1.bytes) } : []
        switch format {
        case .env: return try DotEnv.print(variables)
        case .shell: return try ShellLines.print(variables)
        case .docker: return try DockerEnvironment.print(variables)
        case .k8s: return try KubernetesSecret.print(variables, named: name)
        case .json:
            return try SecretsJSON.print(
                fields.map { field, value in
                    let isBare = !field.hasSiblings && field.name == SetFields.usualField && !field.isPlain && isUTF8(value.bytes)
                    return SecretsJSON.Item(name: field.secret, field: isBare ? nil : field.name, isPlain: field.isPlain, value: value.bytes)
                })
        }
    }
}
