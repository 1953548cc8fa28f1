import FoundationEssentials
import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

/// Runs in a working directory that takes no overlay: it is one over another already, and the kernel stacks no third. Needs root to make it.
@Suite("A run whose working directory takes no overlay", .enabled(if: getuid() == 0))
struct CopiedRunTests {
    let value = "CANARY-52c08e1fa96b7d34"
    let folder: TemporaryFolder
    let spawner: SpawnerHandle
    var work: String { "\(folder.path)/base/work" }

    init() throws {
        folder = try TemporaryFolder()
        let user = SandboxRunTests.user
        unsafe mkdir("\(folder.path)/base", 0o755)
        let fixture = try folder.copy(TestRun.fixture, as: "helper")
        // What lies under /tmp may be an overlay itself.
        let script = """
            cd "$0" && mount -t tmpfs none base && cd base || exit 1
            mkdir lower lower/sub middle work changes1 changes2 aside1 aside2
            for name in changed gone kept sub/inner; do echo $name > lower/$name; done
            chown -R \(user):\(user) .
            mount -t overlay none middle -o lowerdir=lower,upperdir=changes1,workdir=aside1 || exit 1
            mount -t overlay none work -o lowerdir=middle,upperdir=changes2,workdir=aside2 || exit 1
            exec setpriv --reuid=\(user) --regid=\(user) --clear-groups "$@"
            """
        spawner = try SpawnerHandle(
            executable: "/usr/bin/unshare",
            arguments: ["--mount", "--propagation", "private", "--", "sh", "-c", script, folder.path, fixture, Spawner.subcommand])
        // What is changed in the moment of the start counts as changed meanwhile.
        usleep(20_000)
    }

    private func job(_ script: String) -> RunJob { RunJob.agent("sh", "-c", script, directory: work) }

    /// What a run without a sandbox says of the directory.
    private func look(_ script: String) throws -> String { try TestRun(job(script), from: spawner).finish().output }

    private func run(_ script: String, meanwhile: () throws -> Void = {}) throws -> RunReport {
        let run = try TestRun(
            job("\(script); echo ready; read line; exit 0").sandboxed(), [.variable("VALUE", value, needle: "stripe/key")], from: spawner)
        run.wait { $0.output.hasSuffix("ready\n") }
        try meanwhile()
        try run.finish()
        let bytes = run.frames.lazy.compactMap { frame -> [UInt8]? in if case .report(let bytes) = frame { bytes } else { nil } }.first
        return try WireJSON.decodeStrictly(RunReport.self, from: Data(try #require(bytes)))
    }

    @Test("has a copy: what is clean is written, changed, moved and deleted at the end; what holds a value or leaves is not, and nothing is set-id")
    func released() throws {
        let script = """
            echo new > changed; rm gone; mkdir -p a/b; echo deep > a/b/c; chmod 640 a/b/c; ln -s c a/b/link; rm -r sub; mv kept moved
            echo "$VALUE" > stolen; echo "$VALUE" | base64 > encoded; echo ok > "$VALUE"; ln -s "$VALUE" named; ln -s /etc/passwd out; mkfifo pipe
            cp /bin/true set; chmod 4755 set
            """
        let report = try run(script) {
            let before = try look("cat changed; ls")
            #expect(before == "changed\nchanged\ngone\nkept\nsub\n")
        }
        #expect(try look("ls; cat changed a/b/link moved; stat -c %a a/b/c set") == "a\nchanged\nmoved\nset\nnew\ndeep\nkept\n640\n755\n")
        let withheld = ["[REDACTED:stripe/key]", "encoded", "named", "out", "pipe", "stolen"]
        #expect(report.files?.withheld.map(\.path).sorted() == withheld && report.files?.withheldCount == 6, "\(report)")
        #expect(report.files?.written == 5 && report.files?.deleted == 3, "\(report)")
        #expect(report.sandbox?.files == "checked, in a copy")
        #expect(try run("true").files == nil)
    }

    @Test("what somebody else changes meanwhile is not overwritten: the run's lies beside it")
    func meanwhile() throws {
        let report = try run("echo ours > changed; cat changed; rm gone") { _ = try look("echo theirs > changed; echo theirs > made; touch gone") }
        #expect(try look("cat changed made gone changed.tacit-*") == "theirs\ntheirs\ngone\nours\n")
        #expect(report.files?.kept.map(\.path) == ["changed"] && report.files?.withheld.map(\.path) == ["gone"], "\(report)")
    }

    @Test("a program that closes directories deletes nothing, and what was not taken over is told")
    func closed() throws {
        #expect(try run("chmod 0 sub").files?.withheld.map(\.path) == ["sub"])
        #expect(try run("chmod 0 .").files?.withheld.map(\.path) == ["."])
        #expect(try look("ls; cat sub/inner") == "changed\ngone\nkept\nsub\nsub/inner\n")
    }

    @Test(
        "one that cannot be copied is refused, with the reason and the next step",
        arguments: [("truncate -s 257M big", "256 MiB", "smaller"), ("touch closed; chmod 0 closed", "cannot be read", "! -readable")])
    func refused(script: String, reason: String, remedy: String) throws {
        _ = try look(script)
        let refusal = #expect(throws: RunnerError.self) { try TestRun(job("true").sandboxed { $0.strictness = .fallback }, from: spawner) }
        guard case .refused(let failure) = refusal else { return #expect(Bool(false), "\(String(describing: refusal))") }
        #expect(
            failure.code == "run.directory-not-copied" && failure.message.contains(reason) && failure.hint?.contains(remedy) == true, "\(failure)")
        #expect(eventually { Descendants.all(below: [spawner.process]).count <= 1 }, "a process of the sandbox was left")
    }
}
