import Auditing
import Model
import Storage

extension OpenVault {
    /// Brings secrets from one environment into another, or makes an environment what it was. Without an approved plan it only shows one; with one, nothing
    /// of it may have changed since.
    package func copy(_ wish: CopyWish, by asker: Asker) async throws -> CopyPlan {
        guard !wish.isRestore || wish.from.time != nil else {
            throw EngineError.invalid("an environment is not copied to itself", hint: "name another, or a time to restore it as of")
        }
        return try await retrying { try await copyOnce(wish, by: asker) }
    }

    private func copyOnce(_ wish: CopyWish, by asker: Asker) async throws -> CopyPlan {
        let act = Act(wish.isRestore ? .environmentRestore : .environmentCopy, wish.approved == nil ? .masked : .write, .person)
        let detail = wish.from.time.map { [AuditFact("as-of", $0)] } ?? []
        let access = try await access(to: act, in: [wish.from.scope, wish.to], by: asker, detail: detail)
        do {
            var work = CopyWork()
            let sources = try await secrets(of: wish.from)
            let standing = try await standing(in: wish.to)
            for name in try Self.names(of: wish, sources, standing) {
                try await plan(name, sources[name], standing[name], wish, access: access, into: &work)
            }
            guard let approved = wish.approved else {
                await authorizer.conclude(access, result: "plan")
                return work.plan
            }
            guard approved == work.plan.steps else { throw EngineError.planChanged }
            return try await store(work, in: wish.to, by: asker, access: access)
        } catch {
            await authorizer.conclude(access, result: (error as? any Diagnosable)?.code ?? "internal")
            throw error
        }
    }

    /// What a copy comes to: the plan that is shown, and what would be stored.
    private struct CopyWork {
        var plan = CopyPlan()
        var change = Change()
        var written: [(name: SecretName, secret: SecretRecord)] = []
        var gone: [AuditSubject] = []
    }

    /// What an environment has now, deleted secrets included.
    private func standing(in scope: Scope) async throws -> [SecretName: SecretMoment] {
        guard let place = try await place(scope) else { throw EngineError.notFound(.environment) }
        let rows = try await metadataCache.rows(of: place, in: self)
        return Dictionary(rows.map { ($0.metadata.name, SecretMoment(secret: $0.record, metadata: $0.metadata, version: $0.record.current)) }) {
            first, _ in first
        }
    }

    private static func names(
        of wish: CopyWish, _ sources: [SecretName: SecretMoment], _ standing: [SecretName: SecretMoment]
    ) throws -> [SecretName] {
        if let names = wish.names {
            for name in names where sources[name] == nil && (!wish.isExact || standing[name] == nil) {
                throw EngineError.invalid(
                    "there is no \(name) to copy", hint: "see `tacit list -p \(wish.from.scope.project) -e \(wish.from.scope.environment)`")
            }
            return Set(names).sorted()
        }
        let left = wish.isExact ? standing.filter { $0.value.secret.deletedAt == nil }.keys.filter { sources[$0] == nil } : []
        return (Array(sources.keys) + left).sorted()
    }

    private func plan(
        _ name: SecretName, _ source: SecretMoment?, _ target: SecretMoment?, _ wish: CopyWish, access: AuthorizedAccess, into work: inout CopyWork
    ) async throws {
        let isThere = target?.secret.deletedAt == nil
        let item = try await item(name, isThere ? target : nil, source, access: access)
        var kind: CopyStep.Kind
        switch (source, target) {
        case (nil, _): kind = .delete
        case (_?, nil): kind = .create
        case (_?, _?) where !isThere: kind = wish.isRestore ? .undelete : .blocked
        default: kind = item.difference == .same ? .keep : .overwrite
        }
        let step = CopyStep(name: name, kind: kind, versions: .init(source?.version, target?.version))
        let differing = item.fields.filter { $0.difference != .same }
        work.plan.lines.append(.init(step: step, fields: kind == .delete ? [] : differing))
        guard wish.approved != nil else { return }
        switch kind {
        case .keep: return
        case .blocked: throw EngineError.invalid("\(name) is deleted in \(wish.to)", hint: "undelete or purge it there first")
        case .delete: try await delete(name, target, in: wish.to, &work)
        case .create, .overwrite, .undelete:
            guard let source else { throw EngineError.unreadable }
            try await write(name, source, over: target, in: wish.to, access: access, &work)
        }
    }

    private func delete(_ name: SecretName, _ target: SecretMoment?, in scope: Scope, _ work: inout CopyWork) async throws {
        guard let target else { throw EngineError.unreadable }
        var secret = target.secret
        (secret.deletedAt, secret.purgeAfter) = (clock.now(), expiryClock().advanced(by: Self.retention))
        secret.updatedAt = clock.now()
        try await shelf.put(secret, metadata: target.metadata, into: &work.change)
        work.gone.append(self.target(scope, name, secret).subject)
    }

    /// Adds a version with the source's fields; what describes a secret that is there stays, a new one gets the source's. A tag may be what keeps a value from
    /// agents: those of the source come with it.
    private func write(
        _ name: SecretName, _ source: SecretMoment, over target: SecretMoment?, in scope: Scope, access: AuthorizedAccess, _ work: inout CopyWork
    ) async throws {
        guard let place = try await place(scope) else { throw EngineError.notFound(.environment) }
        let now = clock.now()
        var secret = target?.secret ?? .fresh(in: place, now: now, random: random)
        if target == nil { secret.expiresAt = source.secret.expiresAt }
        (secret.deletedAt, secret.purgeAfter) = (nil, nil)
        var metadata = target?.metadata ?? source.metadata
        metadata.tags = try SecretMetadata.checkedTags(metadata.tags + source.metadata.tags)
        // What was only deleted, and has the version that is wanted, needs no other.
        if secret.id == source.secret.id, secret.current == source.version {
            secret.updatedAt = now
            try await shelf.put(secret, metadata: metadata, into: &work.change)
            return work.written.append((name, secret))
        }
        let opened = try await opened(source.secret, version: source.version, access: access)
        let next = try await add(secret, metadata, opened.fields, now: now, to: &work.change)
        work.written.append((name, next))
    }

    private func store(_ work: CopyWork, in scope: Scope, by asker: Asker, access: AuthorizedAccess) async throws -> CopyPlan {
        guard let place = try await place(scope) else { throw try await absence(of: scope, to: asker) }
        var (plan, change) = (work.plan, work.change)
        let met = try await meetProposals(storing: work.written.map(\.name), in: place, by: asker, &change)
        let subjects = work.written.map { target(scope, $0.name, $0.secret, version: $0.secret.current).subject }
        let (stored, everything) = (change, subjects + work.gone)
        try await endingFiles(of: work.gone, after: .gone) {
            try await endingFiles(of: subjects, after: .described) {
                try await authorizer.conclude(access, storing: stored, on: everything, after: met.entries)
            }
        }
        if !met.entries.isEmpty { bell.ring() }
        (plan.isDone, plan.notices) = (true, met.notices)
        return plan
    }
}
