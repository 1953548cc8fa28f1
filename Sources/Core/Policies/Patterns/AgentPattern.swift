import Model

/// Which agents a rule is about: a pattern over their names, the word `unidentified`, or, where none is written, every program that asks.
struct AgentPattern: Sendable, Equatable {
    let glob: Glob?

    static let everyone = AgentPattern(nil)

    init(_ glob: Glob?) { self.glob = glob }

    private var isForUnidentified: Bool { glob?.description == AgentIdentity.unidentifiedName }

    func matches(_ agent: AgentIdentity) -> Bool {
        guard let glob else { return true }
        guard let name = agent.name else { return isForUnidentified }
        return !isForUnidentified && glob.matches(name.description)
    }

    /// Says whether every agent that `other` is about is one of this pattern's too.
    func covers(_ other: AgentPattern) -> Bool {
        guard let glob else { return true }
        guard let otherGlob = other.glob else { return false }
        guard !isForUnidentified, !other.isForUnidentified else { return glob == otherGlob }
        return glob.covers(otherGlob)
    }
}

extension [Glob] {
    func matches(_ name: String) -> Bool { contains { $0.matches(name) } }

    /// Says whether each pattern of `others` is covered by one of these.
    func cover(_ others: [Glob]) -> Bool { others.allSatisfy { other in contains { $0.covers(other) } } }
}

extension Glob {
    /// The one place that is meant where a rule that allows names none.
    static let usualPlaces = [try? Glob(AgentPolicy.defaultEnvironment, over: .scope)].compactMap(\.self)
}
