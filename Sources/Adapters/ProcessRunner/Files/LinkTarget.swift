/// Where a link leads, judged by its text alone.
struct LinkTarget {
    /// Whether a link that lies `depth` directories below the working directory stays in it.
    ///
    /// `..` counts only at the beginning: behind the name of a directory, which may itself be a link, nobody knows where it leads.
    static func stays(_ target: String, depth: Int) -> Bool {
        guard !target.isEmpty, !target.hasPrefix("/") else { return false }
        let parts = target.split(separator: "/").filter { $0 != "." }
        let up = parts.prefix { $0 == ".." }.count
        return up <= depth && !parts.dropFirst(up).contains("..")
    }
}
