import Brokering
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
        /// A fake token, of this run or of another one.
        case token
    }

    /// What may become of what was judged.
    enum Word {
        case leave, refuse
        /// Nothing leaves any more.
        case withhold
    }

    let needles: NeedleSet
    /// What opens the compressed members of files.
    let opener: any MemberOpener
    /// Whether what could not be searched may leave.
    let passesUnscanned: Bool
    /// What may still be answered: to withhold a file says that a guess in it was right. Nil for a person.
    var answers: AnswerBook?
    /// Asked again and again: whether anybody is still interested. If not, nothing is judged any more.
    var isWanted: () -> Bool = { true }
    /// Whether texts that could be fake tokens are looked for in files: then whoever has the last word knows them.
    var asksForTokens = false
    /// Asked before anything becomes of what was judged, with those texts: whether it may be seen. Who is asked counts what was answered.
    var word: ([[UInt8]]) -> Word = { _ in .leave }

    /// A verdict as it may be seen, of what holds texts that could be fake tokens.
    func settled(_ verdict: Verdict, with candidates: [[UInt8]]) -> Verdict {
        switch (word(candidates), verdict) {
        case (.withhold, _): isWanted() ? .unsearchable(Self.spent) : .unreadable
        case (.refuse, .clean), (.refuse, .unsearchable): .token
        case (.refuse, _), (.leave, _): verdict
        }
    }

    /// Judges a name, or what a link leads to.
    func verdict(on text: String) -> Verdict {
        guard answers?.isSpent != true else { return .unsearchable(Self.spent) }
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
        guard answers?.isSpent != true else { return .unsearchable(Self.spent) }
        var redactor = Redactor(needles, mode: .agent, opening: opener, isRead: false)
        var (portion, turn) = (Portion(), Portion())
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
            if count == 0 || redactor.report.withheld != nil { break }
            portion.judge(count) {
                unsafe redactor.redact(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes, into: &output)
            }
            guard catchUp(&redactor, &turn, &output) else { return .unreadable }
            output.removeAll(keepingCapacity: true)
            offset += off_t(count)
        }
        redactor.finish(into: &output)
        return catchUp(&redactor, &turn, &output) ? judge(redactor.report) : .unreadable
    }

    /// The texts in an open file that could be fake tokens. Only as they are: nothing is decoded.
    func candidates(inFile descriptor: Int32) -> [[UInt8]] {
        guard asksForTokens, answers?.isSpent != true else { return [] }
        var search = TokenSearch()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 16)
        defer {
            if let start = buffer.baseAddress { unsafe explicit_bzero(start, buffer.count) }
            unsafe buffer.deallocate()
        }
        var offset: off_t = 0
        while isWanted() {
            let count = unsafe pread(descriptor, buffer.baseAddress, buffer.count, offset)
            if count < 0 && errno == EINTR { continue }
            // What cannot be read does not leave.
            guard count > 0 else { break }
            unsafe search.search(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]).bytes)
            offset += off_t(count)
        }
        return search.finish()
    }

    /// Reads on in what decodes to much; false when nobody is interested any more.
    private func catchUp(_ redactor: inout Redactor, _ turn: inout Portion, _ output: inout [UInt8]) -> Bool {
        while redactor.isBehind {
            guard isWanted() else { return false }
            let count = turn.byteCount
            turn.judge(count) { redactor.catchUp(count, into: &output) }
        }
        return true
    }

    private static let spent = "withheld output"

    private func judge(_ report: RedactionReport) -> Verdict {
        for name in report.answered { answers?.take(name) }
        let names = Set(report.counts.map(\.name) + [report.withheld?.name].compactMap(\.self))
        if !names.isEmpty { return .found(names.sorted()) }
        if let part = report.unscanned.first, !passesUnscanned { return .unsearchable(part.reason) }
        return .clean
    }
}
