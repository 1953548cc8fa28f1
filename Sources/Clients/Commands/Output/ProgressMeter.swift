import Glibc

/// How far long work is: on a terminal a bar that is drawn over itself, elsewhere a plain line for every tenth.
final class ProgressMeter {
    private let console: Console
    private let unit: String
    private let first: Int64
    private let total: Int64
    private let isDrawn: Bool
    private let began: ContinuousClock.Instant
    private let now: () -> ContinuousClock.Instant
    private var lastTenth: Int64 = -1
    private var isOnLine = false

    /// `first` of `total` things were done before; nothing is said of a rate until more are.
    init(_ console: Console, unit: String, from first: Int64, of total: Int64, now: @escaping () -> ContinuousClock.Instant = { .now }) {
        (self.console, self.unit, self.first, self.total, self.now) = (console, unit, first, total, now)
        isDrawn = isatty(console.messages) == 1
        began = now()
    }

    func show(_ done: Int64, checking: Bool = false) {
        let text = checking ? "checking" : Self.text(min(done, total), of: total, since: first, unit, in: began.duration(to: now()))
        let tenth = checking ? 11 : total == 0 ? 0 : 10 * min(done, total) / total
        if isDrawn {
            isOnLine = true
            let line = Self.line(text, checking ? total : done, of: total, columns: LineBreaker.columns(of: console.messages) ?? Self.usualColumns)
            Console.write(Array("\r\u{1B}[K\(line)".utf8), to: console.messages)
        } else if tenth > lastTenth {
            lastTenth = tenth
            Console.write(Array("tacit: \(text)\n".utf8), to: console.messages)
        }
    }

    /// Takes the bar away.
    func end() {
        if isOnLine { Console.write(Array("\r\u{1B}[K".utf8), to: console.messages) }
        isOnLine = false
    }

    /// `30%  3,000 of 10,000 versions, 1,500/s, 5 seconds left`; of an amount, the rate has its unit, too.
    static func text(_ done: Int64, of total: Int64, since first: Int64, _ unit: String, in elapsed: Duration) -> String {
        var text =
            "\(total == 0 ? 100 : 100 * done / total)%  \(grouped(done)) of \(grouped(total)) \(total == 1 && unit.hasSuffix("s") ? String(unit.dropLast()) : unit)"
        let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
        guard done > first, seconds > 0 else { return text }
        let rate = Double(done - first) / seconds
        text += ", \(grouped(Int64(rate)))\(unit == "kB" ? " kB" : "")/s"
        if done < total { text += ", \(RelativeTime.span(Int64((Double(total - done) / rate).rounded(.up)))) left" }
        return text
    }

    /// What is drawn: a line that is broken over two would not be drawn over. The words come first, as many as fit, then as much of a bar.
    private static func line(_ text: String, _ done: Int64, of total: Int64, columns: Int) -> String {
        var parts = text.split(separator: ", ")
        while parts.count > 1, parts.joined(separator: ", ").count >= columns { parts.removeLast() }
        let words = parts.joined(separator: ", ")
        let width = min(usualWidth, Int64(columns - words.count - 4))
        return width < leastWidth ? String(words.prefix(max(0, columns - 1))) : "\(bar(done, of: total, width: width)) \(words)"
    }

    private static let usualWidth: Int64 = 24
    private static let leastWidth: Int64 = 8
    /// Where a terminal does not say how wide it is.
    private static let usualColumns = 200

    static func bar(_ done: Int64, of total: Int64, width: Int64 = usualWidth) -> String {
        let filled = total == 0 ? width : min(width, width * done / total)
        return "[" + String(repeating: "#", count: Int(filled)) + String(repeating: ".", count: Int(width - filled)) + "]"
    }

    /// A number with a comma before every three digits.
    static func grouped(_ number: Int64) -> String {
        var digits = Array(String(number))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return String(digits)
    }
}
