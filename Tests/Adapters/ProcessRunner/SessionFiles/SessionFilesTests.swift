import Glibc
import Model
import TestKit
import Testing

@testable import ProcessRunner

/// Session files on a real file system.
@Suite struct SessionFilesTests {
    private let folder: TemporaryDirectory
    private let directory: String

    init() throws {
        signal(SIGPIPE, SIG_IGN)
        folder = try TemporaryDirectory("tacit-session-files")
        directory = folder.path("files")
    }

    private static func item(_ variable: String, _ value: String) -> SessionFileText.Item {
        SessionFileText.Item(variable: variable, content: .value(SecretValue(copying: unsafe Array(value.utf8).span.bytes)))
    }

    private static func read(_ path: String) -> String? {
        let descriptor = unsafe open(path, O_RDONLY)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var text: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = unsafe Glibc.read(descriptor, &piece, piece.count)
            guard count > 0 else { return String(decoding: text, as: UTF8.self) }
            text += piece[..<count]
        }
    }

    private static func facts(_ path: String) -> stat? {
        var facts = stat()
        return unsafe lstat(path, &facts) == 0 ? facts : nil
    }

    private func names() -> [String] {
        guard let list = unsafe opendir(directory) else { return [] }
        defer { unsafe closedir(list) }
        var names: [String] = []
        while let entry = unsafe readdir(list) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    @Test("a file is the user's alone, whole, and gone without a trace once it is removed") func file() throws {
        let files = try SessionFiles(directory: directory)
        let canary = Canary(SeededRandom())
        let path = try files.make("f1", .dotenv, [Self.item("A", canary.text), .init(variable: "B", content: .reference("tacit://a/b/c#d"))])
        #expect(Self.read(path) == "A=\"\(canary.text)\"\nB=\"tacit://a/b/c#d\"\n")
        #expect(Self.facts(path).map { $0.st_mode & 0o7777 } == 0o600)
        #expect(Self.facts(directory).map { $0.st_mode & 0o7777 } == 0o700)
        // Another name for it shows nothing afterwards either.
        let link = folder.path("kept")
        #expect(unsafe Glibc.link(path, link) == 0)
        files.remove("f1")
        #expect(names().isEmpty)
        #expect(Self.read(link) == "")
    }

    @Test("both formats hold every text, and a reader of theirs gets it back") func formats() throws {
        let files = try SessionFiles(directory: directory)
        let text = "a\"b\\c$d`e'f\ng\rh\ti \u{1}ü"
        #expect(try Self.read(files.make("a", .dotenv, [Self.item("A", text)])) == "A=\"a\\\"b\\\\c\\$d\\`e'f\\ng\\rh\\ti \u{1}ü\"\n")
        #expect(
            try Self.read(files.make("b", .json, [Self.item("A", text), Self.item("B", "")]))
                == "{\n  \"A\": \"a\\\"b\\\\c$d`e'f\\ng\\rh\\ti \\u0001ü\",\n  \"B\": \"\"\n}\n")
    }

    @Test("what a file cannot hold is refused by the name of its variable, and nothing is left") func refused() throws {
        let files = try SessionFiles(directory: directory)
        for bytes in [[0xFF, 0xFE], [65, 0, 66], [0xC3]] as [[UInt8]] {
            let value = SecretValue(copying: unsafe bytes.span.bytes)
            #expect(throws: SessionFileError.notText(variable: "A")) {
                try files.make("f", .json, [.init(variable: "A", content: .value(value))])
            }
        }
        #expect(throws: SessionFileError.variable(.dangerous("LD_PRELOAD"))) { try files.make("f", .dotenv, [Self.item("LD_PRELOAD", "x")]) }
        #expect(names().isEmpty)
    }

    @Test("what stands in the way is neither followed nor overwritten") func inTheWay() throws {
        let files = try SessionFiles(directory: directory)
        let outside = folder.path("outside")
        close(unsafe open(outside, O_WRONLY | O_CREAT, 0o644))
        #expect(unsafe symlink(outside, "\(directory)/f1.env") == 0)
        #expect(throws: SessionFileError.notWritten) { try files.make("f1", .dotenv, [Self.item("A", "CANARY-x")]) }
        #expect(throws: SessionFileError.notWritten) { try files.offer("f1", .dotenv, [Self.item("A", "CANARY-x")], reads: 1) {} }
        #expect(Self.read(outside) == "")
        // A directory that is put in the place of the opened one gets nothing.
        #expect(unsafe rename(directory, folder.path("moved")) == 0)
        #expect(unsafe symlink(folder.path("elsewhere"), directory) == 0)
        #expect(unsafe mkdir(folder.path("elsewhere"), 0o755) == 0)
        _ = try files.make("f2", .dotenv, [Self.item("A", "CANARY-x")])
        #expect(Self.facts("\(folder.path("elsewhere"))/f2.env") == nil)
        #expect(Self.facts("\(folder.path("moved"))/f2.env") != nil)
        files.remove("f2")
        #expect(Self.facts("\(folder.path("moved"))/f2.env") == nil)
    }

    @Test("a directory that is a link, another's or open to others is not used") func directories() throws {
        #expect(unsafe mkdir(folder.path("real"), 0o700) == 0)
        #expect(unsafe symlink(folder.path("real"), directory) == 0)
        #expect(throws: SessionFileError.noDirectory(directory)) { try SessionFiles(directory: directory) }
        #expect(unsafe chmod(folder.path("real"), 0o750) == 0)
        #expect(throws: SessionFileError.loose(folder.path("real"))) { try SessionFiles(directory: folder.path("real")) }
    }

    @Test("what a killed keeper left is overwritten and removed by the next; what a link leads to is left alone") func leftovers() throws {
        do {
            let files = try SessionFiles(directory: directory)
            // As a crash leaves it: with nobody to remove it.
            _ = try files.make("keep", .dotenv, [Self.item("A", "b")])
            close(unsafe open("\(directory)/left.env", O_WRONLY | O_CREAT, 0o600))
            #expect(unsafe mkfifo("\(directory)/left.json", 0o600) == 0)
        }
        #expect(names() == ["left.env", "left.json"])
        let outside = folder.path("outside")
        let descriptor = unsafe open(outside, O_WRONLY | O_CREAT, 0o600)
        #expect(unsafe write(descriptor, "kept", 4) == 4)
        close(descriptor)
        #expect(unsafe symlink(outside, "\(directory)/link") == 0)
        #expect(unsafe Glibc.link("\(directory)/left.env", folder.path("other-name")) == 0)
        let left = unsafe open("\(directory)/left.env", O_WRONLY)
        #expect(unsafe write(left, "CANARY", 6) == 6)
        close(left)
        _ = try SessionFiles(directory: directory)
        #expect(names().isEmpty)
        #expect(Self.read(outside) == "kept")
        #expect(Self.read(folder.path("other-name")) == "")
    }

    @Test("a pipe is read as often as it may be, by each reader whole, and is gone") func pipe() async throws {
        let files = try SessionFiles(directory: directory)
        let big = String(repeating: "0123456789", count: 30_000)
        let ended = AsyncStream<Void>.makeStream()
        let path = try files.offer("p", .dotenv, [Self.item("A", big)], reads: 3) { ended.continuation.finish() }
        #expect(Self.facts(path).map { $0.st_mode & 0o7777 } == 0o600)
        for _ in 0..<3 { #expect(await Self.readEventually(path) == "A=\"\(big)\"\n") }
        for await _ in ended.stream {}
        #expect(names().isEmpty)
        files.remove("p")
    }

    @Test("two readers at once never share one reading") func race() async throws {
        let files = try SessionFiles(directory: directory)
        let big = String(repeating: "x", count: 200_000)
        let path = try files.offer("p", .dotenv, [Self.item("A", big)], reads: 8) {}
        let texts = await withTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { [await Self.readEventually(path), await Self.readEventually(path)].joined(separator: "|") } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // A reader that comes between an opening and the taking away of the name shares that pipe: the sum is never more than what was offered.
        #expect(texts.joined().count(where: { $0 == "x" }) <= 8 * big.count)
        files.remove("p")
    }

    @Test("a pipe that is removed can be opened by nobody, and lets nobody wait") func removed() async throws {
        let files = try SessionFiles(directory: directory)
        let path = try files.offer("p", .dotenv, [Self.item("A", "CANARY-x")], reads: 1) { Issue.record("nobody has read") }
        let big = try files.offer("q", .dotenv, [Self.item("A", String(repeating: "x", count: 300_000))], reads: 1) {}
        // It takes a part and waits: the rest never comes.
        let reader = unsafe open(big, O_RDONLY)
        defer { close(reader) }
        files.remove("p")
        files.remove("q")
        #expect(Self.read(path) == nil)
        #expect(names().isEmpty)
    }

    /// Reads a pipe that may be a moment away from being there, on a thread that may wait.
    private static func readEventually(_ path: String) async -> String {
        await Task.detached {
            while true { if let text = read(path), !text.isEmpty { return text } }
        }.value
    }
}
