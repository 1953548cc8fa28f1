/// Names of one segment on the command line.
enum SegmentArgument {
    /// The name, when it is one. It is not repeated otherwise.
    static func checked(_ name: String, _ what: String) throws -> String {
        guard NameShape.isSegment(name.utf8) else { throw ScopeResolver.badName(what) }
        return name
    }
}
