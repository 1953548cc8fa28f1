import CProcess

/// The first thing that a keeper tells a broker: where it listens. A socket that was made in a sandbox goes from there to the keeper, and so to the broker.
package enum BrokerDoor {
    private static let (without, with): (UInt8, UInt8) = (0, 1)

    /// Tells a fresh broker, by the keeper's end of its control socket. Says whether it could be.
    static func give(_ listener: Int32?, on control: Int32) -> Bool {
        tacit_send_descriptor(control, listener == nil ? without : with, listener ?? -1) == 0
    }

    /// Waits until the keeper has told; the inner nil is for a broker that makes itself a place, the outer one for a keeper that is gone.
    package static func take(on control: Int32) -> Int32?? {
        var (byte, descriptor): (UInt8, Int32) = (0, -1)
        guard unsafe tacit_receive_descriptor(control, &byte, &descriptor) == 1, (byte == with) == (descriptor >= 0) else { return .none }
        return .some(descriptor < 0 ? nil : descriptor)
    }
}
