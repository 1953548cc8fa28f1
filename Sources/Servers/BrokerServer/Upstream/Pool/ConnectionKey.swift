import Brokering
import Secrets

/// What has to be the same for a connection to carry a request: whom it leads to, by whose word that was proven, and which addresses it might have.
///
/// The address itself was judged when the connection was opened, and a connection cannot change it.
struct ConnectionKey: Hashable, Sendable {
    let origin: Brokering.Origin
    let authorities: String?
    let reachesOwnNetwork: Bool

    init(_ origin: Brokering.Origin, _ leave: RequestLeave) {
        (self.origin, authorities, reachesOwnNetwork) = (origin, leave.authorities, leave.reachesOwnNetwork)
    }
}
