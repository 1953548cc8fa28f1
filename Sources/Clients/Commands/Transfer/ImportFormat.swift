import ArgumentParser

/// The forms of what an import reads.
enum ImportFormat: String, ExpressibleByArgument, CaseIterable {
    case env, json
    case onePassword = "1password"
    case bitwarden, lastpass, secretctl, pass, gopass, sops

    /// As a person calls it.
    var title: String {
        switch self {
        case .env: ".env"
        case .json: "JSON of names and values"
        case .onePassword: "a 1Password CSV export"
        case .bitwarden: "a Bitwarden JSON export"
        case .lastpass: "a LastPass CSV export"
        case .secretctl: "a secretctl export"
        case .pass, .gopass: "a password store"
        case .sops: "a SOPS file"
        }
    }

    /// Whether what is read is encrypted where it lies, so that nothing in clear stays behind.
    var isSealed: Bool { self == .pass || self == .gopass || self == .sops }

    /// The form of a file by its content, and where that does not tell, by its name.
    ///
    /// Nothing of the content is ever repeated: the first line of a table without headings would be a secret.
    static func guess(_ bytes: [UInt8], named file: String?) throws -> ImportFormat {
        let name = file?.lowercased() ?? ""
        if CSVTable.isHeaded(bytes, by: LastPassCSV.columns) { return .lastpass }
        if CSVTable.isHeaded(bytes, by: OnePasswordCSV.columns) { return .onePassword }
        if name.hasSuffix(".csv") {
            throw CommandFailure(
                "the first line of the file names the columns of no export that is known here",
                hint: "1Password's and LastPass's are known: export again with all columns, or say `--format`", status: .usage, code: "import.format")
        }
        if SopsFile.isMarked(bytes) { return .sops }
        let text = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
        if text.first(where: { !" \t\r\n".utf8.contains($0) }) == UInt8(ascii: "{") { return ofJSON(bytes) }
        if name.hasSuffix(".json") { return .json }
        guard !name.hasSuffix(".yaml"), !name.hasSuffix(".yml") else {
            throw CommandFailure(
                "YAML is read only from files that sops encrypted, and this is none", hint: "`tacit import --help` says what is read", status: .usage,
                code: "import.format")
        }
        guard file != nil else {
            throw CommandFailure.usage("standard input has no name to tell its format by", hint: "say it, for example `--format env`")
        }
        return .env
    }

    /// Which of the forms in JSON it is; what is none of them, or no JSON at all, its own reader says.
    private static func ofJSON(_ bytes: [UInt8]) -> ImportFormat {
        var keys: Set<String> = []
        var hasTimes = false
        var reader = JSONReader(bytes)
        let read: Void? = try? reader.object { (reader, key) throws(FormatError) in
            keys.insert(key)
            guard try reader.kind() == .object, !hasTimes else { return try reader.skip() }
            var inner: Set<String> = []
            try reader.object { (reader, key) throws(FormatError) in
                inner.insert(key)
                try reader.skip()
            }
            hasTimes = inner.isSuperset(of: ["value", "created_at"])
        }
        guard read != nil else { return .json }
        if keys.contains("encrypted"), !keys.isDisjoint(with: ["items", "data"]) { return .bitwarden }
        if keys.contains("items"), !keys.isDisjoint(with: ["folders", "collections"]) { return .bitwarden }
        if keys.contains("sops") { return .sops }
        return hasTimes ? .secretctl : .json
    }
}
