import Approvals
import Auditing
import Envelopes
import Model
import Storage
import TestKit
import Testing

@testable import Secrets

/// What stands in rows and in sealed documents, held against what a second implementation wrote (docs/SPEC.md §6.4 to §6.6).
@Suite("Content vectors") struct ContentVectorTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let form: String, name: String, expect: String, encoded: String, described: Described?
        let id: String?, code: String?, digest: String?

        var testDescription: String { "\(form): \(name)" }
    }

    struct Nothing: Decodable, Sendable {}

    /// Every part that some form has.
    struct Described: Decodable, Sendable {
        let createdAt: Int64?, rootGeneration: Int64?, slot: String?, revokedAt: Int64?, metadata: Metadata?
        let current: Int64?, updatedAt: Int64?, expiresAt: Int64?, deletedAt: Int64?, purgeAfter: Int64?
        let name: String?, badgeHash: String?, version: Int64?, json: String?, text: String?
        let tags: [String]?, description: String?, note: String?, url: String?, fields: [Field]?
        let asker: Asker?, use: Use?, names: [String]?, proposal: Proposal?, purpose: String?, rule: String?, state: State?
        let agent: String?, times: [Int64]?, blownAt: Int64?
        let run: String?, issuedAt: Int64?, shape: String?, field: String?, provider: String?, since: Int64?
        let size: Int64?, prunedAt: Int64?
        let generation: Int64?, first: Int64?, end: Int64?, chain: String?, seal: String?, tokens: String?, fakeTokens: String?, memory: String?
        let signer: String?, confirmed: Bool?, lastStep: Int64?, failures: Int64?
        let rotation: String?, project: String?, startedAt: Int64?, total: Int64?, versions: Int64?, rows: Int64?, pass: Int64?, movedInPass: Int64?
        let inProject: String?, inEnvironment: String?, behind: String?, key: KeyOrAddress?, hasRows: Bool?, isEnvironmentDone: Bool?, isAtEnd: Bool?

        /// A factor's key as a text, or the field behind which a rotation goes on.
        enum KeyOrAddress: Decodable, Sendable, Equatable {
            case key(String)
            case address(secret: String, version: Int64, ordinal: Int64)

            private struct Address: Decodable { let secret: String, version: Int64, ordinal: Int64 }

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .key(text)
                } else {
                    let address = try container.decode(Address.self)
                    self = .address(secret: address.secret, version: address.version, ordinal: address.ordinal)
                }
            }
        }
        struct Asker: Decodable, Sendable {
            let agent: String?, name: String?, reportedModel: String?, user: String, host: String, process: Int64, executable: String
        }
        struct Use: Decodable, Sendable {
            let use: String, agent: String?, program: Program?, arguments: [String], workingDirectory: Directory?, timeLimit: Int64?
            let sandbox: Sandbox?
            let variables: [String], secrets: [Bound], inputHash: String?, file: File?, request: Request?
        }
        struct Request: Decodable, Sendable { let method: String, origin: String, target: String, fields: [RequestField], sender: Sender? }
        struct Sender: Decodable, Sendable { let door: String, headHash: String, bodyByteCount: Int64 }
        struct RequestField: Decodable, Sendable { let name: String, value: String }
        struct Sandbox: Decodable, Sendable { let required: Bool, passesUnscanned: Bool, reads: [String] }
        struct Directory: Decodable, Sendable { let path: String, device: Int64, inode: Int64 }
        struct File: Decodable, Sendable { let format: String, reads: Int64?, life: Int64 }
        struct Program: Decodable, Sendable { let path: String, hash: String, notBound: [String] }
        struct Bound: Decodable, Sendable {
            let secret: String, version: Int64, field: Int64, to: String, variable: String?, before: String?, after: String?
        }
        struct Proposal: Decodable, Sendable { let scope: String, names: [String], capability: String?, program: String?, file: String? }
        struct State: Decodable, Sendable { let `is`: String, uses: Int64?, until: Int64?, at: Int64? }

        struct Metadata: Decodable, Sendable { let generation: Int64, wrapped: String, sealed: String }
        struct Field: Decodable, Sendable { let name: String, kind: String, binding: String? }
    }

    static func cases(_ expect: String) throws -> [Case] {
        try RecordTable<Case, Nothing>("contents", count: 165).cases.filter { $0.expect == expect }
    }

    @Test("a content is read part by part and written back as its vector says", arguments: try cases("reads"))
    func reads(_ scenario: Case) throws {
        let described = try #require(scenario.described)
        let bytes = try hex(scenario.encoded)
        let written =
            switch scenario.form {
            case "vault", "slot", "sealed-record", "secret", "fuse", "grant", "panic", "anchor": try row(scenario, bytes, described)
            case "approval": try approval(scenario, bytes, described)
            case "factor": try factor(bytes, described)
            case "rotation": try rotation(bytes, described)
            default: try document(scenario.form, bytes, described)
            }
        #expect(written == bytes)
    }

    @Test("a content that no writer wrote is refused", arguments: try cases("refused"))
    func refused(_ scenario: Case) throws {
        let bytes = try hex(scenario.encoded)
        #expect(throws: (any Error).self) { try decode(scenario.form, bytes) }
    }

    private func row(_ scenario: Case, _ bytes: [UInt8], _ described: Described) throws -> [UInt8] {
        switch scenario.form {
        case "vault":
            let read = try VaultRecord(decoding: bytes)
            #expect(read.createdAt.nanoseconds == described.createdAt)
            #expect(read.rootGeneration == described.rootGeneration)
            return read.encoded
        case "slot":
            let read = try SlotRecord(decoding: bytes)
            #expect(read.createdAt.nanoseconds == described.createdAt)
            #expect(read.rootGeneration == described.rootGeneration)
            #expect(try read.slot == Slot(decoding: hex(#require(described.slot))))
            return read.encoded
        case "fuse":
            let read = try FuseRecord(decoding: bytes)
            #expect(read.agent?.description == described.agent)
            #expect(read.times.map(\.nanoseconds) == described.times && read.blownAt?.nanoseconds == described.blownAt)
            return read.encoded
        case "grant":
            let read = try GrantRecord(decoding: bytes)
            #expect([read.agent.description, read.run?.description] == [described.agent, described.run])
            #expect(
                [read.issuedAt, read.expiresAt, read.revokedAt].map { $0?.nanoseconds } == [
                    described.issuedAt, described.expiresAt, described.revokedAt,
                ])
            try check(read.metadata, described)
            return read.encoded
        case "anchor":
            let read = try Anchor(decoding: bytes)
            #expect(read.size == described.size && read.prunedAt.nanoseconds == described.prunedAt)
            return read.encoded
        case "panic":
            let read = try PanicRecord(decoding: bytes)
            #expect(read.since.nanoseconds == described.since)
            let extent: PanicRecord.Extent = scenario.name.hasPrefix("agents") ? .all : .one(described.agent.flatMap { AgentID($0) })
            #expect(read.extent == extent)
            return read.encoded
        case "sealed-record":
            let read = try SealedRecord(decoding: bytes)
            #expect(read.createdAt.nanoseconds == described.createdAt)
            #expect(read.revokedAt?.nanoseconds == described.revokedAt)
            try check(read.metadata, described)
            return read.encoded
        default:
            let read = try secret(bytes)
            #expect(read.current == described.current)
            #expect([read.createdAt.nanoseconds, read.updatedAt.nanoseconds] == [described.createdAt, described.updatedAt])
            let times = [read.expiresAt, read.deletedAt, read.purgeAfter].map { $0?.nanoseconds }
            #expect(times == [described.expiresAt, described.deletedAt, described.purgeAfter])
            try check(read.metadata, described)
            return read.content
        }
    }

    private func document(_ form: String, _ bytes: [UInt8], _ described: Described) throws -> [UInt8] {
        switch form {
        case "name":
            let read = try NameDocument(decoding: bytes, of: .project)
            #expect(read.name.description == described.name)
            return read.encoded
        case "agent":
            let read = try AgentDocument(decoding: bytes)
            #expect([read.name.description, read.badgeHash.hexadecimal] == [described.name, described.badgeHash])
            #expect(read.generation == described.generation)
            return read.encoded
        case "policy":
            let read = try StoredPolicy(decoding: bytes)
            #expect(read.version == described.version)
            #expect([String(decoding: read.json, as: UTF8.self), read.text] == [described.json, described.text])
            return read.encoded
        case "grant-document":
            let read = try GrantDocument(decoding: bytes)
            #expect([read.shape, read.field?.description, read.provider] == [described.shape, described.field, described.provider])
            #expect(read.generation == described.generation)
            return read.encoded
        case "epoch":
            let read = try Epoch(decoding: bytes)
            #expect([read.generation, read.entries.lowerBound, read.entries.upperBound] == [described.generation, described.first, described.end])
            for (key, text) in zip(
                [read.chain, read.seal, read.tokens, read.fakeTokens, read.memory],
                [described.chain, described.seal, described.tokens, described.fakeTokens, described.memory])
            {
                var expected = try hex(#require(text))
                #expect(key == SecretValue(moving: &expected))
            }
            #expect(read.signer.description == described.signer)
            return read.encoded
        case "secret-metadata":
            let read = try SecretMetadata(decoding: bytes)
            #expect(read.tags == described.tags)
            #expect(
                [read.name.description, read.description, read.note, read.url] == [
                    described.name, described.description, described.note, described.url,
                ])
            return read.encoded
        default:
            let read = try Manifest(decoding: bytes)
            #expect(read.createdAt.nanoseconds == described.createdAt)
            let fields = read.fields.map { [$0.name.description, $0.kind.rawValue, $0.binding] }
            #expect(fields == described.fields?.map { [$0.name, $0.kind, $0.binding] })
            return read.encoded
        }
    }

    private func check(_ metadata: SealedMetadata, _ described: Described) throws {
        let expected = try #require(described.metadata)
        #expect(metadata.generation == expected.generation)
        #expect([metadata.wrapped.hexadecimal, metadata.sealed.hexadecimal] == [expected.wrapped, expected.sealed])
    }

    private func decode(_ form: String, _ bytes: [UInt8]) throws {
        switch form {
        case "vault": _ = try VaultRecord(decoding: bytes)
        case "slot": _ = try SlotRecord(decoding: bytes)
        case "sealed-record": _ = try SealedRecord(decoding: bytes)
        case "secret": _ = try secret(bytes)
        case "name": _ = try NameDocument(decoding: bytes, of: .project)
        case "agent": _ = try AgentDocument(decoding: bytes)
        case "policy": _ = try StoredPolicy(decoding: bytes)
        case "secret-metadata": _ = try SecretMetadata(decoding: bytes)
        case "manifest": _ = try Manifest(decoding: bytes)
        case "approval": _ = try ApprovalRequest(decoding: bytes)
        case "fuse": _ = try FuseRecord(decoding: bytes)
        case "grant": _ = try GrantRecord(decoding: bytes)
        case "grant-document": _ = try GrantDocument(decoding: bytes)
        case "panic": _ = try PanicRecord(decoding: bytes)
        case "anchor": _ = try Anchor(decoding: bytes)
        case "factor": _ = try TimedFactor(decoding: bytes)
        case "rotation": _ = try RotationRecord(decoding: bytes)
        case "epoch": _ = try Epoch(decoding: bytes)
        default: Issue.record("the form \(form) does not exist")
        }
    }

    private func secret(_ bytes: [UInt8]) throws -> SecretRecord {
        let place = Place(
            organization: OrganizationID(random: .system), project: ProjectID(random: .system), environment: EnvironmentID(random: .system),
            scope: VaultBench.dev)
        let row = Record(
            organization: place.organization, kind: .secret, id: AnyRecordID(random: .system), parent: place.environment.cast(), lookup: nil,
            revision: 1, content: bytes, mac: [])
        return try SecretRecord(row, place: place)
    }
}

