import Envelopes
import Hummingbird
import Model
import Secrets
import TacitWire

/// Passwords, recovery key and root rotation.
struct SlotRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.slots) { _, context in
            try Response(json: Page(items: try await open(context).slots(by: try context.asker).map(SlotSummary.init)))
        }
        router.route(.post, WirePath.passwordSlot) { request, context in
            let password = try await request.secretValue(upTo: VaultRoutes.longestPassword)
            let id = try await open(context).addPasswordSlot(password, by: try context.asker)
            return try Response(json: NameRequest(name: id.description), status: .created)
        }
        router.route(.post, WirePath.recoverySlot, body: false) { _, context in
            Response(octets: try await open(context).replaceRecovery(by: try context.asker).text())
        }
        router.route(.delete, "\(WirePath.slots)/:id") { _, context in
            guard let id = SlotID(try context.text("id")) else { throw EngineError.invalid("a slot's id has 32 hexadecimal digits", hint: nil) }
            try await open(context).removeSlot(id, by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.post, WirePath.password) { request, context in
            let form = try await request.multipart(upTo: Request.largestDocument)
            try await vault.changePassword(
                current: try form.required("current"), to: try form.required("new"), by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.post, WirePath.rootRotation, use: rotate)
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }

    /// The answer is the new recovery key in octets when there is one, else a JSON result; the generation stands in a header either way.
    @Sendable private func rotate(_ request: Request, _ context: APIContext) async throws -> Response {
        let password = try await request.secretValue(upTo: VaultRoutes.longestPassword)
        let rotation = try await vault.rotateRoot(password: password, by: try context.asker)
        guard let recovery = rotation.recovery else {
            return try Response(json: RotationResult(generation: rotation.generation, rewrapped: rotation.rewrapped))
        }
        return Response(octets: recovery.text())
    }
}
