/// Which hosts a request may go to: one, or with `*.` every name below another, however many labels lie between.
///
/// All names below one that is nobody's suffix are given out by its owner, so a second label gives nobody else a place: `*` stands for one or more. The
/// name itself is not among them. Where an owner lets others have names below his own, the pattern is refused.
package struct HostPattern: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    /// What hosts end in, with its dot; nil where the pattern is one host.
    private let ending: String?

    package init(_ text: String) throws(HostProblem) {
        description = text
        guard text.contains("*") else {
            _ = try HostName(text)
            ending = nil
            return
        }
        guard text.hasPrefix("*."), text.count(where: { $0 == "*" }) == 1 else { throw .misplacedStar }
        guard case .name(let suffix) = try HostName(String(text.dropFirst(2))) else { throw .misplacedStar }
        guard !PrivateNames.contain(suffix) else { throw .wildcardOnPrivate }
        guard !PublicSuffixes.areAtOrBelow(suffix) else { throw .wildcardOnPublicSuffix }
        guard !TenantDomains.share(suffix) else { throw .wildcardOnTenants }
        ending = ".\(suffix)"
    }

    /// Whether it stands for many hosts.
    var isWildcard: Bool { ending != nil }

    /// Says whether a host, in the form in which hosts are judged, is one of the pattern's.
    package func matches(_ host: String) -> Bool {
        guard let ending else { return host == description }
        return host.isBelow(ending)
    }

    /// Says whether every host of `other` is one of this pattern's.
    func covers(_ other: HostPattern) -> Bool {
        guard let ending, let otherEnding = other.ending else { return other.ending == nil && matches(other.description) }
        return ending == otherEnding || otherEnding.isBelow(ending)
    }

    /// A host of the pattern, to ask about.
    var example: String { ending.map { "example\($0)" } ?? description }
}

extension [HostPattern] {
    func matches(_ host: String) -> Bool { contains { $0.matches(host) } }

    func cover(_ others: [HostPattern]) -> Bool { others.allSatisfy { other in contains { $0.covers(other) } } }
}

/// Names that lead to this machine or into its own network, wherever they are asked for. They are named one by one, or not at all.
enum PrivateNames {
    /// RFC 6761, 6762, 8375, ICANN's `internal`, and what routers and offices use for themselves.
    private static let suffixes = [
        "localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp", "test", "home.arpa",
    ]

    static func contain(_ name: String) -> Bool { suffixes.contains { name == $0 || name.isBelow(".\($0)") } }
}

extension String {
    /// Whether the text has at least one more character before this ending.
    func isBelow(_ ending: String) -> Bool { utf8.count > ending.utf8.count && utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8) }
}
