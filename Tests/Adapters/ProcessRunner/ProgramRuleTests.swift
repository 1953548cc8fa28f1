import Policies
import TacitWire
import Testing

@testable import ProcessRunner

@Suite("What a script's first line says")
struct ShebangTests {
    @Test(
        "interpreter and argument are read as Linux reads them",
        arguments: [
            ("#!/bin/sh\necho", "/bin/sh", nil), ("#! /bin/sh -e \n", "/bin/sh", "-e"), ("#!\t/usr/bin/env\tpython3\n", "/usr/bin/env", "python3"),
            ("#!/usr/bin/awk -f x  y \nz", "/usr/bin/awk", "-f x  y"), ("#!/bin/sh", "/bin/sh", nil), ("#!/bin/sh\u{0}junk\n", "/bin/sh", nil),
        ] as [(String, String, String?)])
    func reads(header: String, interpreter: String, argument: String?) {
        #expect(Shebang(header: header.utf8) == Shebang(interpreter: interpreter, argument: argument))
    }

    @Test(
        "what names no interpreter, or cuts it short, is no script", arguments: ["", "#", "#!", "#!\n/bin/sh", "#!   \n", " #!/bin/sh", "\u{7F}ELF"])
    func refuses(header: String) { #expect(Shebang(header: header.utf8) == nil) }

    @Test("an interpreter that reaches the end of what Linux looks at is refused, an argument there is cut")
    func limits() {
        #expect(Shebang(header: ("#!/" + String(repeating: "a", count: 300)).utf8) == nil)
        let cut = Shebang(header: ("#!/bin/sh " + String(repeating: "a", count: 300)).utf8)
        #expect(cut?.argument?.count == 255 - "#!/bin/sh ".count)
    }

    @Test(
        "env's argument is looked up only when env would do no more",
        arguments: [
            ("node", ["node"]), ("-S node --flag", ["node", "--flag"]), ("-Sperl -w", ["perl", "-w"]), ("A=b node", nil), ("-i node", nil),
            ("-S A=b node", nil), (#"-S node "a b""#, nil), ("-S -i node", nil), ("-S", nil),
        ] as [(String, [String]?)])
    func env(argument: String, words: [String]?) {
        #expect(Shebang(interpreter: "/usr/bin/env", argument: argument).wordsForEnv == words)
    }
}

@Suite("Classes of programs")
struct ProgramClassTests {
    @Test(
        "a program is classed by the names it has",
        arguments: [
            ("curl", "curl", false, .native), ("psql", "psql", true, .script), ("python3", "python3.11", false, .interpreter),
            ("sh", "dash", false, .shell), ("harmless", "bash", false, .shell), ("npm", "npm-cli.js", true, .packageManager),
            ("pip3.11", "pip3.11", true, .packageManager), ("busybox", "busybox", false, .shell), ("run.sh", "run.sh", true, .script),
            ("java", "java", false, .interpreter), ("make", "make", false, .interpreter), ("git", "git", false, .interpreter),
            ("ld.so", "ld-linux-x86-64.so.2", false, .interpreter), ("tool", "ld-musl-x86_64.so.1", false, .interpreter),
            ("perl5.36-x86_64-linux-gnu", "perl5.36-x86_64-linux-gnu", false, .interpreter),
            ("x86_64-linux-gnu-gcc-12", "x86_64-linux-gnu-gcc-12", false, .interpreter), ("sqlite3", "sqlite3", false, .interpreter),
            ("systemd-run", "systemd-run", false, .interpreter), ("linux64", "setarch", false, .interpreter), ("m4", "m4", false, .interpreter),
            ("redis-cli", "redis-cli", false, .native), ("stripe", "stripe", false, .native), ("ls", "ls", false, .native),
            ("sha256sum", "sha256sum", false, .native), ("lddtree", "lddtree", false, .native),
        ] as [(String, String, Bool, ProgramClass)])
    func classes(called: String, opened: String, isScript: Bool, expected: ProgramClass) {
        #expect(ProgramClass(called: called, opened: opened, isScript: isScript) == expected)
    }
}

@Suite("The accident guard")
struct AccidentGuardTests {
    typealias Row = (words: [String], opened: String, identity: String?, word: String?)

    static let rows: [Row] = [
        (["env"], "env", nil, "env"), (["/usr/bin/env", "A=b", "true"], "env", nil, "env"), (["printenv", "KEY"], "printenv", nil, "printenv"),
        (["export"], "export", nil, "export"), (["set"], "set", nil, "set"), (["declare", "-p"], "declare", nil, "declare"),
        (["compgen", "-v"], "compgen", nil, "compgen"),
        // The same file, whatever it is called.
        (["./harmless"], "harmless", "env", "env"), (["/tmp/link"], "printenv", nil, "printenv"), (["ls"], "ls", nil, nil),
        // Many programs in one.
        (["busybox", "env"], "busybox", nil, "env"), (["/bin/env2"], "busybox", nil, nil), (["printenv"], "busybox", nil, "printenv"),
        (["busybox", "ls"], "busybox", nil, nil), (["busybox", "busybox", "env"], "busybox", nil, "env"),
        (["busybox", "sh", "-c", "env"], "busybox", nil, "env"), (["sh", "-c", "printenv"], "busybox", nil, "printenv"),
        (["toybox", "printenv"], "toybox", nil, "printenv"), (["coreutils", "--coreutils-prog=env", "x"], "coreutils", nil, "env"),
        (["/tmp/copy", "env"], "copy", "busybox", nil), (["busybox-static", "env"], "busybox-static", "busybox", "env"),
        (["coreutils", "--coreutils-prog=ls"], "coreutils", nil, nil),
        // Shells: the first command of the script.
        (["sh", "-c", "env"], "dash", nil, "env"), (["bash", "-lc", "  /usr/bin/env | sort"], "bash", nil, "env"),
        (["bash", "-c", "A=1 exec printenv"], "bash", nil, "printenv"), (["bash", "-c", #"\env"#], "bash", nil, "env"),
        (["bash", "-c", "'env'"], "bash", nil, "env"), (["bash", "-o", "pipefail", "-c", "set"], "bash", nil, "set"),
        (["bash", "-c", "set -e; make"], "bash", nil, nil), (["bash", "-c", "set | grep KEY"], "bash", nil, "set"),
        (["sh", "-c", "export A=1; make"], "dash", nil, nil), (["sh", "-c", "export -p"], "dash", nil, "export"),
        (["sh", "-c", "export"], "dash", nil, "export"), (["bash", "-c", "declare -p KEY"], "bash", nil, "declare"),
        (["bash", "-c", "declare -x"], "bash", nil, "declare"), (["bash", "-c", "compgen -e"], "bash", nil, "compgen"),
        (["bash", "--norc", "-c", "env"], "bash", nil, "env"), (["bash", "-c", "--", "env"], "bash", nil, "env"),
        (["bash", "env"], "bash", nil, nil), (["bash", "-c", "echo env"], "bash", nil, nil), (["bash", "script.sh", "-c", "env"], "bash", nil, nil),
        (["sh", "-c", "busybox env"], "dash", nil, "env"), (["sh", "-c", "/bin/busybox ls; env"], "dash", nil, nil),
        (["bash", "-c", "exec busybox sh -c 'printenv KEY'"], "bash", nil, "printenv"), (["sh", "-c", "sh -c env"], "dash", nil, "env"),
        (["sh", "-c", "sh script.sh env"], "dash", nil, nil),
        (["bash"], "bash", nil, nil), (["sh", "-c"], "dash", nil, nil), (["sh", "-c", ""], "dash", nil, nil),
        // Programs that start others.
        (["timeout", "5", "env"], "timeout", nil, "env"), (["xargs", "-n1", "/usr/bin/printenv"], "xargs", nil, "printenv"),
        (["nice", "make", "test"], "nice", nil, nil),
        // The environment as a file.
        (["cat", "/proc/self/environ"], "cat", nil, "/proc/*/environ"),
        (["strings", "-n8", "/proc/1234/environ"], "strings", nil, "/proc/*/environ"),
        (["xxd", "/proc//self/task/1/environ"], "xxd", nil, "/proc/*/environ"),
        (["sh", "-c", "cat /proc/$$/environ"], "dash", nil, "/proc/*/environ"),
        (["cat", "/proc/cpuinfo"], "cat", nil, nil), (["cat", "environ"], "cat", nil, nil), (["cat", "my-environ.txt"], "cat", nil, nil),
        (["python3", "-c", "open('/proc/self/environ')"], "python3.11", nil, "/proc/*/environ"),
        (["python3", "-c", "print(os.listdir('/proc/self/fd'), os.environ['HOME'])"], "python3.11", nil, nil),
        (["sh", "-c", "cat /proc/cpuinfo /proc/$PPID/environ"], "dash", nil, "/proc/*/environ"),
        (["sh", "-c", "cat /proc/$(pgrep -o node)/environ"], "dash", nil, "/proc/*/environ"),
    ]

    @Test("each command is refused or let through as the table says", arguments: rows)
    func table(row: Row) {
        let verdict = AccidentGuard.verdict(for: row.words, opened: .init(baseName: row.opened, identity: row.identity))
        #expect(verdict == row.word.map { .refused(word: $0) } ?? .allowed)
    }

    @Test("a relative path is read in the working directory")
    func relative() {
        let cat = AccidentGuard.Subject(baseName: "cat")
        #expect(AccidentGuard.verdict(for: ["cat", "environ"], opened: cat, directory: "/proc/self") == .refused(word: "/proc/*/environ"))
        #expect(AccidentGuard.verdict(for: ["cat", "self/environ"], opened: cat, directory: "/proc") == .refused(word: "/proc/*/environ"))
        #expect(AccidentGuard.verdict(for: ["cat", "environ"], opened: cat, directory: "/srv") == .allowed)
    }

    @Test("the refusal says what it is: a guard against accidents")
    func label() {
        let refusal = RunRefusal.accidentGuard(word: "env")
        #expect(refusal.message.hasPrefix("accident guard:"))
        #expect(refusal.hint?.contains("no boundary") == true)
        #expect(refusal.failure.status == 125)
    }
}
