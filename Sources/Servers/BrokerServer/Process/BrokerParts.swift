import Redaction

/// What every request of a broker stands on.
struct BrokerParts: Sendable {
    let link: KeeperLink
    let values: HeldValues
    let upstream: Upstream
    let opener: any MemberOpener
}
