package import Model

/// Who acted, as far as the keeper knows it. Texts that the peer chose are cut at `AuditText.maximumByteCount`.
package struct AuditActor: Sendable, Hashable {
    /// On whose authority.
    package enum Kind: String, Sendable, CaseIterable {
        case person, agent, unidentified, system
    }

    package internal(set) var kind: Recorded<Kind>
    package let agentID: AgentID?
    package let agentName: String?
    /// What the agent says it is; nobody checked it.
    package let reportedModel: String?
    package let userID: UInt32
    package let userName: String
    package let host: String
    package let process: Int32
    /// The path of the peer's program.
    package let executable: String
    package let ip: String?
    /// Operating system and architecture.
    package let platform: String

    package init(
        kind: Kind, agentID: AgentID? = nil, agentName: String? = nil, reportedModel: String? = nil, userID: UInt32, userName: String,
        host: String, process: Int32, executable: String, ip: String? = nil, platform: String
    ) {
        self.kind = .known(kind)
        self.agentID = agentID
        self.agentName = agentName.map(AuditText.cut)
        self.reportedModel = reportedModel.map(AuditText.cut)
        self.userID = userID
        self.userName = AuditText.cut(userName)
        self.host = AuditText.cut(host)
        self.process = process
        self.executable = AuditText.cut(executable)
        self.ip = ip.map(AuditText.cut)
        self.platform = AuditText.cut(platform)
    }
}

/// Bounds texts in entries: who asks must not be able to fill the log with one request.
package enum AuditText {
    /// The longest text of an entry, in UTF-8 bytes.
    package static let maximumByteCount = 1024

    /// The longest beginning of whole characters within the bound.
    package static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumByteCount else { return text }
        var kept = ""
        var count = 0
        for scalar in text.unicodeScalars {
            count += UTF8.width(scalar)
            guard count <= maximumByteCount else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}

extension AuditActor {
    func write(to writer: inout CanonicalWriter) {
        writer.write(kind.text)
        writer.write(optional: agentID)
        writer.write(optional: agentName)
        writer.write(optional: reportedModel)
        writer.write(Int64(userID))
        writer.write(userName)
        writer.write(host)
        writer.write(Int64(process))
        writer.write(executable)
        writer.write(optional: ip)
        writer.write(platform)
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        kind = Recorded(try reader.boundedText())
        agentID = try reader.optional { reader throws(CanonicalError) in try reader.id(AgentKind.self) }
        agentName = try reader.optionalText()
        reportedModel = try reader.optionalText()
        userID = try reader.integer()
        userName = try reader.boundedText()
        host = try reader.boundedText()
        process = try reader.integer()
        executable = try reader.boundedText()
        ip = try reader.optionalText()
        platform = try reader.boundedText()
    }
}

extension CanonicalReader {
    /// A text no longer than an entry's may be.
    mutating func boundedText() throws(CanonicalError) -> String {
        let text = try text()
        guard text.utf8.count <= AuditText.maximumByteCount else { throw .malformed }
        return text
    }

    mutating func optionalText() throws(CanonicalError) -> String? {
        try optional { reader throws(CanonicalError) in try reader.boundedText() }
    }

    /// An integer that was widened to be written.
    mutating func integer<Value: FixedWidthInteger>() throws(CanonicalError) -> Value {
        guard let value = Value(exactly: try int64()) else { throw .malformed }
        return value
    }
}
