import Model
import Secrets
import TacitWire

extension DoctorReport {
    init(_ facts: KeeperFacts) {
        let findings = [
            Self.memory(facts), Self.overflow(facts), Self.process(facts), Self.limits(facts), Self.spawner(facts), Self.clock(facts),
            Self.output(facts),
        ]
        self.init(findings: findings.compactMap(\.self))
    }

    private static func memory(_ facts: KeeperFacts) -> Finding {
        switch facts.memoryProtection {
        case .secretMemory: .init(.good, "keeper.memory", "the keeper's keys lie in memory that even the kernel does not map (memfd_secret)")
        case .locked: .init(.good, "keeper.memory", "the keeper's keys lie in locked memory")
        case .none:
            .init(
                .bad, "keeper.memory", "the keeper's keys lie in ordinary memory, which can be written to swap",
                hint: "raise the limit on locked memory (`ulimit -l`), then `tacit lock` and try again")
        }
    }

    private static func overflow(_ facts: KeeperFacts) -> Finding? {
        let count = facts.memoryUsage.ordinaryBlocks
        guard count > 0 else { return nil }
        return .init(
            .advice, "keeper.memory-full",
            "\(count == 1 ? "1 value is" : "\(count) values are") too large for locked memory, and overwritten after use")
    }

    private static func process(_ facts: KeeperFacts) -> Finding? {
        guard let hardening = facts.hardening else { return nil }
        guard hardening.coreLimit == 0, !hardening.isDumpable else {
            return .init(.bad, "keeper.process", "the keeper can be traced or leaves core files", hint: "restart it: `tacit lock`, and end it")
        }
        return .init(.good, "keeper.process", "the keeper cannot be traced by your other programs and leaves no core file")
    }

    private static func limits(_ facts: KeeperFacts) -> Finding? {
        guard let hardening = facts.hardening else { return nil }
        guard let reason = hardening.unlimited else {
            return .init(.good, "keeper.cgroup", "what all processes of a run in a sandbox use together is limited")
        }
        return .init(.advice, "keeper.cgroup", "the processes of a run in a sandbox are limited one by one, not together (cgroup: none): \(reason)")
    }

    private static func spawner(_ facts: KeeperFacts) -> Finding? {
        guard facts.phase == .unlocked, facts.hasSpawner == false else { return nil }
        return .init(
            .bad, "keeper.spawner", "the process that starts runs has ended: runs are refused", hint: "run `tacit lock`, then `tacit unlock`")
    }

    private static func output(_ facts: KeeperFacts) -> Finding? {
        guard let count = facts.agentsWithheld, count > 0 else { return nil }
        return .init(
            .advice, "agents.output", "output is withheld from \(count) of your agents: it answered guesses at a secret three times within a day",
            hint: "`tacit agent list` names them; look at their runs with `tacit audit list`, then `tacit agent reset-output NAME`")
    }

    private static func clock(_ facts: KeeperFacts) -> Finding? {
        guard let floor = facts.clockFloor else { return nil }
        return .init(
            .bad, "keeper.clock", "the machine's clock went back: it must be at least \(floor.seconds)",
            hint: "set it right, or accept it with `tacit doctor --accept-clock`")
    }
}
