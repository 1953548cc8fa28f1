import Model

/// Why a request that is signed with a fake key ends at the broker: its signature does not prove who asks, or leaves open what is asked.
///
/// A reason names nothing of the request, so it may be shown and logged.
package enum SignatureRefusal: String, Diagnosable, CaseIterable {
    // How the signature is written
    case malformed
    case unsupported
    case twice
    case scope
    case time
    case payload
    // What it covers
    case unsigned
    case missingField = "missing-field"
    case connectionField = "connection-field"
    case path
    case query
    case sessionToken = "session-token"
    // Whether it holds
    case stale
    case mismatch
    // The body behind it
    case body
    case chunk
    case chunkTooLong = "chunk-too-long"
    case chunkMismatch = "chunk-mismatch"
    case trailer
    // What it asks for
    case operation
    case partial

    /// A stable name, `broker.signature-reason`.
    package var code: String { "broker.signature-\(rawValue)" }

    package var message: String {
        switch self {
        case .malformed: "the signature is not written as AWS Signature Version 4 has it"
        case .unsupported: "the signature is of a kind that cannot be made anew here"
        case .twice: "the request says twice how it is signed, or something that is signed"
        case .scope: "the credential's scope is not `DAY/REGION/SERVICE/aws4_request`, or of another day than the signature"
        case .time: "the request does not say in X-Amz-Date when it was signed"
        case .payload: "the request does not say clearly what its signature covers of the body"
        case .unsigned: "the host, or a field that begins with `x-amz-`, is not signed"
        case .missingField: "the signature covers a field that the request does not have"
        case .connectionField: "the signature covers a field of the connection, which ends here"
        case .path: "services read the path in different ways, and so would its signature"
        case .query: "the query could be read in two ways, and so would its signature"
        case .sessionToken: "the request's security token is not the one that belongs to its key"
        case .stale: "the request was signed more than 15 minutes ago or ahead, or its address is valid no more"
        case .mismatch: "the signature is not that of the key that it names"
        case .body: "the body is not the one that was signed"
        case .chunk: "the body is not in the chunks that the request announces"
        case .chunkTooLong: "a signed chunk of the body is longer than 1 MiB"
        case .chunkMismatch: "a chunk of the body has another signature than its own"
        case .trailer: "what follows the last chunk is not what the request announces, or has another signature than its own"
        case .operation: "the answer to this operation holds credentials, and nothing keeps them from the program yet"
        case .partial: "the request asks for a part of an object, in which a value could be cut in two"
        }
    }

    package var hint: String? {
        switch self {
        case .malformed, .twice, .scope, .time, .payload, .missingField, .body, .chunk, .trailer:
            "leave signing to the service's SDK or the aws command"
        case .unsupported: "use AWS4-HMAC-SHA256, over the whole body or in chunks"
        case .unsigned: "sign `host` and each field whose name begins with `x-amz-`"
        case .connectionField: "sign no field such as `connection` or `transfer-encoding`"
        case .path: "ask for a path without empty segments and dots"
        case .query: "write a space as `%20`, a plus sign as `%2B`, and each part of the signature once"
        case .sessionToken: "use the variables that the program was started with, all of them together"
        case .stale: "look at the machine's clock, or sign anew"
        case .mismatch, .chunkMismatch: "use the variables that the program was started with, all of them together"
        case .operation: "a person makes them, and stores them in the vault: `tacit set`"
        case .partial: "ask for the object whole: `aws configure set s3.multipart_threshold 5GB`, or boto3's `TransferConfig(multipart_threshold=…)`"
        case .chunkTooLong: "send chunks of 64 KiB, as the SDKs do"
        }
    }
}
