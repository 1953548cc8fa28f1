/// A format of compressed members that can be opened.
package enum MemberFormat: Sendable {
    case gzip, zlib, zstd
    /// As the entries of zip archives are packed. It has no mark and no checksum, like brotli.
    case deflate
    /// It has no mark and no checksum: only where something says that it is brotli it is read as such.
    case brotli
}

/// What opens compressed members, so that they can be searched: the library behind it is no concern of this module.
package protocol MemberOpener: Sendable {
    /// Begins to read one member; nil when there is no memory for that.
    func reader(of format: MemberFormat) -> (any MemberReader)?
}

/// Reads one compressed member, piece by piece.
package protocol MemberReader: AnyObject {
    /// Takes bytes of the member and writes what they decode to, as much as there is room for.
    ///
    /// With room left and all taken, nothing of what was taken is still to be written. What was written before a failure does not depend on how the
    /// member was cut; of brotli it may.
    func read(_ input: RawSpan, into output: inout MutableRawSpan) -> MemberProgress
}

/// What one read of a member led to.
package struct MemberProgress: Sendable {
    package enum State: Sendable {
        case goesOn
        /// The member is whole, and its bytes end with those that were taken.
        case ended
        /// It is no such member, or one that is damaged.
        case failed
    }

    package var taken: Int
    package var written: Int
    package var state: State

    package init(taken: Int, written: Int, state: State) {
        self.taken = taken
        self.written = written
        self.state = state
    }
}

/// How far members are read.
package struct MemberLimits: Sendable {
    /// The most bytes of a member in a stream that somebody reads: they are held back until it was searched.
    package var held: Int
    /// A member that decodes to as much is not searched: a few bytes can stand for gigabytes.
    package var decoded: Int

    package init(held: Int = 1 << 20, decoded: Int = 64 << 20) { (self.held, self.decoded) = (held, decoded) }
}
