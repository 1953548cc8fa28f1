import Redaction
import TacitWire

extension RunReport {
    /// Adds up what was done to the streams of one run.
    init(masked: Bool, streams: [RedactionReport]) {
        var counts: [[String]: Int] = [:]
        var unscanned: [String: Int64] = [:]
        for count in streams.flatMap(\.counts) { counts[[count.name, count.view], default: 0] += count.count }
        for part in streams.flatMap(\.unscanned) { unscanned[part.reason, default: 0] += part.bytes }
        self.init(
            masked: masked,
            redactions: counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map {
                Redaction(name: $0.key[0], view: $0.key[1], count: $0.value)
            },
            scannedBytes: Int(streams.reduce(0) { $0 + $1.bytesScanned }),
            unscanned: unscanned.sorted { $0.key < $1.key }.map { "\($0.value) bytes: \($0.key)" })
    }

    /// The report as JSON, written by hand: Foundation's encoder would cost this process more than the rest of its work.
    var json: String {
        let redactions = redactions.map { #"{"count":\#($0.count),"name":\#(Self.quoted($0.name)),"view":\#(Self.quoted($0.view))}"# }
        let files = files.map { #""files":\#($0.json),"# } ?? ""
        let sandbox = sandbox.map { #""sandbox":\#($0.json),"# } ?? ""
        let output = output.map { #""output":\#($0.json),"# } ?? ""
        return
            #"{\#(files)"masked":\#(masked),\#(output)"redactions":[\#(redactions.joined(separator: ","))],\#(sandbox)"scanned_bytes":\#(scannedBytes),"#
            + #""unscanned":[\#(unscanned.map(Self.quoted).joined(separator: ","))]}"#
    }

    fileprivate static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}

extension RunOutput {
    /// What of the streams of one run was not passed on; nil when all was.
    init?(_ streams: [OutputStream]) {
        let withheld = streams.compactMap { stream in
            stream.report?.withheld.map { part in
                Withheld(
                    stream: stream.kind == .stdout ? "stdout" : "stderr", reason: part.reason.rawValue, secret: part.name, bytes: Int(part.bytes))
            }
        }
        guard !withheld.isEmpty else { return nil }
        self.init(withheld: withheld)
    }

    fileprivate var json: String {
        let withheld = withheld.map { part in
            let secret = part.secret.map { #""secret":\#(RunReport.quoted($0)),"# } ?? ""
            return #"{"bytes":\#(part.bytes),"reason":\#(RunReport.quoted(part.reason)),\#(secret)"stream":\#(RunReport.quoted(part.stream))}"#
        }
        return #"{"withheld":[\#(withheld.joined(separator: ","))]}"#
    }
}

extension RunSandbox {
    fileprivate var json: String {
        let parts = [
            ("cgroup", cgroup), ("files", files), ("landlock", landlock), ("namespaces", namespaces), ("network", network), ("seccomp", seccomp),
        ]
        return "{" + parts.map { #""\#($0.0)":\#(RunReport.quoted($0.1))"# }.joined(separator: ",") + "}"
    }
}

extension RunChanges {
    fileprivate var json: String {
        let kept = kept.map { #"{"copy":\#(RunReport.quoted($0.copy)),"path":\#(RunReport.quoted($0.path))}"# }
        let withheld = withheld.map { #"{"path":\#(RunReport.quoted($0.path)),"reason":\#(RunReport.quoted($0.reason))}"# }
        return #"{"deleted":\#(deleted),"kept":[\#(kept.joined(separator: ","))],"kept_count":\#(keptCount),"#
            + #""withheld":[\#(withheld.joined(separator: ","))],"withheld_count":\#(withheldCount),"written":\#(written)}"#
    }
}
