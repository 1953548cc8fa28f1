/// Writes messages as frames, piece by piece: one that is given in one piece is one frame.
package struct MessageWriter: Sendable {
    private var isInside = false

    package init() {}

    package mutating func write(_ kind: FrameKind, _ piece: some Collection<UInt8>, isLast: Bool, mask: UInt32?, into output: inout [UInt8]) {
        Frame.write(isInside ? .continuation : kind, isLast: isLast, piece, mask: mask, into: &output)
        isInside = !isLast
    }
}
