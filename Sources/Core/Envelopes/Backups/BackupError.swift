import Model

/// Why a file is no backup that can be read. Nothing of it is used.
package enum BackupError: Diagnosable, Equatable {
    /// It does not begin as a backup does.
    case notABackup
    /// A format that this program does not know.
    case newer(UInt8)
    /// The password is wrong, or the head was changed.
    case wrongPassword
    /// The key is not the one that it is sealed to, or the head was changed.
    case wrongKey
    /// It opens with a password, not with a key.
    case needsPassword
    /// It opens with the identity of an age recipient, not with a password.
    case needsIdentity
    /// The head, or the piece of this number from 1, was changed, moved or exchanged.
    case changed(piece: UInt64)
    /// It ends before its end, or its last piece was changed.
    case cut
    /// Something stands behind its end.
    case leftOver
    /// What it holds is not what a writer writes: it comes from a faulty one.
    case malformed
    /// A text is no age recipient that this program can seal to.
    case unknownRecipient
    /// None, or more than a backup has.
    case recipientCount

    package var code: String {
        switch self {
        case .notABackup: "backup.unknown"
        case .newer: "backup.newer"
        case .wrongPassword: "backup.wrong-password"
        case .wrongKey: "backup.wrong-key"
        case .needsPassword: "backup.needs-password"
        case .needsIdentity: "backup.needs-identity"
        case .changed: "backup.changed"
        case .cut: "backup.cut"
        case .leftOver: "backup.left-over"
        case .malformed: "backup.malformed"
        case .unknownRecipient, .recipientCount: "backup.recipient"
        }
    }

    package var message: String {
        switch self {
        case .notABackup: "the file is no backup of Tacit"
        case .newer(let version): "the backup was made by a newer Tacit, in format \(version)"
        case .wrongPassword: "the password of the backup is wrong"
        case .wrongKey: "the backup is sealed to another key"
        case .needsPassword: "the backup opens with a password"
        case .needsIdentity: "the backup opens with the identity of an age recipient"
        case .changed(0): "the backup was changed or is damaged, in its head"
        case .changed(let piece): "the backup was changed or is damaged, in piece \(piece)"
        case .cut: "the backup is cut off, or its end was changed"
        case .leftOver: "something was added behind the end of the backup"
        case .malformed: "what the backup holds is not what Tacit writes"
        case .unknownRecipient: "this is no age recipient that a backup can be sealed to"
        case .recipientCount: "a backup is sealed to 1 to \(AgeFile.mostRecipients) recipients"
        }
    }

    package var hint: String? {
        switch self {
        case .notABackup: "name a file that `tacit backup` wrote"
        case .newer: "install that version, or a later one, and restore with it"
        case .wrongPassword: "it is the password that was given for this backup, which is not the vault's"
        case .wrongKey: "name the identity that belongs to the recipient with `--identity FILE`"
        case .needsPassword: "leave out `--identity`, and give its password"
        case .needsIdentity: "name the file of the identity with `--identity FILE`"
        case .changed, .cut, .leftOver: "copy the file once more from where it is kept, or take another backup; nothing was restored"
        case .malformed: "take another backup, and report this one; nothing was restored"
        case .unknownRecipient: "`age-keygen` prints one that begins with age1; keys of SSH and plugins are not among them"
        case .recipientCount: nil
        }
    }
}
