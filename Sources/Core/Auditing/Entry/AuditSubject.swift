package import Model

/// What an act was about. Ids and, where there is one, the name: an entry is stored sealed.
package struct AuditSubject: Sendable, Hashable {
    package let project: ProjectID?
    package let environment: EnvironmentID?
    package let secret: SecretID?
    package let version: Int64?
    /// The field's ordinal in that version.
    package let field: Int64?
    /// A slot, an agent, a policy: what has no part of its own here.
    package let record: AnyRecordID?
    package let name: String?

    package init(
        project: ProjectID? = nil, environment: EnvironmentID? = nil, secret: SecretID? = nil, version: Int64? = nil, field: Int64? = nil,
        record: AnyRecordID? = nil, name: String? = nil
    ) {
        self.project = project
        self.environment = environment
        self.secret = secret
        self.version = version
        self.field = field
        self.record = record
        self.name = name.map(AuditText.cut)
    }
}

extension AuditSubject {
    func write(to writer: inout CanonicalWriter) {
        writer.write(optional: project)
        writer.write(optional: environment)
        writer.write(optional: secret)
        writer.write(optional: version)
        writer.write(optional: field)
        writer.write(optional: record)
        writer.write(optional: name)
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        project = try reader.optional { reader throws(CanonicalError) in try reader.id(ProjectKind.self) }
        environment = try reader.optional { reader throws(CanonicalError) in try reader.id(EnvironmentKind.self) }
        secret = try reader.optional { reader throws(CanonicalError) in try reader.id(SecretKind.self) }
        version = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        field = try reader.optional { reader throws(CanonicalError) in try reader.int64() }
        record = try reader.optional { reader throws(CanonicalError) in try reader.id(AnyKind.self) }
        name = try reader.optionalText()
    }
}
