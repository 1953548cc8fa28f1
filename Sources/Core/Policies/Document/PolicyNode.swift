/// A value of the document with the place where it stands.
struct PolicyNode {
    let value: PolicyJSON
    let path: String

    init(_ value: PolicyJSON, at path: String) {
        self.value = value
        self.path = path
    }

    func error(_ reason: PolicyError.Reason) -> PolicyError { PolicyError(path: path, reason: reason) }

    /// The members of an object, none unknown and none missing.
    func members(allowing keys: [PolicyKey], requiring required: [String]) throws(PolicyError) -> [String: PolicyNode] {
        try members(allowing: keys.map(\.name), requiring: required)
    }

    func members(allowing keys: [String], requiring required: [String]) throws(PolicyError) -> [String: PolicyNode] {
        guard case .object(let pairs) = value else { throw error(.wrongType(expected: "a mapping of keys to values")) }
        var members: [String: PolicyNode] = [:]
        for (key, value) in pairs {
            let isKnown = keys.contains(key)
            let member = PolicyNode(value, at: place(of: key, isKnown))
            guard isKnown else { throw member.error(.unknownKey(suggestion: suggestion(for: key, among: keys))) }
            members[key] = member
        }
        for key in required where members[key] == nil { throw error(.missingKey(key)) }
        return members
    }

    /// The elements of a list that is not empty unless that is allowed.
    func elements(allowingNone: Bool = false) throws(PolicyError) -> [PolicyNode] {
        guard case .array(let values) = value else { throw error(.wrongType(expected: "a list")) }
        guard allowingNone || !values.isEmpty else { throw error(.emptyList) }
        guard values.count <= PolicyDocument.maximumListCount else { throw error(.tooMany(maximum: PolicyDocument.maximumListCount)) }
        return values.enumerated().map { PolicyNode($1, at: "\(path)[\($0)]") }
    }

    func text() throws(PolicyError) -> String {
        guard case .string(let text) = value else { throw error(.wrongType(expected: "a text")) }
        return text
    }

    /// One of the words of an enumeration.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ type: Word.Type = Word.self) throws(PolicyError) -> Word {
        let text = try text()
        guard let word = Word(rawValue: text) else {
            let allowed = Word.allCases.map(\.rawValue)
            throw error(.unknownWord(allowed: allowed, suggestion: suggestion(for: text, among: allowed)))
        }
        return word
    }

    /// A list of different words of an enumeration.
    func words<Word: RawRepresentable<String> & CaseIterable & Hashable>(_ type: Word.Type = Word.self) throws(PolicyError) -> [Word] {
        try distinct { element throws(PolicyError) in try element.word() }
    }

    /// A list of texts that are read to different things.
    func distinct<Element: Equatable>(_ read: (PolicyNode) throws(PolicyError) -> Element) throws(PolicyError) -> [Element] {
        var found: [Element] = []
        for element in try elements() {
            let value = try read(element)
            guard !found.contains(value) else { throw element.error(.repeatedWord) }
            found.append(value)
        }
        return found
    }

    /// The name of a policy, rule or test, which messages and the log repeat.
    func ruleName() throws(PolicyError) -> String {
        let name = try text()
        let isPrintable = name.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !name.hasPrefix(" ") && !name.hasSuffix(" ")
        guard isPrintable, (1...64).contains(name.utf8.count) else { throw error(.badName) }
        return name
    }

    func glob(over subject: Glob.Subject) throws(PolicyError) -> Glob {
        let text = try text()
        do { return try Glob(text, over: subject) } catch { throw self.error(.pattern(error)) }
    }

    /// A list of patterns, each of which matches something that those before it do not.
    func globs(over subject: Glob.Subject) throws(PolicyError) -> [Glob] {
        var globs: [Glob] = []
        for element in try elements() {
            let glob = try element.glob(over: subject)
            if let first = globs.firstIndex(where: { $0.covers(glob) }) { throw element.error(.shadowedPattern(by: "\(path)[\(first)]")) }
            globs.append(glob)
        }
        return globs
    }

    /// A key that is unknown is repeated in the path when it looks like a key: a value pasted in its place does not.
    private func place(of key: String, _ isKnown: Bool) -> String {
        let isKey = isKnown || (1...32).contains(key.utf8.count) && key.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_" || $0 == "-") }
        let shown = isKey ? key : "…"
        return path.isEmpty ? shown : "\(path).\(shown)"
    }
}
