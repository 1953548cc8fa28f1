package import Policies

/// A request to a GraphQL service as it is sent (GraphQL over HTTP, 5 and 6).
package struct GraphQLRequest: Sendable {
    /// What is asked by another one than `GET`, `HEAD` and `POST` nobody looks into.
    package var method: String
    /// Without the question mark; nil where there is none.
    package var query: String?
    /// Parameters of the query that are the service's own: where its token stands.
    package var parametersBesides: Set<String> = []
    package var contentType: String?
    /// Whether the body is in a coding.
    package var isCoded = false
    package var body: [UInt8]

    package init(method: String, query: String?, contentType: String?, body: [UInt8]) {
        (self.method, self.query, self.contentType, self.body) = (method, query, contentType, body)
    }

    /// What it asks for, at the root of each operation in its document. Empty where nobody can say for sure: another member or parameter may name a document
    /// that the service has stored, and a service may take one of the address before one of the body.
    package var operations: Set<GraphQLOperation> {
        guard ["GET", "HEAD", "POST"].contains(method), let parameters else { return [] }
        let document: [UInt8]?
        if method == "POST" {
            document = parameters.isEmpty ? documentOfBody : nil
        } else {
            document = body.isEmpty && Set(parameters.keys).isSubset(of: ["query", "operationName", "variables"]) ? parameters["query"] : nil
        }
        return document.flatMap(GraphQLDocument.operations) ?? []
    }

    /// The query's parameters, decoded; nil where one is there twice, or the query can be read in another way.
    private var parameters: [String: [UInt8]]? {
        guard let query, !query.isEmpty else { return [:] }
        var parameters: [String: [UInt8]] = [:]
        guard !query.utf8.contains(UInt8(ascii: ";")) else { return nil }
        for piece in Array(query.utf8).split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard let equals = piece.firstIndex(of: UInt8(ascii: "=")),
                let name = PercentEscapes.decoded(piece[..<equals], plusIsSpace: true),
                let value = PercentEscapes.decoded(piece[(equals + 1)...], plusIsSpace: true),
                let text = String(validating: name, as: UTF8.self), String(validating: value, as: UTF8.self) != nil,
                parameters.updateValue(value, forKey: text) == nil
            else { return nil }
        }
        // A token's name is no part of GraphQL, unless it is one of GraphQL's own.
        for name in parametersBesides where !Self.members.contains(name) { parameters[name] = nil }
        return parameters
    }

    private static let members: Set<String> = ["query", "operationName", "variables", "extensions"]

    /// The document in a JSON body that has nothing but GraphQL's own members, each once.
    private var documentOfBody: [UInt8]? {
        guard !isCoded, body.count <= BodyKind.maximumBytes, contentType.flatMap(BodyKind.init(contentType:)) == .json,
            let found = JSONStrings.members(in: body), Set(found.keys).isSubset(of: Self.members),
            let text = found["query"], text.count >= 2, text.first == UInt8(ascii: "\""),
            found["operationName"].map({ $0.first == UInt8(ascii: "\"") || $0.elementsEqual("null".utf8) }) ?? true,
            found["variables"].map({ $0.first == UInt8(ascii: "{") || $0.elementsEqual("null".utf8) }) ?? true,
            // A persisted query is named here.
            found["extensions"].map({ $0.elementsEqual("{}".utf8) || $0.elementsEqual("null".utf8) }) ?? true
        else { return nil }
        return JSONTexts.decoded(text.dropFirst().dropLast())
    }
}
