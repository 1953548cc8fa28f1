import Glibc
import Model
import TacitWire
import Testing

@testable import ProcessRunner

/// One run as a keeper and a client would drive it, without either.
final class TestRun {
    /// The spawner of the test process.
    static let spawner = try? SpawnerHandle(executable: fixture)
    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// The program with the two helper subcommands, beside the test binary.
    static var fixture: String {
        let path = OpenedFile.location(ofLink: "/proc/self/exe") ?? ""
        return path.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/runner-fixture"
    }

    let descriptor: Int32
    let facts: ProgramFacts
    private var decoder = RunFrameDecoder(from: .runner)
    private(set) var frames: [RunFrame] = []
    private(set) var hasEnded = false
    /// What the keeper says when it is asked whether output may leave, with the names that were answered before; nil says nothing.
    var keeperSays: ([String]) -> Bool? = { _ in true }
    /// The texts of which it says, when one of them is in what waits to leave, that they are fake tokens.
    var tokens: Set<String> = []
    private var answered: [String] = []
    private var isRefused = false

    /// Starts a run; `deciding` happens where the keeper decides, between opening and starting.
    init(
        _ job: RunJob, _ bindings: [RunBinding] = [], from spawner: SpawnerHandle? = nil, under conditions: RunConditions = RunConditions(),
        deciding: () throws -> Void = {}
    ) throws {
        let descriptor = try #require(spawner ?? Self.spawner).takeRunner()
        self.descriptor = descriptor
        facts = try Self.setUp(descriptor, job, bindings, conditions, deciding)
    }

    private static func setUp(
        _ descriptor: Int32, _ job: RunJob, _ bindings: [RunBinding], _ conditions: RunConditions, _ deciding: () throws -> Void
    ) throws -> ProgramFacts {
        do {
            let setup = RunnerSetup(descriptor: descriptor)
            let facts = try setup.submit(job)
            try deciding()
            for binding in bindings { try setup.bind(binding) }
            try setup.start(conditions)
            return facts
        } catch {
            close(descriptor)
            throw error
        }
    }

    deinit { close(descriptor) }

    func send(_ frames: RunFrame...) throws {
        let bytes = frames.flatMap(\.encoded)
        try unsafe SetupChannel(descriptor: descriptor).sendRaw(bytes.span.bytes)
    }

    /// Reads frames until one of them is as described; nil at the end or after the time.
    @discardableResult
    func wait(seconds: Double = 10, for isWanted: (TestRun) -> Bool) -> Bool {
        let deadline = MonotonicClock.now() + Int64(seconds * 1000)
        while !isWanted(self) {
            let left = deadline - MonotonicClock.now()
            var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, !hasEnded, unsafe poll(&watched, 1, Int32(left)) > 0 else { return isWanted(self) }
            readSome(65_536)
        }
        return true
    }

    /// Reads once, at most so many bytes.
    func readSome(_ count: Int) {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = unsafe read(descriptor, &bytes, count)
        guard received > 0 else { return hasEnded = true }
        decoder.append(bytes[..<received])
        while let frame = try? decoder.next() {
            frames.append(frame)
            if case .answered(let name) = frame { answered.append(String(decoding: name, as: UTF8.self)) }
            if case .candidate(let text) = frame { isRefused = isRefused || tokens.contains(String(decoding: text, as: UTF8.self)) }
            guard frame == .mayLeave, let mayLeave = keeperSays(answered) else { continue }
            try? send(mayLeave ? isRefused ? .refuse : .leave : .withhold)
            (answered, isRefused) = ([], false)
        }
    }

    /// Ends standard input and reads to the end.
    @discardableResult
    func finish(seconds: Double = 15, endsInput: Bool = true) throws -> TestRun {
        if endsInput { try? send(.stdinEnd) }
        wait(seconds: seconds) { $0.exit != nil }
        return self
    }

    var exit: RunExit? {
        frames.lazy.compactMap { if case .exit(let exit) = $0 { exit } else { nil } }.first
    }
    var stdout: [UInt8] { frames.flatMap { frame -> [UInt8] in if case .stdout(let bytes) = frame { bytes } else { [] } } }
    var stderr: [UInt8] { frames.flatMap { frame -> [UInt8] in if case .stderr(let bytes) = frame { bytes } else { [] } } }
    var output: String { String(decoding: stdout, as: UTF8.self) }
    var errors: String { String(decoding: stderr, as: UTF8.self) }
    var process: Int32? {
        frames.lazy.compactMap { if case .started(let process) = $0 { process } else { nil } }.first
    }
}

extension RunJob {
    /// An agent's job.
    static func agent(_ arguments: String..., directory: String? = nil, timeLimit: Duration? = .seconds(20)) -> RunJob {
        RunJob(
            asker: .agent, arguments: arguments, environment: RunJob.cleanEnvironment(user: "tester"), directory: directory, home: .temporary,
            timeLimit: timeLimit)
    }

    /// A person's job.
    static func person(
        _ arguments: String..., directory: String? = "/", terminal: RunTerminal? = nil, timeLimit: Duration? = nil, masksOutput: Bool = true
    ) -> RunJob {
        RunJob(
            asker: .person, arguments: arguments, environment: ["PATH": TestRun.path, "HOME": "/root", "LANG": "C.UTF-8", "TERM": "xterm"],
            directory: directory, home: .real, terminal: terminal, timeLimit: timeLimit, masksOutput: masksOutput)
    }
}

extension RunBinding {
    static func variable(_ name: String, _ value: String, needle: String? = nil) -> RunBinding {
        var bytes = Array(value.utf8)
        return RunBinding(target: .variable(name), needleName: needle, value: SecretValue(moving: &bytes))
    }

    static func token(_ name: String, _ value: String, needle: String?) -> RunBinding {
        var binding = variable(name, value, needle: needle)
        binding.isToken = true
        return binding
    }

    static func file(_ name: String, _ value: String, needle: String?) -> RunBinding {
        var bytes = Array(value.utf8)
        return RunBinding(target: .file(name), needleName: needle, value: SecretValue(moving: &bytes))
    }

    static func input(_ value: [UInt8], before: String = "", after: String = "") -> RunBinding {
        var bytes = value
        let text = InputText(before: before, after: after) ?? .none
        return RunBinding(target: .standardInput, needleName: "input", value: SecretValue(moving: &bytes), text: text)
    }
}

extension OpenedFile {
    static func location(ofLink path: String) -> String? {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, filled in
            guard let start = buffer.baseAddress else { return }
            filled = max(0, unsafe readlink(path, start, buffer.count))
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
