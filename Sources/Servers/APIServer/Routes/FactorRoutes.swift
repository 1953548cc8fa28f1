import Approvals
import Hummingbird
import Model
import Secrets
import TacitWire

/// A person's authenticator.
struct FactorRoutes: Sendable {
    let vault: Vault

    func add(to router: Router<APIContext>) {
        router.route(.get, WirePath.totp) { _, context in
            try Response(json: AuthenticatorState(try await open(context).factor(by: try context.asker)))
        }
        router.route(.post, WirePath.totp, body: false) { _, context in
            Response(octets: try await open(context).enrollFactor(by: try context.asker))
        }
        router.route(.post, WirePath.totpConfirmation) { request, context in
            let typed: TimedCode = try await request.json()
            try await open(context).confirmFactor(typed.code, by: try context.asker)
            return Response(status: .noContent)
        }
        router.route(.delete, WirePath.totp) { _, context in
            try await open(context).removeFactor(by: try context.asker)
            return Response(status: .noContent)
        }
    }

    private func open(_ context: APIContext) throws -> OpenVault { try vault.opened(for: try context.asker) }
}

extension AuthenticatorState {
    init(_ factor: FactorView?) {
        self.init(
            enrolled: factor != nil, confirmed: factor?.isConfirmed ?? false, createdAt: factor?.createdAt.seconds,
            triesLeft: factor?.triesLeft ?? 0)
    }
}
