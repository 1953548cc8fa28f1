import HTTPTypes

/// How a reply writes the credentials that it gives.
package enum CredentialForm: Sendable {
    case json, xml

    /// The texts of a body, with numbers where the form has them; nil where it is not understood to the last byte.
    func texts(in body: [UInt8]) -> [JSONStrings.Found]? {
        switch self {
        case .json: JSONStrings.scalars(in: body)
        case .xml: XMLTexts.all(in: body)
        }
    }

    func decoded(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        switch self {
        case .json: JSONTexts.decoded(text)
        case .xml: XMLTexts.decoded(text)
        }
    }

    func encode(_ bytes: [UInt8], into text: inout [UInt8]) {
        switch self {
        case .json: JSONTexts.encode(bytes, into: &text)
        case .xml: XMLTexts.encode(bytes, into: &text)
        }
    }
}

extension JudgedReply {
    /// What its body is taken for; nil where it says that it is something else.
    package var credentialForm: CredentialForm? {
        let type = (fields[.contentType] ?? "").prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
        if type == "application/json" || type.hasPrefix("application/") && type.hasSuffix("+json") { return .json }
        return type == "text/xml" || type == "application/xml" || type.hasPrefix("application/") && type.hasSuffix("+xml") ? .xml : nil
    }
}
