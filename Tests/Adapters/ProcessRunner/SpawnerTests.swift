import CProcess
import Glibc
import Model
import Policies
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("Spawner and runners", .serialized)
struct SpawnerTests {
    private func children(_ process: Int32) -> [Int32] {
        unsafe [Int32](unsafeUninitializedCapacity: 1024) { buffer, count in
            count = Int(max(0, unsafe tacit_children(process, buffer.baseAddress, 1024)))
        }
    }

    @Test("200 quick runs leave no zombie, no descriptor and no directory")
    func manyRuns() throws {
        let spawner = try SpawnerHandle(executable: TestRun.fixture)
        func open() -> Int { entries(of: "/proc/\(spawner.process)/fd").count }
        _ = try TestRun(.agent("true"), from: spawner).finish()
        #expect(eventually { children(spawner.process).count == 1 })
        let before = open()
        for index in 0..<200 {
            let run = try TestRun(.agent("true"), [.variable("KEY", "CANARY-many-\(index)", needle: "key")], from: spawner).finish()
            #expect(run.exit == .exited(code: 0))
        }
        #expect(eventually { children(spawner.process).count == 1 }, "the one that waits")
        #expect(eventually { open() <= before })
        #expect(eventually { leftovers().isEmpty }, "\(leftovers())")
    }

    /// The private directories whose runner is gone.
    private func leftovers() -> [String] {
        entries(of: "/tmp").filter { name in
            // Another user's are another suite's.
            var facts = stat()
            guard name.hasPrefix("tacit-run-"), unsafe lstat("/tmp/\(name)", &facts) == 0, facts.st_uid == geteuid() else { return false }
            let runner = name.dropFirst("tacit-run-".count).split(separator: ".").first.flatMap { Int32($0) }
            return runner.map { !isLiving($0) } ?? false
        }
    }

