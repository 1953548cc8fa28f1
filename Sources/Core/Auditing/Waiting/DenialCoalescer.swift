import Model

/// Thins out denials before they are written: identical ones within a window become one entry with a count, and who provokes many different ones
/// fills a count, not the disk. A pure state machine: it takes a denial or a moment, and answers with the entries to write now.
///
/// The first of a kind is written at once. What is counted is written when its window ends, or at `flush`; a crash loses counts only.
/// Moments are nanoseconds since boot.
package struct DenialCoalescer: Sendable {
    /// How long identical denials are counted before they are written.
    package let window: Duration
    /// How many different denials of one actor are written within a window.
    package let burst: Int
    /// How many kinds of denial are told apart at a time, all actors together.
    package let capacity: Int

    private var open: [Kind: Window] = [:]
    private var folded: [Who: Window] = [:]
    private var written: [Who: Int] = [:]
    private var end: Int64?

    package init(window: Duration = .seconds(60), burst: Int = 30, capacity: Int = 1000) {
        self.window = window
        self.burst = burst
        self.capacity = capacity
    }

    /// Takes a denial that has just been answered.
    package mutating func take(_ denial: AuditEntry) -> [AuditEntry] {
        var entries = due(at: denial.bootTime)
        if end == nil { end = denial.bootTime.advanced(saturating: window) }
        let kind = Kind(denial)
        if open[kind] != nil {
            open[kind]?.count(denial)
        } else if written[kind.who, default: 0] < burst, open.count < room(for: kind) {
            open[kind] = Window(denial, count: 0)
            written[kind.who, default: 0] += 1
            entries.append(denial)
        } else {
            fold(denial)
        }
        return entries
    }

    /// The counts to write at this moment, if a window has ended.
    package mutating func due(at bootTime: Int64) -> [AuditEntry] {
        // A moment before the window began belongs to another boot: that window has ended too.
        guard let end, bootTime >= end || bootTime < end.advanced(saturating: .zero - window) else { return [] }
        return flush()
    }

    /// When `due` will have something to say; nil while nothing is counted.
    package var nextDue: Int64? { counts.isEmpty ? nil : end }

    /// The counts as they stand, at lock and at the end of the process.
    package mutating func flush() -> [AuditEntry] {
        let entries = counts.map(\.summary).sorted { $0.bootTime < $1.bootTime }
        (open, folded, written, end) = ([:], [:], [:], nil)
        return entries
    }

    private var counts: [Window] { (Array(open.values) + Array(folded.values)).filter { $0.count > 0 } }

    /// Part of the room is a person's alone: no agent makes the log forget what its owner was refused.
    private func room(for kind: Kind) -> Int { kind.who.kind == .known(.person) ? capacity + capacity / 4 : capacity }

    /// Counts a denial under its actor alone, without action and subject; when even actors are too many, under their kind alone.
    private mutating func fold(_ denial: AuditEntry) {
        var entry = denial
        (entry.action, entry.source, entry.mode) = (.known(.denialsFolded), .known(.keeper), .known(.none))
        (entry.subjects, entry.detail) = ([], [])
        entry.decision = .deny(code: "audit.folded")
        var who = Who(denial.actor)
        if folded[who] == nil, folded.count >= capacity { who = Who(kind: denial.actor.kind) }
        folded[who, default: Window(entry, count: 0)].count(entry)
    }
}

extension DenialCoalescer {
    /// Who is refused. Process, program and reported model are left out: an actor can change them with every request.
    private struct Who: Hashable {
        let kind: Recorded<AuditActor.Kind>
        let agentID: AgentID?
        let agentName: String?
        let userID: UInt32?
        let ip: String?

        init(_ actor: AuditActor) {
            kind = actor.kind
            agentID = actor.agentID
            agentName = actor.agentName
            userID = actor.userID
            ip = actor.ip
        }

        init(kind: Recorded<AuditActor.Kind>) {
            self.kind = kind
            (agentID, agentName, userID, ip) = (nil, nil, nil, nil)
        }
    }

    /// What makes two denials identical.
    private struct Kind: Hashable {
        var who: Who
        let source: Recorded<AuditSource>
        let mode: Recorded<AccessMode>
        let action: Recorded<AuditAction>
        let subjects: [AuditSubject]
        let decision: AuditDecision
        let detail: [AuditFact]

        init(_ denial: AuditEntry) {
            who = Who(denial.actor)
            source = denial.source
            mode = denial.mode
            action = denial.action
            subjects = denial.subjects
            decision = denial.decision
            detail = denial.detail
        }
    }

    /// The denials of one kind since the first was written.
    private struct Window {
        private(set) var count: Int
        private var last: AuditEntry

        init(_ denial: AuditEntry, count: Int) {
            last = denial
            self.count = count
        }

        mutating func count(_ denial: AuditEntry) {
            last = denial
            count += denial.repeated
        }

        var summary: AuditEntry {
            var summary = last
            summary.repeated = count
            return summary
        }
    }
}

extension Int64 {
    /// The moment this long after, at most the last that can be written.
    fileprivate func advanced(saturating duration: Duration) -> Int64 { Timestamp(nanoseconds: self).advanced(by: duration).nanoseconds }
}
