/// How much is judged at once: about as much as takes a few hundredths of a second, so that a run hears of its limit and of its keeper in between.
///
/// Some values and texts are judged thousands of times as slowly as others. What comes out is the same for each size.
struct Portion {
    static let smallest = 1 << 10
    static let largest = 64 << 10
    /// Milliseconds: below the first more is taken the next time, above the second less.
    private static let pleasant: ClosedRange<Int64> = 10...50

    private(set) var byteCount = 4 << 10

    /// Judges so many bytes, and takes the next portion by how long that took.
    mutating func judge(_ count: Int, clock: () -> Int64 = MonotonicClock.now, _ judgement: () -> Void) {
        let start = clock()
        judgement()
        let time = clock() - start
        if time > Self.pleasant.upperBound {
            byteCount = max(Self.smallest, count * Int(Self.pleasant.lowerBound) / Int(clamping: time))
        } else if time < Self.pleasant.lowerBound, count == byteCount {
            byteCount = min(Self.largest, byteCount * 2)
        }
    }
}
