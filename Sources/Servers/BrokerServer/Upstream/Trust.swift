import NIOCore
import NIOSSL
import Secrets
import Synchronization

/// Whom the certificates of services are verified against: the system's authorities, or those that a rule names in their place. Nothing switches it off.
final class Trust: Sendable {
    private struct Key: Hashable {
        let authorities: String?
        let isPlain: Bool
    }

    private let contexts = Mutex<[Key: NIOSSLContext]>([:])
    /// More than rules of one session name.
    private static let mostContexts = 64

    /// What a connection needs; made once for each list of authorities. One that is plain offers HTTP/1.1 alone.
    func context(for authorities: String?, isPlain: Bool) throws(BrokerFailure) -> NIOSSLContext {
        let key = Key(authorities: authorities, isPlain: isPlain)
        if let context = contexts.withLock({ $0[key] }) { return context }
        do {
            let context = try Self.makeContext(key)
            contexts.withLock { contexts in
                if contexts.count >= Self.mostContexts { contexts = [:] }
                contexts[key] = context
            }
            return context
        } catch { throw .untrusted }
    }

    private static func makeContext(_ key: Key) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = key.isPlain ? ["http/1.1"] : ["h2", "http/1.1"]
        configuration.certificateVerification = .fullVerification
        // A service that does not say goodbye is not waited for.
        configuration.shutdownTimeout = .milliseconds(200)
        if let authorities = key.authorities { configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(Array(authorities.utf8))) }
        return try NIOSSLContext(configuration: configuration)
    }
}