// MARK: - Requests and authenticators (docs/SPEC.md §12)

extension ContentVectorTests {
    private func approval(_ scenario: Case, _ bytes: [UInt8], _ described: Described) throws -> [UInt8] {
        let read = try ApprovalRequest(decoding: bytes)
        let (asker, expected) = (read.asker, try #require(described.asker))
        #expect([read.createdAt.nanoseconds, read.expiresAt.nanoseconds] == [described.createdAt, described.expiresAt])
        #expect([asker.agent?.description, asker.name, asker.reportedModel] == [expected.agent, expected.name, expected.reportedModel])
        #expect([asker.user, asker.host, asker.executable] == [expected.user, expected.host, expected.executable])
        #expect(asker.process == expected.process)
        #expect([read.purpose, read.rule] == [described.purpose, described.rule])
        #expect(state(read.state) == described.state.map { [$0.is] + [$0.uses, $0.until, $0.at].compactMap { $0.map { "\($0)" } } })
        switch read.matter {
        case .use(let subject, let names):
            #expect(names == described.names)
            try check(subject, try #require(described.use))
            #expect(subject.digest.hexadecimal == scenario.digest)
        case .proposal(let proposal):
            #expect(
                described.proposal.map { [$0.scope, $0.capability, $0.program, $0.file] }
                    == [proposal.scope, proposal.capability, proposal.program, proposal.file])
            #expect(proposal.names == described.proposal?.names)
        }
        #expect("\(RequestCode(of: try vectorID(#require(scenario.id)), read))" == scenario.code)
        return read.encoded
    }

    private func check(_ subject: ApprovalSubject, _ expected: Described.Use) throws {
        #expect([subject.use.rawValue, subject.agent?.description] == [expected.use, expected.agent])
        #expect([subject.program?.path, subject.program?.hash.hexadecimal] == [expected.program?.path, expected.program?.hash])
        #expect(subject.program?.notBound == expected.program?.notBound)
        #expect(subject.arguments == expected.arguments)
        #expect(subject.workingDirectory == expected.workingDirectory.map { FilePlace(path: $0.path, device: $0.device, inode: $0.inode) })
        #expect(
            subject.sandbox
                == expected.sandbox.map { BoundSandbox(isRequired: $0.required, passesUnscanned: $0.passesUnscanned, reads: $0.reads) })
        #expect(subject.timeLimit == expected.timeLimit.map { .nanoseconds($0) })
        #expect(subject.file?.format.rawValue == expected.file?.format && subject.file?.reads == expected.file?.reads)
        #expect(subject.file?.life == expected.file.map { .nanoseconds($0.life) })
        let request = try expected.request.map {
            BoundRequest(
                method: $0.method, origin: $0.origin, target: $0.target, fields: $0.fields.map { .init($0.name, $0.value) },
                sender: try $0.sender.map { try .init(door: hex($0.door), headHash: hex($0.headHash), bodyByteCount: $0.bodyByteCount) })
        }
        #expect(subject.request == request)
        #expect(subject.variables == expected.variables.sorted())
        #expect(subject.inputHash?.hexadecimal == expected.inputHash)
        #expect(
            subject.secrets.map { ["\($0.secret)", "\($0.version)", "\($0.field)"] + words($0.destination) }
                == expected.secrets.map {
                    [$0.secret, "\($0.version)", "\($0.field)", $0.to, $0.variable] + ($0.to == "input" ? [$0.before ?? "", $0.after ?? ""] : [])
                })
    }

    private func words(_ destination: BoundSecret.Destination) -> [String?] {
        switch destination {
        case .asker: ["asker", nil]
        case .variable(let name): ["variable", name]
        case .file(let name): ["file", name]
        case .request(let place): ["request", place]
        case .standardInput(let text): ["input", nil, text.before, text.after]
        }
    }

    private func state(_ state: ApprovalRequest.State) -> [String] {
        switch state {
        case .pending: ["pending"]
        case .approved(let budget): ["approved", "\(budget.uses)", "\(budget.until.nanoseconds)"]
        case .denied(let time): ["denied", "\(time.nanoseconds)"]
        case .done(let time): ["done", "\(time.nanoseconds)"]
        }
    }

    private func factor(_ bytes: [UInt8], _ described: Described) throws -> [UInt8] {
        let read = try TimedFactor(decoding: bytes)
        #expect(described.key == .key(read.key.bytes.hexadecimal))
        #expect(read.isConfirmed == described.confirmed)
        #expect([read.codes.lastStep, read.codes.failures] == [described.lastStep, described.failures])
        return read.encoded
    }

    private func rotation(_ bytes: [UInt8], _ described: Described) throws -> [UInt8] {
        let read = try RotationRecord(decoding: bytes)
        let cursor = read.cursor
        #expect([read.kind.rawValue, read.project?.description] == [described.rotation, described.project])
        #expect(
            [read.startedAt.nanoseconds, read.total, read.versions, read.rows, read.pass, read.movedInPass] == [
                described.startedAt, described.total, described.versions, described.rows, described.pass, described.movedInPass,
            ])
        #expect(
            [cursor.project?.description, cursor.environment?.description, cursor.secret?.description] == [
                described.inProject, described.inEnvironment, described.behind,
            ])
        let address = cursor.key.map { Described.KeyOrAddress.address(secret: $0.secret.description, version: $0.version, ordinal: $0.ordinal) }
        #expect(address == described.key)
        #expect([cursor.hasRows, cursor.isEnvironmentDone, cursor.isAtEnd] == [described.hasRows, described.isEnvironmentDone, described.isAtEnd])
        return read.encoded
    }
}
