extension CommandRule {
    /// The keys of a command rule, in the order in which they are written.
    package static let keys = [
        PolicyKey("name"), PolicyKey("agent_id"), PolicyKey("environments", list: true), PolicyKey("keys", list: true),
        PolicyKey("programs", list: true), PolicyKey("sha256", list: true), PolicyKey("any_code"), PolicyKey("home"), PolicyKey("path", list: true),
        PolicyKey("denied_programs", list: true),
    ]

    init(_ node: PolicyNode) throws(PolicyError) {
        let members = try node.members(allowing: Self.keys, requiring: ["name", "agent_id"])
        guard let name = members["name"], let agentID = members["agent_id"] else { throw node.error(.missingKey("name")) }
        self.name = try name.ruleName()
        self.agentID = try agentID.glob(over: .agent)
        environments = try members["environments"]?.globs(over: .scope)
        keys = try members["keys"]?.globs(over: .secret) ?? []
        programs = try members["programs"]?.globs(over: .program) ?? []
        fingerprints =
            try members["sha256"]?.distinct { element throws(PolicyError) in
                guard let fingerprint = ProgramFingerprint(parsing: try element.text()) else { throw element.error(.badFingerprint) }
                return fingerprint
            } ?? []
        anyCode = try members["any_code"]?.word() ?? .deny
        home = try members["home"]?.word()
        path = try members["path"]?.distinct { element throws(PolicyError) in try element.directory() }
        deniedPrograms = try Self.deniedPrograms(members["denied_programs"])
        try checkEffect(node, members)
    }

    private static func deniedPrograms(_ node: PolicyNode?) throws(PolicyError) -> [DeniedProgram] {
        var denied: [DeniedProgram] = []
        for element in try node?.elements() ?? [] {
            let glob = try element.glob(over: element.text().hasPrefix("/") ? .program : .programName)
            if let first = denied.firstIndex(where: { $0.glob.subject == glob.subject && $0.glob.covers(glob) }) {
                throw element.error(.shadowedPattern(by: "\(node?.path ?? "")[\(first)]"))
            }
            denied.append(DeniedProgram(glob: glob))
        }
        return denied
    }

    private func checkEffect(_ node: PolicyNode, _ members: [String: PolicyNode]) throws(PolicyError) {
        guard allowsPrograms || !deniedPrograms.isEmpty else { throw node.error(.withoutProgram) }
        guard !allowsPrograms || !keys.isEmpty else { throw node.error(.halfGrant(missing: "keys")) }
        guard !allowsPrograms else { return }
        for key in ["any_code", "home", "path"] { if let member = members[key] { throw member.error(.forAllowedPrograms) } }
    }

    /// Checks that every rule can have an effect beside those before it.
    static func check(_ rules: [CommandRule]) throws(PolicyError) {
        for (index, rule) in rules.enumerated() {
            if let first = rules[..<index].firstIndex(where: { $0.shadows(rule) }) {
                throw PolicyError(path: "command_rules[\(index)]", reason: .shadowedRule(by: "command_rules[\(first)]"))
            }
        }
    }
}

extension PolicyNode {
    /// An absolute directory as PATH may have one: no colon, no empty, `.` or `..` part.
    func directory() throws(PolicyError) -> String {
        let text = try text()
        let parts = text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let isPlain =
            text.hasPrefix("/") && (1...1024).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x20...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
            && (text == "/" || parts.allSatisfy { !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) })
        guard isPlain else { throw error(.badDirectory) }
        return text
    }
}
