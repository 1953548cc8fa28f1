/// Where a secret, or one field or version of it, is found: `tacit://PROJECT/ENVIRONMENT/NAME[#FIELD][?version=N]`.
///
/// A bare `NAME` or `NAME#FIELD` leaves project and environment to the current scope; it is never read as a path into another project.
package struct SecretReference: Hashable, Sendable, CustomStringConvertible {
    /// The project and environment written in the reference; nil for a bare name.
    package var scope: Scope?
    package var name: SecretName
    package var field: SegmentName?
    package var version: Int?

    package init(scope: Scope? = nil, name: SecretName, field: SegmentName? = nil, version: Int? = nil) {
        self.scope = scope
        self.name = name
        self.field = field
        self.version = version
    }

    /// Reads a reference in either form.
    package init(parsing text: String) throws(ReferenceError) {
        var rest = text[...]
        let isFull = rest.hasPrefix("tacit://")
        if isFull { rest = rest.dropFirst("tacit://".count) }
        version = try Self.takeVersion(&rest)
        field = try Self.takeField(&rest)
        scope = isFull ? try Self.takeScope(&rest) : nil
        do { name = try SecretName(rest) } catch { throw .name(error) }
    }

    package var description: String {
        let prefix = scope.map { "tacit://\($0.project)/\($0.environment)/" } ?? ""
        return prefix + "\(name)" + (field.map { "#\($0)" } ?? "") + (version.map { "?version=\($0)" } ?? "")
    }
}

/// A project and one of its environments, by name.
package struct Scope: Hashable, Sendable, CustomStringConvertible {
    package var project: SegmentName
    package var environment: SegmentName

    package init(project: SegmentName, environment: SegmentName) {
        self.project = project
        self.environment = environment
    }

    /// Reads `PROJECT/ENVIRONMENT`.
    package init(parsing text: some StringProtocol) throws(ReferenceError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw .noScope }
        do {
            project = try SegmentName(parts[0], of: .project)
            environment = try SegmentName(parts[1], of: .environment)
        } catch { throw .name(error) }
    }

    package var description: String { "\(project)/\(environment)" }
}

/// Why a text is no reference. It never repeats the text.
package enum ReferenceError: Diagnosable, Equatable {
    case name(NameError)
    case noScope
    case badVersion
    case unknownQuery

    package var code: String { "reference.invalid" }

    package var message: String {
        switch self {
        case .name(let error): error.message
        case .noScope: "a full reference names project, environment and secret"
        case .badVersion: "the version in a reference is no whole number from 1"
        case .unknownQuery: "a reference has something else than `version=N` after `?`"
        }
    }

    package var hint: String? { "write NAME, NAME#FIELD or tacit://PROJECT/ENVIRONMENT/NAME#FIELD?version=N" }
}

extension SecretReference {
    private static func takeVersion(_ rest: inout Substring) throws(ReferenceError) -> Int? {
        guard let mark = rest.firstIndex(of: "?") else { return nil }
        let query = rest[rest.index(after: mark)...]
        rest = rest[..<mark]
        guard query.hasPrefix("version=") else { throw .unknownQuery }
        let digits = query.dropFirst("version=".count)
        let isCanonical = digits.first != "0" && digits.utf8.allSatisfy { (48...57).contains($0) }
        guard isCanonical, let version = Int(digits), version >= 1 else { throw .badVersion }
        return version
    }

    private static func takeField(_ rest: inout Substring) throws(ReferenceError) -> SegmentName? {
        guard let mark = rest.firstIndex(of: "#") else { return nil }
        let text = rest[rest.index(after: mark)...]
        rest = rest[..<mark]
        do { return try SegmentName(text, of: .field) } catch { throw .name(error) }
    }

    private static func takeScope(_ rest: inout Substring) throws(ReferenceError) -> Scope {
        let parts = rest.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3 else { throw .noScope }
        rest = parts[2]
        do {
            return Scope(project: try SegmentName(parts[0], of: .project), environment: try SegmentName(parts[1], of: .environment))
        } catch { throw .name(error) }
    }
}
