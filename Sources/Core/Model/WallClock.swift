/// Tells the time of day. Rules take it as a parameter.
package struct WallClock: Sendable {
    private let read: @Sendable () -> Timestamp

    package init(_ read: @escaping @Sendable () -> Timestamp) { self.read = read }

    /// The time as the clock shows it now. It can go back.
    package func now() -> Timestamp { read() }
}
