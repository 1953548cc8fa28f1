import Glibc
import TacitWire

/// The fields that a `set` writes, and where their values come from.
struct SetFields {
    /// The field of a secret that has one value.
    static let usualField = "value"
    static let limit = 1 << 20

    struct Part {
        var summary: FieldSummary
        var value: WipedBytes
    }

    let secret: [String]
    let plain: [(name: String, value: String)]
    let file: String?
    let name: String
    let template: SecretTemplate?
    /// Whether the person named the hidden fields to write.
    private let namesFields: Bool

    init(_ command: SetCommand, _ reference: Reference) throws {
        plain = try command.plain.map(Self.plainField)
        template = try command.template.map(SecretTemplate.named)
        let isOnlyPlain = command.fields.isEmpty && template == nil && command.file == nil && reference.field == nil && !plain.isEmpty
        let usual = reference.field.map { [$0] } ?? template?.neededSecrets ?? [Self.usualField]
        secret = isOnlyPlain ? [] : command.fields.isEmpty ? usual : command.fields
        file = command.file
        name = reference.name
        namesFields = reference.field != nil || !command.fields.isEmpty
        guard reference.field == nil || command.fields.isEmpty else { throw CommandFailure.usage("the reference and `--field` name a field each") }
        guard secret.allSatisfy({ NameShape.isSegment($0.utf8) }) else { throw ScopeResolver.badName("the field given by `--field`") }
        let all = secret + plain.map(\.name)
        guard Set(all).count == all.count else { throw CommandFailure.usage("a field is written twice") }
    }

    /// `FIELD=VALUE`
    private static func plainField(_ text: String) throws -> (name: String, value: String) {
        guard let equals = text.firstIndex(of: "="), NameShape.isSegment(text[..<equals].utf8) else {
            throw CommandFailure.usage("`--plain` takes FIELD=VALUE", hint: "for example `--plain user=app`")
        }
        return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    func gather(_ context: CommandContext, from passwords: PasswordSource) throws -> [Part] {
        if let template, isTyped(context), !namesFields {
            // In the order of the template: a password is asked for behind the user whose it is.
            try template.checkSource(file, isTyped: true)
            guard let terminal = Terminal(context) else { throw PasswordSource.nobody }
            let parts = try template.completed(plainParts, on: terminal, naming: name)
            // The fields that it cannot do without are the first of the secret, however they are asked for.
            return parts.filter { secret.contains($0.summary.name) } + parts.filter { !secret.contains($0.summary.name) }
        }
        if let template { try template.checkSource(file, isTyped: isTyped(context)) }
        let values = try secretValues(context)
        let parts =
            zip(secret, values).map { Part(summary: FieldSummary(name: $0, kind: .secret), value: $1) } + plainParts
        guard let template else { return parts }
        return try template.completed(parts, on: isTyped(context) ? Terminal(context) : nil, naming: name)
    }

    private var plainParts: [Part] {
        plain.map { Part(summary: FieldSummary(name: $0.name, kind: .plain), value: WipedBytes(Array($0.value.utf8))) }
    }

    /// Whether a person is asked for a value.
    func isTyped(_ context: CommandContext) -> Bool { !secret.isEmpty && file == nil && isatty(context.input) == 1 }

    private func secretValues(_ context: CommandContext) throws -> [WipedBytes] {
        if secret.isEmpty { return [] }
        let isTyped = isTyped(context)
        guard isTyped || secret.count == 1 else {
            throw CommandFailure.usage("several fields cannot come from one input", hint: "run `tacit set` once for each of them")
        }
        if let file, file != "-" { return [WipedBytes(try Input.readFile(file, limit: Self.limit, naming: "the file"))] }
        if !isTyped { return [WipedBytes(try piped(context))] }
        guard let terminal = Terminal(context) else { throw PasswordSource.nobody }
        return try secret.map { try typed($0, on: terminal) }
    }

    private func typed(_ field: String, on terminal: Terminal) throws -> WipedBytes {
        let what = field == Self.usualField ? name : "\(name)#\(field)"
        let value = try terminal.ask("Value of \(what): ", .hidden)
        guard !value.isEmpty else {
            throw CommandFailure(
                "nothing was typed", hint: "an empty value is stored with `--file /dev/null`", status: .usage, code: "input.empty")
        }
        return value
    }

    private func piped(_ context: CommandContext) throws -> [UInt8] {
        var value = try Input.readAll(context.input, limit: Self.limit, naming: "standard input")
        if file == nil { Self.dropLineEnd(&value) }
        guard !value.isEmpty || file != nil else {
            throw CommandFailure(
                "standard input is empty", hint: "type the value in a terminal, or pipe it in; an empty one is stored with `--file /dev/null`",
                status: .usage, code: "input.empty")
        }
        return value
    }

    /// Takes the line end off a value of one line: `echo` puts it there, and no key has one.
    static func dropLineEnd(_ value: inout [UInt8]) {
        guard value.last == UInt8(ascii: "\n"), value.firstIndex(of: UInt8(ascii: "\n")) == value.count - 1 else { return }
        value.removeLastWiping(1)
        if value.last == UInt8(ascii: "\r") { value.removeLastWiping(1) }
    }
}
