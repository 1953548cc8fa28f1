package import Model

/// One act that waits for the vault to be unlocked, in facts that may lie in clear: ids, codes, the peer as the kernel names it. No names of
/// agents, projects or secrets, and no facts beyond these.
package struct PendingAct: Sendable, Hashable {
    /// What makes two acts the same: all but when and by which process.
    package struct Key: Sendable, Hashable {
        package let kind: Recorded<AuditActor.Kind>
        package let userID: UInt32
        package internal(set) var executable: String
        package let source: Recorded<AuditSource>
        package let mode: Recorded<AccessMode>
        package let action: Recorded<AuditAction>
        package let effect: AuditDecision.Effect
        package let code: String?
    }

    package internal(set) var key: Key
    /// Stands for the program when too many different ones have acted.
    package static let manyPrograms = "(many)"

    /// The process that acted first.
    package let process: Int32
    /// When it was done first, and whether the clock was behind.
    package let first: ClockReading
    /// When it was done last.
    package internal(set) var last: ClockReading
    package internal(set) var clockFloor: Timestamp?
    /// How many times, from 1.
    package internal(set) var repeated: Int

    /// Takes from an entry what may lie in clear. Subjects, names, facts and rule are left behind.
    package init(_ entry: AuditEntry) {
        key = Key(
            kind: entry.actor.kind, userID: entry.actor.userID, executable: entry.actor.executable, source: entry.source, mode: entry.mode,
            action: entry.action, effect: entry.decision.effect, code: entry.decision.code)
        process = entry.actor.process
        first = entry.clock
        last = entry.clock
        clockFloor = entry.clockFloor
        repeated = entry.repeated
    }

    /// The entry to write at unlock. `userName`, `host` and `platform` are the machine's own and are looked up then.
    package func entry(userName: String, host: String, platform: String) -> AuditEntry {
        let actor = AuditActor(
            kind: .system, userID: key.userID, userName: userName, host: host, process: process, executable: key.executable, platform: platform)
        var entry = AuditEntry(
            clock: last, clockFloor: clockFloor, actor: actor, source: .keeper, mode: .none, action: .unlockFailed,
            decision: AuditDecision(effect: key.effect, rule: nil, code: key.code), repeated: repeated,
            detail: [AuditFact("recorded", "while locked")] + (repeated > 1 ? [AuditFact("first", first.wall)] : []))
        // The names may be a newer program's.
        (entry.actor.kind, entry.source, entry.mode, entry.action) = (key.kind, key.source, key.mode, key.action)
        return entry
    }
}

extension PendingAct {
    private static let version: UInt8 = 1

    func encoded() -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(byte: Self.version)
        for text in [key.kind.text, key.source.text, key.mode.text, key.action.text, key.executable] { writer.write(text) }
        writer.write(Int64(key.userID))
        writer.write(byte: key.effect.rawValue)
        writer.write(optional: key.code)
        writer.write(Int64(process))
        first.write(to: &writer)
        last.write(to: &writer)
        writer.write(optional: clockFloor)
        writer.write(repeated)
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == Self.version else { throw .malformed }
        let kind = Recorded<AuditActor.Kind>(try reader.boundedText())
        let source = Recorded<AuditSource>(try reader.boundedText())
        let mode = Recorded<AccessMode>(try reader.boundedText())
        let action = Recorded<AuditAction>(try reader.boundedText())
        let executable = try reader.boundedText()
        let userID: UInt32 = try reader.integer()
        guard let effect = AuditDecision.Effect(rawValue: try reader.byte()) else { throw .malformed }
        let code = try reader.optionalText()
        key = Key(
            kind: kind, userID: userID, executable: executable, source: source, mode: mode, action: action, effect: effect, code: code)
        process = try reader.integer()
        first = try ClockReading(from: &reader)
        last = try ClockReading(from: &reader)
        clockFloor = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        repeated = try reader.int()
        try reader.finish()
        guard repeated >= 1 else { throw .malformed }
    }
}
