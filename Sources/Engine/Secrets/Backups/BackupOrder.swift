import Envelopes
import Model

/// Holds what a backup says against the order and the bounds that a writer keeps (SPEC §15.4).
struct BackupOrder {
    private(set) var counts = BackupCounts()
    private(set) var isAtEnd = false
    private var hasOrigin = false
    private var projects: Set<ProjectID> = []
    private var environments: Set<EnvironmentID> = []
    private var secret: BackedSecret?
    private var lastNumber: Int64 = 0
    private var version: (number: Int64, manifest: Manifest, values: [SecretValue])?

    /// The thing that is whole with this record; nil for a version whose values are missing yet.
    mutating func take(_ item: BackupItem) throws -> BackupEvent? {
        guard !isAtEnd, version == nil else { throw BackupError.malformed }
        if case .version(let number, let manifest) = item { return try begin(number, manifest) }
        // A secret is followed by all its versions.
        guard lastNumber == secret?.current ?? 0 else { throw BackupError.malformed }
        (secret, lastNumber) = (nil, 0)
        switch item {
        case .origin:
            guard !hasOrigin else { throw BackupError.malformed }
            hasOrigin = true
            return .item(item)
        case .project(let id, _, _):
            guard projects.insert(id).inserted else { throw BackupError.malformed }
            counts.projects += 1
        case .environment(let id, let project, _, _):
            guard projects.contains(project), environments.insert(id).inserted else { throw BackupError.malformed }
            counts.environments += 1
        case .policy: counts.policies += 1
        case .secret(let secret):
            guard environments.contains(secret.environment), secret.current >= 1, secret.metadata.isProper else { throw BackupError.malformed }
            self.secret = secret
            counts.secrets += 1
        case .end(let said):
            guard said == counts else { throw BackupError.malformed }
            isAtEnd = true
        case .version: throw BackupError.malformed
        }
        guard hasOrigin else { throw BackupError.malformed }
        return .item(item)
    }

    private mutating func begin(_ number: Int64, _ manifest: Manifest) throws -> BackupEvent? {
        guard let secret, number == lastNumber + 1, number <= secret.current, manifest.isProper else { throw BackupError.malformed }
        lastNumber = number
        version = (number, manifest, [])
        counts.versions += 1
        return nil
    }

    /// The version that is whole with this value.
    mutating func take(_ value: SecretValue) throws -> BackupEvent? {
        guard let (number, manifest, values) = version else { throw BackupError.malformed }
        let all = values + [value]
        guard all.reduce(0, { $0 + $1.byteCount }) <= OpenVault.maximumVersionBytes else { throw BackupError.malformed }
        counts.values += 1
        counts.valueBytes += Int64(value.byteCount)
        version = all.count == manifest.fields.count ? nil : (number, manifest, all)
        return version == nil ? .version(number, manifest, all) : nil
    }
}

extension SecretMetadata {
    /// Whether a writer could have written it.
    fileprivate var isProper: Bool {
        var again = SecretMetadata(name: name)
        try? again.apply(tags: tags, description: description, note: note, url: url)
        return again == self
    }
}

extension Manifest {
    /// Whether a writer could have written it.
    fileprivate var isProper: Bool {
        let bindings = fields.compactMap(\.binding)
        return (1...OpenVault.maximumFields).contains(fields.count) && Set(fields.map(\.name)).count == fields.count
            && Set(bindings).count == bindings.count && bindings.allSatisfy { (try? VariableName.check($0)) != nil }
    }
}
