/// A name from a list that grows: one this program knows, or one that a newer program wrote.
package enum Recorded<Name: RawRepresentable & Hashable & Sendable>: Hashable, Sendable where Name.RawValue == String {
    case known(Name)
    case other(String)

    package init(_ text: String) {
        self = Name(rawValue: text).map(Recorded.known) ?? .other(text)
    }

    /// The name as it is recorded.
    package var text: String {
        switch self {
        case .known(let name): name.rawValue
        case .other(let text): text
        }
    }
}
