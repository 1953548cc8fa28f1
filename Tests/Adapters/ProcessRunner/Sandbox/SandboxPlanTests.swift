import Model
import Testing

@testable import ProcessRunner

@Suite("What a sandbox holds")
struct SandboxPlanTests {
    private func scene(_ path: String?, home: String = "/home/ada") -> SandboxScene {
        var scene = SandboxScene(
            user: "ada", userID: 1000, groupID: 1000, home: home, working: path.map { FilePlace(path: $0, device: 1, inode: 2) })
        scene.systemLinks = ["/bin": "usr/bin", "/lib64": nil]
        scene.hidden = ["/srv/ada/tacit"]
        return scene
    }

    /// The paths outside that a plan takes.
    private func taken(_ plan: SandboxPlan) -> [String] {
        plan.steps.compactMap { step in
            switch step {
            case .outside(let path, _, _): path
            case .overlay(let place): place.path
            default: nil
            }
        }
    }

    @Test("nothing comes from outside but the system's files, a few of its configuration, six devices and the working directory")
    func allowed() {
        for path in taken(SandboxPlan(scene("/home/ada/project"))) {
            let isListed =
                ["/usr", "/lib64", "/nix/store", "/gnu/store", "/home/ada/project"].contains(path)
                || ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"].contains(path)
                || path.hasPrefix("/etc/") && SandboxScene.configuration.contains(String(path.dropFirst(5)))
            #expect(isListed, "\(path)")
        }
        for name in ["passwd", "shadow", "group", "gshadow", "hosts", "ssh", "ssl/private", "sudoers", "machine-id", "resolv.conf"] {
            #expect(!SandboxScene.configuration.contains(name), "\(name)")
        }
    }

    @Test("a sandbox with a broker has a place for the authorities that its program trusts, and one without has none")
    func door() {
        var scene = scene("/home/ada/project")
        #expect(!SandboxPlan(scene).steps.contains(.directory("/run/tacit", mode: 0o755)) && !SandboxPlan(scene).hasDoor)
        scene.hasDoor = true
        #expect(SandboxPlan(scene).steps.contains(.directory("/run/tacit", mode: 0o755)) && SandboxPlan(scene).hasDoor)
        #expect(taken(SandboxPlan(scene)) == taken(SandboxPlan(self.scene("/home/ada/project"))))
    }

    @Test("a whole agent finds the keeper's socket's place and this program, last in its PATH; others find neither") func keeper() {
        var scene = scene("/home/ada/project")
        scene.ownProgram = FilePlace(path: "/opt/tacit/tacit", device: 1, inode: 3)
        (scene.hasDoor, scene.hasKeeper) = (true, true)
        var variables = ["PATH": "/usr/bin"]
        let plan = SandboxPlan(scene)
        #expect(plan.hasKeeper && plan.steps.contains(.link("/run/tacit/bin/tacit", to: "/opt/tacit/tacit")))
        #expect(taken(plan).contains("/opt/tacit/tacit") && !taken(plan).contains { $0.hasPrefix("/run") })
        plan.adapt(&variables)
        #expect(variables["PATH"] == "/usr/bin:/run/tacit/bin")
        for (hasDoor, hasKeeper) in [(true, false), (false, true)] {
            (scene.hasDoor, scene.hasKeeper, variables) = (hasDoor, hasKeeper, ["PATH": "/usr/bin"])
            let plan = SandboxPlan(scene)
            plan.adapt(&variables)
            #expect(!plan.hasKeeper && !taken(plan).contains("/opt/tacit/tacit") && variables["PATH"] == "/usr/bin")
        }
        scene.ownProgram = nil
        scene.programs = [FilePlace(path: "/agent/tacit", device: 1, inode: 3)]
        scene.lastingHome = FilePlace(path: "/home/ada/.local/state/tacit/homes/x", device: 1, inode: 4)
        #expect(scene.refusal != nil)
    }

    @Test("the working directory is an overlay; written through only where that was asked for")
    func work() {
        let place = FilePlace(path: "/home/ada/project", device: 1, inode: 2)
        let plan = SandboxPlan(scene("/home/ada/project"))
        #expect(plan.steps.last == .overlay(place))
        #expect(plan.steps.contains(.directory("/home/ada", mode: 0o755)) || plan.steps.contains(.directory("/home/ada", mode: 0o700)))
        var through = scene("/home/ada/project")
        through.writesThrough = true
        #expect(SandboxPlan(through).steps.last == .outside("/home/ada/project", .writing, only: place))
        #expect(!SandboxPlan(through).steps.contains(.overlay(place)))
    }

    @Test("without a working directory there is an empty one")
    func empty() {
        let plan = SandboxPlan(scene(nil))
        #expect(plan.workingDirectory == "/work")
        #expect(plan.steps.last == .directory("/work", mode: 0o700))
    }

