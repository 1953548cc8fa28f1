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

    private static func item(_ variable: String, _ value: String) -> SessionFileDraft.Item {
        SessionFileDraft.Item(variable: variable, content: .value(SecretValue(copying: unsafe Array(value.utf8).span.bytes)))
    }

    /// An id of the form that ids have.
    private static func id(_ number: Int) -> String { "f" + String(number).padded(to: 24) }

    private static func draft(
        _ number: Int, _ items: [SessionFileDraft.Item], as format: SessionFileDraft.Format = .dotenv, reads: Int? = nil
    ) -> SessionFileDraft { SessionFileDraft(id: id(number), format: format, items: items, reads: reads) }

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
        let path = try files.make(
            Self.draft(1, [Self.item("A", canary.text), .init(variable: "B", content: .reference("tacit://a/b/c#d"))]))
        #expect(Self.read(path) == "A=\"\(canary.text)\"\nB=\"tacit://a/b/c#d\"\n")
        #expect(Self.facts(path).map { $0.st_mode & 0o7777 } == 0o600)
        #expect(Self.facts(directory).map { $0.st_mode & 0o7777 } == 0o700)
        let address = try files.make(
            Self.draft(2, [.init(variable: "HTTPS_PROXY", content: .text("http://a:b@127.0.0.1:1")), .init(variable: "X", content: .text("$\""))]))
        #expect(Self.read(address) == "HTTPS_PROXY=\"http://a:b@127.0.0.1:1\"\nX=\"\\$\\\"\"\n")
        let certificates = try files.make(Self.draft(3, [.init(variable: "", content: .text("OWN AUTHORITY"))], as: .certificates))
        #expect(certificates.hasSuffix(".pem") && Self.read(certificates)?.hasSuffix("OWN AUTHORITY") == true)
        #expect(throws: SessionFileError.self) { try files.make(Self.draft(4, [Self.item("LD_PRELOAD", canary.text)])) }
        for number in [2, 3] { files.remove(Self.id(number)) }
        // Another name for it shows nothing afterwards either.
        let link = folder.path("kept")
        #expect(unsafe Glibc.link(path, link) == 0)
        files.remove(Self.id(1))
        #expect(names().isEmpty)
        #expect(Self.read(link) == "")
    }

    @Test("both formats hold every text, and a reader of theirs gets it back") func formats() throws {
        let files = try SessionFiles(directory: directory)
        let text = "a\"b\\c$d`e'f\ng\rh\ti \u{1}ü"
        #expect(try Self.read(files.make(Self.draft(1, [Self.item("A", text)]))) == "A=\"a\\\"b\\\\c\\$d\\`e'f\\ng\\rh\\ti \u{1}ü\"\n")
        #expect(
            try Self.read(files.make(Self.draft(2, [Self.item("A", text), Self.item("B", "")], as: .json)))
                == "{\n  \"A\": \"a\\\"b\\\\c$d`e'f\\ng\\rh\\ti \\u0001ü\",\n  \"B\": \"\"\n}\n")
    }

    @Test("what a file cannot hold is refused by the name of its variable, and nothing is left") func refused() throws {
        let files = try SessionFiles(directory: directory)
        for bytes in [[0xFF, 0xFE], [65, 0, 66], [0xC3]] as [[UInt8]] {
            let value = SecretValue(copying: unsafe bytes.span.bytes)
            #expect(throws: SessionFileError.notText(variable: "A")) {
                try files.make(Self.draft(1, [.init(variable: "A", content: .value(value))], as: .json))
            }
        }
        #expect(throws: SessionFileError.variable(.dangerous("LD_PRELOAD"))) { try files.make(Self.draft(1, [Self.item("LD_PRELOAD", "x")])) }
        #expect(names().isEmpty)
    }

    @Test("what stands in the way is neither followed nor overwritten") func inTheWay() throws {
        let files = try SessionFiles(directory: directory)
        let outside = folder.path("outside")
        close(unsafe open(outside, O_WRONLY | O_CREAT, 0o644))
        #expect(unsafe symlink(outside, "\(directory)/\(Self.id(1)).env") == 0)
        #expect(throws: SessionFileError.notWritten) { try files.make(Self.draft(1, [Self.item("A", "CANARY-x")])) }
        #expect(throws: SessionFileError.notWritten) { try files.make(Self.draft(1, [Self.item("A", "CANARY-x")], reads: 1)) }
        #expect(Self.read(outside) == "")
        // A directory that is put in the place of the opened one gets nothing.
        #expect(unsafe rename(directory, folder.path("moved")) == 0)
        #expect(unsafe symlink(folder.path("elsewhere"), directory) == 0)
        #expect(unsafe mkdir(folder.path("elsewhere"), 0o755) == 0)
        _ = try files.make(Self.draft(2, [Self.item("A", "CANARY-x")]))
        #expect(Self.facts("\(folder.path("elsewhere"))/\(Self.id(2)).env") == nil)
        #expect(Self.facts("\(folder.path("moved"))/\(Self.id(2)).env") != nil)
        files.remove(Self.id(2))
        #expect(Self.facts("\(folder.path("moved"))/\(Self.id(2)).env") == nil)
    }

    @Test("a directory that is a link, another's or open to others is not used") func directories() throws {
        #expect(unsafe mkdir(folder.path("real"), 0o700) == 0)
        #expect(unsafe symlink(folder.path("real"), directory) == 0)
        #expect(throws: SessionFileError.noDirectory(directory)) { try SessionFiles(directory: directory) }
        #expect(unsafe chmod(folder.path("real"), 0o750) == 0)
        #expect(throws: SessionFileError.loose(folder.path("real"))) { try SessionFiles(directory: folder.path("real")) }
    }

    @Test("what a killed keeper left is overwritten and removed by the next, and what somebody else put there is left as it is") func leftovers()
        throws
    {
        #expect(unsafe mkdir(directory, 0o700) == 0)
        let outside = try made("outside", "kept")
        // Left by a crash: a file, and a pipe. A descriptor of the file shows that it was overwritten before it went.
        let left = try made("files/\(Self.id(1)).env", "CANARY")
        let held = unsafe open(left, O_RDONLY)
        defer { close(held) }
        #expect(unsafe mkfifo("\(directory)/\(Self.id(2)).json", 0o600) == 0)
        // Put there under a name of ours, by a link of either kind.
        #expect(unsafe symlink(outside, "\(directory)/\(Self.id(3)).env") == 0)
        #expect(unsafe Glibc.link(outside, "\(directory)/\(Self.id(4)).env") == 0)
        // Under another name, which ours never have.
        let foreign = ["left.env", "\(Self.id(5)).txt", "\(Self.id(6))0.env", "F\(Self.id(7).dropFirst()).json", "f.env", ".env", "notes"]
        for name in foreign { _ = try made("files/\(name)", "theirs") }
        #expect(unsafe mkdir("\(directory)/\(Self.id(8)).env", 0o700) == 0)
        _ = try SessionFiles(directory: directory)
        #expect(names() == (foreign + ["\(Self.id(8)).env"]).sorted())
        #expect(Self.read(outside) == "kept")
        for name in foreign { #expect(Self.read("\(directory)/\(name)") == "theirs") }
        #expect(lseek(held, 0, SEEK_END) == 0)
    }

    /// A file with a text, 0600.
    private func made(_ name: String, _ text: String) throws -> String {
        let path = folder.path(name)
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        guard unsafe write(descriptor, text, text.utf8.count) == text.utf8.count else { throw TestFailure("\(name) cannot be written") }
        return path
    }

    @Test("a pipe is read as often as it may be, by each reader whole, and is gone") func pipe() async throws {
        let files = try SessionFiles(directory: directory)
        let big = String(repeating: "0123456789", count: 30_000)
        let ended = AsyncStream<Void>.makeStream()
        let path = try files.make(Self.draft(1, [Self.item("A", big)], reads: 3)) { ended.continuation.finish() }
        #expect(Self.facts(path).map { $0.st_mode & 0o7777 } == 0o600)
        for _ in 0..<3 { #expect(await Self.readEventually(path) == "A=\"\(big)\"\n") }
        for await _ in ended.stream {}
        #expect(names().isEmpty)
        files.remove(Self.id(1))
    }

    @Test("two readers at once never share one reading") func race() async throws {
        let files = try SessionFiles(directory: directory)
        let big = String(repeating: "x", count: 200_000)
        let path = try files.make(Self.draft(1, [Self.item("A", big)], reads: 8))
        let texts = await withTaskGroup(of: String.self) { group in
            for _ in 0..<4 { group.addTask { [await Self.readEventually(path), await Self.readEventually(path)].joined(separator: "|") } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        // A reader that comes between an opening and the taking away of the name shares that pipe: the sum is never more than what was offered.
        #expect(texts.joined().count(where: { $0 == "x" }) <= 8 * big.count)
        files.remove(Self.id(1))
    }

    @Test("a pipe that is removed can be opened by nobody, and lets nobody wait") func removed() async throws {
        let files = try SessionFiles(directory: directory)
        let path = try files.make(Self.draft(1, [Self.item("A", "CANARY-x")], reads: 1)) { Issue.record("nobody has read") }
        let big = try files.make(Self.draft(2, [Self.item("A", String(repeating: "x", count: 300_000))], reads: 1))
        // It takes a part and waits: the rest never comes.
        let reader = unsafe open(big, O_RDONLY)
        defer { close(reader) }
        files.remove(Self.id(1))
        files.remove(Self.id(2))
        #expect(Self.read(path) == nil)
        #expect(names().isEmpty)
    }

    @Test("a reader is waited for in the kernel, by a thread that does nothing meanwhile", .timeLimit(.minutes(1))) func waiting() async throws {
        let files = try SessionFiles(directory: directory)
        _ = try files.make(Self.draft(1, [Self.item("A", "CANARY-x")], reads: 1))
        // What every other thread of this process waits for has an end. Only a pipe that is offered keeps one in the `open` of a pipe.
        while !Self.threadWaits("wait_for_partner") { sched_yield() }
        files.remove(Self.id(1))
    }

    /// Whether a thread of this process waits in a function of the kernel's.
    private static func threadWaits(_ function: String) -> Bool {
        guard let list = unsafe opendir("/proc/self/task") else { return false }
        defer { unsafe closedir(list) }
        while let entry = unsafe readdir(list) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if read("/proc/self/task/\(name)/wchan")?.contains(function) == true { return true }
        }
        return false
    }

    @Test("what was put in the place of a file or pipe gets nothing, and stays when those are removed", arguments: [nil, 1])
    func replaced(reads: Int?) async throws {
        let files = try SessionFiles(directory: directory)
        let path = try files.make(Self.draft(1, [Self.item("A", "CANARY-x")], reads: reads)) { Issue.record("nobody has read") }
        #expect(unsafe rename(path, folder.path("moved")) == 0)
        let other = try made("files/\(Self.id(1)).env", "theirs")
        files.remove(Self.id(1))
        #expect(Self.read(other) == "theirs")
        if reads == nil { #expect(Self.read(folder.path("moved")) == "") }
    }

    /// Reads a pipe that may be a moment away from being there, on a thread that may wait.
    private static func readEventually(_ path: String) async -> String {
        await Task.detached {
            while true { if let text = read(path), !text.isEmpty { return text } }
        }.value
    }
}

extension String {
    fileprivate func padded(to width: Int) -> String { String(repeating: "0", count: width - count) + self }
}
