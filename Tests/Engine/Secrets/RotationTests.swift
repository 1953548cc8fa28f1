import Auditing
import Envelopes
import Model
import Policies
import Storage
import TestKit
import Testing

@testable import Secrets

/// New keys, with everything that there is moved under them while the rest goes on.
@Suite struct RotationTests {
    static let shop = RotationWish(.project, project: VaultBench.segment("default"))
    static let everything = RotationWish(.reseal)

    /// A vault with two projects, versions, several fields, a deleted secret and a second environment.
    static func bench() async throws -> VaultBench {
        let bench = try await VaultBench.unlocked()
        for number in 1...3 { try await bench.set("app/key", "CANARY-\(number)".secret) }
        for number in 1...5 { try await bench.set("many/n\(number)", "CANARY-many-\(number)".secret) }
        _ = try await bench.open.set(
            VaultBench.write("app/key", "CANARY-user".secret, field: "user", kind: .plain), in: VaultBench.dev, by: bench.person())
        try await bench.set("app/gone", "CANARY-gone".secret)
        _ = try await bench.open.delete(VaultBench.name("app/gone"), in: VaultBench.dev, by: bench.person())
        try await bench.open.createEnvironment(VaultBench.segment("prod"), in: VaultBench.segment("default"), by: bench.person())
        try await bench.set("app/key", "CANARY-prod".secret, in: VaultBench.scope("default/prod"))
        try await bench.open.createProject(VaultBench.segment("other"), by: bench.person())
        try await bench.set("app/key", "CANARY-other".secret, in: VaultBench.scope("other/dev"))
        return bench
    }

