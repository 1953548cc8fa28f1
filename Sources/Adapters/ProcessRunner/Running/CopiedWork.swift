import CProcess
import FoundationEssentials
import Glibc
import Model
import TacitWire

/// A runner's hold on the copy that it works in, where the working directory cannot be shown to its user: who filled it brings back what the run changed.
struct CopiedWork {
    /// The directory that the copy stands for.
    private let device: Int64
    private let inode: Int64
    private let channel: SetupChannel

    /// What root's helper says behind the subcommand, with a socket; nil where there is no copy.
    init?(_ words: [String], descriptor: Int32 = 4) {
        let numbers = words.first?.split(separator: ":").compactMap { UInt64($0) } ?? []
        guard numbers.count == 2 else { return nil }
        (device, inode) = (Int64(bitPattern: numbers[0]), Int64(bitPattern: numbers[1]))
        channel = SetupChannel(descriptor: descriptor)
        _ = tacit_set_socket_timeout(descriptor, 12_000)
    }

    /// Waits until the copy is there; the refusal's bytes where there will be none.
    func refusal() throws(RunnerError) -> [UInt8]? {
        // What the helper's process said, which became the person's.
        var began: UInt64 = 1
        guard try receive(&began), began == 0, let (kind, payload) = try channel.receive() else { throw .runnerGone }
        return kind == .resolved ? nil : payload
    }

    private func receive(_ number: inout UInt64) throws(RunnerError) -> Bool {
        try unsafe withUnsafeMutableBytes(of: &number) { bytes throws(RunnerError) in try unsafe channel.receiveExactly(into: bytes) }
    }

    /// The directory that the run is said to work in.
    func place(_ path: String) -> FilePlace { FilePlace(path: path, device: device, inode: inode) }

    /// Has what was changed brought back; `released` is what became of files before they came into the copy. Who brings them knows no value, so names are
    /// redacted here, by `search`.
    func bringBack(after released: RunChanges?, _ search: FileSearch) -> RunChanges? {
        var files = released ?? RunChanges()
        // Nothing may change it any more while it is looked through.
        guard Descendants.haveEnded, let brought = brought(while: search.isWanted) else {
            files.tell(".", "what was changed could not be brought back")
            return files
        }
        (files.written, files.deleted) = (brought.written, brought.deleted)
        files.withheldCount += brought.withheldCount
        for told in brought.withheld { files.tell(name(told.path, search), told.reason) }
        for kept in brought.kept { files.keep(name(kept.path, search), as: name(kept.copy, search)) }
        files.keptCount = max(files.keptCount, brought.keptCount)
        return files.isEmpty ? nil : files
    }

    /// A name as it may be told: of one that was cut, the end of a value may be missing.
    private func name(_ text: String, _ search: FileSearch) -> String { text.count < RunChanges.longestName ? search.redacted(text) : "?" }

    private func brought(while isWanted: () -> Bool) -> RunChanges? {
        do throws(RunnerError) {
            try channel.send(.start)
            var watched = pollfd(fd: channel.descriptor, events: Int16(POLLIN), revents: 0)
            while unsafe poll(&watched, 1, 100) <= 0 { guard isWanted() else { return nil } }
            guard let (_, payload) = try channel.receive() else { return nil }
            return try? WireJSON.decodeStrictly(RunChanges.self, from: Data(payload))
        } catch {
            return nil
        }
    }
}
