import Brokering
import Model
import Policies

extension DoorJudge {
    /// What the policy would grant. A request that it denies is a misuse of its tokens where they are shown to another host, or in another place, than any rule
    /// about them has.
    func foresee(_ targets: [Target], _ uses: [Use], in vault: OpenVault) async throws -> [PolicyGrant] {
        do { return try await vault.authorizer.foresee(Self.act, by: asker, on: targets) } catch EngineError.denied(let denial) {
            for use in uses {
                guard denial.code == PolicyDenial.Code.destinationNotAllowed.rawValue, let misuse = misuse(use, vault) else { continue }
                try await vault.noteMisuse(misuse.code, by: asker, on: [use.target.subject])
            }
            throw EngineError.denied(denial)
        }
    }

    private func misuse(_ use: Use, _ vault: OpenVault) -> TokenMisuse? {
        guard let question = use.target.request, let view = vault.policy.view(for: asker, in: use.grant.scope),
            let misuse = view.misuse(by: question, with: use.grant.name)
        else { return nil }
        // Another host of the same service: who has the value there had it before.
        let provider = ProviderCatalogue.provider(at: question.host)?.name
        let isOfSame = provider != nil && view.hosts(with: use.grant.name).contains { ProviderCatalogue.provider(at: $0)?.name == provider }
        return misuse == .elsewhere && isOfSame ? nil : misuse
    }
}
