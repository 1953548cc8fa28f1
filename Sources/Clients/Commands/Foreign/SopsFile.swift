/// A file that `sops` encrypted, which only `sops` opens.
enum SopsFile {
    static func read(_ path: String, _ context: CommandContext) throws -> ForeignContent {
        guard let program = PipedProgram("sops", context) else {
            throw CommandFailure(
                "`sops` is not there, and only it opens this file", hint: "install it from https://getsops.io (a package `sops` in many systems)",
                code: "import.program")
        }
        let process = try program.start(["--decrypt", "--output-type", "json", path.hasPrefix("/") ? path : "./\(path)"], input: nil)
        guard let tree = try process.finish(naming: "what sops decrypted") else {
            throw CommandFailure("sops cannot decrypt it", hint: "`sops decrypt FILE` must work here: is its key there?", code: "import.sops")
        }
        return try SopsTree.parse(tree.bytes)
    }

    /// Whether a text has the marks that sops puts into the files that it encrypts, in YAML, .env or INI.
    static func isMarked(_ bytes: [UInt8]) -> Bool {
        bytes.split(separator: UInt8(ascii: "\n")).contains { line in
            line.elementsEqual("sops:".utf8) || line.starts(with: "sops_mac=ENC[".utf8) || line.elementsEqual("[sops]".utf8)
        }
    }
}
