import Dispatch
import Glibc
import Model
import Policies
import ProcessRunner
import Secrets
import Synchronization
import TacitWire

/// Gives the vault its helpers: one spawner per unlock, started before the first key is opened. A keeper that is a user of its own has its runners from root's
/// helper, and brokers alone from the spawner.
final class RunnerLauncher: RunnerSupply {
    private let spawner = Mutex<SpawnerHandle?>(nil)
    private let account: Account
    private let hidden: [String]
    /// Where whole agents have their homes; nil where these last no longer than a run.
    private let homes: String?
    /// Where root's helper is asked; nil when runs are this process's own user's.
    private let starter: String?

    /// `account` is whose programs the runs of agents are; `hidden` are the directories that no sandbox shows.
    init(for account: Account, hiding hidden: [String], homes: String? = nil, starter: String? = nil) {
        (self.account, self.hidden, self.homes, self.starter) = (account, hidden, homes, starter)
    }

    func prepare() async throws {
        try spawner.withLock { spawner in
            guard spawner?.isAlive != true else { return }
            spawner = try SpawnerHandle(keepsWarm: starter == nil)
        }
    }

    var isAlive: Bool? { spawner.withLock { $0?.isAlive ?? false } }

    /// Takes a fresh broker; who takes it closes it.
    func takeBroker(at place: ListeningPlace?) throws -> Int32 {
        guard let spawner = spawner.withLock(\.self) else { throw RunnerError.spawnerGone }
        return try withExtendedLifetime(place) { try spawner.takeBroker(listeningOn: place?.listeners ?? BrokerListeners()) }
    }

    func retire() {
        spawner.withLock { spawner in
            spawner?.stop()
            spawner = nil
        }
    }

    func open(_ job: Secrets.RunJob) async throws -> any WaitingRun {
        let spawner = spawner.withLock { $0 }
        guard starter != nil || spawner != nil else { throw EngineError.runnersGone }
        return try await Self.aside {
            let runner = try self.starter.map { try RunStarter.takeRunner(socket: $0, directory: job.workingDirectory) } ?? spawner?.takeRunner()
            guard let runner else { throw EngineError.runnersGone }
            return try OpenedRun(job, of: self.account, hiding: self.hidden, homes: self.homes, isOwnUser: self.starter == nil, on: runner)
        }
    }

    /// Does what blocks for a few milliseconds on a thread that is not one of the concurrency pool.
    fileprivate static func aside<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Swift.Result(catching: body).mapError(refusal)) }
        }
    }

    /// Why a run did not begin, in the words of the engine or of a run.
    private static func refusal(_ error: any Error) -> any Error {
        switch error {
        case RunnerError.spawnerGone: EngineError.runnersGone
        case RunnerError.refused(let failure): failure
        case let known as any Diagnosable: RunFailure(status: 125, code: known.code, message: known.message, hint: known.hint)
        default: error
        }
    }
}

/// A runner that has opened its program and waits for values.
private final class OpenedRun: WaitingRun {
    let program: OpenedProgram
    let directory: FilePlace?
    let doorPlace: (any DoorPlace)?
    private let facts: ProgramFacts
    private let setup: RunnerSetup
    private let account: Account
    /// Whether the run is the person's user's.
    private let isOwnUser: Bool
    /// The runner's socket; nil once somebody else closes it.
    private let descriptor: Mutex<Int32?>

    /// Takes over a runner's socket.
    init(_ job: Secrets.RunJob, of account: Account, hiding hidden: [String], homes: String?, isOwnUser: Bool, on taken: Int32) throws {
        (self.account, self.isOwnUser) = (account, isOwnUser)
        setup = RunnerSetup(descriptor: taken)
        do {
            var asked = ProcessRunner.RunJob(job, environment: account.environment(of: job))
            // The person's home is closed to any other user.
            if !isOwnUser { (asked.home, asked.caller) = (.temporary, account.userID) }
            asked.sandbox = job.sandbox.map { sandbox in
                var wish = SandboxWish(
                    sandbox.isRequired ? .required : .fallback, writesThrough: sandbox.writesThrough, passesUnscanned: sandbox.passesUnscanned,
                    user: account.name, home: account.home, hidden: hidden)
                (wish.reads, wish.hasDoor, wish.hasKeeper) = (sandbox.reads, sandbox.hasDoor, sandbox.hasKeeper)
                if let homes, let home = sandbox.home { wish.lastingHome = "\(homes)/\(home)" }
                return wish
            }
            facts = try setup.submit(asked)
            let hasKeeper = job.sandbox?.hasKeeper == true
            doorPlace =
                job.sandbox?.hasDoor == true
                ? try setup.takeDoors(withKeeper: hasKeeper).map { ListeningPlace($0.broker, keeper: $0.keeper) } : nil
        } catch {
            close(taken)
            throw error
        }
        program = OpenedProgram(facts)
        directory = facts.directory
        descriptor = Mutex(taken)
    }

