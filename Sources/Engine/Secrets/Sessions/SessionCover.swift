import Model

/// One thing that an agent's session covers.
enum SessionCover: Sendable, Hashable {
    case secret(Scope, SecretName)
    /// Every secret with the tag in one environment.
    case tag(Scope, String)
    /// Every secret of one environment.
    case environment(Scope)

    /// Reads `NAME`, `tacit://PROJECT/ENVIRONMENT/NAME`, `tag:NAME` or `env:NAME`; what is not said is that of `scope`.
    init(parsing text: String, in scope: Scope) throws {
        if text.hasPrefix("tag:") {
            self = .tag(scope, try SegmentName(text.dropFirst("tag:".count), of: .tag).description)
        } else if text.hasPrefix("env:") {
            let environment = try SegmentName(text.dropFirst("env:".count), of: .environment)
            self = .environment(Scope(project: scope.project, environment: environment))
        } else {
            let reference = try SecretReference(parsing: text)
            guard reference.field == nil, reference.version == nil else {
                throw EngineError.invalid("a session covers whole secrets", hint: "leave out the field and version")
            }
            self = .secret(reference.scope ?? scope, reference.name)
        }
    }

    var scope: Scope {
        switch self {
        case .secret(let scope, _), .tag(let scope, _), .environment(let scope): scope
        }
    }

    /// Whether a secret with these tags is covered.
    func covers(_ name: SecretName, in scope: Scope, tags: [String]) -> Bool {
        switch self {
        case .secret(let covered, let secret): covered == scope && secret == name
        case .tag(let covered, let tag): covered == scope && tags.contains(tag)
        case .environment(let covered): covered == scope
        }
    }

    /// How it is shown: what lies elsewhere than in the session's own place says so.
    func text(in place: Scope) -> String {
        switch self {
        case .secret(let scope, let name): scope == place ? "\(name)" : "\(SecretReference(scope: scope, name: name))"
        case .tag(_, let tag): "tag:\(tag)"
        case .environment(let scope): "env:\(scope.environment)"
        }
    }
}
