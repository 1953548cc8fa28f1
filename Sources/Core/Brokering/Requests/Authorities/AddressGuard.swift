import Model

/// Says whether a resolved address may be connected to.
///
/// It is asked of the very address that is then connected to: a name that is resolved again may lead elsewhere by then.
package struct AddressGuard: Sendable {
    /// Whether the policy names the host as one of the person's own network. That a rule allows the host says nothing of the kind: whoever answers
    /// for its name in DNS chooses the address.
    package let allowsOwnNetwork: Bool

    package init(allowsOwnNetwork: Bool) { self.allowsOwnNetwork = allowsOwnNetwork }

    package enum Verdict: Sendable, Equatable {
        case open(AddressKind)
        case guarded(AddressRefusal)
    }

    package func verdict(on address: IPAddress) -> Verdict {
        let kind = address.kind
        guard kind == .global || allowsOwnNetwork && Self.ownNetwork.contains(kind) else { return .guarded(AddressRefusal(kind: kind)) }
        return .open(kind)
    }

    /// What a person can mean by their own network. Nobody's service is at the others; and where a machine's own credentials are served, no
    /// credential of the vault has a use.
    private static let ownNetwork: Set<AddressKind> = [.loopback, .privateNetwork, .linkLocal, .carrierShared]
}

/// Why an address is not connected to.
package struct AddressRefusal: Diagnosable, Equatable {
    package let kind: AddressKind

    package init(kind: AddressKind) { self.kind = kind }

    package var code: String { "broker.address-\(kind.rawValue)" }

    package var message: String {
        switch kind {
        case .global: "the host's address may not be connected to"
        case .unspecified: "the host's address is the unspecified one, which leads to this machine"
        case .loopback: "the host's address is one of this machine"
        case .privateNetwork: "the host's address is one of a private network"
        case .linkLocal: "the host's address is one of the link of this machine"
        case .metadata: "the host's address is where a cloud serves this machine its own credentials"
        case .carrierShared: "the host's address is one of the carrier's own network"
        case .multicast: "the host's address is one of many machines"
        case .documentation: "the host's address is one that only documents use"
        case .reserved: "the host's address is reserved"
        }
    }

    package var hint: String? {
        switch kind {
        case .loopback, .privateNetwork, .linkLocal, .carrierShared:
            "if it is meant, a person names the host in the policy as one of their own network"
        default: "ask for a host with a global address"
        }
    }
}
