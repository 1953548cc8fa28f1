import Model

extension PolicyTest {
    /// The keys of a test, in the order in which they are written.
    package static let keys = [
        PolicyKey("name"), PolicyKey("agent"), PolicyKey("environment"), PolicyKey("secret"), PolicyKey("tags", list: true), PolicyKey("model"),
        PolicyKey("capability"), PolicyKey("program"), PolicyKey("sha256"), PolicyKey("request"), PolicyKey("place", of: .pair),
        PolicyKey("operations", list: true),
        PolicyKey("given", list: true), PolicyKey("expect"), PolicyKey("rule"), PolicyKey("obligations", list: true),
    ]

    init(_ node: PolicyNode, rules: RuleNames) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "agent", "expect"])
        guard let name = members["name"], let agent = members["agent"], let expect = members["expect"] else {
            throw node.error(.missingKey("name"))
        }
        self.name = try name.ruleName()
        given = try members["given"]?.words() ?? []
        guard let expectation = Expectation(word: try expect.text()) else {
            let near = suggestion(for: try expect.text(), among: Expectation.words)
            throw expect.error(.unknownWord(allowed: Expectation.words, suggestion: near))
        }
        self.expectation = expectation
        rule = try members["rule"]?.text()
        if let rule, !rules.all.contains(rule) {
            throw members["rule"]?.error(.unknownRule(suggestion: suggestion(for: rule, among: rules.all))) ?? node.error(.missingKey("rule"))
        }
        obligations = try members["obligations"]?.words() ?? []
        let usual = PolicyNode(.string(AgentPolicy.defaultEnvironment), at: node.path)
        query = PolicyQuery(
            agent: try agent.agent(), scope: try (members["environment"] ?? usual).scope(), secret: try members["secret"]?.secretName(),
            capability: try members["capability"]?.word() ?? Self.usualCapability(members["request"] != nil),
            circumstances: try Self.circumstances(members, given, rules))
        guard let node = members["request"], query.capability != .broker else { return }
        throw node.error(.request(.notOfBroker))
    }

    private static func circumstances(_ members: [String: PolicyNode], _ given: [Fact], _ rules: RuleNames) throws(PolicyError) -> PolicyCircumstances
    {
        let now = Timestamp(nanoseconds: 0)
        return PolicyCircumstances(
            tags: try members["tags"]?.distinct { element throws(PolicyError) in try element.tag() } ?? [], model: try members["model"]?.model(),
            program: try program(members, given), request: try request(members), hasSession: given.contains(.session),
            acknowledgements: given.contains(.acknowledgement) ? Dictionary(rules.all.map { ($0, now) }) { first, _ in first } : [:],
            hasApproval: given.contains(.approval), now: now)
    }

    private static func usualCapability(_ isRequest: Bool) -> Capability { isRequest ? .broker : .envInject }

    private static func request(_ members: [String: PolicyNode]) throws(PolicyError) -> RequestQuestion? {
        guard let request = members["request"] else {
            for key in ["place", "operations"] { if let member = members[key] { throw member.error(.request(.withoutRequest)) } }
            return nil
        }
        let place = try members["place"].map { node throws(PolicyError) in try node.place() }
        let operations = try members["operations"]?.distinct { element throws(PolicyError) in try element.text() }
        let text = try request.text()
        do { return try RequestQuestion(parsing: text, place: place, operations: operations) } catch { throw request.error(.request(error)) }
    }

    private static func program(_ members: [String: PolicyNode], _ given: [Fact]) throws(PolicyError) -> OpenedProgram? {
        guard let program = members["program"] else {
            if let hash = members["sha256"] { throw hash.error(.withoutTestProgram) }
            if let node = members["given"], given.contains(where: \.isAboutProgram) { throw node.error(.withoutTestProgram) }
            return nil
        }
        let fingerprint = try members["sha256"].map { node throws(PolicyError) in
            guard let fingerprint = ProgramFingerprint(parsing: try node.text()) else { throw node.error(.badFingerprint) }
            return fingerprint
        }
        let path = try program.programPath()
        let isScript = given.contains(.script)
        let name = String(path[(path.lastIndex(of: "/") ?? path.startIndex)...].dropFirst())
        let kind = ProgramClass(called: name, opened: name, isScript: isScript)
        return OpenedProgram(
            path: path, fingerprint: fingerprint, runsAnyCode: kind != .native || given.contains(.anyCode),
            isWritableByCaller: given.contains(.writable), isBound: !isScript)
    }

    static func checkNames(_ tests: [PolicyTest]) throws(PolicyError) {
        var places: [String: Int] = [:]
        for (index, test) in tests.enumerated() {
            if let first = places.updateValue(index, forKey: test.name) {
                throw PolicyError(path: "tests[\(index)].name", reason: .duplicateName(first: "tests[\(first)]"))
            }
        }
    }

    var members: Members {
        var members = Members()
        members.add("name", name)
        members.add("agent", query.agent.description)
        members.add("environment", query.scope.description == AgentPolicy.defaultEnvironment ? nil : query.scope.description)
        members.add("secret", query.secret?.description)
        members.add("tags", query.circumstances.tags)
        members.add("model", query.circumstances.model)
        members.add("capability", query.capability, unless: Self.usualCapability(query.circumstances.request != nil))
        members.add("program", query.circumstances.program?.path)
        members.add("sha256", query.circumstances.program?.fingerprint?.description)
        members.add("request", query.circumstances.request?.line)
        members.add("place", query.circumstances.request?.place?.description)
        members.add("operations", (query.circumstances.request?.operations ?? []).map(\.description).sorted())
        members.add("given", given.map(\.rawValue))
        members.add("expect", expectation.word)
        members.add("rule", rule)
        members.add("obligations", obligations.map(\.rawValue))
        return members
    }
}

extension PolicyNode {
    fileprivate func agent() throws(PolicyError) -> AgentIdentity {
        let text = try text()
        if text == AgentIdentity.unidentifiedName { return .unidentified }
        guard let name = try? SegmentName(text, of: .agent) else { throw error(.noName(of: "the name of an agent")) }
        return .agent(name)
    }

    fileprivate func scope() throws(PolicyError) -> Scope {
        guard let scope = try? Scope(parsing: try text()) else { throw error(.noName(of: "PROJECT/ENVIRONMENT")) }
        return scope
    }

    fileprivate func secretName() throws(PolicyError) -> SecretName {
        guard let name = try? SecretName(try text()) else { throw error(.noName(of: "the name of a secret")) }
        return name
    }

    fileprivate func tag() throws(PolicyError) -> String {
        let text = try text()
        guard (try? SegmentName(text, of: .tag)) != nil else { throw error(.noName(of: "a tag")) }
        return text
    }

    fileprivate func model() throws(PolicyError) -> String {
        let text = try text()
        guard text.hasOnly(.model) else { throw error(.noName(of: "the name of a model")) }
        return text
    }

    fileprivate func programPath() throws(PolicyError) -> String {
        let text = try text()
        guard text.hasOnly(.program) else { throw error(.noName(of: "the absolute path of a program")) }
        return text
    }
}

extension String {
    /// Whether a text is a pattern without wildcards: one name.
    fileprivate func hasOnly(_ subject: Glob.Subject) -> Bool { (try? Glob(self, over: subject)).map { $0.program == nil } ?? false }
}
