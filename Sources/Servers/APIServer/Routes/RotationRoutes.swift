import Hummingbird
import Model
import Secrets
import TacitWire

/// Rotations of keys, which whoever asks moves on portion by portion.
struct RotationRoutes: Sendable {
    /// How many portions one request moves: while one is stored, the next ones are made ready.
    private static let portionsAtOnce = 32
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.post, WirePath.rotations) { request, context in
            let wish: RotationRequest = try await request.json()
            let asker = try context.asker
            return try Response(json: RotationState(try await vault.opened(for: asker).beginRotation(RotationWish(wish), by: asker)))
        }
        router.route(.post, WirePath.rotationPortions, query: ["size"], body: false) { _, context in
            let size = try context.query.integer("size", in: OpenVault.portions) ?? OpenVault.usualPortion
            let asker = try context.asker
            let progress = try await vault.opened(for: asker).rotate(portion: size, portions: Self.portionsAtOnce, by: asker)
            return try Response(json: RotationState(progress))
        }
        router.route(.post, WirePath.organizationRotation, body: false) { _, context in
            try Response(json: OrganizationRotated(try await vault.rotateOrganization(by: try context.asker)))
        }
        router.route(.get, WirePath.rotations) { _, context in
            let asker = try context.asker
            let found = try await vault.opened(for: asker).rotation(by: asker)
            return try Response(
                json: RotationStatus(
                    rotation: found.rotation.map(RotationState.init),
                    organization: found.organization.map { OrganizationProgress(rows: $0.rows, total: $0.total) }))
        }
    }
}

extension RotationWish {
    init(_ wish: RotationRequest) throws {
        let kind: RotationKind =
            switch wish.kind {
            case .project: .project
            case .reseal: .reseal
            }
        self.init(kind, project: try wish.project.map { try SegmentName($0, of: .project) })
    }
}

extension OrganizationRotated {
    init(_ rotation: OrganizationRotation) {
        self.init(
            generation: rotation.generation, rows: rotation.rows, endedTokens: rotation.tokens, verifierKey: rotation.verifierKey)
    }
}

extension RotationState {
    init(_ progress: RotationProgress) {
        let kind: RotationRequest.Kind =
            switch progress.kind {
            case .project: .project
            case .reseal: .reseal
            }
        let phase: Phase =
            switch progress.phase {
            case .moving: .moving
            case .checking: .checking
            case .done: .done
            }
        self.init(
            kind: kind, project: progress.project?.description, startedAt: progress.startedAt.seconds, phase: phase, versions: progress.versions,
            total: progress.total, destroyedKeys: progress.phase == .done ? progress.destroyed : nil)
    }
}
