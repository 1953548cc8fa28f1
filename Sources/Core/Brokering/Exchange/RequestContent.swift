import Crypto
import Model
package import Policies

/// All of a request that goes on, as a person is asked about it: with marks in the place of its tokens. What it asks of GraphQL is judged by it, too.
package struct RequestContent: Sendable, Equatable {
    /// One header field.
    package struct Field: Sendable, Equatable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
    }

    /// Path and query.
    package let target: String
    /// In their order.
    package let fields: [Field]
    /// SHA-256 of target and fields as they came, tokens included: a text that looks like a mark is none. 32 bytes.
    package let headHash: [UInt8]
    /// SHA-256 of the body, 32 bytes; nil where there is none.
    package let bodyHash: [UInt8]?
    package let bodyByteCount: Int
    /// What it asks of a GraphQL service; empty where it is none, or nobody can say for sure.
    package var operations: Set<GraphQLOperation> = []

    package init(target: String, fields: [Field], headHash: [UInt8], bodyHash: [UInt8]?, bodyByteCount: Int) {
        (self.target, self.fields, self.headHash) = (target, fields, headHash)
        (self.bodyHash, self.bodyByteCount) = (bodyHash, bodyByteCount)
    }

    /// - Parameters:
    ///   - shown: with marks in the place of tokens.
    ///   - sent: as it came.
    init(shown: SignableHead, sent: SignableHead, body: [UInt8]) {
        let fields = shown.fields.map { Field($0.name, String(decoding: $0.value, as: UTF8.self)) }
        self.init(
            target: String(decoding: shown.target, as: UTF8.self), fields: fields, headHash: sent.hash,
            bodyHash: body.isEmpty ? nil : Array(SHA256.hash(data: body)), bodyByteCount: body.count)
    }

    /// How much a person has to read of it.
    package var headByteCount: Int { fields.reduce(target.utf8.count) { $0 + $1.name.utf8.count + $1.value.utf8.count } }
}

extension SignableHead {
    fileprivate var hash: [UInt8] {
        var writer = CanonicalWriter(capacity: 1024)
        writer.write(target)
        writer.write(list: fields) { writer, field in
            writer.write(field.name)
            writer.write(field.value)
        }
        return Array(SHA256.hash(data: writer.bytes))
    }
}
