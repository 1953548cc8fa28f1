import Brokering
import Model
import PlaintextDoor
import Policies
import Secrets

extension AskedRequest {
    /// More uses than this are no request that a rule lets go.
    private static let mostUses = 256
    /// A head has no more.
    private static let longestText = 64 << 10
    /// A head has no more that are looked at.
    private static let mostStrangers = 64

    func write(to writer: inout CanonicalWriter) {
        for text in [scheme, host, method, path] { writer.write(text) }
        writer.write(port)
        writer.write(list: uses) { writer, use in
            writer.write(use.grant)
            writer.write(use.place.description)
            writer.write(use.occurrences)
        }
        writer.write(list: strangers) { $0.write($1) }
        writer.write(optional: content) { $1.write(to: &$0) }
        writer.write(optional: rejected)
        writer.write(givesCredentials)
        writer.write(isBare)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let (scheme, host, method, path) = (try reader.text(), try reader.text(), try reader.text(), try reader.text())
        let port = try reader.count()
        let uses = try reader.list { reader throws(CanonicalError) in
            let grant = try reader.id(GrantKind.self)
            guard let place = try? TokenPlace(try reader.text()) else { throw CanonicalError.malformed }
            return RequestWish.TokenUse(grant: grant, place: place, occurrences: try reader.count())
        }
        let strangers = try reader.list { reader throws(CanonicalError) in try reader.data() }
        guard strangers.count <= Self.mostStrangers, strangers.allSatisfy({ $0.count <= 512 }) else { throw .malformed }
        guard uses.count <= Self.mostUses, [scheme, host, method, path].allSatisfy({ $0.utf8.count <= Self.longestText }) else { throw .malformed }
        self.init(scheme: scheme, host: host, port: port, method: method, path: path, uses: uses, strangers: strangers)
        content = try reader.optional(RequestContent.init(decoding:))
        rejected = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        givesCredentials = try reader.flag()
        isBare = try reader.flag()
    }
}

extension RequestContent {
    /// A head has no more.
    private static let mostFields = 4096
    private static let hashLength = 32

    func write(to writer: inout CanonicalWriter) {
        writer.write(target)
        writer.write(list: fields) { writer, field in
            writer.write(field.name)
            writer.write(field.value)
        }
        writer.write(headHash)
        writer.write(optional: bodyHash)
        writer.write(bodyByteCount)
        writer.write(list: operations.map(\.description).sorted()) { $0.write($1) }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let target = try reader.text()
        let fields = try reader.list { reader throws(CanonicalError) in Field(try reader.text(), try reader.text()) }
        let (headHash, bodyHash) = (try reader.data(), try reader.optional { reader throws(CanonicalError) in try reader.data() })
        guard fields.count <= Self.mostFields, headHash.count == Self.hashLength, bodyHash.map({ $0.count == Self.hashLength }) ?? true else {
            throw .malformed
        }
        self.init(target: target, fields: fields, headHash: headHash, bodyHash: bodyHash, bodyByteCount: try reader.tally())
        let operations = try reader.list { reader throws(CanonicalError) in
            guard let operation = GraphQLOperation(parsing: try reader.text()), operation.field != "*" else { throw CanonicalError.malformed }
            return operation
        }
        guard operations.count <= GraphQLOperation.most else { throw .malformed }
        self.operations = Set(operations)
    }
}

extension RequestLeave {
    /// The values go into the frame that is sent next, and are overwritten with it.
    func write(to writer: inout CanonicalWriter) {
        writer.write(entry)
        writer.write(reachesOwnNetwork)
        writer.write(passesUnscanned)
        writer.write(optional: allowance)
        writer.write(optional: authorities)
        writer.write(optional: seal) { $1.write(to: &$0) }
        writer.write(isRenewable)
        writer.write(list: releases) { writer, release in
            writer.write(release.grant)
            writer.write(release.name)
            writer.write(optional: release.answersLeft)
            writer.write(release.value)
        }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let entry = try reader.int64()
        let (reachesOwnNetwork, passesUnscanned) = (try reader.flag(), try reader.flag())
        let allowance = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        let authorities = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        let seal = try reader.optional(SealOrder.init(decoding:))
        let isRenewable = try reader.flag()
        let releases = try reader.list { reader throws(CanonicalError) in
            let (grant, name) = (try reader.id(GrantKind.self), try reader.text())
            let answersLeft = try reader.optional { reader throws(CanonicalError) in try reader.int() }
            return ValueRelease(grant: grant, name: name, value: try reader.secretValue(), answersLeft: answersLeft)
        }
        self.init(entry: entry, releases: releases, reachesOwnNetwork: reachesOwnNetwork, authorities: authorities)
        (self.passesUnscanned, self.allowance, self.seal, self.isRenewable) = (passesUnscanned, allowance, seal, isRenewable)
    }
}

extension CanonicalWriter {
    fileprivate mutating func write(_ value: SecretValue) {
        value.withPlaintext(PlaintextDoor()) { bytes in unsafe bytes.withUnsafeBytes { unsafe write($0) } }
    }
}

extension CanonicalReader {
    fileprivate mutating func secretValue() throws(CanonicalError) -> SecretValue {
        var bytes = try data()
        return SecretValue(moving: &bytes)
    }
}

extension NewCredentials {
    /// As the values of a leave, they go into the frame that is sent next.
    func write(to writer: inout CanonicalWriter) {
        writer.write(list: values) { writer, value in writer.write(optional: value) { $0.write($1) } }
        writer.write(optional: expiry) { writer, expiry in
            switch expiry {
            case .after(let duration):
                writer.write(true)
                writer.write(duration)
            case .at(let moment):
                writer.write(false)
                writer.write(moment)
            }
        }
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let values = try reader.list { reader throws(CanonicalError) in
            try reader.optional { reader throws(CanonicalError) in try reader.secretValue() }
        }
        let expiry = try reader.optional { reader throws(CanonicalError) in
            try reader.flag() ? CredentialExpiry.after(try reader.duration()) : .at(try reader.timestamp())
        }
        self.init(values: values, expiry: expiry)
    }
}

extension SealedCredential {
    func write(to writer: inout CanonicalWriter) {
        writer.write(text)
        writer.write(name)
        writer.write(optional: grant)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let (text, name) = (try reader.text(), try reader.text())
        self.init(text: text, name: name, grant: try reader.optional { reader throws(CanonicalError) in try reader.id(GrantKind.self) })
    }
}

extension SealOrder {
    func write(to writer: inout CanonicalWriter) {
        writer.write(list: pointers) { $0.write($1) }
        writer.write(optional: expiry)
        writer.write(isStrict)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        let pointers = try reader.list { reader throws(CanonicalError) in try reader.text() }
        let expiry = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        self.init(pointers: pointers, expiry: expiry, isStrict: try reader.flag())
    }
}

extension RequestDenial {
    func write(to writer: inout CanonicalWriter) {
        writer.write(code)
        writer.write(message)
        writer.write(optional: rule)
        writer.write(optional: nextStep)
        writer.write(optional: retryAfter)
    }

    init(decoding reader: inout CanonicalReader) throws(CanonicalError) {
        self.init(
            code: try reader.text(), message: try reader.text(), rule: try reader.optional { reader throws(CanonicalError) in try reader.text() },
            nextStep: try reader.optional { reader throws(CanonicalError) in try reader.text() },
            retryAfter: try reader.optional { reader throws(CanonicalError) in try reader.count() })
    }
}
