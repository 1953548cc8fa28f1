package import Model

/// One act in plaintext: who, what, how, when, where, and the decision. It is sealed before it is stored (SPEC §7.1).
///
/// It never holds a value. Its place in the log is the index that it is sealed and chained with, not a part of it.
package struct AuditEntry: Sendable, Equatable {
    /// The clocks as read.
    package var clock: ClockReading
    /// The earliest time that it could be, when the clock showed an earlier one.
    package var clockFloor: Timestamp?
    package var actor: AuditActor
    package var source: Recorded<AuditSource>
    package var mode: Recorded<AccessMode>
    package var action: Recorded<AuditAction>
    package var subjects: [AuditSubject]
    package var decision: AuditDecision
    package var phase: AuditPhase
    /// How many identical acts this entry stands for, from 1.
    package var repeated: Int
    package var detail: [AuditFact]
    /// The value of the records' digest after this act, 32 bytes; in every entry that is written together with a change.
    package var recordsDigest: [UInt8]?

    package init(
        clock: ClockReading, clockFloor: Timestamp? = nil, actor: AuditActor, source: AuditSource, mode: AccessMode, action: AuditAction,
        subjects: [AuditSubject] = [], decision: AuditDecision = .allow(), phase: AuditPhase = .single, repeated: Int = 1,
        detail: [AuditFact] = [], recordsDigest: [UInt8]? = nil
    ) {
        self.clock = clock
        self.clockFloor = clockFloor
        self.actor = actor
        self.source = .known(source)
        self.mode = .known(mode)
        self.action = .known(action)
        self.subjects = subjects
        self.decision = decision
        self.phase = phase
        self.repeated = repeated
        self.detail = detail
        self.recordsDigest = recordsDigest
    }

    /// The time of day as read.
    package var time: Timestamp { clock.wall }
    package var bootID: BootID { clock.bootID }
    /// Nanoseconds since boot.
    package var bootTime: Int64 { clock.bootTime }
    /// The clock showed an earlier time than it can have been.
    package var clockWentBack: Bool { clockFloor != nil }
}
