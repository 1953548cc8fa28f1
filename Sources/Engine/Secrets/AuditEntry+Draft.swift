import Auditing
import Model

extension AuditEntry {
    /// An entry about an act, with who, where and when filled in.
    init(_ act: Act, asker: Asker, subjects: [AuditSubject], clock: MachineClock) {
        self.init(
            clock: clock.reading(), actor: AuditActor(asker), source: asker.source, mode: act.mode, action: act.action, subjects: subjects)
    }
}

extension AuditActor {
    init(_ asker: Asker) {
        var kind = Kind.unidentified
        var agent: (id: AgentID, name: SegmentName)?
        switch asker.standing {
        case .person: kind = asker.source == .keeper ? .system : .person
        case .agent(let id, let name):
            kind = .agent
            agent = (id, name)
        case .unidentified: break
        }
        let origin = asker.origin
        self.init(
            kind: kind, agentID: agent?.id, agentName: agent?.name.description, reportedModel: asker.reportedModel, userID: origin.userID,
            userName: origin.userName, host: origin.host, process: origin.process, executable: origin.executable, platform: origin.platform)
    }
}
