import TacitWire

extension ApprovalItem {
    /// A request as a person reads it: our own facts first, the agent's words last and in quotes. `isDeciding` leaves out how to decide, where that goes on.
    ///
    /// `rights` are those that a proposal asks for, as the policy in force has them; nil where they were not looked up.
    func lines(_ style: Style, now: Int64, rights: [ProposedRight]? = nil, isDeciding: Bool = false) -> [String] {
        var lines = ["\(style.bold(code))  \(title.printable)\(standing == .pending ? "" : "  (\(words))")"]
        func add(_ name: String, _ text: String?) {
            guard let text, !text.isEmpty else { return }
            lines.append("  \(style.dim(name.padded(to: 9))) \(text.printable)")
        }
        add("asked by", "\(agent), process \(process) (\(executable.unpadded))")
        add("program", program.map { "\($0.unpadded)  sha256 \((programHash ?? "").prefix(16))…" })
        if program != nil { add("words", arguments.map(Self.quoted).joined(separator: " ").unpadded) }
        add("in", program == nil ? nil : workingDirectory?.unpadded ?? "an empty private directory")
        add("sandbox", sandbox?.words)
        add("limit", timeLimitSeconds.map { "stopped after \($0) s" })
        add("file", file?.words)
        for (index, line) in (request?.lines ?? []).enumerated() { add(index == 0 ? "request" : "", line) }
        if kind == "mask" { add("shown", "`********`, and behind it the last 4 characters of a value of 16 or more") }
        if secrets.isEmpty { add("place", scope) }
        for (index, secret) in secrets.enumerated() {
            add(index == 0 ? "secrets" : "", secret.words + (kind == "proposal" && capability == nil ? secret.presence : ""))
            guard kind == "proposal", standing == .pending, capability != nil else { continue }
            add("now", rights.map { $0[index].words } ?? secret.standing(for: proposedProgram))
            add("why", explanation(of: secret))
        }
        add("input", hasInput ? "standard input is given, and bound" : nil)
        add("not bound", notBound.joined(separator: ", "))
        add("asks", capability.map(Self.explained))
        add("rule", rule)
        add("until", [.pending, .approved].contains(standing) ? RelativeTime.text(expiresAt, now: now) : nil)
        add("model", reportedModel.map { "says it is \u{201C}\($0.unpadded)\u{201D}" })
        add("with", proposedProgram.map { "\u{201C}\($0.unpadded)\u{201D}, as it says: give it to a rule's `programs` by the path that you know" })
        // A program says nothing of itself.
        add("purpose", kind == "send" ? nil : "\u{201C}\(purpose.unpadded)\u{201D}")
        for step in steps(rights, isDeciding: isDeciding) { add(step.label, step.text) }
        return lines + [""]
    }

    /// One sentence after a decision.
    func sentence(now: Int64) -> String {
        switch standing {
        case .approved:
            "Approved \(code) \(uses.map { $0 == 1 ? "once" : "\($0) times" } ?? ""); the approval ends \(RelativeTime.text(expiresAt, now: now)). The call that waits goes on, or else the agent's next one like it."
        case .denied: "Denied \(code)\(denialEnd.map { ": until \($0) the agent's same call is denied without asking you" } ?? "").\(remains)"
        case .done: "Closed \(code): the agent is told that \(capability == nil ? "it is there" : "you gave it")."
        case .pending, .expired, .usedUp: "\(code) is \(words)."
        }
    }

    private var title: String {
        switch kind {
        case "run": "\(agent) wants to run \((program ?? arguments.first ?? "a program").unpadded)"
        case "inject": "\(agent) wants a file with secrets"
        case "reveal": "\(agent) wants to see a value"
        case "request": "\(agent) wants to make a request"
        case "send": "a program of \(agent) wants to send a request"
        case "mask": "\(agent) wants to see the last 4 characters of a value"
        default: capability == nil ? "\(agent) asks you to store secrets" : "\(agent) asks for rights"
        }
    }

    private var words: String { standing == .usedUp ? "used up" : standing.rawValue }

    /// A word as it would be typed, so that where one ends is seen.
    static func quoted(_ word: String) -> String {
        let isPlain = !word.isEmpty && word.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"'\"\\$`*?[](){}<>|&;!#~".utf8.contains($0) }
        return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}

