import Glibc
import TacitWire

/// A `.env` file of references, as `secret_inject` and people write it: variables, and the secrets they get.
enum EnvironmentFile {
    /// The largest file: 1 MiB.
    private static let largest = 1 << 20

    /// The secrets of a run that the file names. A line that holds anything but a full reference is refused: the file may be an agent's, and decides
    /// nothing but which secrets go where. It is named by its line alone, for a value may stand there.
    static func secrets(at path: String) throws -> [RunSecret] {
        var bytes = try read(path)
        defer { bytes.wipe() }
        var content: DotEnv.Content
        do throws(FormatError) { content = try DotEnv.parse(bytes) } catch { throw CommandFailure(error, in: path) }
        defer { content.wipe() }
        return try content.items.map { item in
            guard let text = String(validating: item.value, as: UTF8.self), text.hasPrefix("tacit://"), NameShape.isReference(text) else {
                throw refused(path, item.line, "holds no reference", "write NAME=tacit://PROJECT/ENVIRONMENT/NAME")
            }
            guard NameShape.isVariable(item.name.utf8) else { throw refused(path, item.line, "names no environment variable", nil) }
            return RunSecret(reference: text, variable: item.name)
        }
    }

    /// A session file that was removed meanwhile is told from a wrong path.
    private static func read(_ path: String) throws -> [UInt8] {
        do { return try Input.readFile(path, limit: largest, naming: path) } catch var failure as CommandFailure {
            // So that none of the command's own codes is taken for it.
            failure.status = .usage
            let directory = CommandContext.current.paths.sessionFiles
            if path.hasPrefix("\(directory)/"), unsafe access(path, F_OK) != 0 {
                failure.hint = "session files are removed after a while, at a lock and by the agent: have it write a new one"
            }
            throw failure
        }
    }

    private static func refused(_ path: String, _ line: Int, _ what: String, _ hint: String?) -> CommandFailure {
        CommandFailure("\(path):\(line): the line \(what)", hint: hint, status: .usage, code: "env-file.no-reference")
    }
}
