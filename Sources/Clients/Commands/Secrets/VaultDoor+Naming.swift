import TacitClient
import TacitWire

extension CommandFailure {
    /// So many are named; more would hide the sentence that they stand behind.
    private static let mostNames = 10

    /// Adds which of the things that the person asked for it is about.
    func naming(_ things: [String]) -> CommandFailure {
        guard !things.isEmpty else { return self }
        var failure = self
        let rest = things.count - Self.mostNames
        failure.message += ": " + things.prefix(Self.mostNames).joined(separator: ", ").printable + (rest > 0 ? " and \(rest) more" : "")
        failure.problem?.title = failure.message
        return failure
    }
}

extension VaultDoor {
    /// So many secrets are looked at to find those that a refusal is about.
    private static let mostLookups = 100

    /// A refusal that is about one secret of several, with the names of those that it may be about, as the person wrote them.
    ///
    /// Only a person is told, and the keeper is asked once more for each as anybody may ask it: nothing is learned here that `tacit show` would not tell.
    /// Its hint leads to the place of the first of them.
    func naming(_ failure: CommandFailure, among references: [Reference], in scope: Scope) -> CommandFailure {
        let failure = references.count == 1 ? failure.leading(to: references[0].scope, in: context) : failure
        guard let code = failure.problem?.code, let isMeant = Self.reasons[code], isSteppedUp || (try? status().actor.kind) == .person else {
            return failure
        }
        let meant = references.count == 1 ? references : Array(references.prefix(Self.mostLookups)).filter { isMeant(self, $0) }
        return failure.naming(meant.map { $0.text(in: scope) }).leading(to: meant.first?.scope ?? scope, in: context)
    }

    /// Whether a secret may be what a refusal of this code is about.
    private static let reasons: [String: @Sendable (VaultDoor, Reference) -> Bool] = [
        "secret.not-found": { door, reference in
            do { _ = try door.plain("GET", reference.path) } catch { return (error as? CommandFailure)?.problem?.code == "secret.not-found" }
            return false
        },
        "secret.deleted": { door, reference in door.detail(reference)?.deletedAt != nil },
        "secret.expired": { door, reference in
            door.detail(reference)?.expiresAt.flatMap(RelativeTime.seconds(of:)).map { $0 <= door.context.now() } ?? false
        },
        "field.not-found": { door, reference in
            guard let field = reference.field, let detail = door.detail(reference) else { return false }
            return !detail.fields.contains { $0.name == field }
        },
        "secret.several-fields": { door, reference in
            guard reference.field == nil, let fields = door.detail(reference)?.fields else { return false }
            return !fields.contains { $0.name == "value" } && fields.count { $0.kind == .secret } != 1
        },
        "version.not-found": { door, reference in
            guard let version = reference.version, let detail = door.detail(reference) else { return false }
            return version > detail.version
        },
    ]

    private func detail(_ reference: Reference) -> SecretDetail? { try? Self.decode(try plain("GET", reference.path).body) }
}
