/// Hands bytes from one task to another, a few pieces ahead at most: who makes them waits for who takes them.
actor ChunkPipe {
    /// How many pieces lie here at most.
    private static let capacity = 4

    private var pieces: [[UInt8]] = []
    private var isEnded = false
    private var isAbandoned = false
    private var taker: CheckedContinuation<Void, Never>?
    private var giver: CheckedContinuation<Void, Never>?

    /// Waits until there is room; throws once nobody takes anything any more.
    func give(_ piece: [UInt8]) async throws {
        while pieces.count >= Self.capacity, !isAbandoned { await withCheckedContinuation { giver = $0 } }
        guard !isAbandoned else { throw CancellationError() }
        pieces.append(piece)
        wakeTaker()
    }

    /// Nothing more comes.
    func end() {
        isEnded = true
        wakeTaker()
    }

    /// Nobody takes anything any more.
    func abandon() {
        (isAbandoned, pieces) = (true, [])
        wakeGiver()
    }

    /// The next piece; nil at the end.
    func take() async -> [UInt8]? {
        while pieces.isEmpty, !isEnded { await withCheckedContinuation { taker = $0 } }
        guard !pieces.isEmpty else { return nil }
        defer { wakeGiver() }
        return pieces.removeFirst()
    }

    private func wakeTaker() {
        taker?.resume()
        taker = nil
    }

    private func wakeGiver() {
        giver?.resume()
        giver = nil
    }
}
