import Commands
import TestKit
import Testing

@Suite("Policy and project files")
struct YAMLFileTests {
    @Test("a policy becomes the JSON of the API")
    func policy() throws {
        let yaml = """
            # who may do what
            policies:
              - name: claude on dev
                agent_id: "claude*"
                environments: [default/dev, 'shop/*']
                allowed_keys:
                  - stripe/*
                  - "**/public"
                denied_keys: ["root/**"]
                capabilities: [env_inject, broker]
                unsandboxed: allow
                home: real
                unredactable: deny
            """
        let expected =
            #"{"policies":[{"name":"claude on dev","agent_id":"claude*","environments":["default/dev","shop/*"],"#
            + #""allowed_keys":["stripe/*","**/public"],"denied_keys":["root/**"],"capabilities":["env_inject","broker"],"#
            + #""unsandboxed":"allow","home":"real","unredactable":"deny"}]}"#
        let file = try PolicyFile(yaml: Array(yaml.utf8))
        #expect(String(decoding: file.json, as: UTF8.self) == expected)
        #expect(file.position(of: "policies[0].allowed_keys[1]") == FilePosition(line: 8, column: 9))
        #expect(file.position(of: "policies[0].agent_id") == FilePosition(line: 4, column: 15))
        #expect(file.position(of: "policies[0].missing") == FilePosition(line: 3, column: 5))
        #expect(file.position(of: "elsewhere") == nil)
        #expect(try PolicyFile(yaml: PolicyFile.yaml(json: file.json)).json == file.json)
    }

    @Test("every section becomes JSON, and each place of it has a line")
    func sections() throws {
        let yaml = """
            policies: []
            tag_rules:
              - name: a
                tags: [live, "prod*"]
            command_rules:
              - name: b
                sha256: ["00"]
            tests:
              - name: c
                given: [session]
            """
        let file = try PolicyFile(yaml: Array(yaml.utf8))
        let expected =
            #"{"policies":[],"tag_rules":[{"name":"a","tags":["live","prod*"]}],"command_rules":[{"name":"b","sha256":["00"]}],"#
            + #""tests":[{"name":"c","given":["session"]}]}"#
        #expect(String(decoding: file.json, as: UTF8.self) == expected)
        #expect(file.position(of: "tag_rules[0].tags[1]") == FilePosition(line: 4, column: 18))
        #expect(file.position(of: "command_rules[0].sha256") == FilePosition(line: 7, column: 13))
        #expect(file.position(of: "tests[0].expect") == FilePosition(line: 9, column: 5))
        #expect(try PolicyFile(yaml: PolicyFile.yaml(json: file.json)).json == file.json)
    }

    @Test("a number and a pair stand for texts where a key takes them")
    func numbersAndPairs() throws {
        let yaml = """
            policies: []
            request_rules:
              - name: r
                ports: [443, "8443"]
                places:
                  - header: X-Api-Key
                  - bearer
                  - "query: key"
                  - json: /a/b
                occurrences: 2
            tests:
              - name: t
                request: GET https://api.example.com/v1/x
                place: {cookie: sid}
            """
        let file = try PolicyFile(yaml: Array(yaml.utf8))
        #expect(
            String(decoding: file.json, as: UTF8.self)
                == #"{"policies":[],"request_rules":[{"name":"r","ports":["443","8443"],"places":["header: X-Api-Key","bearer","query: key","json: /a/b"],"#
                + #""occurrences":"2"}],"tests":[{"name":"t","request":"GET https://api.example.com/v1/x","place":"cookie: sid"}]}"#)
        let certificate = "-----BEGIN CERTIFICATE-----\\nMIIB\\n-----END CERTIFICATE-----\\n"
        let authorities = #"{"policies":[],"request_rules":[{"name":"r","authorities":"\#(certificate)"}]}"#
        let block = try PolicyFile.yaml(json: Array(authorities.utf8))
        #expect(String(decoding: block, as: UTF8.self).contains("authorities: |\n      -----BEGIN CERTIFICATE-----\n      MIIB\n"))
        #expect(String(decoding: try PolicyFile(yaml: block).json, as: UTF8.self) == authorities)
        #expect(file.position(of: "request_rules[0].places[3]") == FilePosition(line: 9, column: 9))
        #expect(file.position(of: "request_rules[0].ports[1]") == FilePosition(line: 4, column: 18))
        #expect(try PolicyFile(yaml: PolicyFile.yaml(json: file.json)).json == file.json)
    }

    @Test("an empty list of policies is a policy")
    func emptyPolicy() throws {
        #expect(try PolicyFile(yaml: Array("policies: []".utf8)).json == Array("{\"policies\":[]}".utf8))
        #expect(try PolicyFile.yaml(json: Array("{\"policies\":[]}".utf8)) == Array("policies: []\n".utf8))
    }

