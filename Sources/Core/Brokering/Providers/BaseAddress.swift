/// Where a base address of the broker leads: to a host of a provider's own.
///
/// A program that is given one puts its paths behind it. What stands in it is compared with the provider's hosts and read as a host, and never joined to a URL.
package struct BaseAddress: Sendable {
    package let provider: Provider
    package let host: Host
    /// Whether it leads to the host to which the provider's plain name does.
    package let isUsual: Bool

    /// Nil where the host is none of the provider's own, and for a provider whose requests are signed, each for the host that its program knows.
    package init?(_ provider: Provider, at host: String) {
        guard let usual = provider.hosts.first, provider.has(host: host), let read = try? Host(parsing: Array(host.utf8)[...]),
            case .name(host) = read
        else { return nil }
        (self.provider, self.host, isUsual) = (provider, read, host == usual)
    }

    /// Reads what stands between `/via/` and the path: `PROVIDER` for its first host, or `PROVIDER@HOST`.
    package init?(named text: String) {
        let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let provider = ProviderCatalogue.provider(named: String(parts[0])), let usual = provider.hosts.first else { return nil }
        self.init(provider, at: parts.count == 2 ? String(parts[1]) : usual)
    }

    package var origin: Origin { Origin(.https, Authority(host: host, port: nil)) }
    /// What stands between `/via/` and the path.
    package var name: String { isUsual ? provider.name : "\(provider.name)@\(host)" }
}
