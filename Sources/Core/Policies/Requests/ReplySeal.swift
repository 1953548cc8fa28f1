package import Model

/// Which parts of JSON replies are new credentials, and the secret that they go into: a person chose it, and no agent does.
package struct ReplySeal: Sendable, Equatable {
    /// In the order in which they are written.
    package let parts: [Part]
    /// In the project and environment of the secret with which the request is made.
    package let secret: SecretName
    /// Where the reply says how long they are good; nil where it does not say.
    package let expiry: String?

    /// A field of the secret, and where its value stands in a reply.
    package struct Part: Sendable, Equatable, CustomStringConvertible {
        /// Nil for the field that stands for the secret.
        package let field: SegmentName?
        /// A JSON pointer (RFC 6901) to a text.
        package let pointer: String

        package var description: String { field.map { "\($0): \(pointer)" } ?? pointer }
    }
}

extension ReplySeal.Part {
    /// Reads a pointer, or a field and a pointer: `refresh_token: /refresh_token`.
    init(_ text: String) throws(RequestProblem) {
        guard !text.hasPrefix("/"), let colon = text.firstRange(of: ": ") else {
            self.init(field: nil, pointer: try Self.checked(text))
            return
        }
        let name: SegmentName
        do { name = try SegmentName(String(text[..<colon.lowerBound]), of: .field) } catch { throw .badName }
        self.init(field: name, pointer: try Self.checked(String(text[colon.upperBound...])))
    }

    private static func checked(_ pointer: String) throws(RequestProblem) -> String {
        guard JSONPointer.isPointer(pointer) else { throw .badPointer }
        return pointer
    }
}

extension PolicyNode {
    /// What a rule with these keys seals; nil where it has no `seal`.
    static func seal(_ members: [String: PolicyNode], among keys: [Glob]) throws(PolicyError) -> ReplySeal? {
        guard let seal = members["seal"] else {
            for key in ["seal_into", "seal_expiry"] { if let member = members[key] { throw member.error(.request(.withoutSeal)) } }
            return nil
        }
        guard !keys.isEmpty else { throw seal.error(.forTokens) }
        let parts = try seal.sealedParts()
        let expiry = try members["seal_expiry"]?.pointer()
        if let expiry, let node = members["seal_expiry"], let part = parts.first(where: { JSONPointer.covers($0.pointer, expiry) }) {
            throw node.error(.shadowedPattern(by: part.description))
        }
        return ReplySeal(parts: parts, secret: try sealedSecret(members, seal, among: keys), expiry: expiry)
    }

    private static func sealedSecret(
        _ members: [String: PolicyNode], _ seal: PolicyNode, among keys: [Glob]
    ) throws(PolicyError) -> SecretName {
        // The secret with which the request is made, if that can be but one: which of several, an agent would choose.
        guard let node = members["seal_into"] else {
            guard keys.count == 1, let key = keys.first, key.isName, let name = try? SecretName(key.description) else {
                throw seal.error(.request(.sealWithoutSecret))
            }
            return name
        }
        let text = try node.text()
        do { return try SecretName(text) } catch { throw node.error(.noName(of: "the name of a secret")) }
    }

    private func pointer() throws(PolicyError) -> String {
        let text = try text()
        guard JSONPointer.isPointer(text) else { throw error(.request(.badPointer)) }
        return text
    }

    /// A list of fields and pointers, no field twice, none to what another points to or into.
    private func sealedParts() throws(PolicyError) -> [ReplySeal.Part] {
        var parts: [ReplySeal.Part] = []
        for element in try elements() {
            let part: ReplySeal.Part
            do { part = try ReplySeal.Part(try element.text()) } catch let error as PolicyError { throw error } catch let problem as RequestProblem {
                throw element.error(.request(problem))
            } catch { throw element.error(.wrongType(expected: "a text")) }
            // What is sealed is a text, which has nothing within.
            let isTaken = { (other: ReplySeal.Part) in
                JSONPointer.covers(other.pointer, part.pointer) || JSONPointer.covers(part.pointer, other.pointer) || other.field == part.field
            }
            if let first = parts.firstIndex(where: isTaken) { throw element.error(.shadowedPattern(by: "\(path)[\(first)]")) }
            parts.append(part)
        }
        return parts
    }
}

extension RequestRule {
    /// What is written in a document of the secret that its replies go into: nothing where it is the one that the rule is about.
    var writtenSealedSecret: String? {
        guard let seal else { return nil }
        return keys.count == 1 && keys[0].isName && keys[0].description == seal.secret.description ? nil : seal.secret.description
    }
}
