import Model

extension ApprovalSubject {
    /// Appends the canonical form (SPEC §12.2).
    func write(to writer: inout CanonicalWriter) {
        writer.write(use.rawValue)
        writer.write(optional: agent)
        writer.write(optional: program) { writer, program in
            writer.write(program.path)
            writer.write(program.hash)
            writer.write(list: program.notBound) { $0.write($1) }
        }
        writer.write(list: arguments) { $0.write($1) }
        writer.write(optional: workingDirectory) { writer, directory in
            writer.write(directory.path)
            writer.write(directory.device)
            writer.write(directory.inode)
        }
        writer.write(optional: sandbox) { writer, sandbox in
            writer.write(byte: sandbox.isRequired ? 1 : 0)
            writer.write(byte: sandbox.passesUnscanned ? 1 : 0)
            writer.write(list: sandbox.reads) { $0.write($1) }
        }
        writer.write(optional: timeLimit) { $0.write($1.wholeNanoseconds) }
        writer.write(list: variables) { $0.write($1) }
        writer.write(list: secrets) { writer, secret in
            writer.write(secret.secret)
            writer.write(secret.version)
            writer.write(secret.field)
            secret.destination.write(to: &writer)
        }
        writer.write(optional: inputHash)
        writer.write(optional: file) { writer, file in
            writer.write(file.format.rawValue)
            writer.write(optional: file.reads)
            writer.write(file.life.wholeNanoseconds)
        }
        // What makes no request is written as it was before there could be one.
        guard use == .request || use == .send else { return }
        writer.write(optional: request) { writer, request in
            writer.write(request.method)
            writer.write(request.origin)
            writer.write(request.target)
            writer.write(list: request.fields) { writer, field in
                writer.write(field.name)
                writer.write(field.value)
            }
        }
        guard use == .send else { return }
        writer.write(optional: request?.sender) { writer, sender in
            writer.write(sender.door)
            writer.write(sender.headHash)
            writer.write(sender.bodyByteCount)
        }
    }

    init(from reader: inout CanonicalReader) throws(CanonicalError) {
        guard let use = Use(rawValue: try reader.text()) else { throw .malformed }
        self.use = use
        agent = try reader.optional { reader throws(CanonicalError) in try reader.id() }
        program = try reader.optional { reader throws(CanonicalError) in
            BoundProgram(
                path: try reader.text(), hash: try reader.data(),
                notBound: try reader.list { reader throws(CanonicalError) in try reader.text() })
        }
        arguments = try reader.list { reader throws(CanonicalError) in try reader.text() }
        workingDirectory = try reader.optional { reader throws(CanonicalError) in
            FilePlace(path: try reader.text(), device: try reader.int64(), inode: try reader.int64())
        }
        sandbox = try reader.optional { reader throws(CanonicalError) in
            let (isRequired, passesUnscanned) = (try reader.byte(), try reader.byte())
            guard isRequired < 2, passesUnscanned < 2 else { throw .malformed }
            return BoundSandbox(
                isRequired: isRequired == 1, passesUnscanned: passesUnscanned == 1,
                reads: try reader.list { reader throws(CanonicalError) in try reader.text() })
        }
        timeLimit = try reader.optional { reader throws(CanonicalError) in .nanoseconds(try reader.int64()) }
        variables = try reader.list { reader throws(CanonicalError) in try reader.text() }
        secrets = try reader.list { reader throws(CanonicalError) in
            BoundSecret(
                secret: try reader.id(), version: try reader.int64(), field: try reader.int64(),
                to: try BoundSecret.Destination(from: &reader))
        }
        inputHash = try reader.optional { reader throws(CanonicalError) in try reader.data() }
        file = try reader.optional { reader throws(CanonicalError) in
            guard let format = BoundFile.Format(rawValue: try reader.text()) else { throw CanonicalError.malformed }
            return BoundFile(
                format: format, reads: try reader.optional { reader throws(CanonicalError) in try reader.int64() },
                life: .nanoseconds(try reader.int64()))
        }
        guard use == .request || use == .send else { return }
        request = try reader.optional { reader throws(CanonicalError) in
            BoundRequest(
                method: try reader.text(), origin: try reader.text(), target: try reader.text(),
                fields: try reader.list { reader throws(CanonicalError) in BoundRequest.Field(try reader.text(), try reader.text()) })
        }
        guard use == .send else { return }
        let sender = try reader.optional { reader throws(CanonicalError) in
            BoundRequest.Sender(door: try reader.data(), headHash: try reader.data(), bodyByteCount: try reader.int64())
        }
        guard (request == nil) == (sender == nil) else { throw .malformed }
        request?.sender = sender
    }
}

extension BoundSecret.Destination {
    fileprivate func write(to writer: inout CanonicalWriter) {
        switch self {
        case .asker: writer.write(byte: 0)
        case .variable(let name):
            writer.write(byte: 1)
            writer.write(name)
        case .file(let name):
            writer.write(byte: 2)
            writer.write(name)
        case .standardInput(let text):
            guard !text.isEmpty else { return writer.write(byte: 3) }
            writer.write(byte: 4)
            writer.write(text.before)
            writer.write(text.after)
        case .request(let place):
            writer.write(byte: 5)
            writer.write(place)
        }
    }

    fileprivate init(from reader: inout CanonicalReader) throws(CanonicalError) {
        switch try reader.byte() {
        case 0: self = .asker
        case 1: self = .variable(try reader.text())
        case 2: self = .file(try reader.text())
        case 3: self = .standardInput(.none)
        case 4:
            // No text at all is written as 3: two forms of one subject would have two digests.
            guard let text = InputText(before: try reader.text(), after: try reader.text()), !text.isEmpty else { throw .malformed }
            self = .standardInput(text)
        case 5: self = .request(try reader.text())
        default: throw .malformed
        }
    }
}
