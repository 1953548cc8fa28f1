import Model
import Policies

extension ProgramFacts {
    /// The facts' bytes on the control socket.
    var encoded: [UInt8] {
        var writer = CanonicalWriter()
        writer.write(path)
        writer.write(device)
        writer.write(inode)
        writer.write(programClass.rawValue)
        writer.write(optional: interpreter)
        writer.write(optional: calledPath)
        writer.write(list: names) { $0.write($1) }
        writer.write(list: interpreters) { $0.write($1) }
        writer.write(optional: fingerprint) { $0.write($1.description) }
        writer.write(byte: isWritableByCaller ? 1 : 0)
        writer.write(optional: directory) { writer, directory in
            writer.write(directory.path)
            writer.write(directory.device)
            writer.write(directory.inode)
        }
        return writer.bytes
    }

    init(decoding bytes: [UInt8]) throws(CanonicalError) {
        var reader = CanonicalReader(bytes)
        let path = try reader.text()
        let (device, inode) = (try reader.int64(), try reader.int64())
        guard let programClass = ProgramClass(rawValue: try reader.text()) else { throw .malformed }
        let interpreter = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        self.init(path: path, device: device, inode: inode, programClass: programClass, interpreter: interpreter)
        calledPath = try reader.optional { reader throws(CanonicalError) in try reader.text() }
        names = try reader.list { reader throws(CanonicalError) in try reader.text() }
        interpreters = try reader.list { reader throws(CanonicalError) in try reader.text() }
        fingerprint = try reader.optional { reader throws(CanonicalError) in
            guard let fingerprint = ProgramFingerprint(parsing: try reader.text()) else { throw CanonicalError.malformed }
            return fingerprint
        }
        switch try reader.byte() {
        case 0: isWritableByCaller = false
        case 1: isWritableByCaller = true
        default: throw .malformed
        }
        directory = try reader.optional { reader throws(CanonicalError) in
            FilePlace(path: try reader.text(), device: try reader.int64(), inode: try reader.int64())
        }
        try reader.finish()
    }
}
