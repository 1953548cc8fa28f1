/// The policy in force: who may do what, under which conditions, and the tests that say what its author meant.
///
/// The JSON form is one object with the keys of `PolicySection`; any other key is an error.
package struct PolicyDocument: Sendable, Equatable {
    /// The largest document, in bytes of JSON.
    package static let maximumByteCount = 256 << 10
    /// The longest list in a document.
    package static let maximumListCount = 500

    package let policies: [AgentPolicy]
    package let tagRules: [TagRule]
    package let commandRules: [CommandRule]
    package let requestRules: [RequestRule]
    package let tests: [PolicyTest]

    /// The document that allows nothing.
    package static let empty = PolicyDocument(checked: [], [], [], [], [])

    /// Decodes and checks a document; every policy, rule and pattern in it can have an effect. Its tests are read and not run.
    package init(json: [UInt8]) throws(PolicyError) {
        guard json.count <= Self.maximumByteCount else {
            throw PolicyError(path: "", reason: .tooLarge(maximumBytes: Self.maximumByteCount))
        }
        let sections = try PolicyNode(PolicyJSON(parsing: json), at: "").members(
            allowing: PolicySection.allCases.map(\.rawValue), requiring: [PolicySection.policies.rawValue])
        func elements<Element>(of section: PolicySection, _ decode: (PolicyNode) throws(PolicyError) -> Element) throws(PolicyError) -> [Element] {
            var decoded: [Element] = []
            for element in try sections[section.rawValue]?.elements(allowingNone: true) ?? [] { decoded.append(try decode(element)) }
            return decoded
        }
        let policies = try elements(of: .policies) { node throws(PolicyError) in try AgentPolicy(node) }
        let tagRules = try elements(of: .tagRules) { node throws(PolicyError) in try TagRule(node) }
        let commandRules = try elements(of: .commandRules) { node throws(PolicyError) in try CommandRule(node) }
        let requestRules = try elements(of: .requestRules) { node throws(PolicyError) in try RequestRule(node) }
        let names = try RuleNames(policies, tagRules, commandRules, requestRules)
        let tests = try elements(of: .tests) { node throws(PolicyError) in try PolicyTest(node, rules: names) }
        try PolicyTest.checkNames(tests)
        try Self.checkPolicies(policies)
        try TagRule.check(tagRules)
        try CommandRule.check(commandRules)
        try RequestRule.check(requestRules)
        self.init(checked: policies, tagRules, commandRules, requestRules, tests)
    }

    private init(
        checked policies: [AgentPolicy], _ tagRules: [TagRule], _ commandRules: [CommandRule], _ requestRules: [RequestRule], _ tests: [PolicyTest]
    ) {
        self.policies = policies
        self.tagRules = tagRules
        self.commandRules = commandRules
        self.requestRules = requestRules
        self.tests = tests
    }
}

/// The names by which denials and the log tell what decided: none stands for two things.
struct RuleNames {
    private(set) var all: [String] = []

    init(
        _ policies: [AgentPolicy], _ tagRules: [TagRule], _ commandRules: [CommandRule], _ requestRules: [RequestRule]
    ) throws(PolicyError) {
        var places: [String: String] = [:]
        let sections: [(PolicySection, [String])] = [
            (.policies, policies.map(\.name)), (.tagRules, tagRules.map(\.name)), (.commandRules, commandRules.map(\.name)),
            (.requestRules, requestRules.map(\.name)),
        ]
        for (section, names) in sections {
            for (index, name) in names.enumerated() {
                let place = "\(section.rawValue)[\(index)]"
                if let first = places.updateValue(place, forKey: name) {
                    throw PolicyError(path: "\(place).name", reason: .duplicateName(first: first))
                }
                all.append(name)
            }
        }
    }
}