    deinit { descriptor.withLock { if let descriptor = $0 { close(descriptor) } } }

    func start(_ job: Secrets.RunJob) async throws -> Launched { try await RunnerLauncher.aside { try self.launch(job) } }

    private func launch(_ job: Secrets.RunJob) throws -> Launched {
        let targets = job.values.map { value -> InjectionPlan.Target in
            value.variable.map { value.isFile ? .file($0) : .variable($0) } ?? .standardInput
        }
        let plan = try InjectionPlan(targets, inherited: account.environment(of: job), preservesInherited: job.preservesEnvironment)
        for (index, value) in job.values.enumerated() where plan.isInjected[index] {
            let needle = value.kind == .secret || value.isToken && !job.showsTokens ? value.name : nil
            try setup.bind(RunBinding(target: targets[index], needleName: needle, value: value.value, text: value.text, isToken: value.isToken))
        }
        try setup.start(RunConditions(job, of: account, hasHome: isOwnUser))
        let taken = descriptor.withLock { descriptor in
            defer { descriptor = nil }
            return descriptor
        }
        guard let taken else { throw RunnerError.runnerGone }
        return Launched(descriptor: taken, program: facts.details, notices: plan.notices)
    }
}

extension Account {
    /// What a run inherits: a person's, all of it; an agent's, nothing of whoever asks.
    fileprivate func environment(of job: Secrets.RunJob) -> [String: String] {
        guard case .agent = job.audience else { return job.environment }
        return ProcessRunner.RunJob.cleanEnvironment(user: name, timeZone: timeZone)
    }
}

extension RunConditions {
    /// What was decided of a run after its program had been opened.
    fileprivate init(_ job: Secrets.RunJob, of account: Account, hasHome: Bool) {
        self.init(
            home: hasHome && job.audience == .agent(realHome: true) ? account.home : nil, searchPath: job.searchPath?.joined(separator: ":"),
            passesUnscanned: job.passesUnscanned, answersLeft: job.answersLeft)
        proxy = job.proxy.map { RunProxy(variables: $0.variables, authority: $0.authority) }
    }
}

extension OpenedProgram {
    fileprivate init(_ facts: ProgramFacts) {
        self.init(
            path: facts.path, calledPath: facts.calledPath, names: facts.names, interpreters: facts.interpreters, fingerprint: facts.fingerprint,
            runsAnyCode: facts.runsAnyCode, isWritableByCaller: facts.isWritableByCaller, isBound: facts.isBound)
    }
}

/// So that the log can tell why a run did not begin.
extension RunFailure: Diagnosable {}

extension ProcessRunner.RunJob {
    init(_ job: Secrets.RunJob, environment: [String: String]) {
        let isAgent = job.audience != .person
        self.init(
            asker: isAgent ? .agent : .person, arguments: job.arguments, environment: environment, directory: job.workingDirectory,
            home: isAgent ? .temporary : .real,
            terminal: job.terminal.map {
                RunTerminal(
                    rows: $0.rows, columns: $0.columns, input: $0.input, output: $0.output, error: $0.error, term: $0.type,
                    modes: $0.modes.map { RunTerminalModes(input: $0.input, output: $0.output, local: $0.local, characters: $0.characters) })
            }, timeLimit: job.timeout, fileMask: UInt32(job.fileMask ?? 0o022), takesFingerprint: job.takesFingerprint)
    }
}

extension ProgramFacts {
    /// For the log.
    var details: [(String, String)] {
        [("executed", path), ("class", programClass.rawValue)] + (interpreter.map { [("interpreter", $0)] } ?? [])
    }
}
