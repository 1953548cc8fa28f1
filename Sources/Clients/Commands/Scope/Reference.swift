import TacitWire

/// A secret as it is named on the command line: `NAME`, `NAME#FIELD` or `tacit://PROJECT/ENVIRONMENT/NAME[#FIELD][?version=N]`.
struct Reference: Equatable, Sendable {
    var scope: Scope
    var name: String
    var field: String?
    var version: Int64?

    /// Reads a reference; a bare name lies in the scope of the options. It never repeats a text that is no reference: it may be a value.
    init(_ text: String, _ options: ScopeOptions, in context: CommandContext) throws {
        try self.init(text, in: ScopeResolver(context: context).scope(options))
    }

    /// As above, with the scope of bare names, which is looked for only if there is one.
    init(_ text: String, in bare: @autoclosure () throws -> Scope) throws {
        guard NameShape.isReference(text) else {
            throw CommandFailure(
                "this is no name of a secret\(NameShape.fault(inReference: text).map { ": \($0)" } ?? "")",
                hint: "write NAME, NAME#FIELD or tacit://PROJECT/ENVIRONMENT/NAME#FIELD", status: .usage, code: "reference.invalid")
        }
        var rest = text[...]
        if let mark = rest.firstIndex(of: "?") {
            version = Int64(rest[mark...].dropFirst("?version=".count))
            rest = rest[..<mark]
        }
        if let mark = rest.firstIndex(of: "#") {
            field = String(rest[rest.index(after: mark)...])
            rest = rest[..<mark]
        }
        if rest.hasPrefix("tacit://") {
            let parts = rest.dropFirst("tacit://".count).split(separator: "/", maxSplits: 2)
            scope = Scope(project: String(parts[0]), environment: String(parts[1]))
            name = String(parts[2])
        } else {
            scope = try bare()
            name = String(rest)
        }
    }

    /// A secret of a scope.
    init(_ scope: Scope, _ name: String) { (self.scope, self.name) = (scope, name) }

    /// A reference to a whole secret.
    init(secret text: String, _ options: ScopeOptions, in context: CommandContext) throws {
        try self.init(text, options, in: context)
        guard field == nil, version == nil else {
            throw CommandFailure.usage("this command takes a secret as a whole", hint: "leave out the field and version")
        }
    }

    /// The secret as it is written in the next command: by its name where that is enough.
    func spoken(in context: CommandContext) throws -> String {
        try ScopeResolver(context: context).scope(project: nil, environment: nil) == scope ? name : "tacit://\(scope.text)/\(name)"
    }

    /// As it is written on the command line of this scope: in full where it lies elsewhere.
    func text(in scope: Scope) -> String {
        (self.scope == scope ? name : "tacit://\(self.scope.text)/\(name)") + (field.map { "#\($0)" } ?? "")
            + (version.map { "?version=\($0)" } ?? "")
    }

    /// The secret's path in the API.
    var path: String { WirePath.secret(scope.project, scope.environment, name) }

    /// Takes a field or version that was given as an option; said twice, they must agree.
    mutating func narrow(field: String?, version: Int64?) throws {
        if let field {
            guard NameShape.isSegment(field.utf8) else { throw ScopeResolver.badName("the field given by `--field`") }
            guard self.field ?? field == field else { throw CommandFailure.usage("the reference and `--field` name two fields") }
            self.field = field
        }
        if let version {
            guard version > 0 else { throw CommandFailure.usage("versions are counted from 1") }
            guard self.version ?? version == version else { throw CommandFailure.usage("the reference and `--version` name two versions") }
            self.version = version
        }
    }

    /// `?field=…&version=…`, or nothing.
    var query: String {
        let pairs = [field.map { "field=\(WirePath.encoded($0))" }, version.map { "version=\($0)" }].compactMap(\.self)
        return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
    }
}