    @Test(
        "a bad policy file is refused with line and column",
        arguments: [
            ("", nil, "empty", nil), ("# a\n", nil, "empty", nil),
            ("policies: []\nrules: []", "2:1", "unknown-key", "the keys here are `policies`, `tag_rules`, `command_rules`, `request_rules`, `tests`"),
            ("policy: []", "1:1", "unknown-key", "did you mean `policies`?"), ("tag_rules: []", "1:1", "missing-key", nil),
            ("policies: []\ntag_rule: []", "2:1", "unknown-key", "did you mean `tag_rules`?"),
            ("policies: []\ntag_rules:\n  - tag: a", "3:5", "unknown-key", "did you mean `tags`?"),
            ("policies: []\ncommand_rules:\n  - programs: /a", "3:15", "wrong-type", "put it in square brackets: [ … ]"),
            ("policies: []\nrequest_rules:\n  - host: [a]", "3:5", "unknown-key", "did you mean `hosts`?"),
            ("policies: []\nrequest_rules:\n  - occurrences: yes", "3:18", "wrong-type", nil),
            ("policies: []\nrequest_rules:\n  - ports: 443", "3:12", "wrong-type", nil),
            ("policies: []\nrequest_rules:\n  - places: [{header: a, cookie: b}]", "3:14", "wrong-type", nil),
            ("policies: []\nrequest_rules:\n  - places: [{query: 1}]", "3:22", "wrong-type", "put it in quotes if it is meant as a text"),
            ("policies: []\nrequest_rules:\n  - hosts: [{a: b}]", "3:13", "wrong-type", nil),
            ("policies: []\nrequest_rules:\n  - hosts: [1]", "3:13", "wrong-type", nil),
            ("policies: []\ntests:\n  - expect: [allow]", "3:13", "wrong-type", nil), ("{}", "1:1", "missing-key", nil),
            ("- a", "1:1", "wrong-type", nil),
            ("policies", "1:1", "wrong-type", nil), ("policies:", "1:10", "wrong-type", nil),
            ("policies: a", "1:11", "wrong-type", "put it in square brackets: [ … ]"),
            ("policies: {}", "1:11", "wrong-type", nil), ("policies:\n  - a", "2:5", "wrong-type", nil),
            ("policies:\n  - name: a\n    agnet_id: b", "3:5", "unknown-key", "did you mean `agent_id`?"),
            ("policies:\n  - name: a\n    allowed-keys: [b]", "3:5", "unknown-key", "did you mean `allowed_keys`?"),
            ("policies:\n  - name: 12", "2:11", "wrong-type", "put it in quotes if it is meant as a text"),
            ("policies:\n  - name: 1e3", "2:11", "wrong-type", nil),
            ("policies:\n  - name: 0x1F", "2:11", "wrong-type", nil), ("policies:\n  - name: .inf", "2:11", "wrong-type", nil),
            ("policies:\n  - name: true", "2:11", "wrong-type", nil), ("policies:\n  - unsandboxed: yes", "2:18", "wrong-type", nil),
            ("policies:\n  - name: ~", "2:11", "wrong-type", nil), ("policies:\n  - name:", "2:10", "wrong-type", nil),
            ("policies:\n  - name: [a]", "2:11", "wrong-type", nil),
            ("policies:\n  - allowed_keys: a", "2:19", "wrong-type", "put it in square brackets: [ … ]"),
            ("policies:\n  - allowed_keys: [a, 1]", "2:23", "wrong-type", nil), ("policies:\n  - allowed_keys: [[a]]", "2:20", "wrong-type", nil),
            ("policies:\n  - name: a\n    name: b", "2:5", "duplicate-key", "keep one of the two"),
            ("policies: []\n\"policies\": []", "1:1", "duplicate-key", nil),
            ("policies:\n  - agent_id: *", "2:16", "anchor", "put a pattern that begins with `*` in quotes"),
            ("policies:\n  - allowed_keys: [*a]", "2:20", "anchor", "put a pattern that begins with `*` in quotes"),
            ("policies:\n  - allowed_keys: [**]", "2:21", "anchor", nil), ("policies:\n  - &a {name: b}\n  - *a", "2", "anchor", nil),
            ("policies: &a []", "1", "anchor", nil), ("&a policies: []", "1", "anchor", nil),
            ("policies:\n  - {<<: {name: a}}", "2:6", "merge", "write the members out"),
            ("policies:\n  - name: !!str a", "2:11", "tag", nil), ("policies: !x []", "1:11", "tag", nil),
            ("!!map {policies: []}", "1:1", "tag", nil),
            ("!!str policies: []", "1:1", "tag", nil), ("policies:\n  - name: !a", "2:11", "tag", nil),
            ("policies: []\n---\npolicies: []", "2:1", "documents", "keep one"),
            ("---\npolicies: []\n...\n---\n", "4:1", "documents", nil), ("policies: [", "2:1", "syntax", nil), ("policies: ]", "1:11", "syntax", nil),
            ("policies: \"a", "1:11", "syntax", nil), ("policies:\n\t- a", "2:1", "syntax", nil), ("policies: @a", "1:11", "syntax", nil),
            ("a: b: c", "1:5", "syntax", nil),
            ("policies: []\n  x: y", "2:3", "syntax", nil), ("%YAML 3.0\n---\npolicies: []", "1:1", "syntax", nil), ("? [a]\n: b", "1:3", "key", nil),
            ("1: []", "1:1", "key", nil), ("~: []", "1:1", "key", nil), ("policies: \u{7}", "1", "control-character", nil),
            ("a\n\u{0}", "2", "control-character", nil),
            ("policies: \u{FFFE}", nil, "not-text", nil), (String(repeating: "[", count: 2000), "1:1", "syntax", nil),
            (String(repeating: "- ", count: 5000), "1:1999", "syntax", nil), (String(repeating: " ", count: 300_000), nil, "too-large", nil),
        ] as [(String, String?, String, String?)])
    func badPolicies(yaml: String, place: String?, code: String, hint: String?) {
        let error = #expect(throws: FormatError.self) { try PolicyFile(yaml: Array(yaml.utf8)) }
        #expect(error?.code == "yaml.\(code)")
        #expect(error?.position?.description == place)
        if let hint { #expect(error?.hint == hint) }
    }

    @Test("bytes that are no UTF-8 are refused")
    func invalidText() {
        let error = #expect(throws: FormatError.self) { try PolicyFile(yaml: [0x61, 0xFF]) }
        #expect(error?.code == "yaml.not-utf8")
    }

    @Test("aliases of aliases end at once")
    func bomb() {
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<60 { text += "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", "))]\n" }
        text += "? *a59\n: x\n"
        let error = #expect(throws: FormatError.self) { try ProjectFile(yaml: Array(text.utf8)) }
        #expect(error?.code == "yaml.anchor")
    }

    @Test("an ampersand that is no anchor is read")
    func ampersand() throws {
        let file = try PolicyFile(yaml: Array("policies:\n  - name: R&D & more # a & b".utf8))
        #expect(String(decoding: file.json, as: UTF8.self) == #"{"policies":[{"name":"R&D & more"}]}"#)
    }

    @Test("a policy that came as JSON is printed as YAML that reads as the same JSON")
    func printing() throws {
        var draws = RandomDraws()
        for _ in 0..<200 {
            let texts = [
                "a", "stripe/*", "**", "true", "12", "a: b", "- x", "&b", "a &b", "'q'", "\\\"", "*", "", " ", " a", "a ", "null", "é", "#", "a #b",
                "!x", "0x1",
                "%", "@", "~", "?", "n",
            ]
            func quoted(_ text: String) -> String { "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\"" }
            let policies = (0..<Int.random(in: 0...3, using: &draws)).map { _ in
                let keys = (0..<Int.random(in: 1...12, using: &draws)).map { _ in quoted(draws.text(of: texts, count: 1...3)) }
                return "{\"name\":\(quoted(draws.pick(texts))),\"allowed_keys\":[\(keys.joined(separator: ","))],\"capabilities\":[]}"
            }
            let json = "{\"policies\":[\(policies.joined(separator: ","))]}"
            let yaml = try PolicyFile.yaml(json: Array(json.utf8))
            let again = try PolicyFile(yaml: yaml).json
            #expect(String(decoding: again, as: UTF8.self) == json, "seed \(draws.seed): \(String(decoding: yaml, as: UTF8.self))")
        }
    }

    @Test("the printed form is written out")
    func printed() throws {
        let json = #"{"policies":[{"name":"a b","agent_id":"*","allowed_keys":["stripe/*","**/k"],"capabilities":["broker"]},{"name":"no"}]}"#
        let expected = """
            policies:
              - name: a b
                agent_id: "*"
                allowed_keys: [stripe/*, "**/k"]
                capabilities: [broker]
              - name: "no"

            """
        #expect(try String(decoding: PolicyFile.yaml(json: Array(json.utf8)), as: UTF8.self) == expected)
    }

    @Test(
        "JSON that is none is not printed", arguments: ["", "{", "{\"a\":1,\"a\":2}", "[1,]", "01", "nul", "1 2", String(repeating: "[", count: 99)])
    func badJSON(json: String) {
        #expect(throws: FormatError.self) { try PolicyFile.yaml(json: Array(json.utf8)) }
    }

    @Test("a project file names scope and keys, as a list or as a mapping")
    func project() throws {
        let list = try ProjectFile(
            yaml: Array("project: shop\nenvironment: dev\nkeys:\n  - stripe/api-key\n  - db#password\n  - tacit://a/b/c#d?version=12\n".utf8))
        #expect(list.project == "shop" && list.environment == "dev")
        #expect(list.keys.map(\.reference) == ["stripe/api-key", "db#password", "tacit://a/b/c#d?version=12"])
        #expect(list.keys.allSatisfy { $0.variable == nil })
        #expect(list.keys.map(\.position.line) == [4, 5, 6])
        let mapping = try ProjectFile(yaml: Array("keys: {STRIPE_KEY: stripe/api-key, _A1: db#password}".utf8))
        #expect(mapping.project == nil && mapping.environment == nil)
        #expect(mapping.keys.map(\.variable) == ["STRIPE_KEY", "_A1"])
    }

    @Test(
        "a bad project file is refused with line and column",
        arguments: [
            ("", nil, "empty"), ("{}", "1:1", "empty"), ("projects: a", "1:1", "unknown-key"), ("project: [a]", "1:10", "wrong-type"),
            ("project: 1", "1:10", "wrong-type"),
            ("project: a/b", "1:10", "name"), ("project: ..", "1:10", "name"), ("project: ''", "1:10", "name"), ("environment: a b", "1:14", "name"),
            ("project: \(String(repeating: "a", count: 65))", "1:10", "name"), ("keys: []", "1:7", "empty"), ("keys: {}", "1:7", "empty"),
            ("keys: a", "1:7", "wrong-type"),
            ("keys:", "1:6", "wrong-type"), ("keys: [1]", "1:8", "wrong-type"), ("keys: [a, a]", "1:11", "duplicate"),
            ("keys: [a b]", "1:8", "reference"),
            ("keys: ['']", "1:8", "reference"), ("keys: [/a]", "1:8", "reference"), ("keys: [a//b]", "1:8", "reference"),
            ("keys: ['a#']", "1:8", "reference"),
            ("keys: ['a#b#c']", "1:8", "reference"), ("keys: ['a?version=0']", "1:8", "reference"), ("keys: ['a?version=x']", "1:8", "reference"),
            ("keys: ['a?v=1']", "1:8", "reference"), ("keys: ['tacit://a/b']", "1:8", "reference"), ("keys: ['tacit:///b/c']", "1:8", "reference"),
            ("keys: ['stripe/*']", "1:8", "reference"), ("keys: {1A: b}", "1:8", "variable"), ("keys: {A-B: b}", "1:8", "variable"),
            ("keys: {A: [b]}", "1:11", "wrong-type"),
            ("keys: {A: }", "1:11", "wrong-type"), ("keys: {A: b, A: c}", "1:8", "duplicate-key"), ("keys: {A: 'b c'}", "1:11", "reference"),
        ] as [(String, String?, String)])
    func badProjects(yaml: String, place: String?, code: String) {
        let error = #expect(throws: FormatError.self) { try ProjectFile(yaml: Array(yaml.utf8)) }
        #expect(error?.code == "yaml.\(code)")
        #expect(error?.position?.description == place)
    }

    @Test("no error repeats text of the file")
    func silentErrors() {
        for text in [
            "CANARY: x", "project: CANARY x", "keys: [CANARY x]", "project: [CANARY", "CANARY: *CANARY", "project: CANARY\nproject: CANARY",
            "keys: {CANARY-: a}",
        ] {
            let error = #expect(throws: FormatError.self) { try ProjectFile(yaml: Array(text.utf8)) }
            #expect(error.map { "\($0) \($0.text(naming: "f"))".contains("CANARY") } == false)
        }
    }

    @Test("a changed file is read or refused, and never anything else")
    func mutations() {
        var draws = RandomDraws()
        let policy = Array(
            "policies:\n  - name: 'a b' # c\n    agent_id: \"x*\"\n    allowed_keys: [a, \"**\"]\n    capabilities:\n      - broker\n".utf8)
        let project = Array("project: shop\nkeys:\n  A: b#c\n  D: tacit://e/f/g?version=1\n".utf8)
        for round in 0..<3000 {
            let bytes = draws.mutation(of: round % 2 == 0 ? policy : project, inserting: Array("{}[]\":,*&!|>%@?-\n\t'#".utf8))
            do throws(FormatError) {
                if round % 2 == 0 {
                    let json = try PolicyFile(yaml: bytes).json
                    #expect(try PolicyFile(yaml: PolicyFile.yaml(json: json)).json == json, "seed \(draws.seed)")
                } else {
                    let file = try ProjectFile(yaml: bytes)
                    #expect(file.project != nil || file.environment != nil || !file.keys.isEmpty, "seed \(draws.seed)")
                }
            } catch {
                #expect(error.code.hasPrefix("yaml.") && !error.message.isEmpty, "seed \(draws.seed)")
            }
        }
    }
}
