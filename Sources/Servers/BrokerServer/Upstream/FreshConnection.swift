import NIOCore

/// A connection whose handshake is done, by what both sides speak on it.
enum FreshConnection: Sendable {
    case plain(any Channel)
    case shared(SharedConnection)
}
