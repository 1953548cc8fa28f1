import Auditing
import Model
import Secrets
import TacitWire

extension AuditItem {
    init(_ view: EntryView) {
        let entry = view.entry
        self.init(
            index: view.index, time: entry.time.description, actor: Self.actor(entry.actor), source: entry.source.text, action: entry.action.text,
            mode: entry.mode.text, subjects: entry.subjects.compactMap(Self.subject), decision: entry.decision.effect == .allow ? "allow" : "deny",
            rule: entry.decision.rule, phase: Self.phase(entry.phase), repeated: entry.repeated == 1 ? nil : entry.repeated,
            details: Self.details(entry))
    }

    private static func actor(_ actor: AuditActor) -> String {
        actor.agentName.map { "\(actor.kind.text) \($0)" } ?? "\(actor.kind.text) \(actor.userName)"
    }

    private static func subject(_ subject: AuditSubject) -> String? {
        guard let name = subject.name else { return subject.record.map(\.description) }
        return subject.version.map { "\(name)@\($0)" } ?? name
    }

    private static func phase(_ phase: AuditPhase) -> String? {
        switch phase {
        case .single: nil
        case .intent: "intent"
        case .outcome(let index, let result): "outcome of \(index): \(result)"
        }
    }

    private static func details(_ entry: AuditEntry) -> [String: String] {
        var details = Dictionary(entry.detail.map { ($0.key, $0.value) }) { _, last in last }
        details["user"] = entry.actor.userName
        details["host"] = entry.actor.host
        details["process"] = "\(entry.actor.process) \(entry.actor.executable)"
        details["platform"] = entry.actor.platform
        if let model = entry.actor.reportedModel { details["reported-model"] = model }
        if let code = entry.decision.code { details["code"] = code }
        if entry.clockWentBack { details["clock"] = "went back" }
        return details
    }
}

extension AuditPruning {
    init(_ pruning: Pruning) {
        self.init(
            first: pruning.entries.lowerBound, cut: pruning.entries.upperBound, size: pruning.size, oldest: pruning.times.first?.description,
            youngest: pruning.times.last?.description, ahead: Int64(pruning.ahead), missingOutcomes: pruning.missingOutcomes, done: pruning.isDone,
            leavesTraces: pruning.leavesTraces)
        if let anchor = pruning.anchor, let key = pruning.verifierKey {
            self.anchor = CheckpointNote(note: String(decoding: anchor.bytes, as: UTF8.self), verifierKey: key)
        }
    }
}

extension AuditFilter {
    init(_ query: [String: String]) throws {
        self.init()
        since = try query["since"].map { try Timestamp(said: $0) }
        until = try query["until"].map { try Timestamp(said: $0) }
        (agent, secret, action) = (query["agent"], query["secret"], query["action"])
        isDenied = try query.oneOf("denied", ["true", "false"]) == "true"
    }
}
