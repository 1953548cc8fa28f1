/// What kind of program a file is, judged by its names. All but native ones execute what their arguments or files tell them.
package enum ProgramClass: String, Sendable, CaseIterable {
    case native, script, interpreter, shell
    case packageManager = "package-manager"

    /// Judges by the name it was called by and the name of the opened file.
    package init(called: String, opened: String, isScript: Bool) {
        let names = [called, opened].map(Self.stem)
        if names.contains(where: Self.packageManagers.contains) {
            self = .packageManager
        } else if names.contains(where: Self.shells.contains) {
            self = .shell
        } else if isScript {
            self = .script
        } else {
            self = names.contains(where: Self.interpreters.contains) ? .interpreter : .native
        }
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
    private static let packageManagers: Set<String> = [
        "npm", "npx", "yarn", "pnpm", "pnpx", "corepack", "bunx", "pip", "pipx", "pipenv", "poetry", "uv", "uvx", "conda", "mamba", "cargo", "rustup",
        "go", "gem", "bundle", "bundler", "composer", "mvn", "gradle", "gradlew", "sbt", "lein", "mix", "rebar", "cabal", "stack", "nuget", "apt",
        "apt-get", "dpkg", "dnf", "yum", "rpm", "apk", "pacman", "zypper", "brew", "nix", "guix", "snap", "flatpak", "helm", "terraform",
    ]
}
