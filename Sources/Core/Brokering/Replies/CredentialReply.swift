import HTTPTypes
package import Model

/// What of a reply in JSON or XML is taken out of it before an agent sees it.
package struct SealOrder: Sendable, Equatable {
    /// Pointers to the new credentials.
    package let pointers: [String]
    /// Pointer to how long they are good; nil where the reply does not say.
    package let expiry: String?
    /// Whether all of it has to be there. Otherwise the first credential has to, and what else is missing stays as it was.
    package let isStrict: Bool

    package init(pointers: [String], expiry: String?, isStrict: Bool = true) {
        (self.pointers, self.expiry, self.isStrict) = (pointers, expiry, isStrict)
    }
}

/// How long a new credential is good, as its reply has it.
package enum CredentialExpiry: Sendable, Equatable {
    case after(Duration)
    case at(Timestamp)
}

/// A reply with new credentials: they are taken out, and what stands for them is put in their places. Every other byte stays.
package struct CredentialReply: Sendable {
    /// In the order of the pointers; nil for one that may be missing, and is.
    package let values: [SecretValue?]
    package let expiry: CredentialExpiry?
    private let body: [UInt8]
    private let ranges: [Range<Int>]
    private let form: CredentialForm

    /// The longest body that is looked through, unpacked.
    package static let mostBytes = 1 << 20

    /// Takes the credentials of a body; nil where it is not the document that the order is about, to the last byte and with a text at every pointer, or where an
    /// agent that sees the rest would see a credential which the order does not name.
    package init?(_ body: [UInt8], _ order: SealOrder, _ form: CredentialForm = .json) {
        guard body.count <= Self.mostBytes, let scalars = form.texts(in: body) else { return nil }
        let places = Dictionary(scalars.map { ($0.pointer, $0) }) { first, _ in first }
        var (values, ranges): ([SecretValue?], [Range<Int>]) = ([], [])
        for pointer in order.pointers {
            if !order.isStrict, !values.isEmpty, places[pointer] == nil {
                values.append(nil)
                continue
            }
            guard let place = places[pointer], place.isText, var value = form.decoded(body[place.range]), !value.isEmpty else { return nil }
            values.append(SecretValue(moving: &value))
            ranges.append(place.range)
        }
        guard !order.isStrict || !Self.gives(scalars, in: body, form, besides: values.compactMap(\.self), of: order) else { return nil }
        var expiry: CredentialExpiry?
        if let pointer = order.expiry, order.isStrict || places[pointer] != nil {
            guard let place = places[pointer], let read = CredentialExpiry(body[place.range], isText: place.isText) else { return nil }
            expiry = read
        }
        (self.values, self.expiry, self.body, self.ranges, self.form) = (values, expiry, body, ranges, form)
    }

    /// Whether one of the texts is a credential that the order does not name. A copy of one that it names is taken out by its value.
    private static func gives(
        _ scalars: [JSONStrings.Found], in body: [UInt8], _ form: CredentialForm, besides values: [SecretValue], of order: SealOrder
    ) -> Bool {
        scalars.contains { found in
            guard !order.pointers.contains(found.pointer), CredentialName.names(found, in: body) else { return false }
            guard var text = form.decoded(body[found.range]) else { return true }
            return !values.contains(SecretValue(moving: &text))
        }
    }

    /// The body with these texts in the places of the credentials that are there.
    package func body(showing texts: [String]) -> [UInt8] {
        precondition(texts.count == ranges.count, "internal: a sealed reply has a text for each credential")
        var shown: [UInt8] = []
        var start = body.startIndex
        for (range, text) in zip(ranges, texts).sorted(by: { $0.0.lowerBound < $1.0.lowerBound }) {
            shown += body[start..<range.lowerBound]
            form.encode(Array(text.utf8), into: &shown)
            start = range.upperBound
        }
        return shown + body[start...]
    }

    /// Says whether a reply that tells of a failure may go on as it is: it is no such document, or it is understood, nothing stands at or within the places of
    /// credentials, and none is given out elsewhere.
    package static func isWithout(_ order: SealOrder, _ body: [UInt8], _ said: CredentialForm?) -> Bool {
        let blanks: [UInt8] = [0x20, 0x09, 0x0A, 0x0D, 0xEF, 0xBB, 0xBF]
        guard let first = body.first(where: { !blanks.contains($0) }) else { return true }
        // What says that it is something else may be taken for a document all the same. Of pages, which begin as XML does, most are none.
        let form = said ?? (first == UInt8(ascii: "<") ? .xml : "{[\"".utf8.contains(first) ? .json : nil)
        guard let form else { return true }
        guard let scalars = form.texts(in: body) else { return said == nil && form == .xml }
        let isAtPlace = scalars.contains { found in order.pointers.contains { found.pointer == $0 || found.pointer.hasPrefix($0 + "/") } }
        return !isAtPlace && !gives(scalars, in: body, form, besides: [], of: order)
    }
}

extension CredentialExpiry {
    /// From so many on, a number is a moment, in seconds since 1970; below, it is so many seconds from now.
    private static let firstMoment: Int64 = 1_000_000_000

    /// Reads a number of seconds, as a number or in a text, or a moment in RFC 3339.
    init?(_ bytes: ArraySlice<UInt8>, isText: Bool) {
        let text = String(decoding: bytes, as: UTF8.self)
        if (1...10).contains(bytes.count), bytes.allSatisfy(\.isDigit), let seconds = Int64(text) {
            self = seconds < Self.firstMoment ? .after(.seconds(seconds)) : .at(Timestamp(nanoseconds: seconds * 1_000_000_000))
        } else if isText, let moment = Timestamp(rfc3339: text) {
            self = .at(moment)
        } else {
            return nil
        }
    }
}

extension JudgedReply {
    /// The head of a reply whose body was unpacked and changed: what names it as it was is left out.
    package var changed: JudgedReply {
        var fields = fields
        for name in [HTTPField.Name.eTag, .lastModified] { fields[values: name] = [] }
        return JudgedReply(status: status, fields: fields, coding: .identity, body: body == .none ? .none : .streamed, opensWebSocket: false)
    }
}
