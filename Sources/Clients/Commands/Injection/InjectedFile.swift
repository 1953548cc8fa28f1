import Glibc

/// Writes a file with values: 0600, whole or not at all, and over nothing that is there unless told so.
enum InjectedFile {
    static func write(_ bytes: [UInt8], to path: String, replacing: Bool) throws {
        guard replacing else {
            let file = try OutputFile(path, or: -1, onExisting: "use --force to replace it")
            try file.write(bytes)
            return try file.finish()
        }
        // Beside its place, then in it: whoever reads meanwhile has the old one or the new one, and a link is replaced, not followed.
        let beside = "\(path).tacit-\(getpid())"
        let file = try OutputFile(beside, or: -1)
        try file.write(bytes)
        guard unsafe rename(beside, path) == 0 else { throw CommandFailure(errno: errno, "the file cannot be put in its place") }
        try file.finish()
    }
}
