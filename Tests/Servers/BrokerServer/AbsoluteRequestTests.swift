import BrokerServer
import Brokering
import Foundation
import Policies
import Secrets
import TestKit
import Testing

/// Requests to a door in absolute form, as programs ask a proxy that opens no tunnel for them.
@Suite struct AbsoluteRequestTests {
    private let random = SeededRandom(seed: 88)

    /// What curl prints of a request whose target is a whole URL; the door's credential is shown unless there is another, and the last words come first.
    private func ask(_ scene: DoorScene, _ url: String, showing credential: String? = nil, host: String? = nil, _ more: [String] = []) -> [String] {
        let shown = Data("tacit:\(credential ?? scene.credential)".utf8).base64EncodedString()
        return [
            "-sS", "-i", "-w", "\n", "--noproxy", "*", "--max-time", "90", "--request-target", url, "-H",
            "Host: \(host ?? "localhost:\(scene.service.port)")",
            "-H", "Proxy-Authorization: Basic \(shown)", "-H", "Authorization: Bearer \(scene.grant.token.text)",
        ] + more + ["http://127.0.0.1:\(scene.door.port)"]
    }

    @Test(arguments: [["http/1.1"], ["h2"]]) func theyGoToTheirOriginOverTLS(_ protocols: [String]) async throws {
        let scene = try await DoorScene(random, speaking: protocols) { $0.leave($1) }
        let printed = try await DoorScene.curl(ask(scene, "https://localhost:\(scene.service.port)/echo", ["--data", "{}"]))
        let received = try #require(scene.service.received.first)
        #expect(received["authorization"] == "Bearer \(scene.grant.canary.text)" && received.body == Array("{}".utf8) && received.method == "POST")
        #expect(received.uri == "/echo" && received["proxy-authorization"] == nil)
        #expect(
            printed.contains("HTTP/1.1 200 ") && printed.contains("Bearer \(scene.grant.token.text){}") && !printed.contains(scene.grant.canary.text))
        let asked = try #require(scene.judge.asked.first)
        #expect([asked.scheme, asked.host, asked.method, asked.path] == ["https", "localhost", "POST", "/echo"] && asked.port == scene.service.port)
        #expect(await scene.judge.outcomes(1).map(\.result) == ["done"])
        try await scene.end()
    }

    @Test func eachShowsTheCredentialAndNamesOneHost() async throws {
        let scene = try await DoorScene(random) { $0.leave($1) }
        let url = "https://localhost:\(scene.service.port)/hello"
        for (words, code) in [
            (ask(scene, url, showing: "4f1d7c0c9b"), "door.unknown"), (ask(scene, url, ["-H", "Proxy-Authorization;"]), "door.unknown"),
            (ask(scene, url, ["-H", "Origin: https://page.example"]), "door.from-page"),
            (ask(scene, url, ["-H", "Sec-Fetch-Site: none"]), "door.from-page"),
            (ask(scene, url, host: "evil.example"), "broker.host-disagrees"), (ask(scene, url, host: "localhost"), "broker.host-disagrees"),
            (ask(scene, "https://x@localhost:\(scene.service.port)/hello"), "door.ambiguous"),
            (ask(scene, "gopher://localhost/hello"), "door.ambiguous"),
            (ask(scene, "https:///hello"), "door.ambiguous"),
            (ask(scene, "https://localhost:\(scene.service.port)/../hello"), "broker.path-dot-segment"),
            (ask(scene, "/hello?https://localhost"), "door.not-a-tunnel"),
        ] {
            let printed = try await DoorScene.curl(words)
            #expect(printed.contains("Tacit-Denied: \(code)\n"), "\(code): \(printed)")
            #expect(code != "door.unknown" || printed.contains("HTTP/1.1 407 ") && printed.contains("Proxy-Authenticate: Basic"), "\(printed)")
        }
        let long = try await DoorScene.curl(ask(scene, url, ["-H", "X-Long: \(String(repeating: "x", count: 70_000))"]))
        #expect(!long.contains("HTTP/1.1 200") && scene.judge.asked.isEmpty && scene.service.connectionCount == 0)
        try await scene.end()
    }

    @Test func whoWasLetInOnceIsAskedAgain() async throws {
        let scene = try await DoorScene(random) { grant, service, asked in asked.host == "localhost" ? grant.leave(service) : .refuse(nil) }
        let url = "https://localhost:\(scene.service.port)/hello"
        for (next, code) in [
            (url, "door.unknown"), ("/hello", "door.not-a-tunnel"), ("/via/github/user", nil), ("/via/nobody/user", "door.not-an-address"),
        ] {
            let host = next.hasPrefix("/via") ? "127.0.0.1:\(scene.door.port)" : nil
            let words = ask(scene, url) + ["--next"] + ask(scene, next, showing: "x", host: host, ["-w", "%{num_connects} more\n"])
            let printed = try await DoorScene.curl(words)
            #expect(printed.contains("HTTP/1.1 200 ") && printed.contains("0 more\n"), "\(printed)")
            if let code { #expect(printed.contains("Tacit-Denied: \(code)\n"), "\(code): \(printed)") }
        }
        #expect(scene.judge.asked.map(\.host) == ["localhost", "localhost", "localhost", "api.github.com", "localhost"])
        try await scene.end()
    }

    @Test func plainHTTPIsAskedAboutAndGoesNowhere() async throws {
        // Whatever the keeper says.
        let scene = try await DoorScene(random) { grant, service, asked in
            asked.path == "/refused"
                ? .refuse(
                    RequestDenial(code: "destination_not_allowed", message: "over https alone", rule: "r", nextStep: "make the request over https"))
                : grant.leave(service)
        }
        let url = "http://localhost:\(scene.service.port)"
        let words = [
            "-sS", "-i", "-w", "\n", "--noproxy", "", "--proxy", scene.proxy, "--max-time", "90", "-H",
            "Authorization: Bearer \(scene.grant.token.text)",
        ]
        let refused = try await DoorScene.curl(words + ["\(url)/refused"])
        #expect(
            refused.contains("HTTP/1.1 403 ") && refused.contains("application/problem+json") && refused.contains("over https alone"), "\(refused)")
        let allowed = try await DoorScene.curl(words + ["\(url)/hello"])
        #expect(!allowed.contains("HTTP/1.1 200 ") && allowed.contains("Tacit-Denied: broker."), "\(allowed)")
        #expect(scene.judge.asked.map(\.scheme) == ["http", "http"] && scene.judge.asked.allSatisfy { $0.port == scene.service.port })
        #expect(scene.service.connectionCount == 0 && scene.judge.asked.allSatisfy { $0.uses.map(\.place) == [.bearer] })
        try await scene.end()
    }
}
