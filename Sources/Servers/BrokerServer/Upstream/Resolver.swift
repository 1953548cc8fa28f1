import Brokering
import CResolver
import NIOCore
import NIOPosix
import Secrets

/// Finds the addresses of hosts and lets those through that may be connected to.
struct Resolver: Sendable {
    private let threads = NIOThreadPool.singleton
    /// The most addresses of one name that are looked at.
    private static let mostAddresses = 16

    /// The addresses to try, in this order. One that may not be connected to refuses the host: a name that leads inside and outside leads inside when it
    /// likes.
    func addresses(of origin: Brokering.Origin, reachingOwnNetwork: Bool) async throws(BrokerFailure) -> [SocketAddress] {
        let found: [IPAddress]
        switch origin.host {
        case .address(let address): found = [address]
        case .name(let name): found = (try? await threads.runIfActive { Self.lookUp(name) }) ?? []
        }
        guard !found.isEmpty else { throw .unresolved }
        let addresses = AddressGuard(allowsOwnNetwork: reachingOwnNetwork)
        for address in found {
            if case .guarded(let refusal) = addresses.verdict(on: address) { throw .address(refusal) }
        }
        return found.compactMap { try? SocketAddress(packedIPAddress: ByteBuffer(bytes: $0.bytes), port: Int(origin.port)) }
    }

    /// Blocks as long as the system's resolver does.
    private static func lookUp(_ name: String) -> [IPAddress] {
        var room = [tacit_address](repeating: tacit_address(), count: mostAddresses)
        let count = unsafe tacit_look_up(name, &room, Int32(mostAddresses))
        return room[..<Int(count)].compactMap { address in
            unsafe withUnsafeBytes(of: address.bytes) { unsafe IPAddress(bytes: Array($0.prefix(Int(address.length)))) }
        }
    }
}
