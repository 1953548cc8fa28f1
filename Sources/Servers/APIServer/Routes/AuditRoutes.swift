import Auditing
import HTTPTypes
import Hummingbird
import Model
import Secrets
import Storage
import TacitWire

/// The audit log.
struct AuditRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(
            .get, WirePath.audit, query: ["from", "limit", "before", "since", "until", "agent", "secret", "action", "denied", "follow"],
            use: list)
        router.route(.post, WirePath.auditVerification, use: verify)
        router.route(.post, WirePath.auditProofs, use: prove)
        router.route(.post, WirePath.auditPrunings, use: prune)
        router.route(.get, WirePath.auditExport, query: ["from", "limit"], use: export)
        router.route(.get, WirePath.checkpoints) { _, context in
            let open = try open(context)
            let notes = try await open.checkpoints(by: try context.asker)
            let items = try notes.map {
                CheckpointNote(note: String(decoding: $0.note, as: UTF8.self), verifierKey: try open.verifierKey(ofSize: $0.size))
            }
            return try Response(json: Page(items: items))
        }
        router.route(.post, WirePath.checkpoints, body: false) { _, context in
            guard let made = try await open(context).checkpoint(by: try context.asker) else {
                throw EngineError.invalid("the audit log is empty", hint: nil)
            }
            let note = CheckpointNote(note: String(decoding: made.note, as: UTF8.self), verifierKey: made.verifierKey)
            return try Response(json: note, status: .created)
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    /// `from` is an index; without it the newest `limit` entries are given that are meant, `before` an index where one is said.
    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = context.query
        let limit = try query.integer("limit", in: 1...5000) ?? 100
        guard try query.oneOf("follow", ["1"]) == nil else { return try await follow(query, limit, context) }
        let open = try open(context)
        guard let from = try query.integer("from", in: 0...Int.max).map(Int64.init) else {
            let before = try query.integer("before", in: 0...Int.max).map(Int64.init)
            let (views, next) = try await open.auditEntries(matching: try AuditFilter(query), before: before, limit: limit, by: try context.asker)
            return try Response(json: AuditPage(items: views.map(AuditItem.init), nextCursor: next.map { "\($0)" }, start: try await open.prunedTo))
        }
        guard try AuditFilter(query) == AuditFilter() else {
            throw EngineError.invalid("entries from an index on are given as they are", hint: "leave out the index, or the filter")
        }
        let count = try await open.auditEntryCount()
        let items = try await open.auditEntries(from: from, limit: limit, by: try context.asker).map(AuditItem.init)
        let next = items.last.map { $0.index + 1 }.flatMap { $0 < count ? "\($0)" : nil }
        return try Response(json: AuditPage(items: items, nextCursor: next, start: try await open.prunedTo))
    }

    /// The newest that are meant, and those that come.
    private func follow(_ query: [String: String], _ limit: Int, _ context: APIContext) async throws -> Response {
        guard query["from"] == nil, query["before"] == nil, query["until"] == nil else {
            throw EngineError.invalid("what comes has no end and no place yet", hint: "leave out `from`, `before` and `until`")
        }
        let feed = try await vault.followAudit(matching: try AuditFilter(query), limit: limit, by: try context.asker)
        return Response(following: feed, on: context.channel) { AuditItem($0) }
    }

    @Sendable private func verify(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: VerificationRequest = try await request.json()
        let report = try await open(context).verifyAudit(trusted: wish.trustedNotes.map { Array($0.utf8) }, by: try context.asker)
        return try Response(json: AuditVerification(report))
    }

    @Sendable private func prove(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish = try ProofWish(try await request.json(ProofRequest.self))
        return try Response(json: AuditProof(try await open(context).prove(wish, by: try context.asker)))
    }

    /// Without a cut, what can go is shown; with it, it goes.
    @Sendable private func prune(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: PruningRequest = try await request.json()
        let (open, moment) = (try open(context), try Timestamp(said: wish.before))
        guard let cut = wish.cut else { return try Response(json: AuditPruning(try await open.pruning(before: moment, by: try context.asker))) }
        let portion = wish.portion ?? OpenVault.usualPruning
        guard portion >= 1 else { throw EngineError.invalid("a portion is of one entry at least", hint: nil) }
        return try Response(json: AuditPruning(try await open.prune(before: moment, to: cut, inPortionsOf: portion, by: try context.asker)))
    }

    /// Entries as they are stored: one JSON line each with index, sealed bytes and chain value in hexadecimal. Before them, where the first ones were pruned, the
    /// anchor with its size, its tree's frontier and its note.
    @Sendable private func export(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = context.query
        let (anchor, entries) = try await open(context).storedEntries(
            from: try query.integer("from", in: 0...Int.max).map(Int64.init) ?? 0,
            limit: try query.integer("limit", in: 1...5000) ?? 1000, by: try context.asker)
        let head = anchor.map { #"{"anchor":\#($0.size),"frontier":"\#($0.frontier.hexadecimal)","note":"\#($0.note.hexadecimal)"}"# + "\n" }
        let lines = entries.map { #"{"chain":"\#($0.chain.hexadecimal)","index":\#($0.index),"sealed":"\#($0.sealed.hexadecimal)"}"# + "\n" }
        return Response(
            status: .ok, headers: [.contentType: "application/jsonl", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: (head ?? "") + lines.joined())))
    }
}
