import CProcess
import Glibc
import Model
import TacitWire

/// The process that finds out what a machine lets a sandbox have: it builds one as a runner would, and lets it go.
package enum SandboxProbe {
    /// The hidden subcommand.
    package static let subcommand = "__sandbox"

    /// Looks, and writes what was found as JSON; the exit status.
    package static func main(outputDescriptor: Int32 = 3) -> Int32 {
        guard unsafe tacit_harden("tacit-probe") == 0, tacit_become_subreaper() == 0 else { return 125 }
        let finding = finding(closing: [outputDescriptor])
        guard let json = try? WireJSON.encode(finding) else { return 125 }
        let text = Array(json)
        return unsafe text.withUnsafeBytes { unsafe write(outputDescriptor, $0.baseAddress, $0.count) } == text.count ? 0 : 125
    }

    /// Builds a sandbox over a directory that every machine has.
    static func finding(closing descriptors: [Int32]) -> SandboxFinding {
        let directory = unsafe tacit_open_directory("/usr")
        let program = unsafe tacit_open_path(-1, "/proc/self/exe")
        guard directory >= 0, program >= 0 else { return SandboxFinding(reason: "there is no /usr") }
        defer { for descriptor in [directory, program] { close(descriptor) } }
        var scene = SandboxScene(user: "user", userID: geteuid(), groupID: getegid(), home: "/home/user", working: FilePlace(directory))
        scene.findSystemLinks()
        do throws(SandboxMissing) {
            let sandbox = try Sandbox(scene, program: program, closing: descriptors)
            defer { sandbox.end() }
            Descendants.kill(within: 2000) { while waitpid(-1, nil, WNOHANG) > 0 {} }
            return SandboxFinding(sandbox: sandbox.layers.report(files: "checked"))
        } catch {
            Descendants.kill(within: 2000) { while waitpid(-1, nil, WNOHANG) > 0 {} }
            return SandboxFinding(reason: error.reason, remedy: error.stage.remedy)
        }
    }
}
