/// So many of a thing, as a person reads it: `1 secret`, `2,000 secrets`.
struct Counted: CustomStringConvertible {
    let description: String

    init(_ number: some BinaryInteger, _ thing: String) {
        description = number == 1 ? "1 \(thing)" : "\(ProgressMeter.grouped(Int64(number))) \(thing)s"
    }
}
