/// Asks which entries from before a moment (RFC 3339) can go, or lets those before `cut` go, as they were shown.
public struct PruningRequest: Codable, Sendable, Equatable {
    public var before: String
    /// The size of the checkpoint that will stand for them; nil to be shown it.
    public var cut: Int64?
    /// How many go in one transaction at most, as far as checkpoints lie that close; nil for the usual number.
    public var portion: Int64?

    public init(before: String, cut: Int64? = nil, portion: Int64? = nil) {
        self.before = before
        self.cut = cut
        self.portion = portion
    }
}

/// The beginning of the log that goes, or went.
public struct AuditPruning: Codable, Sendable, Equatable {
    /// The index of the first entry, and that of the first one that stays.
    public var first: Int64
    public var cut: Int64
    /// How many entries the log has, those counted that are gone.
    public var size: Int64
    /// When the first and the last that goes were written; nil where nothing goes.
    public var oldest: String?
    public var youngest: String?
    /// The checkpoint (C2SP note) that stands for what goes, and the key that verifies it; nil where nothing goes.
    public var anchor: CheckpointNote?
    /// How many of them are from a time that is yet to come, because the clock was ahead.
    public var ahead: Int64
    /// The indexes of those of them that are intents without an outcome.
    public var missingOutcomes: [Int64]
    public var done: Bool
    /// Whether what went can be found in the vault's files until they are opened the next time.
    public var leavesTraces: Bool

    public init(
        first: Int64, cut: Int64, size: Int64, oldest: String? = nil, youngest: String? = nil, anchor: CheckpointNote? = nil, ahead: Int64 = 0,
        missingOutcomes: [Int64] = [], done: Bool = false, leavesTraces: Bool = false
    ) {
        self.first = first
        self.cut = cut
        self.size = size
        self.oldest = oldest
        self.youngest = youngest
        self.anchor = anchor
        self.ahead = ahead
        self.missingOutcomes = missingOutcomes
        self.done = done
        self.leavesTraces = leavesTraces
    }
}

/// Entries of the log, the newest last.
public struct AuditPage: Codable, Sendable, Equatable {
    public var items: [AuditItem]
    /// Where the earlier or later ones are; nil at the end.
    public var nextCursor: String?
    /// The index of the first entry there is, where earlier ones were pruned.
    public var start: Int64?

    public init(items: [AuditItem], nextCursor: String? = nil, start: Int64? = nil) {
        self.items = items
        self.nextCursor = nextCursor
        self.start = start
    }
}