    @Test("a program that lies elsewhere is seen, and nothing beside it")
    func programs() {
        var scene = scene("/home/ada/project")
        let program = FilePlace(path: "/opt/tool/bin/tool", device: 1, inode: 9)
        scene.programs = [
            program, FilePlace(path: "/usr/bin/sh", device: 1, inode: 8), FilePlace(path: "/home/ada/project/x", device: 1, inode: 7),
        ]
        let plan = SandboxPlan(scene)
        #expect(plan.steps.contains(.outside("/opt/tool/bin/tool", .reading, only: program)))
        #expect(taken(plan).filter { $0.hasPrefix("/opt") || $0.hasPrefix("/usr/") || $0.hasPrefix("/home/ada/project/") } == ["/opt/tool/bin/tool"])
    }

    @Test("what is read besides is what was named, under its name and where that leads; never Tacit's own or the kernel's")
    func reads() {
        var scene = scene("/home/ada/project")
        let place = FilePlace(path: "/opt/sdk-7", device: 1, inode: 3)
        scene.reads = [("/opt/sdk", place), ("/usr/share/x", FilePlace(path: "/usr/share/x", device: 1, inode: 4))]
        #expect(scene.refusal == nil)
        let steps = SandboxPlan(scene).steps
        #expect(steps.contains(.outside("/opt/sdk-7", .readingFiles, only: place)) && steps.contains(.link("/opt/sdk", to: "/opt/sdk-7")))
        #expect(!taken(SandboxPlan(scene)).contains("/usr/share/x"), "it is there")
        for path in ["/srv/ada/tacit/agents", "/srv", "/", "/proc/1", "/dev"] {
            scene.reads = [("/named", FilePlace(path: path, device: 1, inode: 3))]
            #expect(scene.refusal?.path == "/named", "\(path)")
        }
        for path in ["/home/ada", "/home/ada/.aws"] {
            scene.reads = [("/home/ada/project/data", FilePlace(path: path, device: 1, inode: 3))]
            #expect(scene.refusal?.path == "/home/ada/project/data", "what a link leads to was written down by nobody")
        }
        scene.reads = [("/named", nil)]
        #expect(scene.refusal?.reason == "there is nothing")
    }

    @Test("a home that lies elsewhere is refused under either path, and a slash is one whatever follows it")
    func elsewhere() {
        for path in ["/vol/ada", "/vol/ada/.ssh", "/home/ada/.ssh"] {
            var scene = scene(path)
            scene.realHome = "/vol/ada"
            #expect(scene.refusal != nil, "\(path)")
        }
        var accented = scene("/vol/ada/\u{301}x/y")
        accented.realHome = "/vol/ada"
        #expect(accented.refusal == nil)
        #expect(SandboxPlan(accented).steps.contains(.directory("/vol/ada", mode: 0o755)))
        #expect(SandboxScene.lies("/vol/ada/\u{301}x", in: "/vol/ada"))
    }

    @Test("a terminal of its own only for who has one")
    func terminals() {
        var scene = scene(nil)
        let isTerminal: (SandboxPlan.Step) -> Bool = { if case .filesystem("/dev/pts", _, _, _) = $0 { true } else { false } }
        #expect(!SandboxPlan(scene).steps.contains(where: isTerminal))
        scene.hasTerminal = true
        #expect(SandboxPlan(scene).steps.contains(where: isTerminal))
    }

    @Test(
        "directories that hold more than a project are refused",
        arguments: [
            "/", "/home", "/home/ada", "/root", "/etc", "/etc/ssh", "/usr", "/dev/shm", "/proc/self", "/run/user/1000", "/tmp", "/var",
            "/home/ada/.ssh",
            "/home/ada/.config/gh", "/srv/ada", "/srv/ada/tacit", "/srv/ada/tacit/agents", "/sys/kernel", "/bin",
        ])
    func refused(path: String) { #expect(scene(path).refusal != nil) }

    @Test(
        "projects are not",
        arguments: ["/home/ada/project", "/home/ada/project/.git", "/home/adam", "/tmp/build", "/usr/src/linux", "/srv/ada/tacitly", "/opt/x"])
    func accepted(path: String) { #expect(scene(path).refusal == nil) }

    @Test("a home that is none, or lies in the system, is replaced", arguments: ["/", "", "nowhere", "/etc", "/proc/1", "/x/../etc"])
    func homes(path: String) { #expect(scene(nil, home: path).homeInside == "/home/user") }

    @Test("the right to everything that Landlock knows is governed, version by version")
    func landlock() {
        #expect(LandlockRights(version: 0).files == 0)
        #expect(LandlockRights(version: 1).files == 0x1FFF)
        #expect(LandlockRights(version: 2).files == 0x3FFF)
        #expect(LandlockRights(version: 3).files == 0x7FFF)
        #expect(LandlockRights(version: 5).files == 0xFFFF)
        #expect((LandlockRights(version: 3).network, LandlockRights(version: 4).network) == (0, 3))
        #expect((LandlockRights(version: 5).scopes, LandlockRights(version: 6).scopes) == (0, 3))
        let rights = LandlockRights(version: 7)
        #expect(rights.reading == 0b1101)
        #expect(rights.changing & (1 << 6 | 1 << 11) == 0, "no device is made")
        #expect(rights.using & (1 << 8) == 0, "no file is made in /dev")
        #expect(rights.usingFile == rights.using & ~(1 << 3), "a file holds no files")
    }
}
