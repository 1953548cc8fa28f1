import Model

/// What changes in decisions when one document takes the place of another, found by asking both the same questions.
///
/// It asks about an example of each pattern and about the secrets and agents it is given. So it shows what a change does, and proves nothing of
/// names that nobody asked about.
package struct PolicyComparison: Sendable {
    package let changes: [Change]
    package let questionCount: Int
    /// Whether there were more questions than it asks.
    package let isCut: Bool

    /// A secret that is there.
    package struct Secret: Sendable {
        let scope: String
        let name: String
        let tags: [String]

        package init(scope: String, name: String, tags: [String]) {
            self.scope = scope
            self.name = name
            self.tags = tags
        }
    }

    /// The same change for an agent, and all it concerns.
    package struct Change: Sendable, Equatable {
        package let agent: String
        /// PROJECT/ENVIRONMENT.
        package let place: String
        package let capabilities: [String]
        /// Under which circumstances; empty for none.
        package let circumstances: String
        package let before: String
        package let after: String
        /// The secrets, those that are examples of a pattern and not known to exist marked as such.
        package fileprivate(set) var secrets: [String]

        package init(
            agent: String, place: String, capabilities: [String], circumstances: String, before: String, after: String, secrets: [String]
        ) {
            self.agent = agent
            self.place = place
            self.capabilities = capabilities
            self.circumstances = circumstances
            self.before = before
            self.after = after
            self.secrets = secrets
        }
    }

    static let questionLimit = 200_000

    package init(from old: PolicyDocument, to new: PolicyDocument, agents: [String] = [], secrets: [Secret] = []) {
        var samples = PolicySamples(old, new)
        samples.add(agents: agents)
        var inquiry = Inquiry(old, new, samples)
        for agent in samples.agents.sorted(by: { $0.description < $1.description }) { inquiry.ask(as: agent, about: secrets) }
        changes = inquiry.changes
        questionCount = inquiry.questionCount
        isCut = inquiry.questionCount >= Self.questionLimit
    }
}

/// The questions of one comparison, as they are asked.
private struct Inquiry {
    private let old: PolicyDocument
    private let new: PolicyDocument
    private let samples: PolicySamples
    private let variants: [Variant]
    private(set) var changes: [PolicyComparison.Change] = []
    private(set) var questionCount = 0

    /// Circumstances under which a question is asked; `name` is empty for the plain ones.
    private struct Variant {
        var name: String
        var circumstances: PolicyCircumstances
    }

    init(_ old: PolicyDocument, _ new: PolicyDocument, _ samples: PolicySamples) {
        (self.old, self.new, self.samples) = (old, new, samples)
        let now = Timestamp(nanoseconds: 0)
        let rules = (old.tagRules + new.tagRules).map { ($0.name, now) }
        let met = PolicyCircumstances(
            model: "example", hasSession: true, acknowledgements: Dictionary(rules) { first, _ in first }, hasApproval: true, now: now)
        var variants = [Variant(name: "", circumstances: PolicyCircumstances()), Variant(name: "with every condition met", circumstances: met)]
        for model in samples.models.sorted() {
            var other = met
            other.model = model
            variants.append(Variant(name: "as the model \(model)", circumstances: other))
        }
        let stranger = OpenedProgram(path: "/usr/bin/example", runsAnyCode: false, isWritableByCaller: false, isBound: true)
        let programs = samples.programs.isEmpty ? [] : samples.programs.sorted { $0.words < $1.words } + [stranger]
        for program in programs {
            var other = met
            other.program = program
            variants.append(Variant(name: "running \(program.words)", circumstances: other))
        }
        for request in samples.requests.sorted(by: { $0.words < $1.words }) {
            var other = met
            other.request = request
            variants.append(Variant(name: "for \(request.words)", circumstances: other))
        }
        self.variants = variants
    }

    mutating func ask(as agent: AgentIdentity, about known: [PolicyComparison.Secret]) {
        let (before, after) = (old.compiled(for: agent), new.compiled(for: agent))
        for secret in known {
            guard let scope = try? Scope(parsing: secret.scope), let name = try? SecretName(secret.name) else { continue }
            ask((before.scoped(to: scope), after.scoped(to: scope)), agent, scope, name, secret.tags, isKnown: true)
        }
        let there = Set(known.map { "\($0.scope)/\($0.name) \($0.tags)" })
        let tagSets = [[]] + samples.tags.sorted().map { [$0] }
        for scope in samples.scopes.sorted(by: { $0.description < $1.description }) {
            let views = (before.scoped(to: scope), after.scoped(to: scope))
            for secret in samples.secrets.sorted() {
                for tags in tagSets where !there.contains("\(scope)/\(secret) \(tags)") { ask(views, agent, scope, secret, tags, isKnown: false) }
            }
        }
    }

