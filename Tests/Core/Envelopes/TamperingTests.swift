import Envelopes
import Model
import Testing

@Suite("whatever is changed or moved does not open")
struct TamperingTests {
    private let context = SealContext.sample()
    private let key = DataKey.generate()
    private let wrapping = WrappingKey.generate()
    private let sealed: [UInt8]
    private let wrapped: [UInt8]
    private let wrapContext = SealContext.sample(.dataKey)

    init() throws {
        sealed = try key.seal(secret("CANARY-tampering"), context: context)
        wrapped = try wrapping.wrap(key, context: wrapContext)
    }

    private func opening(_ bytes: [UInt8]) -> EnvelopeError? { thrown { _ = try key.open(bytes, context: context) } }
    private func unwrapping(_ bytes: [UInt8]) -> EnvelopeError? { thrown { _ = try wrapping.unwrapDataKey(bytes, context: wrapContext) } }

    private func thrown(_ body: () throws -> Void) -> EnvelopeError? {
        do {
            try body()
        } catch let error as EnvelopeError {
            return error
        } catch {
            Issue.record(error)
        }
        return nil
    }

    @Test("any flipped bit of a sealed value fails")
    func flippedSealed() {
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(opening(changed) == (bit < 8 ? .unknownVersion(changed[0]) : .authenticationFailed), "bit \(bit)")
        }
        #expect(opening(sealed) == nil)
    }

    @Test("any flipped bit of a wrapped key fails")
    func flippedWrapped() {
        for bit in 0..<(wrapped.count * 8) {
            var changed = wrapped
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(unwrapping(changed) == (bit < 8 ? .unknownVersion(changed[0]) : .commitmentMismatch), "bit \(bit)")
        }
        #expect(unwrapping(wrapped) == nil)
    }

    @Test("any truncation and any extension fails")
    func lengths() throws {
        let large = try DataKey.generate().seal(secret([UInt8](repeating: 1, count: 500)), context: context)
        for count in 0..<large.count {
            let isBucket = [64, 128, 256].contains(count - 29)
            #expect(opening(Array(large.prefix(count))) == (isBucket ? .authenticationFailed : .malformedLength), "\(count)")
        }
        for extra in 1...600 {
            let isBucket = [128, 256, 512].contains(64 + extra)
            #expect(opening(sealed + [UInt8](repeating: 0, count: extra)) == (isBucket ? .authenticationFailed : .malformedLength), "\(extra)")
        }
        for count in 0..<wrapped.count { #expect(unwrapping(Array(wrapped.prefix(count))) == .malformedLength) }
        for extra in 1...100 { #expect(unwrapping(wrapped + [UInt8](repeating: 0, count: extra)) == .malformedLength) }
    }

    @Test("a length above the largest bucket is refused before it is opened")
    func tooLong() {
        #expect(opening([1] + [UInt8](repeating: 0, count: 28 + (1 << 20) + (2 << 16))) == .malformedLength)
        #expect(opening([1] + [UInt8](repeating: 0, count: 28 + (1 << 20) + (1 << 16))) == .authenticationFailed)
    }

    /// Contexts that each differ from the sample in one way: another or no part, two parts exchanged.
    private func neighbours(of sample: SealContext) -> [SealContext] {
        func with(_ change: (inout SealContext) -> Void) -> SealContext {
            var changed = sample
            change(&changed)
            return changed
        }
        let other = AnyRecordID(random: .system)
        return [
            sample, with { $0.organization = other.cast() }, with { $0.generation += 1 }, with { $0.generation = -1 },
            with { $0.project = nil }, with { $0.environment = nil }, with { $0.secret = nil }, with { $0.record = nil },
            with { $0.project = other.cast() }, with { $0.environment = other.cast() }, with { $0.secret = other.cast() }, with { $0.record = other },
            with { $0.version = nil }, with { $0.version = 0 }, with { $0.version = 7 }, with { $0.field = nil }, with { $0.field = 6 },
            with { ($0.version, $0.field) = ($0.field, $0.version) },
            with { ($0.generation, $0.field) = ($0.field ?? 0, $0.generation) },
            with { ($0.project, $0.environment) = ($0.environment?.cast(), $0.project?.cast()) },
            with { ($0.environment, $0.secret) = ($0.secret?.cast(), $0.environment?.cast()) },
            with { ($0.secret, $0.record) = ($0.record?.cast(), $0.secret?.cast()) },
            with { ($0.organization, $0.project) = ($0.project?.cast() ?? $0.organization, $0.organization.cast()) },
            with { ($0.project, $0.environment) = (nil, $0.project?.cast()) },
        ]
    }

    @Test("a value sealed in one context opens in no other")
    func contexts() throws {
        let contexts = neighbours(of: .sample())
        #expect(Set(contexts.map(\.associatedData)).count == contexts.count)
        for (index, context) in contexts.enumerated() {
            let key = DataKey.generate()
            let sealed = try key.seal(secret("CANARY-context"), context: context)
            for (other, otherContext) in contexts.enumerated() {
                #expect(
                    thrown { _ = try key.open(sealed, context: otherContext) } == (other == index ? nil : .authenticationFailed), "\(index) \(other)")
            }
        }
    }

    @Test("a key wrapped in one context unwraps in no other")
    func wrappedContexts() throws {
        let contexts = neighbours(of: .sample(.dataKey))
        for (index, context) in contexts.enumerated() {
            let wrapped = try wrapping.wrap(key, context: context)
            for (other, otherContext) in contexts.enumerated() {
                let result = thrown { _ = try wrapping.unwrapDataKey(wrapped, context: otherContext) }
                #expect(result == (other == index ? nil : .commitmentMismatch), "\(index) \(other)")
            }
        }
    }

    @Test("what was sealed or wrapped for one purpose opens for no other", arguments: Purpose.allCases, Purpose.allCases)
    func purposes(_ purpose: Purpose, _ other: Purpose) throws {
        let context = SealContext.sample(purpose)
        let otherContext = SealContext.sample(other)
        let isSame = purpose == other
        switch purpose.content {
        case .value, .document:
            let key = DataKey.generate()
            let sealed =
                purpose.content == .value ? try key.seal(secret("CANARY-p"), context: context) : try key.seal(document: [1], context: context)
            let value = thrown { _ = try key.open(sealed, context: otherContext) }
            let document = thrown { _ = try key.open(document: sealed, context: otherContext) }
            #expect(value == (other.content == .value ? (isSame ? nil : .authenticationFailed) : .wrongPurpose(other)))
            #expect(document == (other.content == .document ? (isSame ? nil : .authenticationFailed) : .wrongPurpose(other)))
        case .dataKey, .wrappingKey:
            let wrapped =
                purpose.content == .dataKey
                ? try wrapping.wrap(key, context: context) : try wrapping.wrap(WrappingKey.generate(), context: context)
            let dataKey = thrown { _ = try wrapping.unwrapDataKey(wrapped, context: otherContext) }
            let wrappingKey = thrown { _ = try wrapping.unwrapWrappingKey(wrapped, context: otherContext) }
            #expect(dataKey == (other.content == .dataKey ? (isSame ? nil : .commitmentMismatch) : .wrongPurpose(other)))
            #expect(wrappingKey == (other.content == .wrappingKey ? (isSame ? nil : .commitmentMismatch) : .wrongPurpose(other)))
        }
    }

    @Test("random contexts that differ have associated data that differs")
    func injective() {
        let seed = UInt64.random(in: .min ... .max)
        var generator = SplitMix(state: seed)
        var seen: [[UInt8]: SealContext] = [:]
        for _ in 0..<5000 {
            let context = SealContext.random(&generator)
            let bytes = context.associatedData
            #expect(seen[bytes] == nil || seen[bytes] == context, "seed \(seed)")
            seen[bytes] = context
        }
    }
}

/// A generator that a printed seed reproduces.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }
}

extension SealContext {
    /// A context from so few ids and numbers that near collisions are common.
    static func random(_ generator: inout SplitMix) -> SealContext {
        func id<Kind>(_ kind: Kind.Type = Kind.self) -> RecordID<Kind>? {
            let byte = UInt8.random(in: 0...2, using: &generator)
            return byte == 0 ? nil : RecordID(random: giving([UInt8](repeating: byte, count: 16)))
        }
        func number() -> Int64? { [nil, 0, 1, -1].randomElement(using: &generator) ?? nil }
        return SealContext(
            Purpose.allCases.randomElement(using: &generator) ?? .value,
            organization: id() ?? RecordID(random: giving([UInt8](repeating: 9, count: 16))),
            project: id(), environment: id(), secret: id(), record: id(), version: number(), field: number(), generation: number() ?? 2)
    }
}
