import CProcess
import Glibc
import Model
import TacitWire

/// A child that executes its program, and this process's ends of its streams.
struct StartedRun {
    let process: Int32
    /// The main side of the child's terminal.
    let terminal: Int32?
    /// The program's side, held open so that the terminal lives as long as the child; -1 without a terminal.
    let programSide: Int32
    /// The writing end of standard input, unless that is the terminal.
    let input: Int32?
    /// The reading ends of standard output and standard error, unless they are the terminal.
    let outputs: [(descriptor: Int32, kind: RunFrame.Kind)]

    init(_ intake: RunnerIntake) throws(RunRefusal) {
        let files = try RunFiles(intake.bindings)
        let (environment, authorities) = try Self.environment(intake, files)
        var streams = try ChildStreams(intake.terminal, opened: intake.openedTerminal)
        defer { streams.closeChildEnds() }
        let words = CStrings(intake.program.arguments)
        var child = unsafe tacit_child()
        unsafe child.program = intake.executed
        unsafe child.arguments = UnsafePointer(words.pointers)
        unsafe child.environment = UnsafePointer(environment.pointers)
        unsafe child.directory = intake.directories.working
        unsafe child.streams = (streams.child[0], streams.child[1], streams.child[2])
        unsafe child.terminal = streams.programSide
        unsafe child.in_background = intake.terminal?.isShared == true ? 1 : 0
        unsafe child.no_new_privileges = intake.job.asker == .agent ? 1 : 0
        unsafe child.file_mask = intake.job.fileMask
        unsafe child.first_file = RunFiles.firstDescriptor
        unsafe child.files = Int32(files.variables.count)
        // The block with the values is overwritten when `environment` goes: the child executes its program by then.
        let started = withExtendedLifetime((words, environment, files)) {
            if let sandbox = intake.sandbox { return unsafe sandbox.start(words, environment, child, trusting: authorities) }
            return unsafe tacit_start_child(&child)
        }
        guard started > 0 else {
            streams.closeOwnEnds()
            if started == -E2BIG { throw .tooLarge }
            throw .cannotStart(intake.job.arguments[0], Errno(code: -started))
        }
        process = started
        (terminal, programSide, input, outputs) = (streams.terminal, streams.programSide, streams.input, streams.outputs)
    }

    /// The variables, and what a program in a sandbox trusts that has a broker.
    private static func environment(_ intake: RunnerIntake, _ files: RunFiles) throws(RunRefusal) -> (CStrings, authorities: [UInt8]) {
        var variables = intake.job.environment
        var authorities: [UInt8] = []
        if let home = intake.home { variables["HOME"] = home }
        if let sandbox = intake.sandbox { sandbox.plan.adapt(&variables) }
        if let path = intake.conditions.searchPath { variables["PATH"] = path }
        if let term = intake.job.terminal?.term { variables["TERM"] = term }
        if let proxy = intake.conditions.proxy {
            let bundle: String
            if intake.sandbox?.plan.hasDoor == true {
                (bundle, authorities) = (SandboxPlan.authorities, TrustBundle.text(with: proxy.authority))
            } else {
                bundle = try intake.directories.write(TrustBundle.text(with: proxy.authority), as: "authorities.pem")
            }
            variables.merge(proxy.variables) { _, own in own }
            for name in TrustVariables.names { variables[name] = bundle }
        }
        var valued: [CStrings.Part] = []
        for binding in intake.bindings {
            guard case .variable(let name) = binding.target else { continue }
            do throws(InjectionError) {
                try InjectionPlan.check(name)
                try InjectionPlan.check(binding.value, for: name)
            } catch { throw .injection(error) }
            variables[name] = nil
            valued.append(.valued("\(name)=", binding.value))
        }
        for (index, name) in files.variables.enumerated() { variables[name] = RunFiles.path(index) }
        return (CStrings(variables.sorted { $0.key < $1.key }.map { .text("\($0.key)=\($0.value)") } + valued), authorities)
    }
}

/// Both sides of a new terminal, which is this process's own.
struct OpenedTerminal {
    let main: Int32
    let programSide: Int32

    init(_ asked: RunTerminal) throws(Errno) {
        var ends: (main: Int32, programSide: Int32) = (-1, -1)
        let result = unsafe tacit_open_terminal(asked.rows, asked.columns, &ends.main, &ends.programSide)
        guard result == 0 else { throw Errno(code: -result) }
        (main, programSide) = ends
    }
}

/// Both ends of a child's three streams: pipes, and one terminal for those that were a terminal at the caller.
struct ChildStreams {
    private(set) var child: [Int32] = []
    private(set) var terminal: Int32?
    private(set) var programSide: Int32 = -1
    private(set) var input: Int32?
    private(set) var outputs: [(descriptor: Int32, kind: RunFrame.Kind)] = []

    init(_ asked: RunTerminal?, opened: OpenedTerminal? = nil) throws(RunRefusal) {
        do throws(Errno) {
            if let asked { take(opened == nil ? try OpenedTerminal(asked) : opened, asked) }
            for (stream, isTerminal) in [asked?.input, asked?.output, asked?.error].enumerated() {
                if isTerminal == true { child.append(programSide) } else { try openPipe(stream) }
            }
        } catch {
            closeOwnEnds()
            closeChildEnds()
            throw .noTerminal(error)
        }
    }

    /// Closes what only the child needs.
    mutating func closeChildEnds() {
        for descriptor in child where descriptor != programSide { close(descriptor) }
        child = []
    }

    mutating func closeOwnEnds() {
        for descriptor in [terminal, input, programSide < 0 ? nil : programSide].compactMap(\.self) + outputs.map(\.descriptor) { close(descriptor) }
    }

    private mutating func take(_ opened: OpenedTerminal?, _ asked: RunTerminal) {
        guard let opened else { return }
        (terminal, programSide) = (opened.main, opened.programSide)
        if let modes = asked.modes { set(modes) }
    }

    /// Makes the terminal treat what is typed as the caller's does.
    private func set(_ modes: RunTerminalModes) {
        var own = termios()
        guard unsafe tcgetattr(programSide, &own) == 0 else { return }
        (own.c_iflag, own.c_oflag, own.c_lflag) = (modes.input, modes.output, modes.local)
        unsafe withUnsafeMutableBytes(of: &own.c_cc) { unsafe $0.copyBytes(from: modes.characters.prefix($0.count)) }
        unsafe tcsetattr(programSide, TCSANOW, &own)
    }

    private mutating func openPipe(_ stream: Int) throws(Errno) {
        var ends: [Int32] = [-1, -1]
        let result = unsafe tacit_pipe(&ends)
        guard result == 0 else { throw Errno(code: -result) }
        let (own, other) = stream == 0 ? (ends[1], ends[0]) : (ends[0], ends[1])
        child.append(other)
        _ = fcntl(own, F_SETFL, O_NONBLOCK)
        if stream == 0 { input = own } else { outputs.append((own, stream == 1 ? .stdout : .stderr)) }
    }
}
