import Policies

/// How a body that may hold a token in a place is read; a token has no place in another body.
package enum BodyKind: Sendable, Equatable {
    case form
    case json
    case multipart(boundary: [UInt8])

    /// A body in which a token has a place is at most so long: it is read whole before any of it leaves.
    package static let maximumBytes = 1 << 20

    /// Nil for every content type in which tokens have no place.
    package init?(contentType: String) {
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed }
        let parameters = parts.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(\.trimmed) }
        let isUTF8 = parameters.allSatisfy { $0.first?.lowercased() != "charset" || $0.last?.lowercased() == "utf-8" }
        let type = parts[0].lowercased()
        switch type {
        case "application/x-www-form-urlencoded" where isUTF8: self = .form
        case "multipart/form-data":
            let boundaries = parameters.filter { $0.first?.lowercased() == "boundary" }
            guard boundaries.count == 1, boundaries[0].count == 2, let boundary = Self.boundary(boundaries[0][1]) else { return nil }
            self = .multipart(boundary: boundary)
        case _ where isUTF8 && (type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json")): self = .json
        default: return nil
        }
    }

    /// The characters of RFC 2046 §5.1.1 without the blank, in quotes or not.
    private static func boundary(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") { bytes = Array(bytes.dropFirst().dropLast()) }
        let isPlain = bytes.allSatisfy { TokenAlphabet.base62.contains($0) || "'()+_,-./:=?".utf8.contains($0) }
        return (1...70).contains(bytes.count) && isPlain ? bytes : nil
    }

    /// The slots of a body; nil where it is not what its type says.
    func slots(in body: [UInt8]) -> [PlaceSlot]? {
        guard body.count <= Self.maximumBytes else { return nil }
        switch self {
        case .form: return PlaceSlot.ofPairs(body[...]) { .form($0) }
        case .json: return JSONStrings.all(in: body)?.map { PlaceSlot(place: .json($0.pointer), range: $0.range, spelling: .json) }
        case .multipart(let boundary):
            return MultipartParts.all(in: body, boundary: boundary)?.map {
                PlaceSlot(place: .multipart($0.name), range: $0.range, spelling: .part(boundary: boundary))
            }
        }
    }
}

extension BodyKind {
    /// Whether a field of the body names another method, as Rails, Symfony and their like read it.
    func overridesMethod(_ body: [UInt8]) -> Bool {
        slots(in: body)?.contains { slot in
            switch slot.place {
            case .form(let name), .multipart(let name): name.lowercased() == "_method"
            default: false
            }
        } ?? false
    }
}

extension Substring {
    /// Without blanks and tabs around it.
    fileprivate var trimmed: String {
        let isBlank = { (character: Character) in character == " " || character == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
