/// The policy in force: the agent policies in the order of the file.
///
/// The JSON form is one object with the key `policies`. Tag rules, command rules and request rules will be keys beside it; until then any other
/// key is an error.
package struct PolicyDocument: Sendable, Equatable {
    /// The largest document, in bytes of JSON.
    package static let maximumByteCount = 256 << 10
    /// The longest list in a document.
    package static let maximumListCount = 500

    package let policies: [AgentPolicy]

    /// The document that allows nothing.
    package static let empty = PolicyDocument(checked: [])

    /// Decodes and checks a document; every policy and pattern in it can have an effect.
    package init(json: [UInt8]) throws(PolicyError) {
        guard json.count <= Self.maximumByteCount else {
            throw PolicyError(path: "", reason: .tooLarge(maximumBytes: Self.maximumByteCount))
        }
        let root = try PolicyNode(PolicyJSON(parsing: json), at: "").members(allowing: ["policies"], requiring: ["policies"])
        var policies: [AgentPolicy] = []
        for element in try root["policies"]?.elements(allowingNone: true) ?? [] {
            policies.append(try AgentPolicy(element))
        }
        try Self.checkPolicies(policies)
        self.init(checked: policies)
    }

    private init(checked policies: [AgentPolicy]) { self.policies = policies }
}
