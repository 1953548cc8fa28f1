/// Where a link leads, judged by its text alone.
struct LinkTarget {
    /// Whether a link that lies `depth` directories below the working directory stays in it.
    ///
    /// `..` counts only at the beginning: behind the name of a directory, which may itself be a link, nobody knows where it leads.
    static func stays(_ target: String, depth: Int) -> Bool {
        guard !target.isEmpty, target.utf8.first != UInt8(ascii: "/") else { return false }
        let parts = parts(of: target).filter { $0 != "." }
        let up = parts.prefix { $0 == ".." }.count
        return up <= depth && !parts.dropFirst(up).contains("..")
    }

    /// The names on the way, split where Linux splits them: to Swift a slash with an accent is another character.
    static func parts(of target: String) -> [String] {
        target.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }
}
