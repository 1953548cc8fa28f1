package import Model

extension ApprovalRequest {
    /// The canonical form (SPEC §12).
    package var encoded: [UInt8] {
        var writer = CanonicalWriter(capacity: 1024)
        writer.write(byte: 1)
        writer.write(createdAt)
        writer.write(expiresAt)
        asker.write(to: &writer)
        write(matter, to: &writer)
        writer.write(purpose)
        writer.write(rule)
        write(state, to: &writer)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        guard try reader.byte() == 1 else { throw .malformed }
        createdAt = try reader.timestamp()
        expiresAt = try reader.timestamp()
        asker = try Asker(from: &reader)
        matter = try Self.matter(from: &reader)
        purpose = try reader.text()
        rule = try reader.text()
        state = try Self.state(from: &reader)
        try reader.finish()
    }

    private func write(_ matter: Matter, to writer: inout CanonicalWriter) {
        switch matter {
        case .use(let subject, let names):
            writer.write(byte: 0)
            subject.write(to: &writer)
            writer.write(list: names) { $0.write($1) }
        case .proposal(let proposal):
            // What has no program and no file is written as it was before there could be one.
            writer.write(byte: proposal.file != nil ? 3 : proposal.program == nil ? 1 : 2)
            writer.write(proposal.scope)
            writer.write(list: proposal.names) { $0.write($1) }
            writer.write(optional: proposal.capability)
            if let file = proposal.file {
                writer.write(optional: proposal.program)
                writer.write(file)
            } else if let program = proposal.program {
                writer.write(program)
            }
        }
    }

    private static func matter(from reader: inout CanonicalReader) throws(CanonicalError) -> Matter {
        switch try reader.byte() {
        case 0:
            let subject = try ApprovalSubject(from: &reader)
            let names = try reader.list { reader throws(CanonicalError) in try reader.text() }
            guard names.count == subject.secrets.count else { throw .malformed }
            return .use(subject, names: names)
        case 1: return .proposal(try proposal(from: &reader))
        case 2:
            var proposal = try proposal(from: &reader)
            proposal.program = try reader.text()
            return .proposal(proposal)
        case 3:
            var proposal = try proposal(from: &reader)
            proposal.program = try reader.optional { reader throws(CanonicalError) in try reader.text() }
            proposal.file = try reader.text()
            return .proposal(proposal)
        default: throw .malformed
        }
    }

    private static func proposal(from reader: inout CanonicalReader) throws(CanonicalError) -> Proposal {
        Proposal(
            scope: try reader.text(), names: try reader.list { reader throws(CanonicalError) in try reader.text() },
            capability: try reader.optional { reader throws(CanonicalError) in try reader.text() })
    }

    private func write(_ state: State, to writer: inout CanonicalWriter) {
        switch state {
        case .pending: writer.write(byte: 0)
        case .approved(let budget):
            writer.write(byte: 1)
            writer.write(budget.uses)
            writer.write(budget.until)
        case .denied(let time):
            writer.write(byte: 2)
            writer.write(time)
        case .done(let time):
            writer.write(byte: 3)
            writer.write(time)
        }
    }

    private static func state(from reader: inout CanonicalReader) throws(CanonicalError) -> State {
        switch try reader.byte() {
        case 0: .pending
        case 1: .approved(Budget(uses: try reader.int64(), until: try reader.timestamp()))
        case 2: .denied(at: try reader.timestamp())
        case 3: .done(at: try reader.timestamp())
        default: throw .malformed
        }
    }
}

extension ApprovalRequest.Asker {
    fileprivate func write(to writer: inout CanonicalWriter) {
        writer.write(optional: agent)
        writer.write(optional: name)
        writer.write(optional: reportedModel)
        for text in [user, host] { writer.write(text) }
        writer.write(process)
        writer.write(executable)
    }

    fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
        agent = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        name = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        reportedModel = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        user = try reader.text()
        host = try reader.text()
        process = try reader.int64()
        executable = try reader.text()
    }
}
