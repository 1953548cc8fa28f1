import Glibc
import Model
import Redaction

/// Redacts a clean text as a runner does: in chunks of 64 KiB, whose output goes on before the next one comes.
func measureRedaction(text: String, values: String, _ views: RedactionViews) {
    let text = contents(of: text)
    let needles = needles(of: values)
    let set = NeedleSet(needles, views: views)
    var copy: [UInt8] = []
    redact(text, set) { copy += $0 }
    guard copy == text else { exit(1) }
    for _ in 0..<5 {
        var count = 0
        let redaction = seconds { redact(text, set) { count += $0.count } }
        guard count == text.count else { exit(1) }
        let copying = seconds { copied(text) }
        let search = seconds { precondition(isAbsent(0x07, in: text), "the text is not clean") }
        print(
            "{\"bytes\": \(text.count), \"values\": \(needles.count), \"redact_s\": \(redaction), \"memcpy_s\": \(copying), \"memchr_s\": \(search)}")
    }
}

/// The values of a file, one a line.
private func needles(of path: String) -> [Needle] {
    contents(of: path).split(separator: UInt8(ascii: "\n")).enumerated().map { position, value in
        var bytes = Array(value)
        return Needle(name: "N\(position)", value: SecretValue(moving: &bytes))
    }
}

/// Redacts a stream that is much longer than its text, and prints by how much the process has grown since its first pass over the text.
func measureMemory(text: String, values: String, mebibytes: Int) {
    let text = contents(of: text)
    let set = NeedleSet(needles(of: values))
    var redactor = Redactor(set, mode: .agent)
    var (output, count, first) = ([UInt8](), 0, 0)
    output.reserveCapacity(2 * chunkByteCount)
    while count < mebibytes << 20 {
        for start in stride(from: 0, to: text.count, by: chunkByteCount) {
            let end = min(start + chunkByteCount, text.count)
            unsafe text.withUnsafeBytes { unsafe redactor.redact(UnsafeRawBufferPointer(rebasing: $0[start..<end]).bytes, into: &output) }
            output.removeAll(keepingCapacity: true)
        }
        count += text.count
        if first == 0 { first = resetPeak() }
    }
    print("{\"bytes\": \(count), \"first_kib\": \(first), \"grown_kib\": \(peakKibibytes() - first)}")
}

/// The most memory that this process had, since that was reset.
private func peakKibibytes() -> Int {
    let status = String(decoding: contents(of: "/proc/self/status"), as: UTF8.self)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line.flatMap { Int(String($0.filter { ("0"..."9").contains($0) })) } ?? 0
}

/// Forgets what it had, reading the text among it; what it has now.
private func resetPeak() -> Int {
    let descriptor = unsafe open("/proc/self/clear_refs", O_WRONLY)
    guard descriptor >= 0, unsafe write(descriptor, "5", 1) == 1 else { exit(1) }
    close(descriptor)
    return peakKibibytes()
}

private let chunkByteCount = 65_536

private func redact(_ text: [UInt8], _ set: NeedleSet, _ take: ([UInt8]) -> Void) {
    var redactor = Redactor(set, mode: .agent)
    var output: [UInt8] = []
    output.reserveCapacity(2 * chunkByteCount)
    for start in stride(from: 0, to: text.count, by: chunkByteCount) {
        let end = min(start + chunkByteCount, text.count)
        unsafe text.withUnsafeBytes { unsafe redactor.redact(UnsafeRawBufferPointer(rebasing: $0[start..<end]).bytes, into: &output) }
        take(output)
        output.removeAll(keepingCapacity: true)
    }
    redactor.finish(into: &output)
    take(output)
}

/// memcpy of the same chunks, as a yardstick.
private func copied(_ text: [UInt8]) {
    var output = [UInt8](repeating: 0, count: chunkByteCount)
    unsafe text.withUnsafeBytes { source in
        unsafe output.withUnsafeMutableBytes { target in
            guard let source = source.baseAddress, let target = target.baseAddress else { return }
            for start in stride(from: 0, to: text.count, by: chunkByteCount) {
                _ = unsafe memcpy(target, source + start, min(chunkByteCount, text.count - start))
            }
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
