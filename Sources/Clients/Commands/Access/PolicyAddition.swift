import Policies
import TacitWire

/// What a policy that is in force lacks for one more agent: items for its sections, as YAML of two spaces.
struct PolicyAddition: Sendable, Equatable {
    /// The items of each section, in the order of the file.
    let sections: [(key: String, items: [String])]

    static func == (left: Self, right: Self) -> Bool { left.lines == right.lines }

    /// As it would be written into a policy.
    var lines: [String] { sections.flatMap { ["\($0.key):"] + $0.items } }

    /// A policy with this added behind what it has; nil where the text is written in a form into which nothing can be put line by line, or would say
    /// anything else than what it said and this.
    func added(to text: String) -> PolicyText? {
        // Lines that end otherwise than ours would end in two ways afterwards.
        guard !text.unicodeScalars.contains("\r") else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        if lines.last == "" { lines.removeLast() }
        for (key, items) in sections {
            guard let next = Self.adding(items, to: key, in: lines) else { return nil }
            lines = next
        }
        guard let before = try? PolicyText(yaml: Array(text.utf8), naming: "the policy in force"),
            let after = try? PolicyText(yaml: Array((lines.joined(separator: "\n") + "\n").utf8), naming: "the policy with this added"),
            (try? after.checkTests()) != nil, isAddition(after.document, to: before.document)
        else { return nil }
        return after
    }

    /// Whether a policy says all that another says, in the same order, and then what this adds.
    private func isAddition(_ after: PolicyDocument, to before: PolicyDocument) -> Bool {
        after.policies.count == before.policies.count + count("policies") && after.policies.starts(with: before.policies)
            && after.commandRules.count == before.commandRules.count + count("command_rules") && after.commandRules.starts(with: before.commandRules)
            && after.requestRules.count == before.requestRules.count + count("request_rules") && after.requestRules.starts(with: before.requestRules)
            && after.tagRules == before.tagRules && after.tests == before.tests
    }

    /// How many items it has for a section.
    private func count(_ key: String) -> Int { sections.filter { $0.key == key }.reduce(0) { $0 + $1.items.count { $0.hasPrefix("  - ") } } }

    /// Puts items at the end of a section whose key stands at the beginning of a line; a section that is missing comes last.
    private static func adding(_ items: [String], to key: String, in lines: [String]) -> [String]? {
        let heads = lines.indices.filter { lines[$0].hasPrefix("\(key):") }
        guard let head = heads.first else { return lines + ["", "\(key):"] + items }
        guard heads.count == 1 else { return nil }
        var lines = lines
        switch word(behind: "\(key):", in: lines[head]) {
        case "": break
        case "[]": lines[head] = "\(key):"
        default: return nil
        }
        let isOutside = { (line: String) in line.first.map { !" \t-#".contains($0) } ?? false }
        var end = lines[(head + 1)...].firstIndex(where: isOutside) ?? lines.endIndex
        let first = lines[(head + 1)..<end].first { $0.drop { $0 == " " }.hasPrefix("-") }
        // Blank lines and comments before the next section are about that.
        while end > head + 1, lines[end - 1].first.map({ $0 == "#" }) ?? true { end -= 1 }
        let indent = first.map { $0.prefix { $0 == " " }.count } ?? 2
        lines.insert(contentsOf: items.map { String(repeating: " ", count: indent) + $0.dropFirst(2) }, at: end)
        return lines
    }

    /// What stands behind a key, without a comment.
    private static func word(behind key: String, in line: String) -> String {
        String(line.dropFirst(key.count).prefix { $0 != "#" }.filter { !" \t".contains($0) })
    }
}

extension StarterPolicy {
    /// What a policy that is in force lacks for this agent: without the comments that teach the language, and under names of its own.
    ///
    /// - Parameter hasRequests: whether with request rules: a policy in force may have such ones for every agent already.
    func addition(agent: String, in scope: Scope, withRequests hasRequests: Bool = true) -> PolicyAddition {
        let names = [
            ("what the agent may use", "what \(agent) may use"), ("programs that may have a key", "programs that \(agent) may use"),
            ("code of the project, with test keys", "code of the project for \(agent)"),
        ]
        func items(_ text: String) -> [String] {
            var text = text.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.joined(separator: "\n")
            for (usual, own) in names { text = text.replacing("name: \(usual)\n", with: "name: \(PolicyFile.scalar(own))\n") }
            text = text.replacing("agent_id: AGENT", with: "agent_id: \(PolicyFile.scalar(agent))")
            return text.replacing("[PLACE]", with: "[\(PolicyFile.scalar(scope.text))]").split(separator: "\n").map(String.init)
        }
        let sections = [("policies", items(policy)), ("command_rules", items(allowingRules))]
        return PolicyAddition(sections: sections + (hasRequests ? [("request_rules", requestRules(agent: agent, in: scope))] : []))
    }
}