    @Test("what a runner left that died with its spawner, the next spawner removes; what another made or somebody holds stays")
    func leftBySpawner() throws {
        let held = "/tmp/tacit-run-\(getpid()).held00"
        let others = ["/tmp/tacit-run-somebodys", "/tmp/tacit-run-1.x", "/tmp/tacit-run-1.abcdef.g", held]
        for path in others { unsafe mkdir(path, 0o700) }
        defer { for path in others { unsafe rmdir(path) } }
        let lock = unsafe open(held, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(lock) }
        try #require(flock(lock, LOCK_EX | LOCK_NB) == 0)
        var home = ""
        do {
            let spawner = try SpawnerHandle(executable: TestRun.fixture)
            let run = try TestRun(.agent("sh", "-c", "echo CANARY-left > $HOME/file; echo $PPID $$ $HOME; exec sleep 100"), from: spawner)
            #expect(run.wait { $0.output.contains("\n") })
            let words = run.output.split(whereSeparator: \.isWhitespace).map(String.init)
            kill(spawner.process, SIGKILL)
            for word in words.prefix(2) { kill(try #require(Int32(word)), SIGKILL) }
            home = try #require(words.last)
            #expect(run.wait { $0.hasEnded })
        }
        #expect(unsafe access("\(home)/file", F_OK) == 0)
        let next = try SpawnerHandle(executable: TestRun.fixture)
        #expect(eventually { unsafe access(home, F_OK) != 0 })
        #expect(others.allSatisfy { unsafe access($0, F_OK) == 0 })
        next.stop()
    }

    @Test("one runner waits, warm; a dead one is noticed and passed over")
    func warm() throws {
        let spawner = try SpawnerHandle(executable: TestRun.fixture)
        #expect(eventually { children(spawner.process).count == 1 })
        let waiting = try #require(children(spawner.process).first)
        kill(waiting, SIGKILL)
        #expect(eventually { children(spawner.process).isEmpty })
        #expect(try TestRun(.agent("echo", "on"), from: spawner).finish().output == "on\n")
    }

    @Test("without its spawner the keeper starts nothing")
    func spawnerGone() throws {
        let spawner = try SpawnerHandle(executable: TestRun.fixture)
        #expect(spawner.isAlive)
        kill(spawner.process, SIGKILL)
        #expect(eventually { !spawner.isAlive })
        #expect(throws: RunnerError.spawnerGone) { try spawner.takeRunner() }
        #expect(RunnerError.spawnerGone.message.contains("until lock and unlock"))
    }

    @Test("a broker that does not end with its keeper's end is killed, and all are with the spawner's keeper")
    func stubbornBrokers() throws {
        let spawner = try SpawnerHandle(executable: TestRun.fixture, keepsWarm: false)
        let first = try spawner.takeBroker()
        #expect(eventually { children(spawner.process).count == 1 })
        let broker = try #require(children(spawner.process).first)
        let second = try spawner.takeBroker()
        defer { close(second) }
        #expect(eventually { children(spawner.process).count == 2 })
        close(first)
        #expect(eventually { !isLiving(broker) })
        let other = try #require(children(spawner.process).first)
        #expect(isLiving(other) && other != broker)
        kill(other, SIGSTOP)
        spawner.stop()
        #expect(eventually { !isLiving(other) && !isLiving(spawner.process) })
    }

    @Test("a run outlives a spawner that is stopped, and one that is killed")
    func runsGoOn() throws {
        for isKilled in [false, true] {
            let spawner = try SpawnerHandle(executable: TestRun.fixture)
            let run = try TestRun(.agent("sh", "-c", "echo ready; read line; echo $line"), from: spawner)
            #expect(run.wait { $0.output == "ready\n" })
            if isKilled { kill(spawner.process, SIGKILL) }
            spawner.stop()
            #expect(!spawner.isAlive && isLiving(spawner.process) == !isKilled)
            try run.send(.stdin(Array("still here\n".utf8)))
            #expect(try run.finish().output == "ready\nstill here\n")
            #expect(eventually { unsafe access("/proc/\(spawner.process)", F_OK) != 0 }, "it ends with its last run, and is collected")
        }
    }

    @Test("a runner that is killed after its spawner was stopped leaves nobody either")
    func runnerKilledLater() throws {
        let spawner = try SpawnerHandle(executable: TestRun.fixture)
        let run = try TestRun(.agent("sh", "-c", "setsid sleep 100 & echo $PPID $!; wait"), from: spawner)
        #expect(run.wait { $0.output.contains("\n") })
        let words = run.output.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) }
        try #require(words.count == 2)
        spawner.stop()
        #expect(isLiving(words[1]))
        kill(words[0], SIGKILL)
        #expect(eventually { !isLiving(words[1]) })
        #expect(eventually { !isLiving(spawner.process) })
        #expect(eventually { leftovers().isEmpty }, "\(leftovers())")
    }

    @Test("when the control socket ends, so do the run, its descendants and its directory")
    func keeperGone() throws {
        for script in ["echo $HOME $$; sleep 100", "trap '' TERM; echo $HOME $$; setsid sleep 200 & while :; do sleep 0.1; done"] {
            var words: [String] = []
            do {
                let run = try TestRun(.agent("sh", "-c", script))
                #expect(run.wait { $0.output.contains("\n") })
                words = run.output.split(whereSeparator: \.isWhitespace).map(String.init)
            }
            let process = try #require(words.last.flatMap { Int32($0) })
            #expect(eventually { !isLiving(process) })
            #expect(eventually { unsafe access(words[0], F_OK) != 0 })
        }
    }

    @Test("a runner that is killed takes its child with it")
    func runnerKilled() throws {
        let run = try TestRun(.agent("sh", "-c", "echo $PPID; exec sleep 100"))
        #expect(run.wait { $0.output.contains("\n") })
        let runner = try #require(Int32(run.output.dropLast()))
        let process = try #require(run.process)
        kill(runner, SIGKILL)
        #expect(eventually { !isLiving(process) })
        #expect(run.wait { $0.hasEnded })
        #expect(run.exit == nil)
        #expect(eventually { leftovers().isEmpty }, "\(leftovers())")
    }

