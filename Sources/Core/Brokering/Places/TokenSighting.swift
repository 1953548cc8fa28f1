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
        kind.slots(in: body).map { sightings(in: body, $0, isEscaped: kind == .form) }
    }

    /// What stands whole in a slot, then what stands elsewhere in the text.
    private func sightings(in text: [UInt8], _ slots: [PlaceSlot], isEscaped: Bool) -> [TokenSighting] {
        let parts = slots.map { ($0, $0.parts(of: text[$0.range]) ?? []) }
        let placed = parts.flatMap { slot, parts in parts.compactMap(grant(of:)).map { TokenSighting(grant: $0, place: slot.place) } }
        // However the text is read, what is found in it more often than in its slots stands where it should not.
        var readings = [text]
        if isEscaped, let decoded = PercentEscapes.decoded(text[...], plusIsSpace: true) { readings.append(decoded) }
        readings += parts.filter { $0.0.spelling == .basic }.map { Array($0.1.joined(separator: ":".utf8)) }
        var strays: [GrantID: Int] = [:]
        for reading in readings { strays.merge(Dictionary(grants(in: reading).map { ($0, 1) }, uniquingKeysWith: +), uniquingKeysWith: max) }
        for sighting in placed { strays[sighting.grant]? -= 1 }
        return placed + strays.sorted { $0.key < $1.key }.flatMap { repeatElement(TokenSighting(grant: $0, place: nil), count: max(0, $1)) }
    }
}
