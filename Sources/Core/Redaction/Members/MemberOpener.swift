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

    /// With room left and all taken: how many of the last bytes that were taken may have begun what is not written yet.
    ///
    /// Those before them tell nothing of it, but for how often each byte stands in a block of deflate. Of brotli it is not known, and as many as there are.
    var unwrittenCount: Int { get }
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
    /// The most bytes of a member that are held back in a stream that somebody reads. Of a longer one goes on what was searched.
    package var held: Int
    /// A member that decodes to so much more than what it may decode to for its length is not searched: a few bytes can stand for gigabytes.
    package var decoded: Int
    /// How many bytes each one of a member may decode to, beside these.
    package var decodedPerByte: Int
    /// How many members in each other are opened. What they decode to is counted together.
    package var levels: Int

    package init(held: Int = 1 << 20, decoded: Int = 64 << 20, decodedPerByte: Int = 16, levels: Int = 4) {
        (self.held, self.decoded, self.decodedPerByte, self.levels) = (held, decoded, decodedPerByte, levels)
    }

    /// Those of the members in one.
    var inside: MemberLimits {
        var limits = self
        limits.levels -= 1
        return limits
    }

    /// How many bytes more may be held back of a member in which others are waited for: for each level the few parts by which it lies behind.
    var heldForOthers: Int { held / 2 * (levels - 1) }
}
