import Auditing
import Glibc
import Model

/// Verifies a log of made-up entries, chain and tree, and the tree alone.
func measureVerifier(entries: Int) {
    var bytes = [UInt8](repeating: 1, count: 32)
    guard let key = try? ChainKey(SecretValue(moving: &bytes)) else { exit(1) }
    let organization = OrganizationID(random: .system)
    let sealed = (0..<1000).map { entry in (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ entry) } }
    var head = LogHead(organization: organization)
    var chain: [[UInt8]] = []
    chain.reserveCapacity(entries)
    for index in 0..<entries { chain.append(head.append(sealed[index % 1000], key: key)) }
    for _ in 0..<5 {
        let whole = verify(sealed, chain, organization, key)
        let tree = verify(sealed, chain, organization, nil)
        print("{\"entries\": \(entries), \"verify_s\": \(whole), \"tree_s\": \(tree)}")
    }
}

private func verify(_ sealed: [[UInt8]], _ chain: [[UInt8]], _ organization: OrganizationID, _ key: ChainKey?) -> Double {
    guard var verifier = try? LogVerifier(organization: organization, key: key, verifierKey: nil) else { exit(1) }
    let time = seconds {
        for index in chain.indices { _ = verifier.take(index: Int64(index), sealed: sealed[index % 1000], chain: chain[index]) }
    }
    guard case .intact(Int64(chain.count), _, _) = verifier.finish() else { exit(1) }
    return time
}
