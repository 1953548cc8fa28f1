import Glibc
import Model
import Redaction

/// Redacts a clean text, in chunks of 64 KiB as a runner reads them.
func measureRedaction(text: String, values: String, _ views: RedactionViews) {
    let text = contents(of: text)
    let needles = contents(of: values).split(separator: UInt8(ascii: "\n")).enumerated().map { position, value in
        var bytes = Array(value)
        return Needle(name: "N\(position)", value: SecretValue(moving: &bytes))
    }
    let set = NeedleSet(needles, views: views)
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 1024)
    for _ in 0..<5 {
        let redaction = seconds { redact(text, set, into: &output) }
        guard output == text else { exit(1) }
        let copy = seconds { copied(text, into: &output) }
        let search = seconds { precondition(isAbsent(0x07, in: text), "the text is not clean") }
        print("{\"bytes\": \(text.count), \"values\": \(needles.count), \"redact_s\": \(redaction), \"memcpy_s\": \(copy), \"memchr_s\": \(search)}")
    }
}

private func redact(_ text: [UInt8], _ set: NeedleSet, into output: inout [UInt8]) {
    output.removeAll(keepingCapacity: true)
    var redactor = Redactor(set, mode: .agent)
    var start = 0
    while start < text.count {
        let end = min(start + 65_536, text.count)
        unsafe text.withUnsafeBytes { unsafe redactor.redact(UnsafeRawBufferPointer(rebasing: $0[start..<end]).bytes, into: &output) }
        start = end
    }
    redactor.finish(into: &output)
}

/// memcpy, as a yardstick.
private func copied(_ text: [UInt8], into output: inout [UInt8]) {
    unsafe text.withUnsafeBytes { source in
        unsafe output.withUnsafeMutableBytes { target in
            guard let source = source.baseAddress, let target = target.baseAddress else { return }
            _ = unsafe memcpy(target, source, text.count)
        }
    }
}

/// memchr, as a yardstick.
private func isAbsent(_ byte: Int32, in text: [UInt8]) -> Bool {
    unsafe text.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return true }
        return unsafe memchr(start, byte, bytes.count) == nil
    }
}
