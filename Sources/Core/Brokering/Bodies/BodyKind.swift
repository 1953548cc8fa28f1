import Policies

/// How a body that may hold a token in a place is read; a token has no place in another body.
package enum BodyKind: Sendable, Equatable {
    case form
    case json
    case multipart(boundary: [UInt8])

    /// A body in which a token has a place is at most so long: it is read whole before any of it leaves.
    package static let maximumBytes = 1 << 20

    /// Nil for every content type in which tokens have no place, and for one that readers could take for another.
    package init?(contentType: String) {
        let parts = contentType.split(separator: ";", omittingEmptySubsequences: false).map { $0.trimmed }
        let parameters = parts.dropFirst().map { $0.split(separator: "=", maxSplits: 1).map(\.trimmed) }
        let names = parts[0].lowercased().utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isTokenCharacter } }), parameters.count <= 1 else { return nil }
        let type = parts[0].lowercased()
        if type == "multipart/form-data" {
            guard let parameter = parameters.first, parameter.count == 2, parameter[0].lowercased() == "boundary",
                let boundary = Self.boundary(parameter[1])
            else { return nil }
            self = .multipart(boundary: boundary)
            return
        }
        guard parameters.allSatisfy({ $0.count == 2 && $0[0].lowercased() == "charset" && $0[1].lowercased() == "utf-8" }) else { return nil }
        if type == "application/x-www-form-urlencoded" {
            self = .form
        } else if type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json") {
            self = .json
        } else {
            return nil
        }
    }

    /// The characters of RFC 2046 §5.1.1 without the blank, in quotes or not.
    private static func boundary(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        if bytes.count >= 2, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") { bytes = Array(bytes.dropFirst().dropLast()) }
        let isPlain = bytes.allSatisfy { TokenAlphabet.base62.contains($0) || "'()+_,-./:=?".utf8.contains($0) }
        return (1...70).contains(bytes.count) && isPlain ? bytes : nil
    }

    /// The slots of a body that are at least so long; nil where it is not what its type says.
    func slots(in body: [UInt8], ofAtLeast length: Int) -> [PlaceSlot]? {
        guard body.count <= Self.maximumBytes else { return nil }
        switch self {
        case .form: return PlaceSlot.ofPairs(body[...], ofAtLeast: length) { .form($0) }
        case .json:
            return JSONStrings.all(in: body, ofAtLeast: length)?.map { PlaceSlot(place: .json($0.pointer), range: $0.range, spelling: .json) }
        case .multipart(let boundary):
            return MultipartParts.all(in: body, boundary: boundary)?.filter { $0.range.count >= length && PlaceSlot.isName($0.name) }.map {
                PlaceSlot(place: .multipart($0.name), range: $0.range, spelling: .part)
            }
        }
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
