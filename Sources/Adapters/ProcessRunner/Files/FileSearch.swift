import Glibc
import Redaction

/// Searches what leaves a sandbox for the values of its run.
struct FileSearch {
    /// What was found in a file or a name.
    enum Verdict: Equatable {
        case clean
        /// The names of the values.
        case found([String])
        /// Bytes that could hide a value.
        case unsearchable(String)
        case unreadable
    }

    let needles: NeedleSet
    /// Whether what could not be searched may leave.
    let passesUnscanned: Bool
    /// Asked again and again: whether anybody is still interested. If not, nothing is judged any more.
    var isWanted: () -> Bool = { true }

    /// Judges a name, or what a link leads to.
    func verdict(on text: String) -> Verdict {
        var redactor = Redactor(needles, mode: .agent)
        var output: [UInt8] = []
        unsafe redactor.redact(Array(text.utf8).span.bytes, into: &output)
        redactor.finish(into: &output)
        return judge(redactor.report)
    }

    /// A name as it may be told.
    func redacted(_ text: String) -> String {
        var redactor = Redactor(needles, mode: .agent)
        var output: [UInt8] = []
        unsafe redactor.redact(Array(text.utf8).span.bytes, into: &output)
        redactor.finish(into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    /// Judges the content of an open file, from its beginning.
    func verdict(onFile descriptor: Int32) -> Verdict {
        var redactor = Redactor(needles, mode: .agent)
        var portion = Portion()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Portion.largest, alignment: 16)
        defer {
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
            unsafe buffer.deallocate()
        }
        var output: [UInt8] = []
        var offset: off_t = 0
        while true {
            guard isWanted() else { return .unreadable }
            let count = unsafe pread(descriptor, buffer.baseAddress, portion.byteCount, offset)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { return .unreadable }
            if count == 0 { break }
            portion.judge(count) {
                unsafe redactor.redact(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes, into: &output)
            }
            output.removeAll(keepingCapacity: true)
            offset += off_t(count)
        }
        redactor.finish(into: &output)
        return judge(redactor.report)
    }

    private func judge(_ report: RedactionReport) -> Verdict {
        if !report.counts.isEmpty { return .found(Set(report.counts.map(\.name)).sorted()) }
        if let part = report.unscanned.first, !passesUnscanned { return .unsearchable(part.reason) }
        return .clean
    }
}
