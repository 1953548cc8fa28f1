import Envelopes
import HTTPTypes
import Hummingbird
import Model
import NIOCore
import Secrets
import TacitWire

/// Backups, and new vaults made of them. A backup's bytes go out and come in as they are made and read: neither side holds one whole.
struct BackupRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.post, WirePath.backups, query: ["as"], use: make)
        router.route(.post, WirePath.backupChecks, query: ["opens-with"]) { request, context in
            let upload = try await BackupUpload(request, context, newPassword: false)
            return try Response(json: BackupReport(try await vault.checkBackup(from: upload.rest, opening: upload.opening, by: try context.asker)))
        }
        router.route(.post, WirePath.backupDrills, query: ["opens-with"]) { request, context in
            let asker = try context.asker
            let open = try vault.opened(for: asker)
            let upload = try await BackupUpload(request, context, newPassword: false)
            return try Response(json: BackupDrill(try await open.drill(from: upload.rest, opening: upload.opening, by: asker)))
        }
        router.route(.post, WirePath.backupGrants) { request, context in
            let wish: BackupGrantWish = try await request.json()
            let recipients = try wish.recipients.map { try AgeRecipient(parsing: $0) }
            let grant = try await vault.opened(for: try context.asker).grantBackups(to: recipients, by: try context.asker)
            return try Response(json: BackupGrantText(grant), status: .created)
        }
        router.route(.post, WirePath.scheduledBackups) { request, context in
            let asker = try context.asker
            let open = try vault.opened(for: asker)
            let text: BackupGrantText = try await request.json()
            return try Self.answer(try await open.beginBackup(by: try BackupGrant(text), by: asker), of: open, framed: false)
        }
        router.route(.post, WirePath.restores, query: ["opens-with"]) { request, context in
            let upload = try await BackupUpload(request, context, newPassword: true)
            let restored = try await vault.restore(
                from: upload.rest, opening: upload.opening, password: upload.newPassword, by: try context.asker, at: try context.door)
            let answer = BackupRestored(
                organization: "\(restored.organization)", verifierKey: restored.verifierKey, backup: BackupReport(restored.summary))
            return try Response(json: answer, status: .created)
        }
    }

    /// The body is a form with a `password`, or with `recipients`, one a line. The outcome stands behind the last byte. With `as=frames` each piece stands behind
    /// how far the backup is with it (`BackupFrame`).
    @Sendable private func make(_ request: Request, _ context: APIContext) async throws -> Response {
        let asker = try context.asker
        let open = try vault.opened(for: asker)
        let isFramed = try context.query.oneOf("as", ["frames"]) != nil
        let form = try await request.multipart(upTo: Request.largestDocument)
        return try Self.answer(try await open.beginBackup(sealedTo: try Self.sealing(form), by: asker), of: open, framed: isFramed)
    }

    private static func answer(_ backup: BackupUnderway, of open: OpenVault, framed isFramed: Bool) throws -> Response {
        let answer = BackupAnswer(vault: open, backup: backup, isFramed: isFramed)
        let body = ResponseBody { writer in try await writer.finish(try Self.trailer(await answer.carry(to: &writer))) }
        let type = isFramed ? "application/vnd.tacit.backup-frames" : "application/vnd.tacit.backup"
        return Response(status: .ok, headers: [.contentType: type, .cacheControl: "no-store"], body: body)
    }

    private static func trailer(_ outcome: BackupOutcome) throws -> HTTPFields {
        guard let name = HTTPField.Name(WireHeader.outcome) else { return [:] }
        return [name: WirePath.encoded(String(decoding: try WireJSON.encode(outcome), as: UTF8.self))]
    }

    private static func sealing(_ form: Multipart) throws -> BackupKey.Sealing {
        guard let lines = form.bytes("recipients") else { return .password(try form.required("password")) }
        guard form.count == 1 else { throw EngineError.invalid("a backup is sealed to a password or to recipients", hint: "leave one of them out") }
        let texts = String(decoding: lines, as: UTF8.self).split(separator: "\n").map(String.init)
        return .recipients(try texts.map { try AgeRecipient(parsing: $0) })
    }
}

/// Makes a backup's bytes and hands them to the client, at the client's pace.
private struct BackupAnswer: Sendable {
    let vault: OpenVault
    let backup: BackupUnderway
    let isFramed: Bool

