import Redaction

/// What a child's output goes through.
enum OutputFilter: ~Copyable {
    case redacting(Redactor)
    /// As it is: the person asked for it, in a step-up act.
    case open

    mutating func pass(_ bytes: RawSpan, into output: inout [UInt8]) {
        switch consume self {
        case .redacting(var redactor):
            redactor.redact(bytes, into: &output)
            self = .redacting(redactor)
        case .open:
            unsafe bytes.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
            self = .open
        }
    }

    /// Nothing came for a while: a prompt is not held back.
    mutating func idle(into output: inout [UInt8]) {
        switch consume self {
        case .redacting(var redactor):
            redactor.idle(into: &output)
            self = .redacting(redactor)
        case .open: self = .open
        }
    }

    /// The stream ended.
    mutating func finish(into output: inout [UInt8]) {
        switch consume self {
        case .redacting(var redactor):
            redactor.finish(into: &output)
            self = .redacting(redactor)
        case .open: self = .open
        }
    }

    /// Whether what was read holds more than was judged in one turn.
    var isBehind: Bool {
        switch self {
        case .redacting(let redactor): redactor.isBehind
        case .open: false
        }
    }

    /// Judges some of what is left, as much as `byteCount` decoded bytes make.
    mutating func catchUp(_ byteCount: Int, into output: inout [UInt8]) {
        switch consume self {
        case .redacting(var redactor):
            redactor.catchUp(byteCount, into: &output)
            self = .redacting(redactor)
        case .open: self = .open
        }
    }

    /// What was done to the stream; nil when it passed as it is.
    var report: RedactionReport? {
        switch self {
        case .redacting(let redactor): redactor.report
        case .open: nil
        }
    }
}
