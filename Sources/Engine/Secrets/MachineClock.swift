package import Model

/// The clocks of one machine: the time of day, which people and other programs can set back, and the time since boot, which they cannot.
package struct MachineClock: Sendable {
    package var wall: WallClock
    /// The kernel's boot id; another one means that the time since boot began anew.
    package var bootID: String
    /// Time since boot, suspended time included.
    package var sinceBoot: @Sendable () -> Duration

    package init(wall: WallClock, bootID: String, sinceBoot: @escaping @Sendable () -> Duration) {
        self.wall = wall
        self.bootID = bootID
        self.sinceBoot = sinceBoot
    }

    package func now() -> Timestamp { wall.now() }

    /// The time since boot as a moment, for waits that no one can shorten by setting the clock.
    package func steady() -> Timestamp { Timestamp(nanoseconds: sinceBoot().wholeNanoseconds) }
}
