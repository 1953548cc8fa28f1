import CProcess
import Glibc
import Policies

/// Finds out what command rules ask of a program that was opened.
struct ProgramExamination {
    let resolution: ProgramResolver.Resolution
    /// The command as it was written.
    let words: [String]
    /// The accident guard's judgement of the file, which other names of it are part of.
    let subject: AccidentGuard.Subject
    /// The user who must not be able to change the program.
    let caller: uid_t

    /// The facts, and the copy that is to be executed in the place of a program whose content decides and that its caller can write.
    func facts(fingerprinting: Bool) -> (facts: ProgramFacts, copy: SealedCopy?) {
        var facts = resolution.facts
        let walk = PathWalk(user: caller)
        let files = [resolution.file] + resolution.interpreters
        facts.isWritableByCaller = !files.allSatisfy { walk.isFixed($0.path, to: $0) }
        facts.calledPath = walk.isFixed(resolution.file.calledPath, to: resolution.file) ? resolution.file.calledPath : nil
        facts.names = AccidentGuard.names(of: words, opened: subject) + resolution.interpreters.map(\.baseName)
        facts.interpreters = resolution.interpreters.map(\.path)
        guard fingerprinting else { return (facts, nil) }
        let copy = facts.isBound && facts.isWritableByCaller ? SealedCopy(of: resolution.file) : nil
        guard copy != nil || !facts.isBound || !facts.isWritableByCaller else { return (facts, nil) }
        facts.fingerprint = Self.fingerprint(copy?.descriptor ?? resolution.file.descriptor)
        return (facts, copy)
    }

    /// The fingerprint of what a descriptor names; nil when it cannot be read.
    private static func fingerprint(_ descriptor: Int32) -> ProgramFingerprint? {
        let readable = tacit_reopen(descriptor)
        guard readable >= 0 else { return nil }
        defer { close(readable) }
        var reading = ProgramFingerprint.Reading()
        while true {
            var failed = false
            let part = unsafe [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, filled in
                let count = unsafe read(readable, buffer.baseAddress, buffer.count)
                failed = count < 0
                filled = max(0, count)
            }
            if failed { return nil }
            if part.isEmpty { return reading.finish() }
            reading.append(part)
        }
    }
}
