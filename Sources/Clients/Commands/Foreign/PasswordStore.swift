import Glibc

/// A directory of `pass` or `gopass`: one file encrypted to the person's OpenPGP key for each entry, which only `gpg` opens.
struct PasswordStore {
    private let path: String
    private let program: PipedProgram
    /// How many entries are opened at a time: the rest of gpg's time passes beside the agent's.
    private static let atOnce = 4
    /// After so many of which not one could be opened, no more are tried: gpg asks for a passphrase each time.
    private static let patience = 12
    private static let deepest = 32

    init(_ path: String, _ context: CommandContext) throws {
        self.path = path
        guard let program = PipedProgram("gpg", context) ?? PipedProgram("gpg2", context) else {
            throw CommandFailure(
                "`gpg` is not there, and only it opens a password store", hint: "install GnuPG (`apt install gnupg`), and have the store's key in it",
                code: "import.program")
        }
        self.program = program
    }

    /// Whether a directory is a store.
    static func isStore(_ path: String) -> Bool { unsafe access("\(path)/.gpg-id", F_OK) == 0 }

    /// Reads every entry. One that cannot be opened is left out, and told.
    func read() throws -> ForeignContent {
        var content = ForeignContent()
        var entries: [String] = []
        try collect("", depth: 0, into: &entries, &content)
        guard !entries.isEmpty else {
            throw CommandFailure(
                "\(path.printable) has no entry of a password store", hint: "name the store's directory, such as ~/.password-store", status: .usage,
                code: "import.store")
        }
        var opened = 0
        for start in stride(from: 0, to: entries.count, by: Self.atOnce) {
            let names = entries[start..<min(start + Self.atOnce, entries.count)]
            let started = try names.map { try open("\(path)/\($0).gpg") }
            for (name, process) in zip(names, started) {
                guard let text = try process.finish(naming: name.printable) else {
                    content.remark("gpg cannot open it, and it is left out", at: .entry(name))
                    continue
                }
                opened += 1
                StoreEntry.secret(name, text.bytes, into: &content)
            }
            guard opened > 0 || start + Self.atOnce < min(Self.patience, entries.count) else {
                throw CommandFailure(
                    "gpg opens no entry of \(path.printable)",
                    hint: "`gpg --decrypt FILE.gpg` must work here: is the store's key there, and its passphrase?",
                    code: "import.store")
            }
        }
        return content
    }

    /// Names go by descriptor, not as arguments, which everybody on the machine can see.
    private func open(_ file: String) throws -> PipedProgram.Process {
        let descriptor = unsafe Glibc.open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw CommandFailure(errno: errno, "\(file.printable) cannot be read") }
        defer { close(descriptor) }
        return try program.start(["--quiet", "--batch", "--decrypt"], input: descriptor)
    }

    private func collect(_ folder: String, depth: Int, into entries: inout [String], _ content: inout ForeignContent) throws {
        let place = folder.isEmpty ? path : "\(path)/\(folder)"
        guard depth < Self.deepest, let directory = unsafe opendir(place) else {
            throw CommandFailure(errno: errno, "\(place.printable) cannot be read")
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if !name.hasPrefix(".") { names.append(name) }
        }
        for name in names.sorted() {
            let inner = folder.isEmpty ? name : "\(folder)/\(name)"
            var facts = stat()
            guard unsafe lstat("\(path)/\(inner)", &facts) == 0 else { continue }
            switch facts.st_mode & S_IFMT {
            case S_IFDIR: try collect(inner, depth: depth + 1, into: &entries, &content)
            case S_IFREG where name.hasSuffix(".gpg"): entries.append(String(inner.dropLast(4)))
            case S_IFREG where name.hasSuffix(".age"): content.remark("it is encrypted with age, which is not read here", at: .entry(inner))
            case S_IFLNK: content.remark("it is a link, which is not followed", at: .entry(inner))
            default: content.remark("it is no entry of a store", at: .entry(inner))
            }
        }
    }
}
