import Auditing
import Model

/// A run that has begun and was entered among those that go on.
package struct StartedRun: Sendable {
    package let id: String
    package let access: AuthorizedAccess
    package let launched: Launched
}

extension Vault {
    /// Has a prepared run's runner start it and enters it among those that go on. `stop` is called when the vault is locked by a person.
    package func start(_ run: PreparedRun, stop: @escaping @Sendable () -> Void) async throws -> StartedRun {
        let id = foundation.random.bytes(8).hexadecimal
        let program = run.job.arguments.first ?? ""
        let entry = RunRegistry.Entry(
            id: id, standing: run.access.asker.standing.remembered, program: program, startedAt: foundation.clock.now(), stop: stop)
        do {
            try runs.begin(entry)
            // A lock either sees the run entered, and stops it, or is seen here.
            guard current?.opening == run.opening else { throw EngineError.locked }
            return StartedRun(id: id, access: run.access, launched: try await run.waiting.start(run.job))
        } catch {
            runs.end(id)
            await conclude(run.access, result: (error as? any Diagnosable)?.code ?? "internal", detail: [])
            throw error
        }
    }

    /// Writes how a run ended; while the vault is locked, at the next unlock.
    package func finish(_ run: StartedRun, result: String, detail: [(String, String)]) async {
        runs.end(run.id)
        await conclude(run.access, result: result, detail: (run.launched.program + detail).map { AuditFact($0.0, $0.1) })
    }

    private func conclude(_ access: AuthorizedAccess, result: String, detail: [AuditFact]) async {
        if let open = current { return await open.authorizer.conclude(access, result: result, detail: detail) }
        lasting.pending.keep(access.outcome(result, detail: detail, clock: foundation.clock))
    }
}

extension Standing {
    /// The standing without the step-up, which belongs to one command.
    var remembered: Standing {
        if case .person = self { .person(steppedUp: false) } else { self }
    }
}
