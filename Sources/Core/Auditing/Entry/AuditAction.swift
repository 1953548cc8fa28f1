/// What was done, or asked for. The raw value is what the log keeps; a recorded name is never given another meaning.
package enum AuditAction: String, Sendable, CaseIterable {
    case secretSet = "secret.set"
    case secretReveal = "secret.reveal"
    case secretInject = "secret.inject"
    case secretResolve = "secret.resolve"
    case secretMasked = "secret.masked"
    case secretExists = "secret.exists"
    case secretList = "secret.list"
    case secretShow = "secret.show"
    case secretDelete = "secret.delete"
    case secretUndelete = "secret.undelete"
    case secretPurge = "secret.purge"
    case secretRollback = "secret.rollback"
    case secretRename = "secret.rename"
    case secretTag = "secret.tag"
    case secretRenew = "secret.renew"
    case secretImport = "secret.import"
    case secretExport = "secret.export"
    /// Two versions, or the secrets of two environments, were held against each other.
    case secretCompare = "secret.compare"

    /// All values were looked at for what is wrong with them.
    case healthCheck = "health.check"

    case projectCreate = "project.create"
    case projectList = "project.list"
    case projectRename = "project.rename"
    case projectDelete = "project.delete"
    case environmentCreate = "environment.create"
    case environmentList = "environment.list"
    case environmentRename = "environment.rename"
    case environmentDelete = "environment.delete"
    case environmentHistory = "environment.history"
    /// Secrets were brought from one environment into another.
    case environmentCopy = "environment.copy"
    /// An environment was made what it was.
    case environmentRestore = "environment.restore"

    case policyApply = "policy.apply"
    case policyShow = "policy.show"
    case policyExplain = "policy.explain"
    case agentAdd = "agent.add"
    case agentList = "agent.list"
    case agentRevoke = "agent.revoke"
    /// What an agent's output had answered too often was forgotten.
    case agentResetOutput = "agent.reset-output"
    case sessionWake = "session.wake"
    case sessionSleep = "session.sleep"
    case sessionList = "session.list"
    case ruleList = "rule.list"
    case ruleAcknowledge = "rule.acknowledge"
    /// A session file was removed.
    case fileRemove = "file.remove"

    case approvalRequest = "approval.request"
    case approvalList = "approval.list"
    case approvalGrant = "approval.grant"
    case approvalDeny = "approval.deny"
    case approvalDone = "approval.done"
    /// What a program's requests asked a person for ended with its run.
    case approvalWithdraw = "approval.withdraw"
    case totpEnroll = "totp.enroll"
    case totpConfirm = "totp.confirm"
    case totpShow = "totp.show"
    case totpRemove = "totp.remove"

    case slotAdd = "slot.add"
    case slotList = "slot.list"
    case slotRemove = "slot.remove"
    case slotReplaceRecovery = "slot.replace-recovery"
    case slotUpgrade = "slot.upgrade"
    case passwordChange = "password.change"
    case rootRotate = "root.rotate"
    /// New keys were drawn; what there is was moved under them, portion by portion; the old keys were destroyed.
    case rotationBegin = "rotation.begin"
    case rotationStep = "rotation.step"
    case rotationEnd = "rotation.end"
    case rotationShow = "rotation.show"

    case vaultCreate = "vault.create"
    /// A vault was made of a backup: the first entry of its log, which names the last checkpoint that the backup knew.
    case vaultRestore = "vault.restore"
    case backupMake = "backup.make"
    /// A backup was read from end to end, and nothing stored.
    case backupCheck = "backup.check"
    /// A backup was restored to a place that is gone again, and compared with the vault.
    case backupDrill = "backup.drill"
    /// A person granted backups, sealed to recipients, that nobody is asked for.
    case backupSchedule = "backup.schedule"
    case vaultUnlock = "vault.unlock"
    case vaultLock = "vault.lock"
    case unlockFailed = "unlock.failed"
    case stepUp = "step-up"
    case stepUpFailed = "step-up.failed"

    case run = "run"
    case runEnd = "run.end"
    /// The broker made a request with a secret.
    case request = "request"
    /// A fake token stood where it may not, or something else was asked with it than what it is for.
    case tokenMisuse = "token.misuse"
    case tokenIssue = "token.issue"
    case tokenList = "token.list"
    case tokenRevoke = "token.revoke"
    /// Every agent is refused everything from here on, until the next one of the other kind.
    case agentsFreeze = "agents.freeze"
    case agentsThaw = "agents.thaw"

    case auditCheckpoint = "audit.checkpoint"
    case auditRead = "audit.read"
    case auditVerify = "audit.verify"
    case auditExport = "audit.export"
    /// Something about the log was proved to whoever has no key of it.
    case auditProve = "audit.prove"
    /// The beginning of the log was let go, up to a checkpoint that stands for it.
    case auditPrune = "audit.prune"

    case clockAccepted = "clock.accepted"
    case rollbackAccepted = "rollback.accepted"
    case pendingDropped = "pending.dropped"
    /// More denials than are written one by one.
    case denialsFolded = "denials.folded"
}

/// Through which door.
package enum AuditSource: String, Sendable, CaseIterable {
    case cli, mcp, api, sdk, dashboard, `extension`, broker, keeper
}

/// How much of a secret the act touches.
package enum AccessMode: String, Sendable, CaseIterable {
    /// A value to a person.
    case reveal
    /// A value to a process.
    case inject
    /// A value to the broker.
    case resolve
    /// A fixed-shape preview.
    case masked
    /// Existence only.
    case reference
    /// Names.
    case list
    case write
    /// Policy, agents, slots, keys, the log.
    case administer
    /// No secret at all.
    case none
}
