import CProcess
import Glibc
import Model
import Redaction
import TacitWire

/// A run as the keeper handed it over: the job, its program already opened, and its values in locked memory.
struct RunnerIntake {
    let job: RunJob
    let program: ProgramResolver.Resolution
    let directories: RunDirectories
    /// What command rules ask of the program.
    private(set) var facts: ProgramFacts
    /// What is executed in the place of the program; nil for the program itself.
    let copy: SealedCopy?
    /// What confines the program; nil when nothing does.
    let sandbox: Sandbox?
    /// Why nothing does, where it was wished for.
    let missing: SandboxMissing?
    /// The terminal of a run in a sandbox, which has to be there before its processes.
    let openedTerminal: OpenedTerminal?
    /// What opens compressed members.
    let opener: any MemberOpener
    /// The copy that the run works in; nil where it works in the directory itself.
    let copied: CopiedWork?
    private(set) var bindings: [RunBinding] = []
    private(set) var conditions = RunConditions()

    /// Receives one run, up to its start; nil when the keeper let this runner go.
    static func receive(
        from channel: SetupChannel, opening opener: any MemberOpener, in copied: CopiedWork? = nil
    ) throws(RunnerError) -> RunnerIntake? {
        guard let (kind, payload) = try channel.receive() else { return nil }
        guard kind == .job, let job = try? RunJob(decoding: payload) else { throw .malformedAnswer }
        if let refusal = try copied?.refusal() {
            try channel.send(.refused, refusal)
            return nil
        }
        guard var intake = try answer(job, on: channel, opening: opener, in: copied) else { return nil }
        do throws(RunnerError) {
            if try intake.receiveBindings(from: channel) { return intake }
            intake.clear()
            return nil
        } catch {
            intake.clear()
            throw error
        }
    }

    /// Opens what the job names and tells the keeper what was found.
    private static func answer(
        _ job: RunJob, on channel: SetupChannel, opening opener: any MemberOpener, in copied: CopiedWork?
    ) throws(RunnerError) -> RunnerIntake? {
        let intake: RunnerIntake
        do throws(RunRefusal) { intake = try RunnerIntake(job, opening: opener, in: copied, closing: [channel.descriptor]) } catch {
            try channel.send(.refused, error.encoded)
            return nil
        }
        try channel.send(.resolved, intake.facts.encoded)
        if job.sandbox?.hasDoor == true, intake.sandbox?.giveDoors(on: channel.descriptor) != true {
            // A run without a sandbox, where that was allowed.
            guard intake.sandbox == nil, tacit_send_descriptor(channel.descriptor, 0, -1) == 0 else { throw .runnerGone }
        }
        return intake
    }

    private init(
        _ job: RunJob, opening opener: any MemberOpener, in copied: CopiedWork?, closing control: [Int32]
    ) throws(RunRefusal) {
        (self.job, self.opener, self.copied) = (job, opener, copied)
        if job.asker == .agent, case .refused(let word) = AccidentGuard.verdict(forWords: job.arguments) { throw .accidentGuard(word: word) }
        directories = try RunDirectories(for: job)
        do throws(RunRefusal) {
            let resolver = ProgramResolver(searchPath: job.environment["PATH"] ?? SystemPrograms.searchPath, directory: directories.working)
            program = try resolver.resolve(job.arguments)
            (facts, copy) = job.asker == .agent ? try Self.examine(job, program, directories) : (program.facts, nil)
            facts.directory = directories.named.map { copied?.place($0.path) ?? $0 }
            openedTerminal = try Self.terminal(job)
            let executed = copy?.descriptor ?? program.program.descriptor
            (sandbox, missing) = try Self.confine(job, program, directories, executed: executed, closing: control)
        } catch {
            directories.remove()
            throw error
        }
    }

    /// The terminal of a run in a sandbox: the processes of one get it by being forked after it was opened.
    private static func terminal(_ job: RunJob) throws(RunRefusal) -> OpenedTerminal? {
        guard job.sandbox != nil, let asked = job.terminal else { return nil }
        do throws(Errno) { return try OpenedTerminal(asked) } catch { throw .noTerminal(error) }
    }

