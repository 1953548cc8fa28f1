import Model
import Storage

extension StorageContract {
    static let keyCases = [
        promise("keys lie with their owner, newest generation first") { trial in
            let owner = trial.rows.record(.project)
            let keys = [(1, 1), (1, 2), (2, 2)].map { trial.rows.key(of: owner.id, generation: $0, wrapping: $1) }
            try await trial.refuses(.insertKey(keys[0]), as: .conflict(nil))
            try await trial.stores(Batch([.put(owner, replacing: nil)] + keys.map { .insertKey($0) }))
            try trial.expectEqual(try await trial.store.keys(of: owner.id, in: trial.rows.organization), keys.reversed())
            try trial.expectEqual(try await trial.store.keys(of: owner.id, in: trial.rows.elsewhere.organization), [])
            try await trial.refuses(.insertKey(trial.rows.key(of: owner.id)), as: .conflict(nil))
        },
        promise("a key is deleted by owner, generation and wrapping generation") { trial in
            let owner = trial.rows.record(.project)
            let keys = [(1, 1), (1, 2)].map { trial.rows.key(of: owner.id, generation: $0, wrapping: $1) }
            try await trial.stores(Batch([.put(owner, replacing: nil)] + keys.map { .insertKey($0) }))
            let (mine, other) = (trial.rows.organization, trial.rows.elsewhere.organization)
            try await trial.refuses(.deleteKey(owner: owner.id, generation: 1, wrapping: 1, in: other), as: .conflict(nil))
            try await trial.stores(.deleteKey(owner: owner.id, generation: 1, wrapping: 1, in: mine))
            try await trial.refuses(.deleteKey(owner: owner.id, generation: 1, wrapping: 1, in: mine), as: .conflict(nil))
            try trial.expectEqual(try await trial.store.keys(of: owner.id, in: mine), [keys[1]])
        },
    ]

