import Foundation
import Model
import Policies
import Testing

/// One entry of `vectors/policies`.
struct PolicyScenario: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var document: [UInt8]
    var query: PolicyQuery?
    var expect: Expectation
    var reason: String

    enum Expectation: Sendable {
        case decision(Outcome)
        case refused((code: String, path: String, hint: String?))
    }

    static let folder = (0..<4).reduce(URL(filePath: #filePath)) { url, _ in url.deletingLastPathComponent() }.appending(path: "vectors/policies")

    static let all: [PolicyScenario] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path())) ?? []
        return files.filter { $0.hasSuffix(".json") }.sorted().flatMap { file -> [PolicyScenario] in
            let data = (try? Data(contentsOf: folder.appending(path: file))) ?? Data()
            let entries = (try? JSONSerialization.jsonObject(with: data)) as? [[String: Any]] ?? []
            return entries.compactMap { PolicyScenario($0, file: file) }
        }
    }()

    init?(_ members: [String: Any], file: String) {
        guard let name = members["name"] as? String, let document = members["document"], let expect = members["expect"] as? [String: Any],
            let reason = members["reason"] as? String, let json = try? JSONSerialization.data(withJSONObject: document)
        else { return nil }
        testDescription = "\(file): \(name)"
        self.document = Array(json)
        self.reason = reason
        query = (members["query"] as? [String: Any]).flatMap(PolicyQuery.init)
        if let code = expect["refused"] as? String {
            self.expect = .refused((code, expect["at"] as? String ?? "", expect["hint"] as? String))
        } else {
            self.expect = .decision(Outcome(expect))
        }
    }
}

extension PolicyQuery {
    /// Reads a vector's query; an `agent` of null is a peer without badge.
    fileprivate init?(_ members: [String: Any]) {
        guard let scope = (members["scope"] as? String).flatMap({ try? Scope(parsing: $0) }),
            let capability = (members["capability"] as? String).flatMap(Capability.init)
        else { return nil }
        let agent = (members["agent"] as? String).flatMap { try? SegmentName($0, of: .agent) }
        let secret = (members["secret"] as? String).flatMap { try? SecretName($0) }
        self.init(agent: agent.map(AgentIdentity.agent) ?? .unidentified, scope: scope, secret: secret, capability: capability)
    }
}
