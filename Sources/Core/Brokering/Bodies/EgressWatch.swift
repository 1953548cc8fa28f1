package import Redaction
import Synchronization

/// A real value in what a program sends.
package struct Egress: Error, Sendable, Hashable {
    /// What the value is called.
    package let name: String
    /// How much of the body had gone on before.
    package let bytesSent: Int64

    package init(name: String, bytesSent: Int64) { (self.name, self.bytesSent) = (name, bytesSent) }
}

/// Looks for real values in one stream that a program sends, in every form that is known, and passes on what comes before the first.
///
/// What may be the beginning of a value is kept back until the rest tells. A value that could be guessed passes: that a stream ends there would tell that
/// a guess was right. One watch serves one stream and has one owner.
package final class EgressWatch: Sendable {
    private let redactor: Mutex<Redactor>

    package init(_ values: NeedleSet) { redactor = Mutex(Redactor(values, mode: .agent, endingAt: .value)) }

    /// Appends what may go on; gives the name of the value before which it ends, and then of nothing more.
    ///
    /// - Parameters:
    ///   - isEnd: whether nothing comes behind these bytes.
    ///   - isPause: whether all of these bytes go on now; what comes behind them is still seen together with them.
    package func pass(_ bytes: [UInt8], isEnd: Bool = false, isPause: Bool = false, into output: inout [UInt8]) -> String? {
        redactor.withLock { redactor in
            unsafe redactor.redact(bytes.span.bytes, into: &output)
            if isEnd { redactor.finish(into: &output) }
            if isPause { redactor.idle(into: &output) }
            return redactor.hasStopped ? redactor.report.withheld?.name ?? "" : nil
        }
    }

    /// Looks for these from here on.
    package func know(_ values: NeedleSet) { redactor.withLock { $0.know(values, endingAt: .value) } }

    /// The name of a value that stands in a text; nil where none does.
    package static func name(in text: [UInt8], _ values: NeedleSet) -> String? {
        guard !values.isTooShort(text) else { return nil }
        var passed: [UInt8] = []
        return EgressWatch(values).pass(text, isEnd: true, into: &passed)
    }
}