    static let expectationCases = [
        promise("what expects a key to be the newest is stored while it is, whole or not at all") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, project) = (trial.rows.organization, tree.project.id)
            let expectations = (1...2).map { Batch.Operation.expectNewestKey(owner: project, generation: $0, in: mine) }
            try await trial.stores(tree.batch)
            try await trial.refuses(expectations[0], as: .conflict(.project))
            try await trial.stores(.insertKey(trial.rows.key(of: project)))
            try await trial.stores(expectations[0], .insertVersion(trial.rows.version(1, of: tree.secret)))
            try await trial.refuses(
                .expectNewestKey(owner: project, generation: 1, in: trial.rows.elsewhere.organization), as: .conflict(.project))
            try await trial.stores(.insertKey(trial.rows.key(of: project, generation: 2)))
            let refused = try await trial.store.commit([Batch([.insertVersion(trial.rows.version(2, of: tree.secret)), expectations[0]])])
            try trial.expectEqual(refused.map(\.error), [.conflict(.project)])
            try trial.expectEqual(try await trial.store.versions(of: SecretID(tree.secret), in: mine).map(\.number), [1])
            try await trial.stores(.insertVersion(trial.rows.version(2, of: tree.secret)), expectations[1])
        }
    ]

    static let versionCases = [
        promise("versions are read one by one or newest first") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, secret) = (trial.rows.organization, SecretID(tree.secret))
            try await trial.refuses(.insertVersion(trial.rows.version(1, of: tree.secret)), as: .conflict(.secret))
            try await trial.stores(tree.batch)
            let versions = (1...3).map { trial.rows.version($0, of: tree.secret) }
            try await trial.stores(Batch(versions.map { .insertVersion($0) }))
            try await trial.refuses(.insertVersion(versions[1]), as: .conflict(.secret))
            try trial.expectEqual(try await trial.store.versions(of: secret, in: mine), versions.reversed())
            try trial.expectEqual(try await trial.store.version(2, of: secret, in: mine), versions[1])
            try trial.expectEqual(try await trial.store.version(4, of: secret, in: mine), nil)
            try trial.expectEqual(try await trial.store.versions(of: secret, in: trial.rows.elsewhere.organization), [])
        },
        promise("a moment before 1970 comes back as it was") { trial in
            let tree = SampleTree(trial.rows)
            var version = trial.rows.version(1, of: tree.secret)
            version.createdAt = Timestamp(nanoseconds: .min)
            try await trial.stores(tree.batch)
            try await trial.stores(.insertVersion(version))
            try trial.expectEqual(try await trial.store.version(1, of: SecretID(tree.secret), in: trial.rows.organization), version)
        },
        promise("versions of several secrets come with their fields, in order, as many as there is room for") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, secret) = (trial.rows.organization, SecretID(tree.secret))
            try await trial.stores(tree.batch)
            var wanted: [SealedVersion] = []
            for number in 1...4 where number != 2 {
                let pairs = (0..<2).map { trial.rows.pair(FieldAddress(secret: secret, version: Int64(number), ordinal: $0)) }
                let inserts = pairs.flatMap { [.insertCiphertext($0.ciphertext), .insertDataKey($0.key)] as [Batch.Operation] }
                try await trial.stores(Batch([.insertVersion(trial.rows.version(Int64(number), of: tree.secret))] + inserts))
                wanted.append(SealedVersion(secret: secret, number: Int64(number), fields: pairs))
            }
            let nobody = VersionRange(secret: SecretID(random: .system), numbers: 1...9)
            let all = [nobody, VersionRange(secret: secret, numbers: 1...4), nobody]
            try trial.expectEqual(try await trial.store.versions(all, upTo: 1 << 20, in: mine), wanted)
            try trial.expectEqual(try await trial.store.versions(all, upTo: 1, in: mine), Array(wanted.prefix(1)))
            try trial.expectEqual(try await trial.store.versions(all, upTo: wanted[0].byteCount + 1, in: mine), Array(wanted.prefix(2)))
            let some = [VersionRange(secret: secret, numbers: 3...3), VersionRange(secret: secret, numbers: 1...1)]
            try trial.expectEqual(try await trial.store.versions(some, upTo: 1 << 20, in: mine), [wanted[1], wanted[0]])
            try trial.expectEqual(try await trial.store.versions(all, upTo: 1 << 20, in: trial.rows.elsewhere.organization), [])
        },
        promise("fields come in order of their ordinals, each key with the ciphertext of its seal") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, secret) = (trial.rows.organization, SecretID(tree.secret))
            let pairs = (0..<4).map { trial.rows.pair(FieldAddress(secret: secret, version: 1, ordinal: $0)) }
            try await trial.stores(tree.batch)
            try await trial.refuses(.insertDataKey(pairs[0].key), as: .conflict(.secret))
            try await trial.refuses(.insertCiphertext(pairs[0].ciphertext), as: .conflict(.secret))
            let inserts = pairs.reversed().flatMap { [.insertCiphertext($0.ciphertext), .insertDataKey($0.key)] as [Batch.Operation] }
            try await trial.stores(Batch([.insertVersion(trial.rows.version(1, of: tree.secret))] + inserts))
            try await trial.refuses(.insertDataKey(pairs[0].key), as: .conflict(.secret))
            try await trial.refuses(.insertCiphertext(pairs[0].ciphertext), as: .conflict(.secret))
            try trial.expectEqual(try await trial.store.fields(of: secret, version: 1, in: mine), pairs)
            try trial.expectEqual(try await trial.store.field(pairs[2].key.address, in: mine), pairs[2])
            try trial.expectEqual(try await trial.store.field(pairs[2].key.address, in: trial.rows.elsewhere.organization), nil)
            try trial.expectEqual(try await trial.store.fields(of: secret, version: 2, in: mine), [])
        },
        promise("while a field is rewrapped or resealed the newest whole pair is read") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, address) = (trial.rows.organization, FieldAddress(secret: SecretID(tree.secret), version: 1, ordinal: 0))
            let old = trial.rows.pair(address)
            try await trial.stores(tree.batch)
            try await trial.stores(.insertVersion(trial.rows.version(1, of: tree.secret)), .insertDataKey(old.key))
            try trial.expectEqual(try await trial.store.field(address, in: mine), nil)
            try await trial.stores(.insertCiphertext(old.ciphertext))
            let rewrapped = SealedField(key: trial.rows.dataKey(address, generation: 2), ciphertext: old.ciphertext)
            try await trial.refuses(.insertDataKey(rewrapped.key), as: .conflict(.secret))
            try await trial.stores(.rewrapDataKey(rewrapped.key, replacing: 1))
            try trial.expectEqual(try await trial.store.field(address, in: mine), rewrapped)
            let resealed = SealedField(key: trial.rows.dataKey(address, seal: 2), ciphertext: trial.rows.ciphertext(address, seal: 2))
            try await trial.stores(.insertDataKey(resealed.key))
            try trial.expectEqual(try await trial.store.fields(of: address.secret, version: 1, in: mine), [rewrapped])
            try await trial.stores(.insertCiphertext(resealed.ciphertext))
            try trial.expectEqual(try await trial.store.fields(of: address.secret, version: 1, in: mine), [resealed])
            try await trial.stores(.deleteDataKey(address, generation: 1, seal: 2, in: mine), .deleteCiphertext(address, seal: 2, in: mine))
            try trial.expectEqual(try await trial.store.field(address, in: mine), rewrapped)
            try await trial.refuses(.deleteDataKey(address, generation: 1, seal: 2, in: mine), as: .conflict(.secret))
            try await trial.refuses(.deleteCiphertext(address, seal: 2, in: mine), as: .conflict(.secret))
        },
        promise("a deleted version takes its data keys and ciphertexts along, and nothing else") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, secret) = (trial.rows.organization, SecretID(tree.secret))
            try await trial.stores(tree.batch)
            try await trial.stores(Batch(trial.rows.fields(of: tree.secret, version: 1) + trial.rows.fields(of: tree.secret, version: 2)))
            let deletion = Batch.Operation.deleteVersion(secret: secret, number: 1, in: mine)
            try await trial.refuses(.deleteVersion(secret: secret, number: 1, in: trial.rows.elsewhere.organization), as: .conflict(.secret))
            try await trial.stores(deletion)
            try await trial.refuses(deletion, as: .conflict(.secret))
            try trial.expectEqual(try await trial.store.versions(of: secret, in: mine).map(\.number), [2])
            try trial.expectEqual(try await trial.store.fields(of: secret, version: 1, in: mine), [])
            try trial.expectEqual(try await trial.store.fields(of: secret, version: 2, in: mine).count, 2)
            try await trial.stores(Batch(trial.rows.fields(of: tree.secret, version: 1)))
        },
        promise("rewrapping a secret slice by slice ends, and leaves others alone") { trial in
            let (tree, other) = (SampleTree(trial.rows), SampleTree(trial.rows))
            let (mine, secret) = (trial.rows.organization, SecretID(tree.secret))
            for tree in [tree, other] {
                try await trial.stores(tree.batch)
                let fields = (1...3).flatMap { trial.rows.fields(of: tree.secret, version: $0, count: 3) }
                try await trial.stores(Batch(fields))
            }
            var rewrapped = 0
            while true {
                let slice = try await trial.store.dataKeys(of: [secret], notUnder: 2, after: nil, limit: 4, in: mine)
                if slice.isEmpty { break }
                try trial.expect(slice.count <= 4 && slice.allSatisfy { $0.address.secret == SecretID(tree.secret) }, "a foreign data key")
                rewrapped += slice.count
                try await trial.stores(
                    Batch(
                        slice.map { .rewrapDataKey(trial.rows.dataKey($0.address, generation: 2, seal: $0.seal), replacing: 1) }))
            }
            try trial.expectEqual(rewrapped, 9)
            let left = try await trial.store.dataKeys(of: [SecretID(other.secret)], notUnder: 2, after: nil, limit: .max, in: mine)
            try trial.expectEqual(left.count, 9)
            let elsewhere = trial.rows.elsewhere.organization
            try trial.expectEqual(try await trial.store.dataKeys(of: [secret], notUnder: 3, after: nil, limit: 9, in: elsewhere), [])
        },
        promise("a data key is wrapped under another generation where it lies, and only the one that stands there") { trial in
            let tree = SampleTree(trial.rows)
            let (mine, address) = (trial.rows.organization, FieldAddress(secret: SecretID(tree.secret), version: 1, ordinal: 0))
            let (old, new) = (trial.rows.pair(address), trial.rows.dataKey(address, generation: 2))
            try await trial.stores(tree.batch)
            try await trial.stores(.insertVersion(trial.rows.version(1, of: tree.secret)), .insertDataKey(old.key), .insertCiphertext(old.ciphertext))
            var elsewhere = new
            elsewhere.organization = trial.rows.elsewhere.organization
            for refused in [
                .rewrapDataKey(new, replacing: 3), .rewrapDataKey(trial.rows.dataKey(address, generation: 2, seal: 2), replacing: 1),
                .rewrapDataKey(elsewhere, replacing: 1),
                .rewrapDataKey(trial.rows.dataKey(FieldAddress(secret: address.secret, version: 1, ordinal: 1), generation: 2), replacing: 1),
            ] as [Batch.Operation] { try await trial.refuses(refused, as: .conflict(.secret)) }
            try await trial.refuses(.rewrapDataKey(trial.rows.dataKey(address), replacing: 1), as: .malformedRow)
            try trial.expectEqual(try await trial.store.field(address, in: mine), old)
            try await trial.stores(.rewrapDataKey(new, replacing: 1))
            try trial.expectEqual(
                try await trial.store.fields(of: address.secret, version: 1, in: mine), [SealedField(key: new, ciphertext: old.ciphertext)])
            try trial.expectEqual(try await trial.store.dataKeys(of: [address.secret], notUnder: 2, after: nil, limit: 9, in: mine), [])
            try await trial.stores(.rewrapDataKey(trial.rows.dataKey(address, generation: 1), replacing: 2))
            try await trial.refuses(.rewrapDataKey(trial.rows.dataKey(address, generation: 3), replacing: 2), as: .conflict(.secret))
        },
        promise("data keys come by secret, version and field, and go on behind any of them") { trial in
            let tree = SampleTree(trial.rows)
            let more = (0..<3).map { _ in trial.rows.record(.secret, in: tree.environment.id) }
            let (mine, environment) = (trial.rows.organization, EnvironmentID(tree.environment))
            try await trial.stores(tree.batch)
            try await trial.stores(Batch(more.map { .put($0, replacing: nil) }))
            for secret in [tree.secret] + more {
                try await trial.stores(Batch((1...3).flatMap { trial.rows.fields(of: secret, version: $0, count: 2) }))
            }
            let secrets = ([tree.secret] + more).map { SecretID($0) }.sorted()
            let all = try await trial.store.dataKeys(of: secrets, notUnder: 2, after: nil, limit: .max, in: mine)
            try trial.expectEqual(all.count, 24)
            try trial.expectEqual(all.map(\.address), all.map(\.address).sorted())
            for (index, key) in all.enumerated() {
                let rest = try await trial.store.dataKeys(of: secrets, notUnder: 2, after: key.address, limit: 5, in: mine)
                try trial.expectEqual(rest, Array(all[(index + 1)...].prefix(5)))
            }
            try trial.expectEqual(try await trial.store.versionCount(inEnvironment: environment, in: mine), 12)
            try trial.expectEqual(try await trial.store.versionCount(inEnvironment: environment, in: trial.rows.elsewhere.organization), 0)
        },
        promise("a ciphertext of a megabyte comes back as it was") { trial in
            let tree = SampleTree(trial.rows)
            let address = FieldAddress(secret: SecretID(tree.secret), version: 1, ordinal: 0)
            var pair = trial.rows.pair(address)
            pair.ciphertext.sealed = Array(repeating: 0xA5, count: (1 << 20) + 77)
            try await trial.stores(tree.batch)
            try await trial.stores(
                .insertVersion(trial.rows.version(1, of: tree.secret)), .insertDataKey(pair.key), .insertCiphertext(pair.ciphertext))
            try trial.expect(try await trial.store.field(address, in: trial.rows.organization) == pair, "the megabyte changed")
        },
    ]
}

extension SampleRows {
    fileprivate func pair(_ address: FieldAddress) -> SealedField {
        SealedField(key: dataKey(address), ciphertext: ciphertext(address))
    }
}

extension RecordID {
    /// The id of a record, seen as that of its kind.
    init(_ record: Record) { self = record.id.cast() }
}
