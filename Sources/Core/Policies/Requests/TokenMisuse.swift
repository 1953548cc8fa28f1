/// How a token of an agent's own is shown where it is a trap. What a rule lists but for its method, its path or its port is an honest mistake, and none.
package enum TokenMisuse: String, Sendable {
    /// To a host that no rule about its secret names.
    case elsewhere = "token.elsewhere"
    /// In a request that a rule lists, in a place that no rule about its secret has it in.
    case misplaced = "token.misplaced"

    /// A stable name.
    package var code: String { rawValue }
}
