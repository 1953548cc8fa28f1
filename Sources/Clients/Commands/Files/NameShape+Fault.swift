/// What is wrong with a text that should be a name. The text is never repeated: it may be a value.
extension NameShape {
    static let secretRule = "it has 1 to 256 characters out of A-Z a-z 0-9 . _ - and, between its parts, /"

    /// Why a text is no name of a secret; nil for one that is.
    static func fault(inSecret text: some StringProtocol) -> String? {
        guard !isSecret(text.utf8) else { return nil }
        if text.isEmpty { return "it is empty" }
        if text.utf8.count > 256 { return "it is longer than 256 characters" }
        let segments = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        if !segments.joined().allSatisfy({ isSegment(CollectionOfOne($0)) || $0 == UInt8(ascii: ".") }) {
            return "it has a character outside A-Z a-z 0-9 . _ - and /"
        }
        return segments.contains(where: \.isEmpty) ? "a part of it, before or behind a /, is empty" : "a part of it is `.` or `..`"
    }

    /// Why a text is no reference; nil for one that is.
    static func fault(inReference text: String) -> String? {
        guard !isReference(text) else { return nil }
        let name = text.prefix { $0 != "?" && $0 != "#" }
        guard name.hasPrefix("tacit://") else { return fault(inSecret: name) ?? tail(of: text) }
        let parts = name.dropFirst("tacit://".count).split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { return "a project, an environment and a name follow tacit://" }
        for (part, thing) in zip(parts, ["project", "environment"]) where !isSegment(part.utf8) {
            return "its \(thing) is not 1 to 64 characters out of A-Z a-z 0-9 . _ -"
        }
        return fault(inSecret: parts[2]) ?? tail(of: text)
    }

    /// Why what stands behind a name is no field and no version.
    private static func tail(of text: String) -> String {
        let mark = text.firstIndex { $0 == "?" || $0 == "#" }
        return mark.map { text[$0] } == "#" && !isSegment(text.drop { $0 != "#" }.dropFirst().prefix { $0 != "?" }.utf8)
            ? "its field is not 1 to 64 characters out of A-Z a-z 0-9 . _ -" : "behind ? stands version=N alone, counted from 1"
    }
}