    @concurrent func carry(to writer: inout any ResponseBodyWriter) async throws -> BackupOutcome {
        let pipe = ChunkPipe()
        // Owned by this call, which waits for its end: also of one whose client is gone, since the log is told how it ended.
        let work = Task { () throws -> BackupCounts in
            do {
                let counts = try await vault.write(backup) { piece, versions in
                    let head = isFramed ? BackupFrame.head(of: piece.count, versions: versions, total: backup.versions) : []
                    try await pipe.give(head + piece)
                }
                await pipe.end()
                return counts
            } catch {
                await pipe.end()
                throw error
            }
        }
        do {
            while let piece = await pipe.take() { try await writer.write(ByteBuffer(bytes: piece)) }
        } catch {
            await pipe.abandon()
            _ = await work.result
            throw error
        }
        do { return BackupOutcome(report: BackupReport(backup.head, try await work.value)) } catch {
            return BackupOutcome(problem: ProblemTable.problem(for: error))
        }
    }
}

/// A backup that comes in: before its bytes stand, each behind its length in four bytes, the new vault's password where one is made, and what opens the backup.
private struct BackupUpload {
    let newPassword: SecretValue
    let opening: BackupKey.Opening
    let rest: BackupSource

    init(_ request: Request, _ context: APIContext, newPassword isExpected: Bool) async throws {
        let body = BodyReader(request.body)
        // A large backup takes as long as it takes; what stands before it does not.
        var buffer = ByteBuffer()
        var none: [UInt8] = []
        newPassword = isExpected ? try await Self.secret(&buffer, body) : SecretValue(moving: &none)
        let secret = try await Self.secret(&buffer, body)
        opening = try context.query.oneOf("opens-with", ["key"]) == nil ? .password(secret) : .key(secret)
        try context.admitted.deadline.lift()
        let first = FirstPiece(Array(buffer: buffer))
        rest = {
            if let piece = await first.take() { return piece }
            return try await body.next().map { Array(buffer: $0) }
        }
    }

    private static func secret(_ buffer: inout ByteBuffer, _ body: BodyReader) async throws -> SecretValue {
        while true {
            if let length: UInt32 = buffer.getInteger(at: buffer.readerIndex) {
                guard length <= VaultRoutes.longestPassword else { throw WireError.notJSON }
                if buffer.readableBytes >= Int(length) + 4 {
                    buffer.moveReaderIndex(forwardBy: 4)
                    var bytes = buffer.readBytes(length: Int(length)) ?? []
                    return SecretValue(moving: &bytes)
                }
            }
            guard let part = try await body.next() else { throw WireError.notJSON }
            buffer.writeImmutableBuffer(part)
        }
    }
}

/// What was read of a body together with its beginning; given once.
private actor FirstPiece {
    private var bytes: [UInt8]?

    init(_ bytes: [UInt8]) { self.bytes = bytes.isEmpty ? nil : bytes }

    func take() -> [UInt8]? {
        defer { bytes = nil }
        return bytes
    }
}

extension BackupReport {
    init(_ head: BackupHead, _ counts: BackupCounts) {
        self.init(
            backup: "\(head.backup)", organization: "\(head.organization)", madeAt: head.createdAt.seconds,
            sealedTo: .init(rawValue: head.lock.word) ?? .password, projects: counts.projects, environments: counts.environments,
            policies: counts.policies, secrets: counts.secrets, versions: counts.versions, values: counts.values, bytes: counts.valueBytes)
    }

    init(_ summary: BackupSummary) {
        self.init(summary.head, summary.counts)
        checkpoint = summary.origin.checkpoint
        places = summary.places.map { Place(scope: "\($0.scope)", secrets: $0.secrets, versions: $0.versions, deleted: $0.deleted) }
    }
}

extension BackupDrill {
    fileprivate init(_ report: DrillReport) {
        self.init(
            backup: BackupReport(report.summary), versions: report.versions, values: report.values, policies: report.policies,
            differences: report.differences, changed: report.changed, added: report.added, newer: report.newer,
            newerPolicies: report.newerPolicies, gone: report.gone)
    }
}

extension BackupGrantText {
    fileprivate init(_ grant: BackupGrant) {
        self.init(recipients: grant.recipients.map(\.text), expiresAt: grant.expiresAt.nanoseconds, code: grant.code.hexadecimal)
    }
}

extension BackupGrant {
    fileprivate init(_ text: BackupGrantText) throws {
        guard let code = [UInt8](hexadecimal: text.code) else { throw WireError.wrongType("code") }
        self.init(
            recipients: try text.recipients.map { try AgeRecipient(parsing: $0) }, expiresAt: Timestamp(nanoseconds: text.expiresAt), code: code)
    }
}
