import Model
import Policies

/// Says since when agents are frozen. While the row is there, they are.
struct PanicRecord: Sendable {
    /// Who is.
    enum Extent: Sendable, Equatable {
        case all
        /// One agent; nil stands for programs without a badge.
        case one(AgentID?)

        /// By what the row is found.
        var name: String {
            switch self {
            case .all: "agents"
            case .one(let agent): agent.map { "\($0)" } ?? AgentIdentity.unidentifiedName
            }
        }
    }

    var since: Timestamp
    var extent: Extent

    init(since: Timestamp, extent: Extent = .all) { (self.since, self.extent) = (since, extent) }

    init(decoding bytes: [UInt8]) throws {
        var reader = CanonicalReader(bytes)
        let version = try reader.byte()
        guard (1...2).contains(version) else { throw EngineError.unreadable }
        since = try reader.timestamp()
        extent = version == 1 ? .all : .one(try reader.optional { reader throws(CanonicalError) in try reader.id() })
        try reader.finish()
    }

    var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 32)
        switch extent {
        case .all:
            writer.write(byte: 1)
            writer.write(since)
        case .one(let agent):
            writer.write(byte: 2)
            writer.write(since)
            writer.write(optional: agent)
        }
        return writer.bytes
    }
}
