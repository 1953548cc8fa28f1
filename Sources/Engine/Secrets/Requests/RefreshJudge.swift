import Auditing
import Brokering
import Model
import Policies
import Synchronization

/// Judges the one request that renews a secret's value (RFC 6749, 6). Nothing of it is an agent's: the policy has the address, the vault the rest.
final class RefreshJudge: RequestJudge {
    /// What the policy allowed before, it allows now: the value is renewed for a request that was allowed.
    static let act = Act(.request, .resolve, .nothing)

    /// The fields of the secret that go along, by the names that the form has for them.
    private static let names = ["refresh_token", "client_id", "client_secret"]
    private static let timeout = Duration.seconds(30)

    let errand: Errand
    private let vault: OpenVault
    private let record: SecretRecord
    private let terms: RefreshTerms
    private let asker: Asker
    private let target: Target
    private let asked: AskedRequest
    private let sent: [Sent]
    private let sealing: Sealing
    private let state = Mutex(State())

    /// A secret field that is sent, and the token that stands for it in the errand.
    private struct Sent: Sendable {
        let grant: GrantID
        let ordinal: Int64
        let label: String
        let name: String
    }

    private struct State {
        var wasAsked = false
        var access: AuthorizedAccess?
        var sealing: Sealing?
        var hasStored = false
    }

    init(_ vault: OpenVault, _ record: SecretRecord, _ name: SecretName, in scope: Scope, _ terms: RefreshTerms, for asker: Asker) async throws {
        (self.vault, self.record, self.terms, self.asker) = (vault, record, terms, asker)
        let manifest = try await vault.shelf.manifest(record, version: record.current)
        target = vault.target(scope, name, record, version: record.current)
        var (form, tokens, sent): (String, [GrantID: FakeToken], [Sent]) = ("grant_type=refresh_token", [:], [])
        for word in Self.names {
            let field = try SegmentName(word, of: .field)
            guard let ordinal = manifest.ordinal(of: field) else {
                guard word != Self.names[0] else { throw EngineError.unknownField }
                continue
            }
            let grant = GrantID(random: vault.random)
            guard let shape = TokenShape.neutral(), let token = vault.keyring.keys.fakeTokens.token(of: grant, shaped: shape) else {
                throw EngineError.unreadable
            }
            tokens[grant] = token
            form += "&\(word)=\(token.text)"
            sent.append(Sent(grant: grant, ordinal: ordinal, label: "\(name)#\(word)", name: word))
        }
        self.sent = sent
        let origin = try Brokering.Origin(url: "https://\(terms.host):\(terms.port)")
        let fields = [
            ("Host", origin.authority), ("User-Agent", "tacit"), ("Accept", "application/json"),
            ("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "\(form.utf8.count)"),
        ]
        let head = ReceivedHead(
            version: .http1_1, method: "POST", target: Array(terms.path.utf8), fields: fields.map { .init($0.0, Array($0.1.utf8)) })
        var errand = Errand(origin: origin, head: head, body: Array(form.utf8), tokens: tokens, timeout: Self.timeout, mostBytes: 0)
        errand.mayStandInBody = true
        self.errand = errand
        asked = AskedRequest(
            scheme: "https", host: terms.host, port: terms.port, method: "POST", path: terms.path,
            uses: sent.map { .init(grant: $0.grant, place: .form($0.name), occurrences: 1) })
        sealing = Sealing(try terms.seal(of: name), by: terms.rule, in: scope, tags: [], isRenewal: true)
    }

    /// Whether the new value is in the vault.
    var hasStored: Bool { state.withLock { $0.hasStored } }

    func judge(_ request: AskedRequest) async -> RequestJudgement {
        do { return .allow(try await leave(for: request)) } catch { return .refuse(nil) }
    }

    /// Intent, values: in this order.
    private func leave(for request: AskedRequest) async throws -> RequestLeave {
        var known = request
        known.strangers = []
        let isSecond = state.withLock { state in
            defer { state.wasAsked = true }
            return state.wasAsked
        }
        guard known == asked, !isSecond, !vault.brokers.isClosed else { throw BrokerFailure.refused }
        let detail = asked.facts + [AuditFact("renews", "yes"), AuditFact("request-rule", terms.rule)]
        let access = try await vault.authorizer.authorize(Self.act, by: asker, on: [target], detail: detail)
        state.withLock { $0.access = access }
        do {
            var releases: [ValueRelease] = []
            for field in sent {
                let value = try await vault.shelf.open(field.ordinal, of: record, version: record.current, access: access)
                releases.append(ValueRelease(grant: field.grant, name: field.label, value: value))
            }
            var leave = RequestLeave(
                entry: access.entry, releases: releases, reachesOwnNetwork: terms.ownNetwork == .allow, authorities: terms.authorities?.pem)
            leave.seal = sealing.order
            state.withLock { $0.sealing = sealing }
            return leave
        } catch {
            await conclude(RequestOutcome(result: (error as? any Diagnosable)?.code ?? "internal", duration: .zero), of: access.entry)
            throw error
        }
    }

    func seal(_ credentials: NewCredentials, of entry: Int64) async -> [SealedCredential]? {
        let sealing = state.withLock { state -> Sealing? in
            guard state.access?.entry == entry else { return nil }
            defer { state.sealing = nil }
            return state.sealing
        }
        guard let sealing, let sealed = await vault.seal(credentials, sealing, after: entry, by: asker) else { return nil }
        state.withLock { $0.hasStored = true }
        return sealed
    }

    /// No agent sees its reply.
    func mayLeave(answering names: [String], of entry: Int64) async -> Bool { true }

    func conclude(_ outcome: RequestOutcome, of entry: Int64) async {
        let access = state.withLock { state -> AuthorizedAccess? in
            guard state.access?.entry == entry else { return nil }
            defer { state.access = nil }
            return state.access
        }
        guard let access else { return }
        await vault.conclude(access, result: outcome.result, detail: outcome.facts, answers: [:])
    }
}
