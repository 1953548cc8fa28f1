/// A path as lenient servers read it. Lists of what is denied are asked so; rules, which allow, are asked of the path itself.
package enum LenientPath {
    private static let endings = ["/", ".", "%20", ".json", ".xml", ".txt"]

    /// In lower case, without slashes, dots, blanks and the name of a format at its end, an escaped slash as a slash or as part of a segment.
    package static func readings(of path: String) -> [String] {
        var text = path.lowercased()
        while let end = endings.first(where: { text.hasSuffix($0) && text.utf8.count > $0.utf8.count }) { text.removeLast(end.count) }
        return text.contains("%2f") ? [text, text.replacing("%2f", with: "/")] : [text]
    }

    /// Patterns over such readings. One for all below a path is one for the path, too.
    package static func globs(_ pattern: String) -> [Glob] {
        pattern.hasSuffix("/**") && pattern != "/**" ? [glob(pattern), glob(String(pattern.dropLast(3)))] : [glob(pattern)]
    }

    private static func glob(_ pattern: String) -> Glob {
        guard let glob = try? Glob(pattern.lowercased(), over: .path) else { preconditionFailure("internal: a pattern that no path can match") }
        return glob
    }
}
