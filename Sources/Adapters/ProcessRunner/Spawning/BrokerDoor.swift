import CProcess
import CSandbox
import Glibc

/// The first thing that a keeper tells a broker: where it listens. Sockets that were made in a sandbox go from there to the keeper, and so to the broker.
package enum BrokerDoor {
    private static let (without, with): (UInt8, UInt8) = (0, 1)

    /// Tells a fresh broker, by the keeper's end of its control socket. Says whether it could be.
    static func give(_ listeners: BrokerListeners, on control: Int32) -> Bool {
        [listeners.loopback, listeners.socket].allSatisfy { listener in
            tacit_send_descriptor(control, listener == nil ? without : with, listener ?? -1) == 0
        }
    }

    /// Waits until the keeper has told; nil for a keeper that is gone.
    package static func take(on control: Int32) -> BrokerListeners? {
        guard case .some(let loopback) = takeOne(on: control), case .some(let socket) = takeOne(on: control) else { return nil }
        return BrokerListeners(loopback: loopback, socket: socket)
    }

    private static func takeOne(on control: Int32) -> Int32?? {
        var (byte, descriptor): (UInt8, Int32) = (0, -1)
        guard unsafe tacit_receive_descriptor(control, &byte, &descriptor) == 1, (byte == with) == (descriptor >= 0) else { return .none }
        return .some(descriptor < 0 ? nil : descriptor)
    }
}

/// The listening sockets of a broker.
package struct BrokerListeners: Sendable, Equatable {
    /// On a loopback; nil for a broker that makes itself a place on this machine's.
    package var loopback: Int32?
    /// At a path; nil for none.
    package var socket: Int32?

    package init(loopback: Int32? = nil, socket: Int32? = nil) { (self.loopback, self.socket) = (loopback, socket) }
}

/// A socket that listens at a path where nothing was, for this user alone. Its name is gone with it.
package final class NamedListener: Sendable {
    package let path: String
    package let descriptor: Int32

    /// Nil where there can be none.
    package init?(at path: String) {
        let listener = unsafe tacit_listen_at(path)
        guard listener >= 0 else { return nil }
        (self.path, descriptor) = (path, listener)
    }

    deinit {
        unsafe unlink(path)
        close(descriptor)
    }

    /// Removes the names that a process left which was killed.
    package static func removeLeftovers(in directory: String, beginning prefix: String) {
        guard let list = unsafe opendir(directory) else { return }
        defer { unsafe closedir(list) }
        var paths: [String] = []
        while let entry = unsafe readdir(list) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            paths.append("\(directory)/\(name)")
        }
        for path in paths where path.hasPrefix(prefix) && path.hasSuffix(".sock") { unsafe unlink(path) }
    }
}