extension ApprovalSecret {
    /// The name, and where the value goes. A variable may be called `stdin`, and is told from it.
    fileprivate var words: String {
        switch (self.as, variable) {
        case (.stdin, _): "\(name) \u{2192} stdin\(around)"
        case (.file, let variable?): "\(name) \u{2192} a file named by \(variable)"
        case (.request, let place?): "\(name) \u{2192} \(place) of the request"
        case (_, let variable?): "\(name) \u{2192} \(variable.lowercased() == "stdin" ? "the variable \(variable)" : variable)"
        default: name
        }
    }

    /// The agent's text around the value. It stands here whole, since the approval binds all of it: what is read there decides what the value is used for.
    private var around: String {
        let parts = [before.map { "after \($0.writtenOut)" }, after.map { "before \($0.writtenOut)" }].compactMap(\.self)
        return parts.isEmpty ? "" : ", " + parts.joined(separator: " and ")
    }
}

extension ApprovalHTTPRequest {
    /// The whole of it but the body, of which a person sees the hash that the approval binds.
    fileprivate var lines: [String] {
        ["\(method) \(url.unpadded)"] + headers.map { "\($0.name): \($0.value.writtenOut)" }
            + (bodyHash.map { ["\(bodyWords), sha256 \($0.prefix(16))…, as the agent made it"] } ?? [])
    }

    private var bodyWords: String {
        guard let bodyBytes else { return "a body" }
        return "a body of \(bodyBytes == 1 ? "1 byte" : "\(bodyBytes) bytes")"
    }
}

extension ApprovalSandbox {
    fileprivate var words: String {
        let reads = reads.isEmpty ? "" : ", and reads \(reads.map(\.unpadded).joined(separator: ", "))"
        let files = passesUnscanned ? ", and files leave that cannot be searched" : ""
        return switch strictness {
        case .none: "none: it reaches the network and what you can read and write"
        case .fallback: "none where this machine has none; else no network, its directory\(reads)\(files)"
        case .required: "no network, its directory\(reads)\(files)"
        }
    }
}

extension ApprovalFile {
    fileprivate var words: String {
        let times = reads.map { $0 == 1 ? "once" : "\($0) times" }
        return "\(times.map { "a pipe that can be read \($0)" } ?? "a file that any program of yours can read"), \(format), for \(seconds) s at most"
    }
}

extension String {
    /// Between quotation marks, on one line: what ends a line, moves the cursor, turns or is not seen is written as its escape.
    fileprivate var writtenOut: String {
        let escapes: [Unicode.Scalar: String] = ["\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"]
        let text = unicodeScalars.map { scalar in
            escapes[scalar] ?? (scalar.isSeen ? String(Character(scalar)) : "\\u{\(String(scalar.value, radix: 16, uppercase: true))}")
        }
        return "\"\(text.joined().unpadded)\""
    }

    /// With blanks after a blank made visible, and each letter that draws nothing. Where a terminal breaks a long line, blanks that an agent chose would begin
    /// the next one as a fact of ours.
    var unpadded: String {
        var wasBlank = false
        return String(
            String.UnicodeScalarView(
                unicodeScalars.map { scalar in
                    let isBlank = scalar.isBlank
                    defer { wasBlank = isBlank }
                    return isBlank && wasBlank || scalar.isFiller ? "\u{2423}" : scalar
                }))
    }

    func padded(to width: Int) -> String { count < width ? self + String(repeating: " ", count: width - count) : self }
}

extension Unicode.Scalar {
    /// Whether it is a character that stands for itself and leaves its neighbours as they are.
    fileprivate var isSeen: Bool {
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: !properties.isVariationSelector
        }
    }

    /// Whether nothing is seen of it: a space of any width, a filler, the empty Braille pattern.
    fileprivate var isBlank: Bool { properties.generalCategory == .spaceSeparator || isFiller }

    /// Whether it counts as a letter or a sign, and nothing is seen of it.
    fileprivate var isFiller: Bool {
        value == 0x2800 || properties.isDefaultIgnorableCodePoint && properties.generalCategory != .format && !properties.isVariationSelector
    }
}
