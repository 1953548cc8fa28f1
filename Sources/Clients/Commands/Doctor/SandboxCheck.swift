import CProcess
import FoundationEssentials
import Glibc
import TacitWire

/// Has this program look, in a process of its own, at what a sandbox can have here.
enum SandboxCheck {
    /// The hidden subcommand of that process.
    private static let subcommand = "__sandbox"
    private static let longestAnswer = 64 << 10

    /// What was found; nil when nobody answered.
    static func ask() -> SandboxFinding? {
        var ends: [Int32] = [-1, -1]
        guard unsafe tacit_pipe(&ends) == 0 else { return nil }
        defer { close(ends[0]) }
        let process = unsafe CStrings.with(["tacit", subcommand]) { arguments in
            unsafe CStrings.with(["SWIFT_BACKTRACE=enable=no"]) { variables in
                unsafe tacit_spawn_helper("/proc/self/exe", arguments, variables, ends[1])
            }
        }
        close(ends[1])
        guard process > 0 else { return nil }
        defer { waitpid(process, nil, 0) }
        guard let answer = try? Input.readAll(ends[0], limit: longestAnswer, naming: "the answer") else { return nil }
        return try? WireJSON.decode(SandboxFinding.self, from: Data(answer))
    }

    /// As `doctor` tells it.
    static func finding(_ found: SandboxFinding?) -> DoctorReport.Finding {
        if let sandbox = found?.sandbox {
            return .init(
                .good, "sandbox",
                "runs can be confined: namespaces \(sandbox.namespaces), Landlock \(sandbox.landlock), seccomp \(sandbox.seccomp), network "
                    + "\(sandbox.network), files \(sandbox.files)")
        }
        return .init(
            .advice, "sandbox", "runs cannot be confined, and agents' are refused: \(found?.reason ?? "nobody could look")",
            hint: found?.remedy ?? "a policy may say `unsandboxed: fallback` or `unsandboxed: allow`")
    }
}