    @Test("a runner that is killed takes all below its child with it; what another run left behind goes on")
    func runnerKilledWithFamily() throws {
        let left = try TestRun(.person("sh", "-c", "setsid sleep 100 >/dev/null 2>&1 </dev/null & echo $!")).finish()
        let stays = try #require(Int32(left.output.dropLast()))
        defer { kill(stays, SIGKILL) }
        let run = try TestRun(.agent("sh", "-c", "setsid sh -c 'setsid sleep 100 & echo $$ $!; wait' & echo $PPID; wait"))
        #expect(run.wait { $0.output.filter(\.isNewline).count == 2 })
        let lines = run.output.split(whereSeparator: \.isNewline).map(String.init).sorted { $0.count < $1.count }
        let family = lines[1].split(separator: " ").compactMap { Int32(String($0)) }
        #expect(family.count == 2 && family.allSatisfy(isLiving))
        kill(try #require(Int32(lines[0])), SIGKILL)
        #expect(eventually { !family.contains(where: isLiving) })
        #expect(isLiving(stays))
    }

    @Test("values and jobs that make no sense end the runner, and nothing is executed")
    func malformedSetup() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededGenerator(seed)
        let job = RunJob.agent("true").encoded
        let good = [1] + (0..<4).reversed().map { UInt8(truncatingIfNeeded: job.count >> ($0 * 8)) } + job
        for index in 0..<20 {
            let descriptor = try #require(TestRun.spawner).takeRunner()
            defer { close(descriptor) }
            var bytes = good
            if index == 0 {
                bytes = [1, 255, 255, 255, 255]
            } else {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8(index % 8)
            }
            let channel = SetupChannel(descriptor: descriptor)
            try unsafe channel.sendRaw(bytes.span.bytes)
            shutdown(descriptor, Int32(SHUT_WR))
            var answer = [UInt8](repeating: 0, count: 4096)
            var total = 0
            while true {
                let count = unsafe read(descriptor, &answer, answer.count)
                guard count > 0 else { break }
                total += count
            }
            #expect(total < 4096, "seed \(seed)")
        }
    }

    @Test("jobs and facts are read back as they were written, and cut ones are refused")
    func coding() throws {
        var job = RunJob.person("a", "b c", "ü", terminal: RunTerminal(rows: 1, columns: 2, input: true, output: false, error: true, term: "vt"))
        job.terminal?.modes = RunTerminalModes(input: 1, output: 2, local: .max, characters: [0, 127, 255])
        job.timeLimit = .milliseconds(1500)
        job.masksOutput = false
        job.caller = .max
        #expect(try RunJob(decoding: job.encoded) == job)
        let agent = RunJob.agent("x")
        #expect(try RunJob(decoding: agent.encoded) == agent)
        for (hasDoor, hasKeeper) in [(true, false), (true, true)] {
            let confined = agent.sandboxed { ($0.hasDoor, $0.hasKeeper, $0.lastingHome) = (hasDoor, hasKeeper, "/home") }
            #expect(try RunJob(decoding: confined.encoded) == confined)
        }
        for length in 0..<job.encoded.count { #expect(throws: CanonicalError.self) { try RunJob(decoding: Array(job.encoded.prefix(length))) } }
        var facts = ProgramFacts(path: "/x", device: 1, inode: -1, programClass: .packageManager, interpreter: "/y")
        #expect(try ProgramFacts(decoding: facts.encoded) == facts)
        facts.directory = .init(path: "/srv", device: 3, inode: .min)
        #expect(try ProgramFacts(decoding: facts.encoded) == facts)
        for target in [.variable("A"), .file("A"), .standardInput] as [InjectionPlan.Target] {
            var head = BindingHead(RunBinding.variable("A", "value", needle: "n"))
            head.target = target
            #expect(try BindingHead(decoding: head.encoded) == head)
        }
        let head = BindingHead(RunBinding.input([1, 2], before: "a: ", after: "\n"))
        #expect(try BindingHead(decoding: head.encoded) == head && head.text.before == "a: " && head.text.after == "\n")
        for length in 0..<head.encoded.count {
            #expect(throws: CanonicalError.self) { try BindingHead(decoding: Array(head.encoded.prefix(length))) }
        }
    }
}
