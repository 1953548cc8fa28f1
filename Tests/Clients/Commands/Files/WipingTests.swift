import Commands
import Glibc
import Testing

@Suite("Wiping", .serialized)
struct WipingTests {
    @Test("after reading, printing and wiping, and after every refusal, no copy of a value is left in memory", arguments: Case.allCases)
    func residue(shape: Case) throws {
        let mark = Mark()
        var source = shape.source(mark)
        #expect(mark.copiesInMemory() > 0, "the search does not find what is there")
        shape.readPrintAndWipe(source)
        overwrite(&source)
        #expect(mark.copiesInMemory() == 0)
    }

    enum Case: CaseIterable {
        case variables, duplicate, afterQuote, json, unknownKey, badEscape, badBase64

        /// A file with a value that carries the mark in every way in which the format can hold one.
        func source(_ mark: Mark) -> [UInt8] {
            var text: [UInt8] = []
            text.reserveCapacity(4096)
            for piece in template.split(separator: "@", omittingEmptySubsequences: false) {
                if !text.isEmpty { mark.append(to: &text) }
                text.append(contentsOf: piece.utf8)
            }
            return text
        }

        private var template: String {
            switch self {
            case .variables: "A='@'\nB=\"@\\n x\"\nC=@ # c\nD=`@`"
            case .duplicate: "A='@'\nB=\"@\\n\"\nA=@"
            case .afterQuote: "A='@'\nB=\"@\\n\" x"
            case .json: "{\"A\": \"@\\n\", \"B\": {\"f\": \"@\", \"g\": {\"kind\": \"plain\", \"text\": \"@\"}}}"
            case .unknownKey: "{\"A\": \"@\", \"B\": {\"g\": {\"text\": \"@\", \"x\": 1}}}"
            case .badEscape: "{\"A\": \"@\", \"B\": \"@\\q\"}"
            case .badBase64: "{\"A\": {\"f\": {\"base64\": \"@\"}}}"
            }
        }

        @inline(never)
        func readPrintAndWipe(_ source: [UInt8]) {
            switch self {
            case .variables, .duplicate, .afterQuote:
                guard var content = try? DotEnv.parse(source), var text = try? DotEnv.print(content.items) else { return }
                overwrite(&text)
                content.wipe()
            case .json, .unknownKey, .badEscape, .badBase64:
                guard var items = try? SecretsJSON.parse(source), var text = try? SecretsJSON.print(items) else { return }
                overwrite(&text)
                for index in items.indices { overwrite(&items[index].value) }
            }
        }
    }
}

/// A random mark that is itself never in memory as it is looked for.
struct Mark: Sendable {
    private static let mask: UInt8 = 0x80
    /// A byte that memory seldom holds.
    private static let first: UInt8 = 0x7F
    private let masked = (0..<19).map { _ in UInt8.random(in: 0x61...0x7A) ^ Mark.mask }

    func append(to bytes: inout [UInt8]) {
        bytes.append(Self.first)
        for byte in masked { bytes.append(byte ^ Self.mask) }
    }

    /// How often the mark stands in the writable memory of this process.
    func copiesInMemory() -> Int {
        let file = unsafe open("/proc/self/mem", O_RDONLY)
        defer { close(file) }
        return writableRegions().reduce(0) { count, region in count + copies(in: region, of: file) }
    }

    private func copies(in region: Range<Int>, of file: Int32) -> Int {
        // The copy is made outside of the regions that are searched, and taken away before the next search.
        let mapping = unsafe mmap(nil, region.count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let mapping = unsafe mapping, unsafe mapping != MAP_FAILED else { return 0 }
        defer {
            unsafe explicit_bzero(mapping, region.count)
            unsafe munmap(mapping, region.count)
        }
        let length = unsafe pread(file, mapping, region.count, off_t(region.lowerBound))
        var (count, offset) = (0, 0)
        while offset + masked.count < length,
            let place = unsafe memchr(mapping + offset, Int32(Self.first), length - offset - masked.count)
        {
            offset = unsafe UnsafeRawPointer(place) - UnsafeRawPointer(mapping) + 1
            let isMark = masked.indices.allSatisfy { unsafe mapping.load(fromByteOffset: offset + $0, as: UInt8.self) ^ Self.mask == masked[$0] }
            count += isMark ? 1 : 0
        }
        return count
    }

    private func writableRegions() -> [Range<Int>] {
        guard let file = unsafe fopen("/proc/self/maps", "r") else { return [] }
        defer { unsafe fclose(file) }
        var regions: [Range<Int>] = []
        var line = [CChar](repeating: 0, count: 4096)
        while unsafe fgets(&line, 4096, file) != nil {
            let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
            let bounds = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            if bounds.count == 2, words[1].hasPrefix("rw") { regions.append(bounds[0]..<bounds[1]) }
        }
        return regions
    }
}

@inline(never)
private func overwrite(_ bytes: inout [UInt8]) {
    for index in bytes.indices { bytes[index] = 0 }
    bytes = []
}
