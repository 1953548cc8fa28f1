import Auditing
import Model

extension AuditEntry {
    /// An entry about an act, with who, where and when filled in.
    init(_ act: Act, asker: Asker, subjects: [AuditSubject], clock: MachineClock) {
        self.init(
            time: clock.now(), bootID: clock.bootID, bootTime: clock.sinceBoot().wholeNanoseconds, actor: AuditActor(asker),
            source: asker.source, mode: act.mode, action: act.action, subjects: subjects)
    }
}

extension AuditActor {
    init(_ asker: Asker) {
        let origin = asker.origin
        self.init(
            kind: .system, reportedModel: asker.reportedModel, machineUser: MachineUser(id: origin.userID, name: origin.userName),
            host: origin.host, process: AuditProcess(id: origin.process, executable: origin.executable), platform: origin.platform)
        switch asker.standing {
        case .person: kind = .person
        case .agent(let id, let name):
            kind = .agent
            agent = AuditAgent(id: id, name: name.description)
        case .unidentified: kind = .unidentified
        }
    }
}
