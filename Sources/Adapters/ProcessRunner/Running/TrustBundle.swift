import Glibc

/// The certificates that a run's program trusts: the system's, and its session's own authority. Nothing else of the machine trusts that one.
enum TrustBundle {
    /// The system's file, as Debian, Fedora and others have it.
    private static let system = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"]
    private static let mostBytes = 4 << 20

    /// The bundle's text.
    static func text(with authority: String) -> [UInt8] {
        for path in system {
            if let text = read(path) { return text + Array("\n\(authority)".utf8) }
        }
        return Array(authority.utf8)
    }

    private static func read(_ path: String) -> [UInt8]? {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else { return nil }
        defer { close(opened) }
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while text.count <= mostBytes {
            let count = unsafe Glibc.read(opened, &buffer, buffer.count)
            guard count > 0 else { return text }
            text += buffer[..<count]
        }
        return nil
    }
}
