package import Model

/// Notices a time of day that went back, and tells the time that expiry may rely on.
///
/// From any earlier reading and the time that has certainly passed since then follows the earliest time that it can be now: the floor. Only a person
/// lowers it. Steps back within the tolerance (a leap second, a correction by NTP) are not flagged, but the floor stays, so that many of them
/// do not add up.
package struct ClockWatch: Sendable, Equatable {
    /// How far a clock may step back without being flagged.
    package static let tolerance = Duration.seconds(2)

    /// What a reading shows.
    package enum Verdict: Sendable, Equatable {
        case steady
        /// The clock shows an earlier time than it can be; expiry and the log use the floor.
        case wentBack(floor: Timestamp)
    }

    /// The latest time known to have been reached, with the boot and boot time at which it was.
    private var anchor: ClockReading?

    /// Starts without knowledge: the first reading is believed.
    package init() {}

    /// Goes on from the last entry of a log.
    package init(resuming entry: AuditEntry) {
        let reached = max(entry.time, entry.clockFloor ?? entry.time)
        anchor = ClockReading(wall: reached, bootID: entry.bootID, bootTime: entry.bootTime)
    }

    /// Takes a reading and judges it. A flagged clock is steady again once it shows the floor or later, or when a person accepts it.
    package mutating func observe(_ reading: ClockReading) -> Verdict {
        let floor = self.floor(at: reading)
        anchor = ClockReading(wall: max(reading.wall, floor ?? reading.wall), bootID: reading.bootID, bootTime: reading.bootTime)
        guard let floor, reading.wall.advanced(by: Self.tolerance) < floor else { return .steady }
        return .wentBack(floor: floor)
    }

    /// The time that expiry goes by: the later of the clock and the floor.
    package func effectiveNow(_ reading: ClockReading) -> Timestamp { max(reading.wall, floor(at: reading) ?? reading.wall) }

    /// Believes the clock as it is, because a person said so.
    package mutating func accept(_ reading: ClockReading) { anchor = reading }

    private func floor(at reading: ClockReading) -> Timestamp? {
        guard let anchor else { return nil }
        // A later boot began after the anchor, so at least the time since it has passed. A boot time that went back proves nothing.
        guard reading.bootID == anchor.bootID else { return anchor.wall.advanced(by: .nanoseconds(max(0, reading.bootTime))) }
        let (elapsed, overflow) = reading.bootTime.subtractingReportingOverflow(anchor.bootTime)
        return anchor.wall.advanced(by: .nanoseconds(overflow ? 0 : max(0, elapsed)))
    }
}
