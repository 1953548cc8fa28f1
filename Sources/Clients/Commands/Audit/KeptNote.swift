import TacitClient

/// A checkpoint that a person kept in a file.
enum KeptNote {
    static func read(_ path: String) throws -> String {
        let bytes = try Input.readFile(path, limit: 1 << 20, naming: "the checkpoint")
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw CommandFailure(
                "the checkpoint is not text", hint: "it is what `tacit audit checkpoint` prints", status: .usage, code: "checkpoint.not-text")
        }
        return text
    }

    /// Asks for something about it. Where it is none, it is the file that was named here that is not as it must be.
    static func naming<Answer>(_ path: String?, _ ask: () throws -> Answer) throws -> Answer {
        do { return try ask() } catch let failure as CommandFailure where failure.code == "audit.malformed-checkpoint" {
            var failure = failure
            failure.status = .usage
            if let path { failure.message = "\(path.printable): \(failure.message)" }
            throw failure
        }
    }
}
