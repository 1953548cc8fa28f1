import Auditing
import Model

/// A run that has begun and was entered among those that go on.
package struct StartedRun: Sendable {
    package let id: String
    package let access: AuthorizedAccess
    package let launched: Launched
    /// Which secrets the values of a name belong to: the same name may stand in several environments.
    let secrets: [String: Set<SecretID>]
    /// Of a run with fake tokens.
    let door: RunDoor?
    let shown = ShownTokens()

    /// Whether it had a broker, which has ended.
    package var hasLostBroker: Bool { door.map { !$0.broker.broker.isRunning } ?? false }
}

extension Vault {
    /// Has a prepared run's runner start it and enters it among those that go on. `stop` is called when the vault is locked by a person, and when the agent whose
    /// run it is, or whose tokens it has, is frozen or revoked.
    package func start(_ run: PreparedRun, stop: @escaping @Sendable () -> Void) async throws -> StartedRun {
        let id = foundation.random.bytes(8).hexadecimal
        let program = run.job.arguments.first ?? ""
        let holder = run.access.asker.holder ?? run.door?.holder
        let entry = RunRegistry.Entry(
            id: id, standing: run.access.asker.standing.remembered, holder: holder, program: program, startedAt: foundation.clock.now(), stop: stop)
        do {
            try runs.begin(entry)
            // A lock either sees the run entered, and stops it, or is seen here.
            guard let open = current, open.opening == run.opening else { throw EngineError.locked }
            try await open.checkStands(holder)
            return StartedRun(id: id, access: run.access, launched: try await run.waiting.start(run.job), secrets: run.job.secrets, door: run.door)
        } catch {
            runs.end(id)
            await end(run.door)
            await conclude(run.access, result: (error as? any Diagnosable)?.code ?? "internal", detail: [])
            throw error
        }
    }

    /// Counts what the output of an agent's run is about to answer, by the names of values, and says whether what waits of it may leave.
    package func mayLeave(_ run: StartedRun, answering names: [String]) async -> Bool {
        guard run.access.asker.isAgent else { return true }
        let open = current
        return await lasting.mayLeave(
            answering: run.counted(names.reduce(into: [:]) { $0[$1, default: 0] += 1 }),
            about: run.secrets.values.reduce(into: []) { $0.formUnion($1) },
            of: run.access.asker.agent, in: open, at: open?.sentry.expiryTime() ?? foundation.clock.now())
    }

    /// Whether one of the texts, from a file that waits to leave an agent's run, is a fake token. While the vault is locked nobody knows: then the next unlock
    /// writes down what was one, and the file leaves. Where that cannot be told for another reason, it does not.
    package func isTrap(_ texts: [[UInt8]], inFileOf run: StartedRun) async -> Bool {
        guard run.access.asker.isAgent, !texts.isEmpty else { return false }
        guard let open = current else {
            lasting.shown.keep(texts, of: run.access.asker)
            return false
        }
        return (try? await open.isTrap(texts, of: run.access.asker, noted: run.shown)) ?? true
    }

    /// Writes how a run ended, and how many guesses its output answered that were not counted before, by the name of the value; while the vault is locked, at
    /// the next unlock.
    package func finish(_ run: StartedRun, result: String, detail: [(String, String)], answers: [String: Int] = [:]) async {
        runs.end(run.id)
        await end(run.door)
        await conclude(
            run.access, result: result, detail: (run.launched.program + detail).map { AuditFact($0.0, $0.1) }, answers: run.counted(answers))
    }

    /// Ends a run's broker, where its agent finds the keeper, and with the run the tokens that were the run's.
    private func end(_ door: RunDoor?) async {
        guard let door else { return }
        door.keeper?.end()
        door.broker.end()
        // In a vault that is locked they are nothing; the next unlock ends them.
        await current?.endTokens(door.tokens)
    }

    private func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact], answers: [SecretID: Int] = [:]) async {
        if let open = current { return await open.conclude(access, result: result, detail: detail, answers: answers) }
        lasting.keep(access, result: result, detail: detail, answers: answers, clock: foundation.clock)
    }
}

extension StartedRun {
    /// Answers by secret. A name that belongs to none is no answer about any.
    fileprivate func counted(_ answers: [String: Int]) -> [SecretID: Int] {
        guard access.asker.isAgent else { return [:] }
        var counted: [SecretID: Int] = [:]
        for (name, count) in answers { for secret in secrets[name] ?? [] { counted[secret, default: 0] += count } }
        return counted
    }
}

extension Standing {
    /// The standing without the step-up, which belongs to one command.
    var remembered: Standing {
        if case .person = self { .person(steppedUp: false) } else { self }
    }
}
