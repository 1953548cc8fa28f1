import TacitWire

/// Secret names as a tree of their segments.
struct SecretTree {
    private var children: [(segment: String, tree: SecretTree)] = []
    private var secret: SecretSummary?

    /// `secrets` are in the order of their names.
    init(_ secrets: [SecretSummary]) {
        for secret in secrets { insert(secret, secret.name.split(separator: "/")[...]) }
    }

    private init() {}

    private mutating func insert(_ secret: SecretSummary, _ segments: ArraySlice<Substring>) {
        guard let first = segments.first else {
            self.secret = secret
            return
        }
        let position = children.lastIndex { $0.segment == first } ?? children.endIndex
        if position == children.endIndex { children.append((String(first), SecretTree())) }
        children[position].tree.insert(secret, segments.dropFirst())
    }

    func lines(_ style: Style, now: Int64) -> [String] {
        var lines: [String] = []
        for child in children {
            lines.append(child.tree.label(child.segment, style, now: now))
            child.tree.append(to: &lines, indent: "", style, now: now)
        }
        return lines
    }

    private func append(to lines: inout [String], indent: String, _ style: Style, now: Int64) {
        for (position, child) in children.enumerated() {
            let isLast = position + 1 == children.count
            lines.append(style.dim(indent + (isLast ? "└── " : "├── ")) + child.tree.label(child.segment, style, now: now))
            child.tree.append(to: &lines, indent: indent + (isLast ? "    " : "│   "), style, now: now)
        }
    }

    private func label(_ segment: String, _ style: Style, now: Int64) -> String {
        guard let secret else { return segment + "/" }
        var facts = ["v\(secret.version)"]
        if let deleted = secret.deletedAt { facts.append("deleted \(RelativeTime.text(deleted, now: now))") }
        if let expires = secret.expiresAt { facts.append("expires \(RelativeTime.text(expires, now: now))") }
        facts += secret.tags
        return style.bold(segment.printable) + "  " + style.dim(facts.joined(separator: " · ").printable)
    }
}
