import Auditing
import Foundation
import Model
import Testing

/// An entry as `vectors/auditing/entries.json` describes it.
struct EntryVector: Decodable {
    let name: String
    let entry: Described
    let encoded: String

    struct Table: Decodable {
        let count: Int
        let cases: [EntryVector]
    }

    struct Described: Decodable {
        let wall: Int64, bootID: String, bootTime: Int64, clockFloor: Int64?
        let actor: Actor
        let source: String, mode: String, action: String
        let subjects: [Subject]
        let allow: Bool, rule: String?, code: String?
        let phase: Phase
        let repeated: Int, detail: [[String]], recordsDigest: String?
    }

    struct Actor: Decodable {
        let kind: String, agentID: String?, agentName: String?, reportedModel: String?, userID: UInt32, userName: String
        let host: String, process: Int32, executable: String, ip: String?, platform: String
    }

    struct Subject: Decodable {
        let project: String?, environment: String?, secret: String?, version: Int64?, field: Int64?, record: String?, name: String?

        var subject: AuditSubject {
            AuditSubject(
                project: project.flatMap { ProjectID($0) }, environment: environment.flatMap { EnvironmentID($0) },
                secret: secret.flatMap { SecretID($0) }, version: version, field: field, record: record.flatMap { AnyRecordID($0) }, name: name)
        }
    }

    struct Phase: Decodable {
        let `is`: String, of: Int64?, result: String?
    }
}

extension EntryVector.Described {
    /// Checks an entry field by field: comparing two decoded entries would let a common error pass.
    func check(_ entry: AuditEntry) throws {
        #expect(entry.time.nanoseconds == wall)
        #expect(entry.bootID.description == bootID)
        #expect(entry.bootTime == bootTime)
        #expect(entry.clockFloor?.nanoseconds == clockFloor)
        #expect(entry.clockWentBack == (clockFloor != nil))
        try actor.check(entry.actor)
        #expect([entry.source.text, entry.mode.text, entry.action.text] == [source, mode, action])
        #expect(entry.subjects == subjects.map(\.subject))
        #expect(entry.decision.effect == (allow ? .allow : .deny))
        #expect(entry.decision.rule == rule)
        #expect(entry.decision.code == code)
        switch phase.is {
        case "single": #expect(entry.phase == .single)
        case "intent": #expect(entry.phase == .intent)
        default: #expect(entry.phase == .outcome(of: try #require(phase.of), result: try #require(phase.result)))
        }
        #expect(entry.repeated == repeated)
        #expect(entry.detail.map { [$0.key, $0.value] } == detail)
        #expect(entry.recordsDigest?.hexadecimal == recordsDigest)
    }
}

extension EntryVector.Actor {
    func check(_ actor: AuditActor) throws {
        #expect(actor.kind.text == kind)
        #expect(actor.agentID?.description == agentID)
        #expect(actor.agentName == agentName)
        #expect(actor.reportedModel == reportedModel)
        #expect(actor.userID == userID)
        #expect(actor.userName == userName)
        #expect(actor.host == host)
        #expect(actor.process == process)
        #expect(actor.executable == executable)
        #expect(actor.ip == ip)
        #expect(actor.platform == platform)
    }
}
