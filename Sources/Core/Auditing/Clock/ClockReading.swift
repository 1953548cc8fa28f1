package import Model

package enum BootKind {}
/// The kernel's id of one boot.
package typealias BootID = RecordID<BootKind>

/// What the clocks of the machine show at one moment.
package struct ClockReading: Sendable, Hashable {
    /// The time of day as read; it can be set back.
    package let wall: Timestamp
    package let bootID: BootID
    /// Nanoseconds since that boot, sleep included; it cannot be set.
    package let bootTime: Int64

    package init(wall: Timestamp, bootID: BootID, bootTime: Int64) {
        self.wall = wall
        self.bootID = bootID
        self.bootTime = bootTime
    }
}
