import Foundation
import MCPSession
import Testing

@Suite struct FuzzTests {
    @Test("damaged transcripts neither crash nor hang a session, and every request gets exactly one answer")
    func damaged() throws {
        let seed = ProcessInfo.processInfo.environment["SEED"].flatMap(UInt64.init) ?? UInt64.random(in: .min ... .max)
        let rounds = ProcessInfo.processInfo.environment["ROUNDS"].flatMap(Int.init) ?? 1000
        print("fuzz seed \(seed)")
        var random = SplitMix(seed)
        let transcripts = try Transcript.files().map { try Transcript($0).steps.filter { $0["receive"]?.array?.count != 101 } }
        for _ in 0..<rounds {
            var peer = Peer()
            let mostDamage = Int.random(in: 0...3, using: &random)
            for step in transcripts.randomElement(using: &random) ?? [] where step["end"] == nil && step["abandon"] == nil {
                guard var line = Transcript.line(of: step) else {
                    peer.take(peer.bench.perform(step), for: step["oversize"] == nil ? [] : [0])
                    continue
                }
                for _ in 0..<Int.random(in: 0...mostDamage, using: &random) { Self.damage(&line, &random) }
                peer.take(peer.bench.session.receive(line: line), for: line)
            }
            peer.close()
            #expect(peer.complaints.isEmpty, "SEED=\(seed)")
        }
    }

    private static func damage(_ line: inout [UInt8], _ random: inout SplitMix) {
        guard !line.isEmpty else { return }
        let place = Int.random(in: 0..<line.count, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: line[place] = UInt8.random(in: .min ... .max, using: &random)
        case 1: line.remove(at: place)
        case 2: line.insert(Array("{}[]\",:0e-\\u".utf8).randomElement(using: &random) ?? 0, at: place)
        case 3: line.removeSubrange(place...)
        case 4: line.insert(contentsOf: line[place..<min(line.count, place + 20)], at: place)
        default: line[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        }
    }
}

/// The other end of a session: it counts, by the rules of JSON-RPC, the answers it is owed.
private struct Peer {
    var bench = Bench()
    var complaints: [String] = []
    /// Answers still owed, by id as written ("null" for errors without one).
    private var owed: [String: Int] = [:]
    private var running: [CallID] = []
    private var waiting: Set<CallID> = []
    private var speaksBatches = false

    /// Takes what the session did with a line.
    mutating func take(_ actions: [MCPSession.Action], for line: [UInt8]) {
        var cancellations = owe(line)
        for action in actions {
            switch action {
            case .send(let bytes): settle(bytes)
            case .call(let call):
                running.append(call.id)
                waiting.remove(call.id)
            case .wait(let id): waiting.insert(id)
            case .stop: complaints.append("stopped too early")
            case .cancel(let id):
                let wasWaiting = waiting.remove(id) != nil
                guard let index = cancellations.firstIndex(where: { owed[$0, default: 0] > 0 }) else {
                    // A wait may also end because the client cannot answer; then the call is answered.
                    if !wasWaiting { complaints.append("cancelled what was not asked") }
                    continue
                }
                owed[cancellations.remove(at: index), default: 0] -= 1
            }
        }
    }

    /// Ends what runs: then nothing is owed, and the session still answers.
    mutating func close() {
        let ping = Array(#"{"jsonrpc":"2.0","id":"last","method":"ping"}"#.utf8)
        take(bench.session.receive(line: ping), for: ping)
        for id in running { take(bench.session.finish(id, ToolOutcome([.text("")])), for: []) }
        for id in waiting { take(bench.session.giveUp(id), for: []) }
        if bench.session.inputEnded() != [.stop] { complaints.append("did not stop") }
        for (id, count) in owed where count != 0 { complaints.append("\(count) answers owed to \(id)") }
    }

    /// Notes what a line asks for; gives the ids that it cancels.
    private mutating func owe(_ line: [UInt8]) -> [String] {
        guard line.contains(where: { ![0x20, 0x09, 0x0D].contains($0) }) else { return [] }
        guard let value = try? JSONValue(parsing: line) else {
            owed["null", default: 0] += 1
            return []
        }
        guard let batch = value.array else { return owe(value) }
        guard speaksBatches, (1...100).contains(batch.count) else {
            owed["null", default: 0] += 1
            return []
        }
        return batch.flatMap { owe($0) }
    }

    private mutating func owe(_ message: JSONValue) -> [String] {
        let object = message.object ?? [:]
        let isMessage = object["jsonrpc"] == "2.0" && object["method"]?.string != nil
        let isResponse = object["jsonrpc"] == "2.0" && object["method"] == nil && (object["result"] ?? object["error"]) != nil
        if isResponse { return [] }
        if isMessage, object["id"] == nil { return [object["params"]?.object?["requestId"]].compactMap { $0?.text } }
        owed[Self.id(object["id"]), default: 0] += 1
        return []
    }

    private mutating func settle(_ bytes: [UInt8]) {
        guard let value = try? JSONValue(parsing: bytes) else { return complaints.append("sent no JSON") }
        for message in value.array ?? [value] {
            guard let object = message.object, object["method"] == nil else { continue }
            owed[Self.id(object["id"]), default: 0] -= 1
            if let version = object["result"]?.object?["protocolVersion"] { speaksBatches = version == "2025-03-26" }
        }
    }

    /// An id as written; "null" for what is none.
    private static func id(_ value: JSONValue?) -> String {
        switch value {
        case .string?, .integer?: value?.text ?? ""
        case .number(let literal)? where !literal.contains(where: { ".eE".contains($0) }): literal
        default: "null"
        }
    }
}
