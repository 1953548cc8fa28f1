import HTTPTypes
import Hummingbird
import Model
import NIOCore
import PlaintextDoor
import Secrets
import TacitWire

/// What leaves an environment for another program: first what there is, then the values, up to a thousand secrets in one answer.
struct ExportRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        let exports = "/v1/projects/:project/environments/:environment/exports"
        router.route(.get, exports, query: ["cursor", "limit"]) { _, context in
            let limit = try context.query.integer("limit", in: 1...5000) ?? 1000
            let after = try context.query["cursor"].map { try SecretName($0) }
            let plan = try await open(context).exportPlan(of: try context.scope(), after: after, limit: limit, by: try context.asker)
            return try Response(json: Page(items: plan.views.map(ExportSummary.init), nextCursor: plan.next?.description))
        }
        router.route(.post, exports) { request, context in
            let wish: ExportRequest = try await request.json()
            let items = try wish.items.map { ExportItem(name: try SecretName($0.name), version: $0.version) }
            return try Response(try await open(context).export(items, from: try context.scope(), by: try context.asker))
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }
}

extension ExportSummary {
    fileprivate init(_ view: ExportView) {
        self.init(name: view.name.description, version: view.version, fields: view.fields.map(FieldSummary.init))
    }
}

extension Response {
    /// The head and the values, written once into a buffer that is as large as it becomes.
    fileprivate init(_ secrets: [ExportedSecret]) throws {
        let head = try ExportHead(secrets: secrets.map { .init(name: $0.name.description, sizes: $0.values?.map(\.byteCount)) }).framed
        let values = secrets.flatMap { $0.values ?? [] }
        var buffer = ByteBufferAllocator().buffer(capacity: values.reduce(head.count) { $0 + $1.byteCount })
        buffer.writeBytes(head)
        for value in values {
            value.withPlaintext(PlaintextDoor()) { bytes in
                _ = unsafe bytes.withUnsafeBytes { unsafe buffer.writeBytes($0) }
            }
        }
        let headers: HTTPFields = [.contentType: "application/vnd.tacit.values", .cacheControl: "no-store"]
        self.init(status: .ok, headers: headers, body: .init(byteBuffer: buffer))
    }
}
