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
        guard let circumstances = PolicyCircumstances(members) else { return nil }
        self.init(
            agent: agent.map(AgentIdentity.agent) ?? .unidentified, scope: scope, secret: secret, capability: capability,
            circumstances: circumstances)
    }

    static let known: Set<String> = [
        "agent", "scope", "secret", "capability", "tags", "model", "program", "request", "session", "acknowledged", "approval",
    ]
}

extension PolicyCircumstances {
    /// Reads the facts of a vector's query; `acknowledged` has how many nanoseconds ago each rule was acknowledged.
    fileprivate init?(_ members: [String: Any]) {
        guard Set(members.keys).isSubset(of: PolicyQuery.known) else { return nil }
        let now = Timestamp(nanoseconds: 1_000_000_000_000)
        let ages = members["acknowledged"] as? [String: Int64] ?? [:]
        self.init(
            tags: members["tags"] as? [String] ?? [], model: members["model"] as? String,
            program: (members["program"] as? [String: Any]).flatMap(OpenedProgram.init),
            request: (members["request"] as? [String: Any]).flatMap(RequestQuestion.init), hasSession: members["session"] as? Bool ?? false,
            acknowledgements: ages.mapValues { Timestamp(nanoseconds: now.nanoseconds - $0) },
            hasApproval: members["approval"] as? Bool ?? false, now: now)
        guard (members["program"] == nil) == (program == nil), (members["request"] == nil) == (request == nil) else { return nil }
    }
}

extension RequestQuestion {
    /// Reads a vector's request; what is not written is as most requests have it.
    fileprivate init?(_ members: [String: Any]) {
        let known: Set<String> = ["scheme", "host", "port", "method", "path", "place", "occurrences", "provider_places"]
        guard let host = members["host"] as? String, let method = members["method"] as? String, let path = members["path"] as? String,
            Set(members.keys).isSubset(of: known)
        else { return nil }
        let place = members["place"].map { ($0 as? String).flatMap { try? TokenPlace($0) } }
        let provider = (members["provider_places"] as? [String] ?? []).map { try? TokenPlace($0) }
        guard place != .some(nil), !provider.contains(nil) else { return nil }
        self.init(
            scheme: members["scheme"] as? String ?? "https", host: host, port: members["port"] as? Int ?? 443, method: method, path: path,
            place: place ?? nil, occurrences: members["occurrences"] as? Int ?? 1, providerPlaces: provider.compactMap(\.self))
    }
}

extension OpenedProgram {
    /// Reads a vector's program; what is not written is as harmless as can be.
    fileprivate init?(_ members: [String: Any]) {
        let known: Set<String> = ["path", "called", "names", "interpreters", "sha256", "any_code", "writable", "bound"]
        guard let path = members["path"] as? String, Set(members.keys).isSubset(of: known) else { return nil }
        self.init(
            path: path, calledPath: members["called"] as? String, names: members["names"] as? [String] ?? [],
            interpreters: members["interpreters"] as? [String] ?? [],
            fingerprint: (members["sha256"] as? String).flatMap(ProgramFingerprint.init), runsAnyCode: members["any_code"] as? Bool ?? false,
            isWritableByCaller: members["writable"] as? Bool ?? false, isBound: members["bound"] as? Bool ?? true)
    }
}
