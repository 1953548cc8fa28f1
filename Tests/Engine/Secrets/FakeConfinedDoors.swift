import Synchronization

@testable import Secrets

/// Remembers for whom the keeper was to listen, and which of these doors were closed.
final class FakeConfinedDoors: ConfinedDoorSupply {
    final class Door: ConfinedDoor {
        let agent: ConfinedAgent
        private let flag = Flag(false)

        init(_ agent: ConfinedAgent) { self.agent = agent }

        var isEnded: Bool { flag.isSet }
        func end() { flag.set() }
    }

    private let state = Mutex<[Door]>([])

    var doors: [Door] { state.withLock(\.self) }

    func open(at place: any DoorPlace, for agent: ConfinedAgent) -> (any ConfinedDoor)? {
        state.withLock { doors in
            let door = Door(agent)
            doors.append(door)
            return door
        }
    }
}
