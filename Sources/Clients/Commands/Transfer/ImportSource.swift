import Glibc

/// Where an import reads from, and how.
struct ImportSource {
    /// The path, or `-` for standard input.
    let file: String
    /// The form that the person named.
    let format: ImportFormat?
    let prefix: String
    let lastWins: Bool
    let isLiteral: Bool

    /// What is there, in the form that was named or seen.
    func read(_ context: CommandContext) throws -> (content: ImportContent, format: ImportFormat) {
        do {
            if isDirectory {
                guard format == nil || format == .pass || format == .gopass else {
                    throw CommandFailure.usage("\(name) is a directory", hint: "a directory is read with `--format pass` or `gopass`")
                }
                guard format != nil || PasswordStore.isStore(file) else {
                    throw CommandFailure.usage("\(name) is a directory, and no password store: it has no .gpg-id", hint: "name a file")
                }
                return (try ImportContent(PasswordStore(file, context).read(), prefix: prefix), format ?? .pass)
            }
            if format == .pass || format == .gopass {
                throw CommandFailure.usage("a password store is a directory", hint: "for example `tacit import ~/.password-store`")
            }
            return try readFile(context)
        } catch let error as FormatError { throw CommandFailure(error, in: name) }
    }

    private var name: String { file == "-" ? "standard input" : file.printable }

    private var isDirectory: Bool {
        var facts = stat()
        guard file != "-" else { return false }
        return unsafe stat(file, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
    }

    private func readFile(_ context: CommandContext) throws -> (content: ImportContent, format: ImportFormat) {
        let limit = ImportContent.maximumByteCount
        let source = WipedBytes(
            file == "-" ? try Input.readAll(context.input, limit: limit, naming: name) : try Input.readFile(file, limit: limit, naming: "the file"))
        let format = try format ?? ImportFormat.guess(source.bytes, named: file == "-" ? nil : file)
        switch format {
        case .env, .json: return (try ImportContent(source.bytes, isJSON: format == .json, prefix: prefix, lastWins: lastWins), format)
        default: return (try ImportContent(try foreign(source.bytes, format, context), prefix: prefix), format)
        }
    }

    private func foreign(_ bytes: [UInt8], _ format: ImportFormat, _ context: CommandContext) throws -> ForeignContent {
        switch format {
        case .onePassword: return try OnePasswordCSV.parse(bytes)
        case .lastpass: return try LastPassCSV.parse(bytes, isLiteral: isLiteral)
        case .bitwarden: return try BitwardenJSON.parse(bytes)
        case .sops:
            guard file != "-" else { throw CommandFailure.usage("a SOPS file is read by sops itself, which wants its name", hint: "name the file") }
            return try SopsFile.read(file, context)
        default: return try SecretctlJSON.parse(bytes)
        }
    }
}
