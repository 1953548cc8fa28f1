/// What kind of program a file is, judged by its names. All but native ones execute what their arguments or files tell them.
///
/// The names are those of programs whose trade it is to execute others. They are not every program that can be led to.
package enum ProgramClass: String, Sendable, CaseIterable {
    case native, script, interpreter, shell
    case packageManager = "package-manager"

    /// Judges by the name it was called by and the name of the opened file.
    package init(called: String, opened: String, isScript: Bool) {
        let names = [called, opened].flatMap(Self.stems)
        if names.contains(where: Self.packageManagers.contains) {
            self = .packageManager
        } else if names.contains(where: Self.shells.contains) {
            self = .shell
        } else if isScript {
            self = .script
        } else {
            let executes =
                names.contains { Self.interpreters.contains($0) || Self.launchers.contains($0) } || [called, opened].contains(where: Self.isLoader)
            self = executes ? .interpreter : .native
        }
    }

    /// The system's own loader executes any file it is given.
    private static func isLoader(_ name: String) -> Bool { name.hasPrefix("ld") && name.contains(".so") }

    /// What a name may be known by: as a whole, and by its first and last word (`x86_64-linux-gnu-gcc-12` is `gcc`, `perl5.36-x86_64-linux-gnu` is `perl`).
    private static func stems(_ name: String) -> [String] {
        let whole = stem(name)
        let words = whole.split(separator: "-").map { stem(String($0)) }
        return [whole] + [words.first, words.last].compactMap(\.self)
    }

    /// A name without version and suffix: `python3.11` is `python`, `npm-cli.js` is `npm`.
    private static func stem(_ name: String) -> String {
        var stem = name[...]
        for suffix in [".js", ".mjs", ".cjs", ".py", ".pl", ".exe", "-cli"] where stem.hasSuffix(suffix) { stem = stem.dropLast(suffix.count) }
        while let last = stem.utf8.last, (48...57).contains(last) || last == 45 || last == 46 { stem = stem.dropLast() }
        return String(stem)
    }

    private static let shells: Set<String> = [
        "sh", "ash", "bash", "dash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "nu", "pwsh", "busybox", "toybox",
    ]
    private static let interpreters: Set<String> = [
        "python", "pypy", "node", "nodejs", "deno", "bun", "perl", "ruby", "irb", "php", "lua", "luajit", "java", "jshell", "groovy", "scala",
        "kotlin",
        "Rscript", "R", "julia", "tclsh", "wish", "expect", "guile", "racket", "sbcl", "clisp", "ghci", "runghc", "elixir", "iex", "erl", "escript",
        "dotnet", "mono", "awk", "gawk", "mawk", "sed", "jq", "m", "bc", "vim", "vi", "nvim", "emacs", "ed", "less", "gdb", "lldb", "strace",
        "ltrace",
        "env", "xargs", "find", "make", "gmake", "ninja", "cmake", "gcc", "cc", "clang", "swift", "git", "ssh", "rsync", "tar", "watch", "nohup",
        "timeout", "nice", "setsid", "script", "parallel", "sudo", "doas", "su", "unshare", "nsenter", "chroot", "docker", "podman", "kubectl",
    ]
    private static let launchers: Set<String> = [
        "lli", "opt", "g++", "c++", "cpp", "c", "as", "ld", "gold", "tmux", "screen", "flock", "stdbuf", "time", "ionice", "chrt", "taskset",
        "setarch",
        "linux", "i", "x86_", "choom", "prlimit", "setpriv", "runuser", "capsh", "sg", "newgrp", "login", "pkexec", "run-parts", "start-stop-daemon",
        "systemd", "systemctl", "machinectl", "dbus", "sftp", "scp", "socat", "nc", "ncat", "netcat", "telnet", "ftp", "wget", "at", "batch",
        "crontab",
        "more", "most", "pager", "man", "view", "ex", "red", "rvim", "rview", "vimdiff", "nano", "pico", "sqlite", "psql", "mysql", "mariadb",
        "mongo",
        "mongosh", "gnuplot", "octave", "dc", "cscope", "valgrind", "perf", "heaptrack", "memusage", "fakeroot", "tcpdump", "zip", "cpio", "split",
        "sort", "install", "msgexec", "msgfilter", "openssl", "entr", "ip", "xdg-open", "gio", "journalctl",
    ]
    private static let packageManagers: Set<String> = [
        "npm", "npx", "yarn", "pnpm", "pnpx", "corepack", "bunx", "pip", "pipx", "pipenv", "poetry", "uv", "uvx", "conda", "mamba", "cargo", "rustup",
        "go", "gem", "bundle", "bundler", "composer", "mvn", "gradle", "gradlew", "sbt", "lein", "mix", "rebar", "cabal", "stack", "nuget", "apt",
        "apt-get", "dpkg", "dnf", "yum", "rpm", "apk", "pacman", "zypper", "brew", "nix", "guix", "snap", "flatpak", "helm", "terraform",
    ]
}
