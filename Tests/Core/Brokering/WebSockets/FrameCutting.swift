import TestKit

@testable import Brokering

extension FrameReader {
    /// What a stream tells that is cut into these pieces, pieces of a message that follow each other joined; and why it ends, if it does.
    static func outcome(of pieces: [[UInt8]], from side: FrameSide) -> FrameOutcome {
        var reader = FrameReader(of: side)
        var events: [Event] = []
        for piece in pieces {
            do throws(FrameRefusal) { try reader.read(piece, into: &events) } catch { return FrameOutcome(events, error) }
        }
        return FrameOutcome(events, nil)
    }
}

struct FrameOutcome: Equatable {
    private(set) var events: [FrameReader.Event] = []
    let refusal: FrameRefusal?

    init(_ events: [FrameReader.Event], _ refusal: FrameRefusal?) {
        self.refusal = refusal
        for event in events { append(event) }
    }

    /// The messages that have ended, whatever came between their pieces.
    var messages: [FrameReader.Event] {
        var (messages, begun): ([FrameReader.Event], [UInt8]) = ([], [])
        for case .message(let kind, let piece, let isLast) in events {
            begun += piece
            guard isLast else { continue }
            messages.append(.message(kind, begun, isLast: true))
            begun = []
        }
        return messages
    }

    var controls: [FrameReader.Event] { events.filter { if case .control = $0 { true } else { false } } }

    private mutating func append(_ event: FrameReader.Event) {
        guard case .message(let kind, let piece, let isLast) = event, case .message(_, let before, false)? = events.last else {
            return events.append(event)
        }
        events[events.count - 1] = .message(kind, before + piece, isLast: isLast)
    }
}

/// Reads a stream that is there whole, by offsets: what `FrameReader` has to find in it, wherever it is cut.
struct ReferenceFrames {
    private let bytes: [UInt8]
    private let side: FrameSide
    private var events: [FrameReader.Event] = []
    private var message: FrameKind?

    static func outcome(of bytes: [UInt8], from side: FrameSide) -> FrameOutcome {
        var frames = Self(bytes, side)
        do throws(FrameRefusal) { try frames.readAll() } catch { return FrameOutcome(frames.events, error) }
        return FrameOutcome(frames.events, nil)
    }

    private init(_ bytes: [UInt8], _ side: FrameSide) { (self.bytes, self.side) = (bytes, side) }

    private mutating func readAll() throws(FrameRefusal) {
        var (start, isOver) = (0, false)
        while start < bytes.count {
            if isOver { throw .behindClose }
            guard start + 2 <= bytes.count else { return }
            let (first, second) = (Int(bytes[start]), Int(bytes[start + 1]))
            guard first / 16 % 8 == 0, [0, 1, 2, 8, 9, 10].contains(first % 16) else { throw .reserved }
            guard second / 128 == (side == .program ? 1 : 0) else { throw .mask }
            let (isControl, isFinal, short) = (first % 16 >= 8, first / 128 == 1, second % 128)
            if isControl, !isFinal || short > 125 { throw .control }
            if !isControl, (first % 16 == 0) == (message == nil) { throw .fragment }
            let width = short == 126 ? 2 : short == 127 ? 8 : 0
            let body = start + 2 + width + (side == .program ? 4 : 0)
            guard body <= bytes.count else { return }
            let length = bytes[(start + 2)..<(start + 2 + width)].reduce(width == 0 ? Double(short) : 0) { $0 * 256 + Double($1) }
            guard length < 9.2e18, width == 0 || length > (width == 2 ? 125 : 65535) else { throw .length }
            let key = Array(bytes[(body - (side == .program ? 4 : 0))..<body])
            let end = body + Int(min(length, Double(bytes.count - body)))
            let plain = (body..<end).map { key.isEmpty ? bytes[$0] : bytes[$0] ^ key[($0 - body) % 4] }
            let isWhole = Double(end - body) == length
            isOver = try take(plain, opcode: UInt8(first % 16), isFinal: isFinal, isWhole: isWhole)
            start = end
        }
    }

    /// Says whether it was a close frame.
    private mutating func take(_ plain: [UInt8], opcode: UInt8, isFinal: Bool, isWhole: Bool) throws(FrameRefusal) -> Bool {
        if opcode < 8 {
            let kind = message ?? (opcode == 1 ? .text : .binary)
            let isLast = isWhole && isFinal
            if isLast || !plain.isEmpty { events.append(.message(kind, plain, isLast: isLast)) }
            message = isLast ? nil : kind
            return false
        }
        guard isWhole, let kind = FrameKind(rawValue: opcode) else { return false }
        if kind == .close, !plain.isEmpty {
            let code = plain.count < 2 ? 0 : Int(plain[0]) * 256 + Int(plain[1])
            let isCode = (1000...4999).contains(code) && ![1004, 1005, 1006].contains(code) && !(1015...2999).contains(code)
            guard isCode, String(validating: plain.dropFirst(2), as: UTF8.self) != nil else { throw .close }
        }
        events.append(.control(kind, plain))
        return kind == .close
    }
}
