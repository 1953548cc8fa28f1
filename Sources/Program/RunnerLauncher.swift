import Dispatch
import Glibc
import Model
import ProcessRunner
import Secrets
import Synchronization
import TacitWire

/// Gives the vault its runners: one spawner per unlock, started before the first key is opened.
final class RunnerLauncher: RunnerSupply {
    private let spawner = Mutex<SpawnerHandle?>(nil)

    func prepare() async throws {
        try spawner.withLock { spawner in
            guard spawner?.isAlive != true else { return }
            spawner = try SpawnerHandle()
        }
    }

    var isAlive: Bool? { spawner.withLock { $0?.isAlive ?? false } }

    func retire() {
        spawner.withLock { spawner in
            spawner?.stop()
            spawner = nil
        }
    }

    func start(_ job: Secrets.RunJob) async throws -> Launched {
        guard let spawner = spawner.withLock({ $0 }) else { throw EngineError.runnersGone }
        // The handshake blocks for a few milliseconds: not on a thread of the concurrency pool.
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try Self.launch(job, on: spawner) }.mapError(Self.refusal)) }
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

    private static func launch(_ job: Secrets.RunJob, on spawner: SpawnerHandle) throws -> Launched {
        let targets = job.values.map { value -> InjectionPlan.Target in value.variable.map { .variable($0) } ?? .standardInput }
        let plan = try InjectionPlan(targets, inherited: environment(of: job), preservesInherited: job.preservesEnvironment)
        let descriptor = try spawner.takeRunner()
        do {
            let setup = RunnerSetup(descriptor: descriptor)
            let facts = try setup.submit(ProcessRunner.RunJob(job, environment: plan.environment))
            for (index, value) in job.values.enumerated() where plan.isInjected[index] {
                let needle = value.kind == .secret ? value.name : nil
                try setup.bind(RunBinding(target: targets[index], needleName: needle, value: value.value))
            }
            try setup.start()
            return Launched(descriptor: descriptor, program: facts.details, notices: plan.notices)
        } catch {
            close(descriptor)
            throw error
        }
    }

    private static func environment(of job: Secrets.RunJob) -> [String: String] {
        guard case .agent = job.audience else { return job.environment }
        return ProcessRunner.RunJob.cleanEnvironment(user: Host.origin().userName)
    }
}

extension ProcessRunner.RunJob {
    init(_ job: Secrets.RunJob, environment: [String: String]) {
        var home = Home.real
        var asker = Asker.person
        if case .agent(let realHome) = job.audience {
            asker = .agent
            home = realHome ? .real : .temporary
        }
        self.init(
            asker: asker, arguments: job.arguments, environment: environment, directory: job.workingDirectory, home: home,
            terminal: job.terminal.map {
                RunTerminal(rows: $0.rows, columns: $0.columns, input: $0.input, output: $0.output, error: $0.error, term: $0.type)
            }, timeLimit: job.timeout, fileMask: UInt32(job.fileMask ?? 0o022))
    }
}

extension ProgramFacts {
    /// For the log.
    var details: [(String, String)] {
        [("executed", path), ("class", programClass.rawValue)] + (interpreter.map { [("interpreter", $0)] } ?? [])
    }
}
