import TacitWire

extension RunRequest {
    /// The request's JSON, written out by hand: the general encoder takes longer than the keeper takes to answer. The tests hold the two together.
    var json: [UInt8] {
        var writer = RequestWriter()
        writer.member("argv") { $0.list(argv) { $0.text($1) } }
        writer.optional("cwd", cwd)
        writer.optional("scope", scope)
        writer.member("environment") { $0.object { for (name, value) in environment { $0.optional(name, value) } } }
        writer.member("secrets") { writer in
            writer.list(secrets) { writer, secret in
                writer.object {
                    $0.optional("reference", secret.reference)
                    $0.optional("variable", secret.variable)
                    if let stdin = secret.stdin { $0.raw("stdin", stdin) }
                }
            }
        }
        writer.raw("all", all)
        writer.optional("environment_prefix", environmentPrefix)
        writer.raw("preserve_environment", preserveEnvironment)
        if let timeoutSeconds { writer.raw("timeout_seconds", timeoutSeconds) }
        if let terminal {
            writer.member("terminal") { writer in
                writer.object {
                    $0.raw("rows", terminal.rows)
                    $0.raw("columns", terminal.columns)
                    $0.raw("input", terminal.input)
                    $0.raw("output", terminal.output)
                    $0.raw("error", terminal.error)
                    $0.optional("term", terminal.term)
                }
            }
        }
        if let fileMask { writer.raw("file_mask", fileMask) }
        writer.optional("purpose", purpose)
        writer.raw("mask_output", maskOutput)
        writer.optional("input", input)
        if let sendsInput { writer.raw("sends_input", sendsInput) }
        return [UInt8(ascii: "{")] + writer.bytes + [UInt8(ascii: "}")]
    }
}

/// Writes the members of one JSON object.
private struct RequestWriter {
    private(set) var bytes: [UInt8] = []
    private var isFirst = true

    mutating func member(_ name: String, _ value: (inout Self) -> Void) {
        if !isFirst { bytes.append(UInt8(ascii: ",")) }
        text(name)
        bytes.append(UInt8(ascii: ":"))
        value(&self)
        isFirst = false
    }

    mutating func optional(_ name: String, _ value: String?) {
        if let value { member(name) { $0.text(value) } }
    }

    /// A number or a truth value.
    mutating func raw(_ name: String, _ value: some CustomStringConvertible) {
        member(name) { $0.bytes += value.description.utf8 }
    }

    mutating func object(_ members: (inout Self) -> Void) {
        bytes.append(UInt8(ascii: "{"))
        isFirst = true
        members(&self)
        bytes.append(UInt8(ascii: "}"))
    }

    mutating func list<Element>(_ elements: [Element], _ write: (inout Self, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    mutating func text(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0..<0x20:
                let digits = Array("0123456789abcdef".utf8)
                bytes += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
