import Brokering
import SwiftASN1
import X509

/// A host that is intercepted: a name, or an address.
package enum InterceptedHost: Sendable, Hashable {
    case name(String)
    /// Four or sixteen bytes.
    case address([UInt8])

    init(_ host: Host) {
        switch host {
        case .name(let name): self = .name(name)
        case .address(let address): self = .address(address.bytes)
        }
    }

    var generalName: GeneralName {
        switch self {
        case .name(let name): .dnsName(name)
        case .address(let bytes): .ipAddress(ASN1OctetString(contentBytes: bytes[...]))
        }
    }
}
