/// What a frame of a WebSocket is (RFC 6455 §5.2), by its opcode.
package enum FrameKind: UInt8, Sendable {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    var isControl: Bool { rawValue >= 8 }
}

/// Who wrote a frame: a program masks what it sends, a service does not.
package enum FrameSide: Sendable { case program, service }

/// A frame as it is written: whole, its length in the shortest form.
package enum Frame {
    /// The most bytes that a control frame carries.
    static let mostControlBytes = 125
    /// The largest lengths that stand in the second byte, and in two bytes behind it.
    static let (mostShort, mostMiddle) = (125, 0xffff)

    /// - Parameter mask: drawn anew for each frame of a program's, so that no sender chooses what stands on the wire; nil for a service's.
    package static func write(
        _ kind: FrameKind, isLast: Bool = true, _ payload: some Collection<UInt8>, mask: UInt32?, into output: inout [UInt8]
    ) {
        let (count, masked): (Int, UInt8) = (payload.count, mask == nil ? 0 : 0x80)
        output.append((isLast ? 0x80 : 0) | kind.rawValue)
        switch count {
        case ...mostShort: output.append(masked | UInt8(count))
        case ...mostMiddle:
            output.append(masked | 126)
            output += bytes(of: UInt64(count)).suffix(2)
        default:
            output.append(masked | 127)
            output += bytes(of: UInt64(count))
        }
        guard let mask else {
            output += payload
            return
        }
        let key = maskBytes(mask)
        output += key
        let start = output.count
        output += payload
        apply(key, from: 0, to: &output, from: start)
    }

    /// A close frame with a code of RFC 6455 §7.4 and a reason.
    package static func close(_ code: UInt16, _ reason: String = "", mask: UInt32?) -> [UInt8] {
        var frame: [UInt8] = []
        write(.close, bytes(of: UInt64(code)).suffix(2) + reason.utf8.prefix(mostControlBytes - 2), mask: mask, into: &frame)
        return frame
    }

    private static func maskBytes(_ mask: UInt32) -> [UInt8] { Array(bytes(of: UInt64(mask)).suffix(4)) }

    private static func bytes(of number: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * UInt64($0))) } }

    /// Puts a mask on bytes, or takes it off; `offset` is how many of the frame's bytes stood before the first of them.
    static func apply(_ key: [UInt8], from offset: Int, to bytes: inout [UInt8], from start: Int) {
        for index in start..<bytes.count { bytes[index] ^= key[(offset + index - start) & 3] }
    }
}
