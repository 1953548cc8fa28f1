import HTTPTypes
import Hummingbird
import Model
import Secrets
import TacitWire

/// Secrets of one environment.
struct SecretRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        let secrets = "/v1/projects/:project/environments/:environment/secrets"
        let secret = "\(secrets)/:name"
        router.route(.get, secrets, query: ["tag", "expiring", "search", "deleted", "cursor", "limit"], use: list)
        router.route(.get, secret, use: show)
        router.route(.put, secret, ifMatch: true, use: set)
        router.route(.patch, secret, ifMatch: true, use: patch)
        router.route(.delete, secret) { _, context in
            try Response(json: Written(try await open(context).delete(try context.name(), in: try context.scope(), by: try context.asker)))
        }
        router.route(.get, "\(secret)/versions", use: history)
        router.route(.get, "\(secret)/value", query: ["field", "version"], use: reveal)
        router.route(.post, "\(secret)/reveal") { request, context in
            let wish: RevealRequest = try await request.json()
            let reference = FieldReference(
                scope: try context.scope(), name: try context.name(), field: try wish.field.map { try SegmentName($0, of: .field) },
                version: wish.version)
            return Response(try await open(context).reveal(reference, purpose: wish.purpose, by: try context.asker))
        }
        router.route(.get, "\(secret)/masked", query: ["field", "version"], use: masked)
        router.route(.post, "\(secret)/rollback", ifMatch: true, use: rollback)
        router.route(.post, "\(secret)/undelete", body: false) { _, context in
            try Response(json: Written(try await open(context).undelete(try context.name(), in: try context.scope(), by: try context.asker)))
        }
        router.route(.post, "\(secret)/purge", body: false) { _, context in
            try await open(context).purge(try context.name(), in: try context.scope(), by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.post, WirePath.exists, use: exists)
        router.route(.post, "/v1/projects/:project/environments/:environment/imports", use: importAll)
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    @Sendable private func list(_ request: Request, _ context: APIContext) async throws -> Response {
        let query = context.query
        var filter = ListFilter(limit: try query.integer("limit", in: 1...20_000) ?? 1000)
        filter.tag = query["tag"]
        filter.expiringWithin = try query.duration("expiring")
        filter.search = query["search"]
        filter.includesDeleted = try query.oneOf("deleted", ["true", "false"]) == "true"
        filter.after = try query["cursor"].map { try SecretName($0) }
        let (views, next, total) = try await open(context).list(try context.scope(), filter, by: try context.asker)
        return Response(jsonText: Page(items: views.map(SecretSummary.init), nextCursor: next?.description, total: total).json)
    }

    @Sendable private func show(_ request: Request, _ context: APIContext) async throws -> Response {
        try Response(json: SecretDetail(try await open(context).show(try context.name(), in: try context.scope(), by: try context.asker)))
    }

    @Sendable private func history(_ request: Request, _ context: APIContext) async throws -> Response {
        let versions = try await open(context).history(try context.name(), in: try context.scope(), by: try context.asker)
        return try Response(json: Page(items: versions.map(VersionSummary.init)))
    }

    @Sendable private func reveal(_ request: Request, _ context: APIContext) async throws -> Response {
        let reference = try reference(context)
        let grace = vault.revealGrace(try context.door) != nil
        return Response(try await open(context).reveal(reference, by: try context.asker, withinGrace: grace))
    }

    @Sendable private func masked(_ request: Request, _ context: APIContext) async throws -> Response {
        let reference = try reference(context)
        let (text, field, version) = try await open(context).masked(reference, by: try context.asker)
        return try Response(
            json: MaskedValue(name: reference.name.description, field: field.description, masked: text, version: version))
    }

    private func reference(_ context: APIContext) throws -> FieldReference {
        let query = context.query
        return FieldReference(
            scope: try context.scope(), name: try context.name(), field: try query["field"].map { try SegmentName($0, of: .field) },
            version: try query.integer("version", in: 1...Int.max).map(Int64.init))
    }

    @Sendable private func set(_ request: Request, _ context: APIContext) async throws -> Response {
        let form = try await request.multipart(upTo: try context.asker.isPerson ? Request.largestSet : Request.largestDocument)
        let wish: SetRequest = try form.json("secret")
        guard form.count == wish.fields.count + 1 else { throw MultipartError.malformed }
        var write = SecretWrite(name: try context.name(), fields: [])
        for (position, field) in wish.fields.enumerated() {
            write.fields.append(
                .init(name: try SegmentName(field.name, of: .field), kind: .init(field.kind), value: try form.required("field-\(position)")))
        }
        guard Set(write.fields.map(\.name)).count == write.fields.count else { throw EngineError.invalid("a field is written twice", hint: nil) }
        write.replacesFields = wish.replacesFields ?? false
        (write.tags, write.description, write.note, write.url) = (wish.tags, wish.description, wish.note, wish.url)
        write.expiry = try wish.expires.map(Expiry.init)
        write.bindings = try (wish.bindings ?? []).map { ($0.variable, try SegmentName($0.field, of: .field)) }
        write.expectedVersion = try request.expectedRevision
        let result = try await open(context).set(write, in: try context.scope(), by: try context.asker)
        return try Response(json: Written(result), status: result.version == 1 ? .created : .ok)
    }

    @Sendable private func patch(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: SecretPatch = try await request.json()
        var patch = MetadataPatch()
        patch.name = try wish.name.map { try SecretName($0) }
        (patch.addTags, patch.removeTags) = (wish.addTags ?? [], wish.removeTags ?? [])
        (patch.description, patch.note, patch.url) = (wish.description, wish.note, wish.url)
        patch.expiry = try wish.expires.map(Expiry.init)
        let result = try await open(context).patch(
            try context.name(), in: try context.scope(), patch, expectedRevision: try request.expectedRevision, by: try context.asker)
        return try Response(json: Written(result))
    }

    @Sendable private func rollback(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: RollbackRequest = try await request.json()
        let result = try await open(context).rollback(
            try context.name(), in: try context.scope(), to: wish.version, expectedRevision: try request.expectedRevision,
            by: try context.asker)
        return try Response(json: Written(result))
    }

    @Sendable private func exists(_ request: Request, _ context: APIContext) async throws -> Response {
        let wish: ExistsRequest = try await request.json()
        guard wish.names.count <= 1000 else { throw EngineError.invalid("at most 1,000 names can be asked for at once", hint: nil) }
        let names = try wish.names.map { try SecretName($0) }
        let views = try await open(context).exists(names, in: try Scope(parsing: wish.scope), by: try context.asker)
        return try Response(json: Page(items: views.map(Existence.init)))
    }

    @Sendable private func importAll(_ request: Request, _ context: APIContext) async throws -> Response {
        let form = try await request.multipart(upTo: try context.asker.isPerson ? Request.largestImport : Request.largestDocument)
        let wish: ImportRequest = try form.json("import")
        guard form.count == wish.entries.count + 1 else { throw MultipartError.malformed }
        var secrets: [SecretWrite] = []
        for (position, entry) in wish.entries.enumerated() {
            let name = try SecretName(entry.name)
            let field = SecretWrite.Field(
                name: try SegmentName(entry.field, of: .field), kind: .init(entry.kind), value: try form.required("value-\(position)"))
            if secrets.last?.name == name {
                secrets[secrets.count - 1].fields.append(field)
            } else {
                var write = SecretWrite(name: name, fields: [field])
                write.replacesFields = true
                write.tags = entry.tags
                secrets.append(write)
            }
        }
        let plan = ImportWish(secrets: secrets, conflict: .init(wish.conflict), isDryRun: wish.dryRun)
        let report = try await open(context).importSecrets(plan, in: try context.scope(), by: try context.asker)
        return try Response(json: ImportResult(report, isDryRun: wish.dryRun))
    }
}

extension Response {
    /// A value and the facts about it.
    fileprivate init(_ released: Released) {
        var headers = HTTPFields()
        if let name = HTTPField.Name(WireHeader.fieldKind) { headers[name] = released.kind.rawValue }
        if let name = HTTPField.Name(WireHeader.version) { headers[name] = "\(released.version)" }
        self.init(octets: released.value, headers: headers)
    }
}
