import Crypto
import FoundationEssentials
package import MCPSession

extension RequestStates {
    /// States that only this process believes, for the one asker at the other end of its pipe.
    ///
    /// The key is made at start and never leaves: after a restart a client is asked again.
    package static func ofThisProcess() -> Self {
        let key = SymmetricKey(size: .bits256)
        let start = ContinuousClock.now
        return RequestStates(
            principal: "stdio", now: { start.duration(to: .now).components.seconds },
            nonce: { (0..<16).map { _ in UInt8.random(in: .min ... .max) } },
            code: { Array(HMAC<SHA256>.authenticationCode(for: Data($0), using: key)) })
    }
}
