import TestKit
import Testing

@testable import Commands

@Suite("Tables of comma-separated values")
struct CSVTableTests {
    private static func cells(_ text: [UInt8]) throws -> [[[UInt8]]] {
        let table = try CSVTable(text)
        return table.rows.map { row in (0..<table.columnCount).map { table.value(row, $0)?.bytes ?? [] } }
    }

    @Test("cells are kept exactly: formulas, NUL, quotes, line breaks, bytes that are no text")
    func exact() throws {
        let text = Array("\u{FEFF}A,B\r\n=1+1,\"a \"\"b\"\",\nc\"\r\n\0,".utf8) + [0xFF, 0x0A] + Array(" x ,\"\"\n\n".utf8)
        let expected: [[[UInt8]]] = [[Array("=1+1".utf8), Array("a \"b\",\nc".utf8)], [[0], [0xFF]], [Array(" x ".utf8), []]]
        #expect(try Self.cells(text) == expected)
        #expect(try CSVTable(text).rows.map(\.line) == [2, 4, 5])
    }

    @Test(
        "a broken table is refused with its line",
        arguments: [
            ("", nil, "empty"), ("A,B\na,b\nc", 3, "cells"), ("A,B\na,b,c\n", 2, "cells"), ("A,B\n\"a\nb,c", 2, "open-quote"),
            ("A,B\n\"a\nb\"c,d\n", 3, "after-quote"), ("A,B\na\"b,c\n", 2, "quote"), ("A,B\na,b\rc,d\n", 2, "carriage-return"),
            ("A,B\na,\"", 2, "open-quote"),
            ("A,B\na,\"b\"\"", 2, "open-quote"), ("A\n\"a\" ,\n", 2, "after-quote"),
        ] as [(String, Int?, String)])
    func broken(_ text: String, _ line: Int?, _ code: String) {
        let error = #expect(throws: FormatError.self) { try CSVTable(Array(text.utf8)) }
        #expect(error?.code == "csv.\(code)")
        #expect(error?.position?.line == line)
    }

    @Test("columns are found in any case, and a row of values is no heading")
    func columns() throws {
        let table = try CSVTable(Array("Title,PASSWORD,\"Url\"\na,b,c".utf8))
        #expect(table.column("name", "title") == 0 && table.column("password") == 1 && table.column("url") == 2 && table.column("notes") == nil)
        #expect(CSVTable.isHeaded(Array("title,password\n".utf8), by: ["title", "password"]))
        #expect(!CSVTable.isHeaded(Array("bank,CANARY\n".utf8), by: ["title"]))
    }

    @Test("whatever is written by the rules is read back")
    func roundTrip() throws {
        var draws = RandomDraws()
        for _ in 0..<300 {
            let rows = (0..<draws.pick([1, 4, 9])).map { _ in (0..<3).map { _ in draws.bytes(0...12, from: Array("ab\",\r\n=\0".utf8) + [0xE9]) } }
            var text = Array("a,b,c\n".utf8)
            for row in rows {
                for (position, cell) in row.enumerated() {
                    if position > 0 { text.append(UInt8(ascii: ",")) }
                    text.append(UInt8(ascii: "\""))
                    for byte in cell { text += byte == UInt8(ascii: "\"") ? [byte, byte] : [byte] }
                    text.append(UInt8(ascii: "\""))
                }
                text += draws.chance(50) ? [13, 10] : [10]
            }
            #expect(try Self.cells(text) == rows, "seed \(draws.seed)")
        }
    }

    @Test("no text whatever makes the reader fail in another way than by an error of its own")
    func mutations() {
        var draws = RandomDraws()
        let text = Array("Title,Url,Username,Password\r\n\"a \"\"b\"\"\",c,d,\"e\nf\"\r\ng,h,i,j\r\n".utf8)
        for _ in 0..<3000 {
            let mutated = draws.mutation(of: text, inserting: Array("\",\r\n".utf8))
            if let table = try? CSVTable(mutated) { #expect(table.rows.count < mutated.count) }
        }
    }
}
