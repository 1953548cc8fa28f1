extension RecordID {
    /// Makes an id from its two big-endian halves, as a driver reads them from a row.
    package static func halves(_ high: UInt64, _ low: UInt64) -> Self { Self(high: high, low: low) }
}
