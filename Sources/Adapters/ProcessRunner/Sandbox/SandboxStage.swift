/// A step on the way into a sandbox, of which each may be forbidden by kernel or container.
enum SandboxStage: UInt8 {
    /// Everything was done.
    case ready = 1
    case namespaces, identity, mounts, root, overlay, power, landlock, filter, loopback

    /// What it takes, for whoever is told that it cannot be had.
    var words: String {
        switch self {
        case .ready: "the sandbox"
        case .namespaces: "namespaces of its own"
        case .identity: "a user namespace with its user in it"
        case .mounts: "mounts of its own"
        case .root: "a root of its own"
        case .overlay: "a private layer over a directory"
        case .power: "no capabilities"
        case .landlock: "Landlock"
        case .filter: "a filter of system calls"
        case .loopback: "a loopback of its own"
        }
    }

    /// What makes it possible.
    var remedy: String? {
        switch self {
        case .namespaces, .identity, .mounts:
            "where AppArmor restricts user namespaces, give this program a profile or set `kernel.apparmor_restrict_unprivileged_userns=0`; else see "
                + "`kernel.unprivileged_userns_clone` and `user.max_user_namespaces`; in a container, ask for `--security-opt seccomp=unconfined`"
        case .overlay: "the file system of a directory that the policy lets it read takes no overlay; Linux 5.11 or newer has what is needed"
        case .landlock: "Linux 5.13 or newer with `landlock` among `lsm=` of the kernel's command line"
        default: nil
        }
    }
}
