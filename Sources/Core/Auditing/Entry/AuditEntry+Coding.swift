package import Model

extension AuditEntry {
    /// The first byte of an entry: its form.
    package static let version: UInt8 = 1

    /// The entry's one byte form (SPEC §7.1).
    package func encoded() -> [UInt8] {
        var writer = CanonicalWriter(capacity: 384)
        writer.write(byte: Self.version)
        clock.write(to: &writer)
        writer.write(optional: clockFloor)
        actor.write(to: &writer)
        for text in [source.text, mode.text, action.text] { writer.write(text) }
        writer.write(list: subjects) { $1.write(to: &$0) }
        decision.write(to: &writer)
        phase.write(to: &writer)
        writer.write(repeated)
        writer.write(list: detail) { $1.write(to: &$0) }
        writer.write(optional: recordsDigest)
        return writer.bytes
    }

    /// Reads an entry; anything but the byte form of one is an error.
    package init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == Self.version else { throw .malformed }
        clock = try ClockReading(from: &reader)
        clockFloor = try reader.optional { reader throws(CanonicalError) in try reader.timestamp() }
        actor = try AuditActor(from: &reader)
        source = Recorded(try reader.boundedText())
        mode = Recorded(try reader.boundedText())
        action = Recorded(try reader.boundedText())
        subjects = try reader.list { reader throws(CanonicalError) in try AuditSubject(from: &reader) }
        decision = try AuditDecision(from: &reader)
        phase = try AuditPhase(from: &reader)
        repeated = try reader.int()
        detail = try reader.list { reader throws(CanonicalError) in try AuditFact(from: &reader) }
        recordsDigest = try reader.optional { reader throws(CanonicalError) in try reader.data() }
        try reader.finish()
        guard repeated >= 1, recordsDigest.map({ $0.count == LogHash.byteCount }) ?? true else { throw .malformed }
    }
}

extension ClockReading {
    func write(to writer: inout CanonicalWriter) {
        writer.write(wall)
        writer.write(bootID)
        writer.write(bootTime)
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        self.init(wall: try reader.timestamp(), bootID: try reader.id(BootKind.self), bootTime: try reader.int64())
    }
}
