import Foundation
import TestKit
import Testing

@testable import TacitWire

@Suite("Paths of the API and of this machine")
struct PathTests {
    @Test("every text comes back from its encoding, and no other spelling of it is taken")
    func identity() {
        let random = SeededRandom()
        let alphabet = Array("abz09-._~/%+ #?&=é€😀\u{0}\n\"\\").map(String.init)
        for _ in 0..<2000 {
            let text = (0..<random.int(in: 0...12)).compactMap { _ in random.element(of: alphabet) }.joined()
            let encoded = WirePath.encoded(text)
            #expect(WirePath.decoded(encoded) == text)
            #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#&=+".utf8.contains($0) })
        }
    }

    @Test(
        "what is not canonical is not decoded",
        arguments: ["a/b", "%2f", "%41", "%", "%2", "%zz", "%+1", "a b", "é", "%C3", "%ff", "%E0%80%AF", "a+b", "a%00b%"])
    func canonical(text: String) { #expect(WirePath.decoded(text) == nil) }

    @Test("a name with slashes is one segment")
    func segments() {
        #expect(WirePath.secret("p", "e", "a/b c") == "/v1/projects/p/environments/e/secrets/a%2Fb%20c")
        #expect(WirePath.agent("../x") == "/v1/agents/..%2Fx")
    }

    private static let bare = LocalPaths(environment: [:], home: "/home/u", userID: 7, hasUserRuntime: true)

    @Test("files lie where XDG says")
    func usual() {
        #expect(Self.bare.vault == "/home/u/.local/share/tacit")
        #expect(Self.bare.state == "/home/u/.local/state/tacit")
        #expect(Self.bare.runtime == "/run/user/7/tacit")
        #expect(Self.bare.socket.hasPrefix("/run/user/7/tacit/keeper-") && Self.bare.socket.hasSuffix(".sock"))
        #expect(Self.bare.agents == "/home/u/.local/state/tacit/agents")
    }

    @Test(
        "variables move them, unless they are relative",
        arguments: [
            (["XDG_DATA_HOME": "/d"], \LocalPaths.vault, "/d/tacit"),
            (["TACIT_VAULT": "/v"], \.vault, "/v"),
            (["TACIT_VAULT": "v", "XDG_DATA_HOME": "d"], \.vault, "/home/u/.local/share/tacit"),
            (["TACIT_VAULT": ""], \.vault, "/home/u/.local/share/tacit"),
            (["XDG_STATE_HOME": "/s"], \.state, "/s/tacit"),
            (["XDG_RUNTIME_DIR": "/r"], \.runtime, "/r/tacit"),
            (["XDG_RUNTIME_DIR": "r"], \.runtime, "/run/user/7/tacit"),
        ] as [([String: String], any KeyPath<LocalPaths, String> & Sendable, String)])
    func variables(environment: [String: String], path: any KeyPath<LocalPaths, String> & Sendable, expected: String) {
        let paths = LocalPaths(environment: environment, home: "/home/u", userID: 7, hasUserRuntime: true)
        #expect(paths[keyPath: path] == expected)
    }

    @Test("the files of a keeper that is a user of its own lie among root's, and what a person writes stays the person's")
    func ownUser() {
        let paths = LocalPaths(ownUserKeeperOf: 7, person: Self.bare)
        #expect(paths.hasOwnUser && !Self.bare.hasOwnUser)
        #expect(paths.socket == "/run/tacit/7/keeper.sock" && LocalPaths.starterSocket(of: 7) == "/run/tacit/7.starter")
        for path in paths.own + [paths.keeperLock, paths.sessionFiles] { #expect(path.hasPrefix("/var/lib/tacit/7/") || path == "/run/tacit/7") }
        #expect(paths.agents == Self.bare.agents && paths.drafts == Self.bare.runtime)
    }

    @Test("without a runtime directory the socket lies in the user's state, and two vaults have two sockets")
    func fallback() {
        let without = LocalPaths(environment: [:], home: "/home/u", userID: 7, hasUserRuntime: false)
        #expect(without.runtime == "/home/u/.local/state/tacit")
        let other = LocalPaths(environment: ["TACIT_VAULT": "/v"], home: "/home/u", userID: 7, hasUserRuntime: true)
        #expect(other.socket != Self.bare.socket && other.keeperLock != Self.bare.keeperLock)
        #expect(other.pending != Self.bare.pending && other.rollbackMemory != Self.bare.rollbackMemory)
    }

    @Test("what is kept about a vault outside of it is named by the vault's path")
    func stateFiles() throws {
        struct Table: Decodable {
            struct Case: Decodable { let vault: String, id: String }
            let count: Int, cases: [Case]
        }
        let file = try Data(contentsOf: URL(filePath: "\(GoldenFile.repositoryRoot)/vectors/records/state-files.json"))
        let table = try JSONDecoder().decode(Table.self, from: file)
        try #require(table.count == 3 && table.cases.count == 3)
        for scenario in table.cases {
            let environment = ["TACIT_VAULT": scenario.vault, "XDG_STATE_HOME": "/s"]
            let paths = LocalPaths(environment: environment, home: "/home/u", userID: 7, hasUserRuntime: true)
            #expect(paths.rollbackMemory == "/s/tacit/head-\(scenario.id)")
            #expect(paths.pending == "/s/tacit/pending-\(scenario.id)")
        }
    }

    @Test("in the sandbox of a whole agent the keeper is at the one place that only root could take outside, and all else where it was")
    func confined() {
        let paths = Self.bare.confined
        #expect(paths.socket == "/run/tacit/keeper.sock" && paths != Self.bare)
        #expect(paths.vault == Self.bare.vault && paths.agents == Self.bare.agents && paths.runtime == Self.bare.runtime)
    }
}
