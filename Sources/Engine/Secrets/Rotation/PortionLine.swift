import Storage

/// A portion that is made ready.
struct ReadyPortion: Sendable {
    let walk: RotationWalk
    let change: Change

    init(_ walk: RotationWalk) async throws {
        self.walk = walk
        change = try await walk.change()
    }
}

/// The portions of one request on their way: looked for, made ready and stored beside each other, and stored in the order in which they were found.
struct PortionLine {
    /// How many are held at a time, and how many of them are made ready at a time.
    private static let (most, sealed) = (4, 2)

    /// What has come to its end.
    enum Event: Sendable {
        case found(RotationWalk?)
        case ready(ReadyPortion, Int)
        case stored(RotationRecord)
        /// Somebody else has written where a portion was looked for or made ready: what is being stored then is the last of it.
        case outrun
    }

    /// How far the rotation is; nil until a portion is stored.
    private(set) var stored: RotationRecord?
    private(set) var isOutrun = false
    private let limit: Int
    private var last: RotationWalk
    private var counts = (found: 1, begun: 0, ready: 0, stored: 0)
    private var isSearching = false
    private var isAllFound: Bool
    private var isStoring = false
    private var waiting: [RotationWalk]
    private var ready: [Int: ReadyPortion] = [:]

    init(_ first: RotationWalk, of limit: Int) {
        (self.limit, last, waiting) = (limit, first, [first])
        isAllFound = limit <= 1
    }

    var isDone: Bool { !isStoring && (isOutrun || isAllFound && counts.stored == counts.found) }

    /// Behind what the next portion is to be looked for.
    mutating func nextSearch() -> RotationWalk? {
        guard !isSearching, !isAllFound, !isOutrun, counts.found - counts.stored < Self.most else { return nil }
        isSearching = true
        return last
    }

    /// What is to be made ready, and its number.
    mutating func nextSealing() -> (walk: RotationWalk, number: Int)? {
        guard !isOutrun, counts.begun - counts.ready < Self.sealed, !waiting.isEmpty else { return nil }
        defer { counts.begun += 1 }
        return (waiting.removeFirst(), counts.begun)
    }

    /// What is to be stored, once it is known whether another one follows.
    mutating func nextStoring() -> (portion: ReadyPortion, isLast: Bool)? {
        let number = counts.stored
        guard !isStoring, !isOutrun, isAllFound || counts.found > number + 1, let portion = ready.removeValue(forKey: number) else { return nil }
        isStoring = true
        return (portion, isAllFound && counts.found == number + 1)
    }

    mutating func take(_ event: Event) {
        switch event {
        case .found(let walk):
            isSearching = false
            guard let walk else { return isAllFound = true }
            (last, counts.found) = (walk, counts.found + 1)
            waiting.append(walk)
            isAllFound = counts.found == limit
        case .ready(let portion, let number):
            counts.ready += 1
            ready[number] = portion
        case .stored(let record):
            isStoring = false
            counts.stored += 1
            stored = record
        case .outrun: isOutrun = true
        }
    }
}

extension PortionLine.Event {
    /// The event, or that the line was outrun.
    static func outcome(_ event: @Sendable () async throws -> Self) async throws -> Self {
        do { return try await event() } catch StoreError.conflict { return .outrun }
    }
}
