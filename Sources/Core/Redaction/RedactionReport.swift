/// What a redactor did to one stream.
package struct RedactionReport: Sendable, Equatable {
    /// How many placeholders were written for one name and view.
    package struct Count: Sendable, Equatable {
        package var name: String
        package var view: String
        package var count: Int

        package init(name: String, view: String, count: Int) {
            self.name = name
            self.view = view
            self.count = count
        }
    }

    /// Bytes that could hide a value from the redactor, and why.
    package struct Unscanned: Sendable, Equatable {
        package var reason: String
        package var bytes: Int64

        package init(reason: String, bytes: Int64) {
            self.reason = reason
            self.bytes = bytes
        }
    }

    /// What was kept back because the stream ended before its program did.
    package struct Withheld: Sendable, Equatable {
        package enum Reason: String, Sendable {
            /// Compressed data, which could hold a value.
            case compressed
            /// A value that could be guessed.
            case guessable
            /// Too many guesses were answered before.
            case fuse
            /// A value, in a stream that is searched for them and not shown.
            case value
        }

        package var reason: Reason
        /// The value's, where one was hit.
        package var name: String?
        package var bytes: Int64

        package init(reason: Reason, name: String? = nil, bytes: Int64) {
            self.reason = reason
            self.name = name
            self.bytes = bytes
        }
    }

    /// Sorted by name, then view.
    package var counts: [Count] = []
    package var bytesScanned: Int64 = 0
    /// From the first compressed member on, the rest of the stream is reported here: how far the member reaches is not known.
    package var unscanned: [Unscanned] = []
    /// Nil for a stream that was passed on to its end.
    package var withheld: Withheld?
    /// The values about which the stream answered a guess, for an agent (`AnswerBook`), by name.
    package var answered: [String] = []

    package init(counts: [Count] = [], bytesScanned: Int64 = 0, unscanned: [Unscanned] = [], withheld: Withheld? = nil, answered: [String] = []) {
        self.counts = counts
        self.bytesScanned = bytesScanned
        self.unscanned = unscanned
        self.withheld = withheld
        self.answered = answered
    }
}
