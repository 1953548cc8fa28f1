import Approvals
import Envelopes
import Model
import Storage

/// An agent's request as it is stored: everything of it is sealed.
struct RequestRow: Sendable {
    let id: AnyRecordID
    /// What a decision replaces.
    let record: Record
    var request: ApprovalRequest

    var code: RequestCode { RequestCode(of: id, request) }
}

extension OpenVault {
    /// Every request that is kept, oldest first.
    func requestRows() async throws -> [RequestRow] {
        try await book.records(.approval).map { record in
            let sealed = try SealedRecord(decoding: record.content)
            let bytes = try sealed.metadata.open(under: keyring, place: requestPlace(record.id, record.revision))
            return RequestRow(id: record.id, record: record, request: try ApprovalRequest(decoding: bytes))
        }.sorted { ($0.request.createdAt, $0.id) < ($1.request.createdAt, $1.id) }
    }

    /// The next state of a request's row, or its first.
    func record(of request: ApprovalRequest, id: AnyRecordID, replacing old: Record? = nil) throws -> Record {
        let keys = keyring.keys
        let metadata = try SealedMetadata.seal(
            request.encoded, under: keys, place: requestPlace(id, (old?.revision ?? 0) + 1), random: random)
        let content = SealedRecord(createdAt: request.createdAt, metadata: metadata).encoded
        return book.make(.approval, id: id, parent: nil, name: nil, content: content, replacing: old, under: keys)
    }

    /// Where a request, or an authenticator, lies.
    func requestPlace(_ id: AnyRecordID, _ revision: Int64) -> MetadataPlace {
        MetadataPlace(organization: organization, project: nil, environment: nil, record: id, revision: revision)
    }
}
