import TestKit
import Testing

@testable import Policies

@Suite("Patterns")
struct GlobTests {
    @Test("the matcher agrees with a naive reading of the rules")
    func naive() throws {
        var draws = RandomDraws()
        var matched = 0
        for _ in 0..<20_000 {
            let pattern = draws.text(of: ["a", "b", "*", "**", "/", "**/", "ab", "."], count: 1...8)
            guard let glob = try? Glob(pattern, over: .secret) else { continue }
            for _ in 0..<8 {
                let name = draws.text(of: ["a", "b", "ab", "a/", "b/", "."], count: 1...8)
                guard isName(name) else { continue }
                let expected = naiveMatch(Array(pattern)[...], Array(name)[...], atSegmentStart: true)
                matched += expected ? 1 : 0
                #expect(glob.matches(name) == expected, "\(pattern) on \(name), seed \(draws.seed)")
            }
        }
        #expect(matched > 1000)
    }

    @Test("one pattern covers another exactly when it matches all of its names", arguments: [Glob.Subject.secret, .scope, .agent, .program, .path])
    func coverage(subject: Glob.Subject) {
        let root = subject == .program || subject == .path ? "/" : ""
        let patterns = smallPatterns.compactMap { try? Glob(root + $0, over: subject) }
        let names = (subject == .path ? smallPaths : smallNames).filter { name in
            switch subject {
            case .secret, .model, .program, .path: true
            case .scope: name.count { $0 == "/" } == 1
            case .agent, .tag, .programName: !name.contains("/")
            }
        }.map { root + $0 }
        let matches = patterns.map { glob in Set(names.indices.filter { glob.matches(names[$0]) }) }
        for (outer, outerMatches) in zip(patterns, matches) {
            for (inner, innerMatches) in zip(patterns, matches) {
                #expect(outer.covers(inner) == innerMatches.isSubset(of: outerMatches), "\(outer) over \(inner)")
            }
        }
        #expect(patterns.count > 20)
        #expect(matches.allSatisfy { !$0.isEmpty })
    }

    @Test("coverage of drawn patterns is never claimed wrongly")
    func soundCoverage() {
        var draws = RandomDraws()
        var covered = 0
        for _ in 0..<3000 {
            let pieces = ["a", "b", "*", "**/", "/", "ab", "a/*"]
            guard let outer = try? Glob(draws.text(of: pieces, count: 1...4), over: .secret),
                let inner = try? Glob(draws.text(of: pieces, count: 1...6), over: .secret), outer.covers(inner)
            else { continue }
            covered += 1
            for name in smallNames where inner.matches(name) {
                #expect(outer.matches(name), "\(outer) over \(inner) on \(name), seed \(draws.seed)")
            }
        }
        #expect(covered > 50)
    }

    @Test("a pattern made to be slow is given up, not claimed")
    func hardCoverage() throws {
        let hard = try Glob("**a" + String(repeating: "*b*a", count: 25), over: .secret)
        let other = try Glob("**" + String(repeating: "a*b", count: 30), over: .secret)
        #expect(!hard.covers(other))
        #expect(hard.covers(hard))
    }

    @Test("a name with a character outside ASCII matches nothing")
    func foreign() throws {
        #expect(try !Glob("**", over: .secret).matches("é"))
        #expect(try !Glob("*", over: .model).matches("é"))
    }

    @Test("a wildcard stands for any character of a file's name")
    func foreignFiles() throws {
        #expect(try Glob("/opt/**", over: .program).matches("/opt/café/bin"))
        #expect(try Glob("/opt/*/bin", over: .program).matches("/opt/\n/bin"))
        #expect(try !Glob("/opt/*", over: .program).matches("/opt/café/bin"))
        #expect(try Glob("g*b", over: .programName).matches("gäb"))
    }

    @Test("a program's pattern is a whole absolute path")
    func programs() throws {
        for text in ["curl", "usr/bin/curl", "*/curl", "/", "//bin", "/usr//bin", "/usr/bin/", "/usr/../bin", "/./a"] {
            #expect(throws: GlobError.neverMatches(.program), "\(text)") { try Glob(text, over: .program) }
        }
        #expect(throws: GlobError.badCharacter(.program)) { try Glob("/usr/bin/[", over: .program) }
        #expect(try Glob("/usr/bin/g++-12", over: .program).matches("/usr/bin/g++-12"))
        #expect(try !Glob("/usr/bin/curl", over: .program).matches("usr/bin/curl"))
        #expect(try Glob("/**/curl", over: .program).matches("/curl"))
        #expect(try Glob("/usr/*/curl", over: .program).matches("/usr/bin/curl"))
    }

    @Test("models are the same in upper and lower case")
    func models() throws {
        let glob = try Glob("Small-*", over: .model)
        #expect(glob.matches("small-MINI"))
        #expect(glob.description == "Small-*")
        #expect(try Glob("small-*", over: .model).covers(glob))
        #expect(try Glob("SMALL-1", over: .model).matches("Small-1"))
    }

    @Test("an example of a pattern is one of its names")
    func examples() {
        for subject in Glob.Subject.allCases {
            let root = subject == .program || subject == .path ? "/" : ""
            for glob in smallPatterns.compactMap({ try? Glob(root + $0, over: subject) }) {
                #expect(glob.matches(glob.example), "\(glob) \(glob.example)")
            }
        }
    }
}

/// The rules of patterns, read one character at a time with backtracking.
private func naiveMatch(_ pattern: ArraySlice<Character>, _ name: ArraySlice<Character>, atSegmentStart: Bool) -> Bool {
    guard let first = pattern.first else { return name.isEmpty }
    if atSegmentStart, pattern.starts(with: "**/") {
        let rest = pattern.dropFirst(3)
        if naiveMatch(rest, name, atSegmentStart: true) { return true }
        guard let slash = name.firstIndex(of: "/") else { return false }
        return naiveMatch(pattern, name[(slash + 1)...], atSegmentStart: true)
    }
    let isDouble = pattern.starts(with: "**")
    if first == "*" {
        if naiveMatch(pattern.dropFirst(isDouble ? 2 : 1), name, atSegmentStart: false) { return true }
        guard let next = name.first, isDouble || next != "/" else { return false }
        return naiveMatch(pattern, name.dropFirst(), atSegmentStart: false)
    }
    return name.first == first && naiveMatch(pattern.dropFirst(), name.dropFirst(), atSegmentStart: first == "/")
}

private func isName(_ name: String) -> Bool {
    name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
}

/// Every name of up to seven characters over two letters and the slash.
private let smallNames = smallTexts.filter(isName)

/// The same, and those that end in a slash or are nothing else: paths without their first slash.
private let smallPaths = smallTexts.filter { !$0.hasPrefix("/") && !$0.contains("//") }

private let smallTexts: [String] = {
    var texts = [""]
    var all = texts
    for _ in 0..<7 {
        texts = texts.flatMap { text in ["a", "b", "/"].map { text + $0 } }
        all += texts
    }
    return all
}()

/// Every text of up to three pieces that may be a pattern.
private let smallPatterns: [String] = {
    let pieces = ["a", "*", "**", "/", "**/"]
    let pairs = pieces.flatMap { first in pieces.map { first + $0 } }
    return Array(Set(pieces + pairs + pairs.flatMap { pair in pieces.map { pair + $0 } })).sorted()
}()
