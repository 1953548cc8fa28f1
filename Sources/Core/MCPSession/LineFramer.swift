/// Cuts a byte stream into lines, and bounds them.
package struct LineFramer: Sendable {
    /// The longest line, in bytes, without its newline.
    package static let maximumLineBytes = 4 << 20

    /// What was cut off the stream.
    package enum Frame: Sendable, Equatable {
        /// A line without its newline.
        case line([UInt8])
        /// A line went beyond the bound. It is told once; the rest of it is dropped.
        case oversize
    }

    private let maximum: Int
    private var partial: [UInt8] = []
    private var isDraining = false

    package init(maximumLineBytes: Int = Self.maximumLineBytes) { maximum = maximumLineBytes }

    /// Takes the next bytes of the stream and gives what is complete.
    package mutating func push(_ bytes: [UInt8]) -> [Frame] {
        var frames: [Frame] = []
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: 0x0A) {
            append(rest[..<newline], &frames)
            if !isDraining { frames.append(.line(partial)) }
            partial = []
            isDraining = false
            rest = rest[(newline + 1)...]
        }
        append(rest, &frames)
        return frames
    }

    /// Gives the line that the end of the stream completes, if there is one.
    package mutating func end() -> Frame? {
        defer { partial = [] }
        return isDraining || partial.isEmpty ? nil : .line(partial)
    }

    private mutating func append(_ bytes: ArraySlice<UInt8>, _ frames: inout [Frame]) {
        guard !isDraining else { return }
        guard partial.count + bytes.count <= maximum else {
            isDraining = true
            partial = []
            return frames.append(.oversize)
        }
        partial.append(contentsOf: bytes)
    }
}
