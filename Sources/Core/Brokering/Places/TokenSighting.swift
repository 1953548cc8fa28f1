package import Model
package import Policies

/// A fake token that stands in a request's head.
package struct TokenSighting: Sendable, Hashable {
    package let grant: GrantID
    /// Nil where no token may stand: in a name, in the middle of something longer, in a text that is not written as it should be.
    package let place: TokenPlace?
}

extension SessionTokens {
    /// Every token in a head, in the order in which they stand: path, query, then the fields.
    ///
    /// - Parameters:
    ///   - target: path and query as they are sent.
    ///   - fields: names and values as they are sent; over HTTP/1 names may have capitals.
    package func sightings(inTarget target: [UInt8], fields: some Sequence<(name: String, value: [UInt8])>) -> [TokenSighting] {
        var sightings = sightings(in: target, PlaceSlot.ofTarget(target), isEscaped: true)
        for (name, value) in fields {
            sightings += self.sightings(in: value, PlaceSlot.ofField(name.lowercased(), value), isEscaped: false)
            sightings += grants(in: name.utf8).map { TokenSighting(grant: $0, place: nil) }
        }
        return sightings
    }

    /// Every token in a body that was read whole; nil where the body is not what its type says.
    package func sightings(inBody body: [UInt8], _ kind: BodyKind) -> [TokenSighting]? {
        kind.slots(in: body, ofAtLeast: shortest).map { sightings(in: body, $0, isEscaped: kind == .form) }
    }

    /// What stands whole in a slot, then what stands elsewhere in the text, however the rest of it is read.
    private func sightings(in text: [UInt8], _ slots: [PlaceSlot], isEscaped: Bool) -> [TokenSighting] {
        var placed: [TokenSighting] = []
        var rest = text
        var readings: [[UInt8]] = []
        for slot in slots {
            guard let parts = slot.parts(of: text[slot.range]) else { continue }
            let found = parts.map { grant(of: $0) }
            placed += found.compactMap(\.self).map { TokenSighting(grant: $0, place: slot.place) }
            if found.contains(where: { $0 != nil }) { rest.replaceSubrange(slot.range, with: repeatElement(0, count: slot.range.count)) }
            if slot.spelling == .basic { readings.append(Array(zip(parts, found).map { $1 == nil ? $0 : [0] }.joined(separator: ":".utf8))) }
        }
        readings.append(rest)
        if isEscaped, let decoded = PercentEscapes.decoded(rest[...], plusIsSpace: true) { readings.append(decoded) }
        var strays: [GrantID: Int] = [:]
        for reading in readings { strays.merge(Dictionary(grants(in: reading).map { ($0, 1) }, uniquingKeysWith: +), uniquingKeysWith: max) }
        return placed + strays.sorted { $0.key < $1.key }.flatMap { repeatElement(TokenSighting(grant: $0, place: nil), count: $1) }
    }
}
