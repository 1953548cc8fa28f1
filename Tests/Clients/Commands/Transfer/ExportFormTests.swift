import Testing

@testable import Commands

/// The shells themselves, and readers of the other forms, read exports end to end; here is what each form is, and refuses.
@Suite("Forms of an export")
struct ExportFormTests {
    private static func item(_ name: String, _ value: [UInt8]) -> DotEnv.Item { DotEnv.Item(name: name, value: value) }
    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("lines for a shell have every value in single quotes")
    func shell() throws {
        let text = try ShellLines.print([Self.item("A", Array("it's $HOME `x`\n\\".utf8)), Self.item("B", [])])
        #expect(Self.text(text) == "export A='it'\\''s $HOME `x`\n\\'\nexport B=''\n")
    }

    @Test(
        "the variables that a shell lives by are refused by name",
        arguments: [
            "PATH", "IFS", "ENV", "HOME", "PWD", "OLDPWD", "CDPATH", "SHELL", "SHELLOPTS", "BASHOPTS", "UID", "EUID", "PPID", "GROUPS", "FUNCNAME",
            "OPTIND", "PS0", "PS1", "PS2", "PS3", "PS4", "PROMPT_COMMAND", "FPATH", "ZDOTDIR", "RANDOM", "SECONDS", "LINENO", "HISTCMD", "DIRSTACK",
            "LD_PRELOAD", "LD_LIBRARY_PATH", "BASH_ENV", "BASH_FUNC",
        ])
    func taken(_ name: String) {
        let error = #expect(throws: FormatError.self) { try ShellLines.print([Self.item(name, [0x61])]) }
        #expect(error?.code == "shell.taken" && error?.message.contains(name) == true)
    }

    @Test(
        "what docker cannot read is refused by name, without its value",
        arguments: [
            (Array("CANARY\nx".utf8), "line-break"), (Array("CANARY\r".utf8), "line-break"), (Array("CANARY\0".utf8), "nul"),
            ([0x43, 0xFF], "not-utf8"),
            ([UInt8](repeating: 0x61, count: 65_533), "too-long"),
        ] as [([UInt8], String)])
    func docker(_ value: [UInt8], _ code: String) {
        let error = #expect(throws: FormatError.self) { try DockerEnvironment.print([Self.item("GOOD", [0x61]), Self.item("BAD", value)]) }
        #expect(error?.code == "docker.\(code)" && error?.message.contains("BAD") == true)
        #expect(error.map { "\($0)".contains("CANARY") } == false)
    }

    @Test("a line of docker's is as long as docker reads, and no longer")
    func longest() throws {
        // With the name, `=` and the end of the line: one byte less than 64 KiB.
        let value = [UInt8](repeating: 0x61, count: 65_530)
        #expect(try DockerEnvironment.print([Self.item("BAD", value)]).count == 65_535)
        let error = #expect(throws: FormatError.self) { try DockerEnvironment.print([Self.item("BAD", value + [0x61])]) }
        #expect(error?.code == "docker.too-long")
    }

    @Test("what no variable is called is refused in each form", arguments: ["", "1A", "a-b", "A B", "A=B", "é", "A\n"])
    func unnamed(_ name: String) {
        let forms: [(String, ([DotEnv.Item]) throws -> [UInt8])] = [
            ("shell", ShellLines.print), ("docker", DockerEnvironment.print), ("k8s", { try KubernetesSecret.print($0, named: "a") }),
        ]
        for (form, print) in forms {
            let error = #expect(throws: FormatError.self) { try print([Self.item("GOOD", []), Self.item(name, [0x61])]) }
            #expect(error?.code == "\(form).name")
        }
    }

    @Test("docker's lines have the value as it is")
    func dockerLines() throws {
        let lines = try DockerEnvironment.print([Self.item("A", Array(" \"x\" #'y' ".utf8)), Self.item("B", [])])
        #expect(Self.text(lines) == "A= \"x\" #'y' \nB=\n")
    }

    @Test("a manifest has its keys and values in quotes")
    func manifest() throws {
        let text = try KubernetesSecret.print([Self.item("NO", [0xD7, 0x6D, 0xF8]), Self.item("E", [])], named: "a-b")
        let expected = """
            apiVersion: v1
            kind: Secret
            metadata:
              name: "a-b"
            type: Opaque
            data:
              "NO": "1234"
              "E": ""

            """
        #expect(Self.text(text) == expected)
        #expect(throws: FormatError.self) { try KubernetesSecret.print([Self.item("A", [UInt8](repeating: 0, count: (1 << 20) + 1))], named: "a") }
        #expect(Self.text(try KubernetesSecret.print([], named: "a")).hasSuffix("data: {}\n"))
    }

    @Test(
        "names of Secrets are DNS subdomains",
        arguments: [
            ("a", true), ("a-b.c", true), ("A", false), ("-a", false), ("a.", false), ("", false), ("a_b", false), ("a-", false), ("a.-b", false),
            (String(repeating: "a", count: 253), true), (String(repeating: "a", count: 254), false),
        ])
    func names(_ name: String, _ isName: Bool) { #expect(KubernetesSecret.isName(name) == isName) }

    @Test(
        "the name of a Secret is made from project and environment",
        arguments: [("shop", "prod", "shop-prod"), ("My_Shop", "a.b", "my-shop-a-b"), ("_", "_", "secrets"), ("_a", "b_", "a-b")])
    func name(_ project: String, _ environment: String, _ name: String) {
        #expect(KubernetesSecret.name(project: project, environment: environment) == name)
        #expect(KubernetesSecret.isName(name))
    }
}
