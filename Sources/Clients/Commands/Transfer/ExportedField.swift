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

    /// `NAME`, or `NAME#FIELD` where there are several.
    var label: String { hasSiblings ? "\(secret)#\(name)" : secret }
}

/// The fields of an environment, for export.
enum ExportedFields {
    /// How many secrets one page of the plan has.
    private static let planPage = 5000

    static func list(_ scope: Scope, through door: VaultDoor) throws -> [ExportedField] {
        let path = "\(WirePath.exports(scope.project, scope.environment))?limit=\(planPage)"
        var fields: [ExportedField] = []
        var cursor: String?
        repeat {
            let page: Page<ExportSummary> = try door.get(path + (cursor.map { "&cursor=\(WirePath.encoded($0))" } ?? ""))
            for secret in page.items {
                fields += secret.fields.map { field in
                    ExportedField(
                        secret: secret.name, version: secret.version, name: field.name, isPlain: field.kind == .plain,
                        variable: field.binding ?? variable(secret.name, field.name), hasSiblings: secret.fields.count > 1)
                }
            }
            cursor = page.nextCursor
        } while cursor != nil
        return fields
    }

    /// The values of fields, each secret's at the version that was listed, up to a thousand secrets by one request; `expired` is told what has none.
    static func values(
        of fields: [ExportedField], _ scope: Scope, through door: VaultDoor, expired: (ExportedField) -> Void
    ) throws -> [(ExportedField, WipedBytes)] {
        var found: [(ExportedField, WipedBytes)] = []
        var rest = fields[...]
        while !rest.isEmpty {
            let request = request(for: rest)
            let answer = WipedBytes(try door.answer("POST", WirePath.exports(scope.project, scope.environment), json: request).body)
            guard let secrets = ExportHead.values(in: answer.bytes), !secrets.isEmpty else { throw VaultDoor.notUnderstood }
            for secret in secrets {
                let own = rest.prefix { $0.secret == secret.name }
                guard !own.isEmpty, secret.ranges.map({ $0.count == own.count }) ?? true else { throw VaultDoor.notUnderstood }
                rest = rest.dropFirst(own.count)
                guard let ranges = secret.ranges else {
                    own.forEach(expired)
                    continue
                }
                found += zip(own, ranges).map { ($0, WipedBytes(Array(answer.bytes[$1]))) }
            }
        }
        return found
    }

    /// The first secrets of these fields, as many as are asked for at once.
    private static func request(for fields: ArraySlice<ExportedField>) -> ExportRequest {
        var items: [ExportRequest.Item] = []
        for field in fields where items.last?.name != field.secret {
            guard items.count < ExportRequest.mostSecrets else { break }
            items.append(.init(name: field.secret, version: field.version))
        }
        return ExportRequest(items: items)
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
                hint: "use `--format json`, which takes any value"
                    + (error.isOfName ? ", or bind the field to another variable: `tacit set NAME --bind VARIABLE=FIELD`" : ""), code: error.code)
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

extension FormatError {
    /// Whether a variable's name is what cannot be written: another binding mends that, and nothing that is wrong with a value.
    fileprivate var isOfName: Bool { [".name", ".taken", ".duplicate"].contains(where: code.hasSuffix) }
}
