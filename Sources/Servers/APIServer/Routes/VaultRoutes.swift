import Envelopes
import HTTPTypes
import Hummingbird
import Model
import PlaintextDoor
import Policies
import Secrets
import TacitWire

/// The vault as a whole: status, creation, unlock, step-up, lock.
struct VaultRoutes: Sendable {
    let vault: Vault
    let keeperVersion: String
    let keeperProcess: Int32
    let runs: RunBook
    /// Told when a person's lock is done.
    let locked: @Sendable () -> Void

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.status, query: ["scope"]) { _, context in try Response(json: try status(context)) }
        router.route(.post, WirePath.vault, use: create)
        router.route(.post, WirePath.unlock, query: ["for", "session"], use: unlock)
        router.route(.post, WirePath.recovery, use: recover)
        router.route(.post, WirePath.lock, body: false) { _, context in
            // While the keys are there, the outcomes of the runs that end with them can be written.
            await runs.stopAll(within: Self.lockPatience)
            try await vault.lock(by: try context.asker)
            let response = try Response(json: try status(context))
            locked()
            return response
        }
        router.route(.get, WirePath.doctor) { _, _ in try Response(json: DoctorReport(await vault.facts)) }
        router.route(.post, WirePath.clockAcceptance, body: false) { _, context in
            try await vault.opened(for: try context.asker).acceptClock(by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.post, WirePath.rollbackAcceptance) { request, context in
            try Response(json: try await unlocked(request, context, acceptingRollback: true))
        }
        router.route(.post, WirePath.stepUp, query: ["grace"], use: stepUp)
    }

    private func status(_ context: APIContext) throws -> VaultStatus {
        let state = vault.stateNow
        let asker = try context.asker
        var actor = TacitWire.Asker(asker)
        if let scope = try context.query["scope"].map({ try Scope(parsing: $0) }) {
            actor.capabilities = vault.capabilities(of: asker, in: scope)?.map(\.rawValue)
        }
        if vault.isFrozen(asker) { actor.frozen = true }
        let sessions = vault.awakeSessions(for: asker)
        return VaultStatus(
            state: .init(rawValue: state.phase.rawValue) ?? .locked, keeperVersion: keeperVersion, keeperProcess: keeperProcess,
            actor: actor, locksAt: state.locksAt?.seconds, leaseUntil: state.leaseUntil?.seconds,
            revealGraceUntil: vault.revealGrace(try context.door)?.seconds, runs: visibleRuns(to: asker),
            sessions: sessions.isEmpty ? nil : sessions.map { SessionSummary($0) }, warnings: state.warnings,
            rotating: vault.organizationRotation(for: asker).map { OrganizationProgress(rows: $0.rows, total: $0.total) },
            passwordRefusal: state.passwordRefusal.map(ProblemTable.problem(for:)))
    }

    /// A person sees every run, an agent its own.
    private func visibleRuns(to asker: Secrets.Asker) -> [RunSummary] {
        vault.runs.all.filter { run in
            if case .person = asker.standing { true } else { run.standing == asker.standing }
        }.map { RunSummary(id: $0.id, actor: .init($0.standing), program: $0.program, startedAt: $0.startedAt.seconds) }
    }

    @Sendable private func create(_ request: Request, _ context: APIContext) async throws -> Response {
        let password = try await request.secretValue(upTo: Self.longestPassword)
        let (organization, key) = try await vault.create(password: password, by: try context.asker.asPerson, at: try context.door)
        return try Response(json: VaultCreated(organization: organization.description, verifierKey: key), status: .created)
    }

    @Sendable private func unlock(_ request: Request, _ context: APIContext) async throws -> Response {
        try Response(json: try await unlocked(request, context, acceptingRollback: false))
    }

    private func unlocked(_ request: Request, _ context: APIContext, acceptingRollback: Bool) async throws -> Unlocked {
        let password = try await request.secretValue(upTo: Self.longestPassword)
        let report = try await vault.unlock(
            password: password, lease: try context.query.duration("for"), isReadOnly: try context.query.oneOf("session", ["read-only"]) != nil,
            acceptingRollback: acceptingRollback, by: try context.asker, at: try context.door)
        var notices = report.warnings
        if report.absorbedEntries > 0 {
            let entries = report.absorbedEntries == 1 ? "1 entry that waited was" : "\(report.absorbedEntries) entries that waited were"
            notices.append("\(entries) added to the audit log")
        }
        return Unlocked(
            locksAt: report.locksAt?.seconds, leaseUntil: report.leaseUntil?.seconds, notices: notices, slotUpgraded: report.slotUpgraded)
    }

    @Sendable private func stepUp(_ request: Request, _ context: APIContext) async throws -> Response {
        let password = try await request.secretValue(upTo: Self.longestPassword)
        let (token, grace) = try await vault.stepUp(
            password: password, opensGrace: try context.query.oneOf("grace", ["reveal"]) != nil, by: try context.asker, at: try context.door)
        return try Response(json: StepUp(token: token, revealGraceUntil: grace?.seconds))
    }

    @Sendable private func recover(_ request: Request, _ context: APIContext) async throws -> Response {
        let form = try await request.multipart(upTo: Request.largestDocument)
        let key = try RecoveryKey(parsing: try form.required("recovery-key"))
        let fresh = try await vault.recover(
            with: key, newPassword: try form.required("password"), by: try context.asker, at: try context.door)
        return Response(octets: fresh.text())
    }

    /// How long a lock waits for the outcomes of runs.
    private static let lockPatience = Duration.milliseconds(300)

    /// The longest password, in bytes.
    static let longestPassword = 4096
}

extension Response {
    /// A value as the body, in octets. The buffer is overwritten when it is freed: the keeper's allocator wipes what it takes back.
    init(octets value: SecretValue, headers extra: HTTPFields = [:]) {
        var headers: HTTPFields = [.contentType: "application/octet-stream", .cacheControl: "no-store"]
        for field in extra { headers[field.name] = field.value }
        let buffer = value.withPlaintext(PlaintextDoor()) { bytes in
            unsafe bytes.withUnsafeBytes { unsafe ByteBuffer(bytes: $0) }
        }
        self.init(status: .ok, headers: headers, body: .init(byteBuffer: buffer))
    }
}
