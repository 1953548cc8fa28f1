package import Auditing
package import Model

/// Why the engine refused. It names things by kind; a name only where the asker gave it and may know it.
package enum EngineError: Diagnosable, Equatable {
    case noVault
    case vaultExists
    case locked
    case alreadyUnlocked
    case wrongPassword
    case wrongRecoveryKey
    /// `triesUnknown`: the record of wrong passwords could not be read, and counts as many.
    case backedOff(seconds: Int, triesUnknown: Bool = false)
    case passwordTooShort
    case stepUpRequired
    case denied(Denial)
    case notFound(NamedThing)
    case nameTaken(NamedThing)
    case notEmpty(NamedThing)
    case versionNotFound
    case deleted
    case notDeleted
    case expired
    case revisionMismatch(current: Int64)
    /// What a person was shown is not what would be done any more.
    case planChanged
    case unknownField
    /// No field of the secret stands for it, and none was named.
    case severalFields
    case invalid(String, hint: String?)
    /// What was sent as a kept checkpoint is none; the text says which and why.
    case malformedCheckpoint(String)
    /// Nothing is proved of a log that is broken.
    case unprovable(LogBreak)
    /// Nothing is taken away from a log that is broken.
    case unprunable(LogBreak)
    /// The entry is gone; a checkpoint of that size stands for all before it.
    case pruned(before: Int64)
    /// Entries went as far as that, but not as far as was asked; the text says why.
    case prunedInPart(before: Int64, because: String)
    /// It is done, and what went can still be found in the raw files.
    case leavesTraces
    /// Keys are being rotated otherwise than was asked.
    case rotationUnderway
    case noRotation
    case lastPersonSlot
    case rollbackSuspected
    case checkpointsMissing
    case recordsDisagree
    case logBroken
    case unreadable
    case logFull
    /// The disk is full, and what nobody may learn without an entry is not shown.
    case auditUnwritten
    /// Agents are frozen, and that could not be stored.
    case freezeUnstored
    /// The vault is locked, and a freeze of agents could not be kept for its next unlock.
    case freezeUnkept
    /// The vault is locked, and what its log was to have last is nowhere.
    case lockUnwritten
    case tooManyRuns
    /// As many requests of one agent are being made as may be at once, or as many brokers are there.
    case tooManyRequests
    /// One of a request rule's limits is reached.
    case rateLimited(rule: String, seconds: Int, limit: RequestLimit = .rate)
    /// What the agent had was ended while it asked.
    case sessionEnded
    case runnersGone
    /// More sessions, acknowledgements or files than one agent may have.
    case tooMany(String)
    /// An agent asks for values too often.
    case tooOften(seconds: Int)
    /// An agent asks for tokens too often.
    case tokensTooOften(seconds: Int)
    /// A backup, restore or drill goes on.
    case backupBusy
    /// A backup that nobody was asked for was made shortly before.
    case backupTooSoon(seconds: Int)

    /// What a request rule limits.
    package enum RequestLimit: Sendable, CaseIterable { case rate, concurrency, bytes }

    /// A policy's or rule's no, as it may be told.
    package struct Denial: Sendable, Equatable {
        package var code: String
        package var reason: String
        package var rule: String?
        package var nextStep: String?
        /// The request that waits for a person.
        package var request: AnyRecordID?

        package init(code: String, reason: String, rule: String? = nil, nextStep: String? = nil) {
            self.code = code
            self.reason = reason
            self.rule = rule
            self.nextStep = nextStep
        }
    }

    package var code: String {
        switch self {
        case .noVault: "vault.absent"
        case .vaultExists: "vault.exists"
        case .locked: "vault.locked"
        case .alreadyUnlocked: "vault.unlocked"
        case .wrongPassword, .wrongRecoveryKey: "unlock.failed"
        case .backedOff(_, false): "unlock.backed-off"
        case .backedOff(_, true): "unlock.tries-unknown"
        case .passwordTooShort: "password.too-short"
        case .stepUpRequired: "step-up.required"
        case .denied(let denial): denial.code
        case .notFound(let thing): "\(thing.rawValue).not-found"
        case .nameTaken(let thing): "\(thing.rawValue).exists"
        case .notEmpty(let thing): "\(thing.rawValue).not-empty"
        case .versionNotFound: "version.not-found"
        case .deleted: "secret.deleted"
        case .notDeleted: "secret.not-deleted"
        case .expired: "secret.expired"
        case .revisionMismatch: "revision.mismatch"
        case .planChanged: "plan.changed"
        case .unknownField: "field.not-found"
        case .severalFields: "secret.several-fields"
        case .invalid: "request.invalid"
        case .malformedCheckpoint: "audit.malformed-checkpoint"
        case .unprovable: "audit.unprovable"
        case .unprunable: "audit.unprunable"
        case .pruned: "audit.pruned"
        case .prunedInPart: "audit.pruned-in-part"
        case .leavesTraces: "store.traces"
        case .rotationUnderway: "rotation.underway"
        case .noRotation: "rotation.none"
        case .lastPersonSlot: "slot.last"
        case .rollbackSuspected: "vault.rollback-suspected"
        case .checkpointsMissing: "vault.checkpoints-missing"
        case .recordsDisagree: "vault.records-disagree"
        case .logBroken: "vault.log-broken"
        case .unreadable: "vault.unreadable"
        case .logFull: "audit.full"
        case .auditUnwritten: "audit.unwritten"
        case .freezeUnstored: "agents.freeze-unstored"
        case .freezeUnkept: "agents.freeze-unkept"
        case .lockUnwritten: "vault.lock-unwritten"
        case .tooManyRuns: "run.too-many"
        case .tooManyRequests: "request.too-many"
        case .rateLimited: "rate_limited"
        case .sessionEnded: "session.ended"
        case .runnersGone: "run.unavailable"
        case .tooMany: "session.too-many"
        case .tooOften: "reveal.too-often"
        case .tokensTooOften: "token.too-often"
        case .backupBusy: "backup.busy"
        case .backupTooSoon: "backup.too-soon"
        }
    }

    package var message: String {
        switch self {
        case .noVault: "there is no vault yet"
        case .vaultExists: "there is a vault already"
        case .locked: "the vault is locked"
        case .alreadyUnlocked: "the vault is unlocked already"
        case .wrongPassword: "the password is wrong"
        case .wrongRecoveryKey: "the recovery key is wrong"
        case .backedOff(let seconds, false): "too many wrong passwords; the next try is possible in \(seconds) s"
        case .backedOff(let seconds, true):
            "the record of wrong passwords could not be read and counts as many; the next try is possible in \(seconds) s"
        case .passwordTooShort: "the password is shorter than 8 characters"
        case .stepUpRequired: "this act asks for the password again"
        case .denied(let denial): denial.reason
        case .notFound(let thing): "there is no such \(thing.rawValue)"
        case .nameTaken(let thing): "there is \(thing.oneOfThem) of that name already"
        case .notEmpty(let thing): "the \(thing.rawValue) is not empty"
        case .versionNotFound: "there is no such version"
        case .deleted: "the secret is deleted"
        case .notDeleted: "the secret is not deleted"
        case .expired: "the secret has expired"
        case .planChanged: "secrets were changed since the plan was shown"
        case .revisionMismatch(let current): "the secret was changed meanwhile: it is at version \(current)"
        case .unknownField: "the secret has no such field"
        case .severalFields: "the secret has several fields"
        case .invalid(let what, _): what
        case .malformedCheckpoint(let what): what
        case .unprovable(let found): "nothing is proved of a broken log: \(found.message)"
        case .unprunable(let found): "a broken log is not pruned: \(found.message)"
        case .pruned(let start): "the entries before \(start) were pruned"
        case .prunedInPart(let start, let why): "the entries before \(start) were pruned, and then no more: \(why)"
        case .leavesTraces: "it is gone, and can still be found in the vault's raw files"
        case .rotationUnderway: "another rotation of keys is not done yet"
        case .noRotation: "no rotation of keys goes on"
        case .lastPersonSlot: "this is the last slot a person can open"
        case .rollbackSuspected: "rollback suspected: this vault is older than the one that was last used here"
        case .checkpointsMissing: "signed checkpoints of the audit log are missing: they were taken away outside Tacit"
        case .recordsDisagree: "the stored rows disagree with the audit log: a row was changed outside Tacit"
        case .logBroken: "the audit log is not as it was written: an entry was changed or taken away outside Tacit"
        case .unreadable: "a stored secret could not be opened"
        case .auditUnwritten: "the disk is full: this could not be written down in the audit log, so nothing was shown or done"
        case .logFull: "too many acts wait to be audited while the vault is locked"
        case .freezeUnstored: "every agent is frozen, but only until the vault is locked: that could not be stored"
        case .freezeUnkept: "the vault is locked, so no agent gets anything now; that agents are to be frozen could not be kept for the next unlock"
        case .lockUnwritten: "the vault is locked, but its log does not say so: there was no room for its last entries"
        case .tooManyRuns: "five runs are going on already"
        case .tooManyRequests: "as many requests are being made as may be at once"
        case .rateLimited(_, _, .rate): "a request rule's rate is used up"
        case .rateLimited(_, _, .concurrency): "as many requests go on by a request rule as may at once"
        case .rateLimited(_, _, .bytes): "the bytes that a request rule lets through are used up"
        case .sessionEnded: "what you had was ended while the request was made"
        case .runnersGone: "programs cannot be run now: the spawner has ended"
        case .tooMany(let things): "there are too many \(things) already"
        case .tooOften: "values were asked for too often"
        case .tokensTooOften: "tokens were asked for too often"
        case .backupBusy: "a backup, restore or drill goes on already"
        case .backupTooSoon: "a scheduled backup was made shortly before"
        }
    }

    /// The rule whose limit is reached; nil for anything else.
    var limitingRule: String? { if case .rateLimited(let rule, _, _) = self { rule } else { nil } }

    package var hint: String? {
        switch self {
        case .noVault: "make one with `tacit init`"
        case .locked: "unlock it with `tacit unlock`"
        case .wrongRecoveryKey: "type it as it was printed, group by group"
        case .backedOff(_, true): "the file `backoff-…` in Tacit's state directory must be yours alone (`chmod 600`); waiting helps, too"
        case .stepUpRequired: "run it in a terminal, or pass the password with `--password-fd N`"
        case .denied(let denial): denial.nextStep
        case .deleted: "bring it back with `tacit undelete`, or `tacit purge` it"
        case .expired: "renew it with `tacit renew NAME --expires 30d`"
        case .revisionMismatch: "look at it with `tacit show` and try again"
        case .severalFields: "name one: NAME#FIELD; `tacit show NAME` lists them"
        case .planChanged: "look at the new plan and decide again; nothing was written"
        case .invalid(_, let hint): hint
        case .malformedCheckpoint: "a kept checkpoint is a text file as `tacit audit checkpoint` writes it"
        case .pruned(let start): "the checkpoint at \(start) entries stands for them: prove from there on"
        case .leavesTraces: "free some space and let a backup end; the keeper clears the files then, or when the vault is unlocked the next time"
        case .prunedInPart: "what is left is whole; prune once more to go on from there"
        case .unprovable, .unprunable: "keep a copy of the vault as it is; `tacit audit verify` goes through all of it"
        case .notEmpty: "delete and purge what is in it first"
        case .rotationUnderway: "go on with it first: `tacit rotate resume`"
        case .noRotation: "begin one with `tacit rotate project NAME` or `tacit rotate reseal`"
        case .lastPersonSlot: "add another password or recovery key first"
        case .rollbackSuspected: "if you restored a backup on purpose, accept it with `tacit doctor --accept-rollback`"
        case .checkpointsMissing: "restore a backup; if you know why they are gone, accept it with `tacit doctor --accept-rollback`"
        case .logBroken: "restore a backup; a checkpoint kept elsewhere shows how far the log is whole"
        case .recordsDisagree, .unreadable: "run `tacit audit verify`, and restore a backup if it names a break"
        case .auditUnwritten: "free some space on the vault's disk, and try again; nothing leaves the vault without an entry"
        case .logFull: "unlock the vault, so that they are absorbed"
        case .freezeUnstored, .freezeUnkept: "free some space on the disk, and repeat `tacit panic`"
        case .lockUnwritten: "free some space on the disk; `tacit audit list` shows what was written"
        case .tooManyRuns, .tooManyRequests: "wait until one has ended"
        case .backupBusy: "wait until it has ended, and try again"
        case .rateLimited(_, let seconds, _): "wait \(seconds) s"
        case .sessionEnded: "repeat the call, if it is still wanted"
        case .runnersGone: "lock and unlock the vault"
        case .tooOften(let seconds), .tokensTooOften(let seconds), .backupTooSoon(let seconds): "wait \(seconds) s"
        case .tooMany: "end some with session_sleep or `tacit session sleep`, or wait until they have ended"
        case .notFound(.secret): "see `tacit list`"
        case .notFound(.agent): "`tacit agent list` shows those that there are, and `tacit agent add NAME` registers one"
        case .notFound(.token): "`tacit token list --all` shows those that there are"
        case .notFound(.entry): "see `tacit audit list`"
        case .notFound(.checkpoint): "none of that size was signed; `tacit audit checkpoint --list` shows those that there are"
        case .notFound(.project): "`tacit project list` shows those that there are, and `tacit project create NAME` makes one"
        case .notFound(.environment): "`tacit env list` shows those that there are, and `tacit env create NAME` makes one"
        default: nil
        }
    }
}