    private mutating func ask(
        _ views: (before: ScopeView, after: ScopeView), _ agent: AgentIdentity, _ scope: Scope, _ secret: SecretName, _ tags: [String], isKnown: Bool
    ) {
        // What neither lets the agent know of, both answer alike.
        guard views.before.mayList(secret) || views.after.mayList(secret) else { return }
        var open = Set(Capability.allCases)
        let shown = "\(secret)" + (tags.isEmpty ? "" : " [\(tags.joined(separator: ", "))]") + (isKnown ? "" : " (example)")
        for variant in variants where !open.isEmpty {
            var circumstances = variant.circumstances
            circumstances.tags = tags
            var found: [[String]: [Capability]] = [:]
            for capability in Capability.allCases where open.contains(capability) {
                guard circumstances.program == nil || capability.needsProgram, circumstances.request == nil || capability == .broker,
                    questionCount < PolicyComparison.questionLimit
                else { continue }
                questionCount += 1
                let before = views.before.decision(for: secret, capability: capability, circumstances).effect
                let after = views.after.decision(for: secret, capability: capability, circumstances).effect
                if before != after { found[[before, after], default: []].append(capability) }
            }
            for (effects, capabilities) in found.sorted(by: { $0.key.joined() < $1.key.joined() }) {
                note(agent, scope, capabilities, variant.name, effects, shown)
                // One difference in plain circumstances is the whole story; under others each is told.
                if variant.name.isEmpty { open.subtract(capabilities) }
            }
        }
    }

    private mutating func note(
        _ agent: AgentIdentity, _ scope: Scope, _ capabilities: [Capability], _ circumstances: String, _ effects: [String], _ secret: String
    ) {
        let change = PolicyComparison.Change(
            agent: agent.description, place: scope.description, capabilities: capabilities.map(\.rawValue), circumstances: circumstances,
            before: effects[0], after: effects[1], secrets: [])
        let same = changes.firstIndex { other in
            var other = other
            other.secrets = []
            return other == change
        }
        let index = same ?? changes.endIndex
        if same == nil { changes.append(change) }
        changes[index].secrets.append(secret)
    }
}

extension PolicyDecision {
    /// What the decision comes to, whatever rule made it.
    fileprivate var effect: String {
        switch self {
        case .deny(let denial): return denial.code.rawValue
        case .allow(let grant):
            let obligations = PolicyObligation.allCases.filter { $0 != .redact && grant.obligations.contains($0) }.map(\.rawValue)
            let conditions =
                obligations + (grant.home == .real ? ["HOME real"] : []) + (grant.path.map { ["PATH \($0.joined(separator: ":"))"] } ?? [])
                + (grant.unredactable == .allow ? ["unredactable"] : []) + (grant.unsandboxed == .fallback ? ["sandbox if there is one"] : [])
                + grant.reads.map { "reads \($0)" } + (grant.request?.words ?? []) + (grant.renewal.map { ["renewed at \($0.url)"] } ?? [])
            return conditions.isEmpty ? "allow" : "allow (\(conditions.joined(separator: ", ")))"
        }
    }
}

extension RequestQuestion {
    fileprivate var words: String {
        line + (place.map { " with the token in \($0)" } ?? "") + (operationWords.map { " asking for \($0)" } ?? "")
    }
}

extension RequestTerms {
    private var sealing: [String] {
        guard let seal else { return [] }
        let expiry = seal.expiry.map { ["good as long as \($0) says"] } ?? []
        return seal.parts.map { "sealed \($0) into `\(seal.secret)`" } + expiry
    }

    fileprivate var words: [String] {
        limits.map { "at most \($0)" } + sealing + (occurrences == 1 ? [] : ["\(occurrences) times"])
            + operations.map { "asking for \($0)" } + (ownNetwork == .allow ? ["into your own network"] : [])
            + (authorities.map { ["verified by \($0.words)"] } ?? [])
    }
}

extension OpenedProgram {
    fileprivate var words: String {
        path + (runsAnyCode ? ", any-code" : "") + (fingerprint == nil ? "" : ", pinned") + (isWritableByCaller ? ", writable" : "")
    }
}
