import Redaction

/// What every request of a broker stands on.
struct BrokerParts: Sendable {
    let link: KeeperLink
    let values: HeldValues
    let upstream: Upstream
    let opener: any MemberOpener
    let ongoing = OngoingRequests()
    /// Where its door listens; nil for a place of its own on this machine's loopback.
    var listener: Int32?
    /// Where it listens at a path beside that; nil for nowhere.
    var socket: Int32?
}