    /// Builds the sandbox that is wished for. Where that cannot be, the run is refused, or goes without if the wish allows it.
    private static func confine(
        _ job: RunJob, _ program: ProgramResolver.Resolution, _ directories: RunDirectories, executed: Int32, closing control: [Int32]
    ) throws(RunRefusal) -> (Sandbox?, SandboxMissing?) {
        guard let wish = job.sandbox else { return (nil, nil) }
        let scene = SandboxScene(wish, job, program, directories)
        if let (path, reason) = scene.refusal { throw .noSandboxThere(path, reason) }
        let sandbox: Sandbox
        do throws(SandboxMissing) { sandbox = try Sandbox(scene, program: executed, closing: control) } catch {
            // Only a machine that confines nothing lets a run go without: what fails for this run alone may be the asker's doing.
            guard wish.strictness == .fallback, SandboxProbe.finding(closing: control).reason != nil else {
                throw .noSandbox(error.reason, error.stage.remedy)
            }
            return (nil, error)
        }
        do throws(WorkingCopy.Failure) { try sandbox.fill(from: directories.working) } catch {
            sandbox.end()
            throw error.refusal(of: sandbox.plan.workingDirectory)
        }
        return (sandbox, nil)
    }

    /// Takes away what was made for the run.
    func clear() {
        sandbox?.end()
        directories.remove()
    }

    /// The descriptor that is executed.
    var executed: Int32 { copy?.descriptor ?? program.program.descriptor }

    /// The HOME that the child gets in the place of the one in its environment.
    var home: String? { conditions.home ?? directories.home }

    /// Judges the file that the command names, and the program that executes it; what passes is looked at more closely.
    private static func examine(
        _ job: RunJob, _ program: ProgramResolver.Resolution, _ directories: RunDirectories
    ) throws(RunRefusal) -> (ProgramFacts, SealedCopy?) {
        let directory = OpenedFile.location(of: directories.working) ?? "/"
        let subjects = [program.file, program.program].map { file in
            AccidentGuard.Subject(baseName: file.baseName, identity: SystemPrograms().identity(of: file))
        }
        for (subject, words) in zip(subjects, [job.arguments, program.arguments]) {
            if case .refused(let word) = AccidentGuard.verdict(for: words, opened: subject, directory: directory) { throw .accidentGuard(word: word) }
        }
        let (facts, copy) = ProgramExamination(resolution: program, words: job.arguments, subject: subjects[0], caller: job.caller ?? geteuid())
            .facts(fingerprinting: job.takesFingerprint)
        return (facts, copy)
    }

    /// The terminal that the child gets: not for the standard input to which a value is sent.
    var terminal: RunTerminal? {
        var terminal = job.terminal
        if bindings.contains(where: { $0.target == .standardInput }) { terminal?.input = false }
        return terminal
    }

    /// Lets go of the values once the child has them: what is left is wiped, but for what is redacted or still to be written.
    mutating func releaseValues() { bindings = [] }

    /// What one of the program's streams goes through.
    func redactor(_ needles: NeedleSet, _ answers: AnswerBook?) -> Redactor {
        guard job.asker == .agent else { return Redactor(needles, mode: .person) }
        return Redactor(
            needles, mode: .agent, endingAt: conditions.passesUnscanned ? .guessable : [.compressed, .guessable], answers: answers, opening: opener)
    }

    /// Receives values until the start; false when the keeper let the run go.
    private mutating func receiveBindings(from channel: SetupChannel) throws(RunnerError) -> Bool {
        while let (kind, payload) = try channel.receive() {
            switch kind {
            case .start:
                guard let conditions = try? RunConditions(decoding: payload) else { throw .malformedAnswer }
                if job.asker == .agent { self.conditions = conditions } else { self.conditions.proxy = conditions.proxy }
                return true
            case .binding:
                guard let head = try? BindingHead(decoding: payload), let value = try Self.value(head.byteCount, from: channel) else {
                    throw .malformedAnswer
                }
                bindings.append(
                    RunBinding(target: head.target, needleName: head.needleName, value: value, text: head.text, isToken: head.isToken))
            default: throw .malformedAnswer
            }
        }
        return false
    }

    /// Reads a value from the socket right into locked memory.
    private static func value(_ byteCount: Int, from channel: SetupChannel) throws(RunnerError) -> SecretValue? {
        var isWhole = false
        let value = try unsafe SecretValue(capacity: byteCount) { buffer throws(RunnerError) in
            isWhole = try unsafe channel.receiveExactly(into: buffer)
            return byteCount
        }
        return isWhole ? value : nil
    }
}