    /// Whether every value that `bench()` wrote is what it was.
    static func check(_ bench: VaultBench) async throws {
        for number in 1...3 { #expect(try await bench.reveal("app/key", version: Int64(number), field: "value") == "CANARY-\(number)") }
        #expect(try await bench.reveal("app/key", version: 4, field: "user") == "CANARY-user")
        for number in 1...5 { #expect(try await bench.reveal("many/n\(number)") == "CANARY-many-\(number)") }
        #expect(try await bench.reveal("app/key", in: VaultBench.scope("default/prod")) == "CANARY-prod")
        #expect(try await bench.reveal("app/key", in: VaultBench.scope("other/dev")) == "CANARY-other")
        var filter = ListFilter()
        filter.includesDeleted = true
        let names = try await bench.open.list(VaultBench.dev, filter, by: bench.person()).views.map(\.name.description)
        #expect(names.filter { !$0.hasPrefix("busy/") }.count == 7)
    }

    /// The generations of project keys that stand somewhere: as keys, over data keys, over names.
    static func generations(_ bench: VaultBench, of project: String = "default") async throws -> (keys: Set<Int64>, used: Set<Int64>) {
        let row = try #require(try await bench.open.book.record(.project, parent: nil, name: project))
        let dump = try await StoreDump(of: bench.store)
        let keys = Set(dump.keys.filter { $0.owner == row.id }.map(\.generation))
        var used: Set<Int64> = []
        for environment in dump.records where environment.kind == .environment && environment.parent == row.id {
            used.insert(try SealedRecord(decoding: environment.content).metadata.generation)
            for secret in dump.records where secret.kind == .secret && secret.parent == environment.id {
                let scope = try Scope(parsing: "default/dev")
                let place = Place(
                    organization: secret.organization, project: row.id.cast(), environment: environment.id.cast(), scope: scope)
                used.insert(try SecretRecord(secret, place: place).metadata.generation)
                used.formUnion(dump.fields.filter { $0.key.address.secret == secret.id.cast() }.map(\.key.generation))
            }
        }
        return (keys, used)
    }

    @Test(
        "a project's key is new, everything is under it, the old one is gone, and every value is what it was", arguments: [1, 3, 2048], [1, 8])
    func project(portion: Int, portions: Int) async throws {
        let bench = try await Self.bench()
        let done = try await bench.rotate(Self.shop, portion: portion, portions: portions)
        #expect(done.versions == 11 && done.total == 11 && done.destroyed == 1)
        for _ in 1...2 {
            let found = try await Self.generations(bench)
            #expect(found.keys == [2] && found.used == [2])
            let other = try await Self.generations(bench, of: "other")
            #expect(other.keys == [1] && other.used == [1])
            try await Self.check(bench)
            #expect(try await bench.verify().verdict.isIntact)
            try await bench.relock()
        }
        _ = try await bench.open.undelete(VaultBench.name("app/gone"), in: VaultBench.dev, by: bench.person())
        #expect(try await bench.reveal("app/gone") == "CANARY-gone")
        // Once more: generations go on.
        _ = try await bench.rotate(Self.shop, portion: portion, portions: portions)
        let again = try await Self.generations(bench)
        #expect(again.keys == [3] && again.used == [3])
        try await Self.check(bench)
    }

    @Test(
        "values stay sealed as they are when a project's key is new; a reseal seals each anew, under a data key of its own", arguments: [1, 4, 2048],
        [1, 8])
    func reseal(portion: Int, portions: Int) async throws {
        let bench = try await Self.bench()
        let before = try await StoreDump(of: bench.store)
        _ = try await bench.rotate(Self.shop, portion: portion, portions: portions)
        let rotated = try await StoreDump(of: bench.store)
        #expect(Set(rotated.fields.map(\.ciphertext.sealed)) == Set(before.fields.map(\.ciphertext.sealed)))
        let done = try await bench.rotate(Self.everything, portion: portion, portions: portions)
        #expect(done.versions == 12 && done.total == 12 && done.destroyed == 2)
        let resealed = try await StoreDump(of: bench.store)
        #expect(resealed.fields.count == before.fields.count)
        #expect(Set(resealed.fields.map(\.ciphertext.sealed)).isDisjoint(with: before.fields.map(\.ciphertext.sealed)))
        #expect(resealed.fields.allSatisfy { $0.key.seal == 2 && $0.ciphertext.seal == 2 })
        for project in ["default", "other"] {
            let found = try await Self.generations(bench, of: project)
            #expect(found.keys.count == 1 && found.keys == found.used)
        }
        try await bench.relock()
        try await Self.check(bench)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("a lock, a restart and another root key between the portions change nothing", arguments: [Self.shop, Self.everything])
    func interrupted(wish: RotationWish) async throws {
        var bench = try await Self.bench()
        _ = try await bench.open.beginRotation(wish, by: bench.person())
        var phase = RotationProgress.Phase.moving
        var count = 0
        while phase != .done {
            switch count % 4 {
            case 0: try await bench.relock()
            case 1:
                try await bench.lock()
                bench = bench.restarted()
                #expect(try await bench.unlock().warnings == ["a rotation of keys is not done: go on with `tacit rotate resume`"])
            case 2: _ = try await bench.vault.rotateRoot(password: VaultBench.password.secret, by: bench.person())
            default: _ = try await bench.open.beginRotation(wish, by: bench.person())
            }
            count += 1
            try await Self.check(bench)
            phase = try await bench.open.rotate(portion: 4, by: bench.person()).phase
        }
        #expect(count > 8)
        #expect(try await Self.generations(bench).keys == [2])
        try await bench.lock()
        #expect(try await bench.unlock().warnings.isEmpty)
        try await Self.check(bench)
    }

    @Test("what was made ready under the old key before it began is not stored, and the write is right all the same") func readyBefore() async throws
    {
        let bench = try await Self.bench()
        let open = try bench.open
        let place = try #require(try await open.place(VaultBench.dev))
        let secret = SecretRecord.fresh(in: place, now: open.clock.now(), random: open.random)
        var change = Change()
        let write = VaultBench.write("late/one", "CANARY-late".secret)
        let field = Manifest.Field(name: VaultBench.segment("value"), kind: .secret, binding: nil)
        _ = try await open.add(secret, SecretMetadata(name: write.name), [(field, "CANARY-late".secret)], now: open.clock.now(), to: &change)
        _ = try await open.beginRotation(Self.shop, by: bench.person())
        let late = change
        await #expect(throws: StoreError.conflict(.project)) {
            try await open.authorizer.state(.secretSet, by: bench.person(), on: [], change: late)
        }
        try await bench.set("late/one", "CANARY-late".secret)
        _ = try await bench.rotate(Self.shop)
        #expect(try await Self.generations(bench).used == [2])
        #expect(try await bench.reveal("late/one") == "CANARY-late")
    }

    @Test(
        "whoever writes, renames, tags, deletes and reads meanwhile is right, and nothing is left under the old key",
        arguments: [Self.shop, Self.everything], [1, 8])
    func busy(wish: RotationWish, portions: Int) async throws {
        let bench = try await Self.bench()
        let (open, person) = (try bench.open, bench.person())
        try await bench.busily { name, number in
            var patch = MetadataPatch()
            patch.addTags = ["t\(number % 3)"]
            _ = try await open.patch(name, in: VaultBench.dev, patch, expectedRevision: nil, by: person)
        } during: {
            for _ in 0..<3 {
                _ = try await open.beginRotation(wish, by: person)
                while try await open.rotate(portion: 5, portions: portions, by: person).phase != .done {}
            }
        }
        let found = try await Self.generations(bench)
        #expect(found.keys == [4] && found.used == [4])
        try await Self.check(bench)
        try await bench.relock()
        try await Self.check(bench)
        #expect(try await bench.verify().verdict.isIntact)
    }

    @Test("what comes back under the old key, behind where the pass is, is found before that key goes") func putBack() async throws {
        let bench = try await Self.bench()
        let old = try await StoreDump(of: bench.store).fields.map(\.key)
        _ = try await bench.open.beginRotation(Self.shop, by: bench.person())
        while try await bench.open.rotate(portion: 5, by: bench.person()).phase == .moving {}
        let moved = try await StoreDump(of: bench.store).fields.map(\.key)
        let (first, now) = try #require(zip(old, moved).first { $0.generation != $1.generation })
        let back: [Batch.Operation] = [
            .deleteDataKey(now.address, generation: now.generation, seal: now.seal, in: now.organization), .insertDataKey(first),
        ]
        for result in try await bench.store.commit([Batch(back)]) { try result.get() }
        #expect(try await Self.generations(bench).used == [1, 2])
        while try await bench.open.rotate(portion: 5, by: bench.person()).phase != .done {}
        let found = try await Self.generations(bench)
        #expect(found.keys == [2] && found.used == [2])
        try await bench.relock()
        try await Self.check(bench)
    }

    @Test("two who drive it at once come to one end; another one waits until it is done") func two() async throws {
        let bench = try await Self.bench()
        let (open, person) = (try bench.open, bench.person())
        await #expect(throws: EngineError.noRotation) { try await open.rotate(by: person) }
        #expect(try await open.rotation(by: person).rotation == nil)
        _ = try await open.beginRotation(Self.shop, by: person)
        await #expect(throws: EngineError.rotationUnderway) { try await open.beginRotation(Self.everything, by: person) }
        let other = RotationWish(.project, project: VaultBench.segment("other"))
        await #expect(throws: EngineError.rotationUnderway) { try await open.beginRotation(other, by: person) }
        let shown = try #require(try await open.rotation(by: bench.person(steppedUp: false)).rotation)
        #expect(shown.project?.description == "default" && shown.phase == .moving && shown.total == 11)
        let ends = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    _ = try await open.beginRotation(Self.shop, by: person)
                    while true {
                        do { if try await open.rotate(portion: 2, by: person).phase == .done { return true } } catch EngineError.noRotation {
                            return false
                        }
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(ends.contains(true))
        let found = try await Self.generations(bench)
        #expect(found.keys == found.used && found.keys.count == 1)
        _ = try await bench.rotate(Self.everything)
        try await Self.check(bench)
    }

    @Test("it asks the person again, and agents never reach it") func persons() async throws {
        let bench = try await Self.bench()
        try await bench.allow([.envInject, .maskedReturn, .reveal], keys: "**")
        let (open, dump) = (try bench.open, try await StoreDump(of: bench.store))
        for wish in [Self.shop, Self.everything, RotationWish(.project, project: VaultBench.segment("none"))] {
            await #expect(throws: EngineError.stepUpRequired) { try await open.beginRotation(wish, by: bench.person(steppedUp: false)) }
            for asker in [try bench.agent(), bench.nobody()] {
                await #expect(throws: EngineError.denied(.personOnly)) { try await open.beginRotation(wish, by: asker) }
            }
        }
        for asker in [try bench.agent(), bench.nobody()] {
            await #expect(throws: EngineError.denied(.personOnly)) { try await open.rotate(by: asker) }
            await #expect(throws: EngineError.denied(.personOnly)) { try await open.rotation(by: asker) }
        }
        await #expect(throws: EngineError.stepUpRequired) { try await open.rotate(by: bench.person(steppedUp: false)) }
        await #expect(throws: EngineError.notFound(.project)) {
            try await open.beginRotation(RotationWish(.project, project: VaultBench.segment("none")), by: bench.person())
        }
        #expect(try await StoreDump(of: bench.store).keys == dump.keys)
    }

    @Test("the log has its begin, its portions and its end with counts, and no name", arguments: [1, 3]) func log(portions: Int) async throws {
        let bench = try await Self.bench()
        let start = Int64(try await bench.log().count) + 1
        _ = try await bench.rotate(Self.shop, portion: 8, portions: portions)
        _ = try await bench.rotate(Self.everything, portion: 8, portions: portions)
        let entries = try await bench.log(from: start).filter { $0.action.text.hasPrefix("rotation.") }
        #expect(entries.first?.action == .known(.rotationBegin) && entries.last?.action == .known(.rotationEnd))
        #expect(entries.allSatisfy { $0.subjects.allSatisfy { $0.name == nil } })
        let versions = entries.filter { $0.action == .known(.rotationStep) }.compactMap { $0.detail.first { $0.key == "versions" } }
        #expect(versions.compactMap { Int($0.value) }.reduce(0, +) == 23)
        #expect(entries.last?.detail == [.init("rotation", "reseal"), .init("versions", 12), .init("rows", 12), .init("destroyed", 2)])
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("a project that was deleted meanwhile ends it") func deletedProject() async throws {
        let bench = try await Self.bench()
        try await bench.open.createProject(VaultBench.segment("short"), by: bench.person())
        _ = try await bench.open.beginRotation(RotationWish(.project, project: VaultBench.segment("short")), by: bench.person())
        try await bench.open.deleteProject(VaultBench.segment("short"), by: bench.person())
        #expect(try await bench.open.rotation(by: bench.person()).rotation?.project == nil)
        while try await bench.open.rotate(by: bench.person()).phase != .done {}
        #expect(try await bench.open.rotation(by: bench.person()).rotation == nil)
        try await bench.relock()
        try await Self.check(bench)
    }

    @Test("a portion holds no more than was asked for, however many rows there are") func bounded() async throws {
        let bench = try await Self.bench()
        let open = try bench.open
        _ = try await open.beginRotation(Self.shop, by: bench.person())
        let row = try #require(try await open.book.record(.rotation, parent: nil, name: RotationRecord.name))
        var record = try RotationRecord(decoding: row.content)
        for room in [1, 3, 7] {
            let walk = try await RotationWalk(record, room: room, in: open) { throw EngineError.locked }.done()
            #expect(try await walk.change().operations.filter { if case .expectNewestKey = $0 { false } else { true } }.count <= room)
            record = walk.record
        }
    }

    @Test("a portion that is made ready before the one before it is stored moves nothing of that one again, and both are stored")
    func ahead() async throws {
        let bench = try await Self.bench()
        let open = try bench.open
        _ = try await open.beginRotation(Self.shop, by: bench.person())
        let row = try #require(try await open.book.record(.rotation, parent: nil, name: RotationRecord.name))
        for room in [1, 2, 3, 5, 8] {
            let first = try await RotationWalk(RotationRecord(decoding: row.content), room: room, in: open) { throw EngineError.locked }.done()
            let second = try await RotationWalk(after: first, room: room).done()
            let third = try await RotationWalk(after: second, room: room).done()
            let changes = [try await first.change(), try await second.change(), try await third.change()]
            let ids = changes.flatMap { $0.added.map(\.id) }
            let keys = changes.flatMap(\.rewrapped)
            #expect(Set(ids).count == ids.count && Set(keys).count == keys.count)
            for change in changes { #expect(change.added.count + change.rewrapped.count == room) }
        }
        var requests = 0
        while try await open.rotate(portion: 2, portions: 100, by: bench.person()).phase == .moving { requests += 1 }
        // All of a pass goes in one request, and the next begins when it is stored.
        #expect(requests == 0)
        while try await open.rotate(portion: 2, portions: 100, by: bench.person()).phase != .done {}
        #expect(try await Self.generations(bench).used == [2])
        try await Self.check(bench)
    }

    @Test(
        "what somebody purges between two portions is in none of them, and what was stored before stays stored",
        arguments: [Self.shop, Self.everything])
    func purgedBetween(wish: RotationWish) async throws {
        let bench = try await Self.bench()
        let (open, person) = (try bench.open, bench.person())
        _ = try await open.beginRotation(wish, by: person)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { while try await open.rotate(portion: 1, portions: 50, by: person).phase != .done {} }
            group.addTask {
                for number in 1...5 {
                    _ = try await open.delete(VaultBench.name("many/n\(number)"), in: VaultBench.dev, by: person)
                    try await open.purge(VaultBench.name("many/n\(number)"), in: VaultBench.dev, by: person)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await Self.generations(bench).used == [2])
        for number in 1...3 { #expect(try await bench.reveal("app/key", version: Int64(number), field: "value") == "CANARY-\(number)") }
        #expect(try await bench.verify().verdict.isIntact)
        #expect(try await bench.verify().missingOutcomes.isEmpty)
    }

    @Test("values of a mebibyte are sealed anew a few at a time") func large() async throws {
        let bench = try await VaultBench.unlocked()
        let value = SecretValue(copying: unsafe [UInt8](repeating: 0x41, count: 1 << 20).span.bytes)
        for number in 1...12 { try await bench.set("big/n\(number)", value) }
        _ = try await bench.open.beginRotation(Self.everything, by: bench.person())
        var most = 0
        var before: Int64 = 0
        while true {
            let progress = try await bench.open.rotate(by: bench.person())
            most = max(most, Int(progress.versions - before))
            before = progress.versions
            if progress.phase == .done { break }
        }
        #expect(before == 12 && most < 12)
        for number in 1...12 { #expect(try await bench.reveal("big/n\(number)").utf8.count == 1 << 20) }
    }
}

extension VaultBench {
    /// A rotation from begin to end.
    @discardableResult
    func rotate(_ wish: RotationWish, portion: Int = OpenVault.usualPortion, portions: Int = 1) async throws -> RotationProgress {
        var progress = try await open.beginRotation(wish, by: person())
        while progress.phase != .done { progress = try await open.rotate(portion: portion, portions: portions, by: person()) }
        return progress
    }
}

extension Change {
    /// The fields whose data key comes under another one.
    fileprivate var rewrapped: [FieldAddress] {
        operations.compactMap { if case .rewrapDataKey(let key, _) = $0 { key.address } else { nil } }
    }
}
