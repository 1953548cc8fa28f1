/// The shapes of names, checked where a file can still be pointed at. The keeper checks them again.
enum NameShape {
    /// A name of one segment: a project, an environment, a field.
    static func isSegment(_ name: some Collection<UInt8>) -> Bool {
        (1...64).contains(name.count) && name.allSatisfy(isAllowed) && !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8)
    }

    /// The name of a secret.
    static func isSecret(_ name: some Collection<UInt8>) -> Bool {
        (1...256).contains(name.count)
            && name.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { segment in
                !segment.isEmpty && segment.allSatisfy(isAllowed) && !segment.elementsEqual(".".utf8) && !segment.elementsEqual("..".utf8)
            }
    }

    /// The name of an environment variable.
    static func isVariable(_ name: some Collection<UInt8>) -> Bool {
        guard let first = name.first, !isDigit(first), name.count <= 256 else { return false }
        return name.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
    }

    /// A reference in either form: `NAME[#FIELD]` or `tacit://PROJECT/ENVIRONMENT/NAME[#FIELD][?version=N]`.
    static func isReference(_ text: String) -> Bool {
        var rest = text[...]
        if let mark = rest.firstIndex(of: "?") {
            let digits = rest[mark...].dropFirst("?version=".count).utf8
            guard rest[mark...].hasPrefix("?version="), (1...18).contains(digits.count), digits.allSatisfy(isDigit) else { return false }
            guard digits.first != UInt8(ascii: "0") else { return false }
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: "#") {
            guard isSegment(rest[rest.index(after: mark)...].utf8) else { return false }
            rest = rest[..<mark]
        }
        guard rest.hasPrefix("tacit://") else { return isSecret(rest.utf8) }
        let parts = rest.dropFirst("tacit://".count).split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 && isSegment(parts[0].utf8) && isSegment(parts[1].utf8) && isSecret(parts[2].utf8)
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        isLetter(byte) || isDigit(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
    }
}
