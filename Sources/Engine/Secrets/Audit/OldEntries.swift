import Auditing
import Model

/// Finds where the entries at the beginning of a log end that are from before a moment (SPEC R7.37), as they stream by.
struct OldEntries {
    private let moment: Timestamp
    private let now: Timestamp
    /// Behind the last entry that is old, as all before it are.
    private(set) var end: Int64
    /// When the first entry of all was written.
    private(set) var first: Timestamp?
    /// Entries from a time that is yet to come.
    private(set) var ahead: [Int64] = []
    /// Intents whose outcome has not come yet.
    private(set) var unanswered: Set<Int64> = []
    private var waitsForPerson = false

    /// Prepares for the entries from an index on, `now` being what the clock says that the moment was taken from.
    init(before moment: Timestamp, now: Timestamp, from index: Int64) {
        (self.moment, self.now, end) = (moment, now, index)
    }

    /// Takes the next entry; false for the first one that is young.
    mutating func take(_ index: Int64, _ entry: AuditEntry) -> Bool {
        first = first ?? entry.time
        answer(with: entry)
        // One whose clock was behind is as young as it can be at most.
        let time = max(entry.time, entry.clockFloor ?? entry.time)
        if time >= moment {
            // A time that is yet to come is none that an entry can be from. Where the moment is one, too, the clock may as well be behind.
            guard moment <= now, time > now else { return false }
            ahead.append(index)
            waitsForPerson = true
        } else if entry.action == .known(.clockAccepted), entry.decision.effect == .allow {
            // How old that one is at least shows when a person said that the clock is right: it was written before. No other entry is such a word, and least of
            // all one that was kept while the vault was locked.
            waitsForPerson = false
        }
        if entry.phase == .intent { unanswered.insert(index) }
        if !waitsForPerson { end = index + 1 }
        return true
    }

    /// Takes an entry from behind those, for what it says of their outcome.
    mutating func answer(with entry: AuditEntry) { if case .outcome(let intent, _) = entry.phase { unanswered.remove(intent) } }
}
