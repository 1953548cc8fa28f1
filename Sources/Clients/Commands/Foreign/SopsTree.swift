import TacitWire

/// The tree of a file of SOPS's, as `sops --output-type json` writes it.
///
/// A text at the top is a secret of its own; below, what stands beside each other are the fields of the secret that their path names.
enum SopsTree {
    private static let deepest = 32

    static func parse(_ bytes: [UInt8]) throws(FormatError) -> ForeignContent {
        var content = ForeignContent()
        var reader = JSONReader(bytes)
        guard try reader.kind() == .object else { throw reader.error("shape", "what sops decrypted is no tree of names and values") }
        try reader.object { (reader, key) throws(FormatError) in
            switch try reader.kind() {
            case .object, .array: try branch([key], &reader, &content)
            default:
                var secret = ForeignSecret(title: key, at: .entry(key))
                try leaf("value", named: key, &reader, &secret, &content)
                content.secrets.append(secret)
            }
        }
        try reader.finish()
        return content
    }

    private static func branch(_ path: [String], _ reader: inout JSONReader, _ content: inout ForeignContent) throws(FormatError) {
        guard path.count < deepest else { throw reader.error("depth", "the tree is nested too deeply") }
        var secret = ForeignSecret(title: path.last ?? "", at: .entry(path.joined(separator: "/")))
        secret.folders = path.dropLast()
        // Its place is before those below it.
        let position = content.secrets.count
        func read(_ key: String, _ reader: inout JSONReader) throws(FormatError) {
            switch try reader.kind() {
            case .object, .array: try branch(path + [key], &reader, &content)
            default: try leaf(key, named: key, &reader, &secret, &content)
            }
        }
        if try reader.kind() == .object {
            try reader.object { (reader, key) throws(FormatError) in try read(key, &reader) }
        } else {
            var number = 0
            try reader.array { (reader) throws(FormatError) in
                try read("\(number)", &reader)
                number += 1
            }
        }
        if !secret.fields.isEmpty { content.secrets.insert(secret, at: position) }
    }

    private static func leaf(
        _ field: String, named key: String, _ reader: inout JSONReader, _ secret: inout ForeignSecret, _ content: inout ForeignContent
    ) throws(FormatError) {
        if try reader.kind() == .null {
            _ = try reader.word()
            return content.remark("it is null, and is left out", at: secret.place)
        }
        guard let value = try reader.value() else { return }
        // What its author left unencrypted is no secret.
        secret.add(field, value, key.hasSuffix("_unencrypted") ? .plain : FieldKinds.kind(of: key, holding: value.bytes))
    }
}
