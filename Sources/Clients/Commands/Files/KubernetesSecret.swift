/// The manifest of a Kubernetes Secret, with its values in base64.
enum KubernetesSecret {
    /// The most bytes that the values of one Secret have together, as Kubernetes has it.
    static let largest = 1 << 20

    /// Prints variables as the data of one Secret; the caller wipes the result.
    ///
    /// Keys and values stand in quotes: `NO` and `1234` would be something else than text.
    static func print(_ items: [DotEnv.Item], named name: String) throws(FormatError) -> [UInt8] {
        for item in items where !NameShape.isVariable(item.name.utf8) {
            throw FormatError("k8s.name", "\(item.name.printable) cannot be the name of a variable", at: nil)
        }
        guard items.reduce(0, { $0 + $1.value.count }) <= largest else {
            throw FormatError("k8s.too-large", "the values are larger than 1 MiB together, which Kubernetes refuses", at: nil)
        }
        var text: [UInt8] = []
        text.reserveCapacity(items.reduce(name.utf8.count + 100) { $0 + $1.name.utf8.count + ($1.value.count + 2) / 3 * 4 + 10 })
        text.append(
            contentsOf: "apiVersion: v1\nkind: Secret\nmetadata:\n  name: \"\(name)\"\ntype: Opaque\ndata:\(items.isEmpty ? " {}" : "")\n".utf8)
        for item in items {
            text.append(contentsOf: "  \"\(item.name)\": \"".utf8)
            Base64.append(item.value, to: &text)
            text.append(contentsOf: "\"\n".utf8)
        }
        return text
    }

    /// Whether a text can be the name of a Secret: a DNS subdomain (RFC 1123).
    static func isName(_ name: String) -> Bool {
        (1...253).contains(name.utf8.count)
            && name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
                guard let first = label.first, let last = label.last else { return false }
                return isAlphanumeric(first) && isAlphanumeric(last) && label.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "-") }
            }
    }

    /// The name of the Secret of a project's environment.
    static func name(project: String, environment: String) -> String {
        let made = "\(project)-\(environment)".lowercased().utf8.map { isAlphanumeric($0) ? $0 : UInt8(ascii: "-") }
        let text = String(decoding: made.drop { $0 == UInt8(ascii: "-") }, as: UTF8.self)
        let end = text.lastIndex { $0 != "-" }
        return end.map { String(text[...$0]) } ?? "secrets"
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        NameShape.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
}
