package import Auditing
package import Model

/// The clocks of one machine: the time of day, which people and other programs can set back, and the time since boot, which they cannot.
package struct MachineClock: Sendable {
    private let take: @Sendable () -> ClockReading

    /// Makes a clock from a function that reads all of them at once.
    package init(_ take: @escaping @Sendable () -> ClockReading) { self.take = take }

    package func reading() -> ClockReading { take() }

    package func now() -> Timestamp { take().wall }

    /// The time since boot as a moment, for waits that no one can shorten by setting the clock.
    package func steady() -> Timestamp { Timestamp(nanoseconds: take().bootTime) }
}
