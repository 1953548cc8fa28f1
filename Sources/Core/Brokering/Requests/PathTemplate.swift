/// A path as it is written down and shown: where a segment could be a credential, `…` stands for it, since a log holds no values.
///
/// It is told by its looks alone, so that it holds for values that nobody of ours knows: a number of an order or the name of a branch stays, a UUID does not.
package enum PathTemplate {
    package static func of(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { couldBeCredential($0.utf8) ? "…" : String($0) }.joined(separator: "/")
    }

    /// A name is looked up, and its first labels can be anybody's choice.
    package static func of(host: String) -> String {
        host.split(separator: ".", omittingEmptySubsequences: false).map { couldBeCredential($0.utf8) ? "…" : String($0) }.joined(separator: ".")
    }

    private static let shortestMixedRun = 16
    private static let longestRun = 32
    private static let shortestAlternating = 24
    private static let mostAlternations = 4

    private static func couldBeCredential(_ segment: Substring.UTF8View) -> Bool {
        var (run, hasDigit, hasLetter) = (0, false, false)
        var (characters, digitsOfHex, alternations) = (0, 0, 0)
        var wasDigit: Bool?
        for byte in segment {
            guard let isDigit = isDigit(byte) else {
                (run, hasDigit, hasLetter) = (0, false, false)
                continue
            }
            run += 1
            characters += 1
            if isHexadecimal(byte) { digitsOfHex += 1 }
            if isDigit { hasDigit = true } else { hasLetter = true }
            if run >= longestRun || run >= shortestMixedRun && hasDigit && hasLetter { return true }
            if let wasDigit, wasDigit != isDigit { alternations += 1 }
            wasDigit = isDigit
        }
        return characters == 32 && digitsOfHex == 32 || segment.count >= shortestAlternating && alternations > mostAlternations
    }

    /// Nil for what is neither a digit nor a letter.
    private static func isDigit(_ byte: UInt8) -> Bool? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): false
        default: nil
        }
    }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): true
        default: false
        }
    }
}
