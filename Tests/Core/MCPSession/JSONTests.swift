import MCPSession
import Testing

@Suite struct JSONTests {
    @Test(
        "a value is read and written back as it was",
        arguments: [
            "null", "true", "false", "0", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "-0", "1.0", "1e2", "0.5E-3",
            "1E+2",
            #""""#, #""a""#, #""\"\\\n\r\t""#, #""\u0000\u001f\u007f""#, "\"é😀\"", #""\u0085\u2028\u2029""#, "[]", "[1,[2],{}]", "{}",
            #"{"b":1,"a":{"":null}}"#,
        ])
    func roundTrip(_ text: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text == text)
    }

    @Test(
        "other ways to write a value are understood",
        arguments: [
            (" \t\r\n[ 1 , 2 ]\n", "[1,2]"), (#""\u0041\/\b\f""#, #""A/\u0008\u000c""#), (#""\ud83d\ude00""#, "\"😀\""),
            (#"{ "a" : "\u00e9" }"#, #"{"a":"é"}"#),
        ])
    func otherForms(_ text: String, _ written: String) throws {
        #expect(try JSONValue(parsing: Array(text.utf8)).text == written)
    }

    @Test(
        "what is no JSON is refused",
        arguments: [
            "", " ", "nul", "True", "NaN", "Infinity", "-Infinity", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "0x1", "1_0", "--1", "[", "[1",
            "[1,", "[1,]",
            "[,1]", "[1 2]", "]", "{", "{}}", #"{"a"}"#, #"{"a":}"#, #"{"a":1,}"#, "{a:1}", "{1:1}", "'a'", #"""#, #""a"#, "\"\n\"", "\"\t\"",
            #""\x""#, #""\u12""#,
            #""\u12g4""#, "1 2", "[]x", "// c\n1", "\u{FEFF}1", "\u{0C}1", "1\u{00}", "\u{A0}1",
        ])
    func refused(_ text: String) {
        #expect { try JSONValue(parsing: Array(text.utf8)) } throws: { if case JSONError.syntax = $0 { true } else { false } }
    }

    @Test(
        "a text that is not Unicode is refused",
        arguments: ["22ff22", "22c028", "22c0af22", "22eda08022", "22f490808022", "22e28222", "7b22ff223a317d"])
    func notUnicode(_ digits: String) {
        #expect { try JSONValue(parsing: bytes(hexadecimal: digits)) } throws: { $0 as? JSONError != nil }
    }

    @Test(
        "half a surrogate pair is refused",
        arguments: [#""\ud800""#, #""\udc00""#, #""\ud800\ud800""#, #""\ud800\u0041""#, #""\ud800x""#, #""\ud800\n""#, #""\udfff\ud800""#])
    func loneSurrogate(_ text: String) {
        #expect { try JSONValue(parsing: Array(text.utf8)) } throws: { if case JSONError.badText = $0 { true } else { false } }
    }

    @Test("a name that stands twice is refused, also when it is escaped or lies deep")
    func duplicates() {
        for text in [#"{"a":1,"a":1}"#, #"{"a":1,"\u0061":1}"#, #"[{"x":{"b":1,"c":2,"b":3}}]"#] {
            #expect(throws: JSONError.duplicateName) { try JSONValue(parsing: Array(text.utf8)) }
        }
    }

    @Test("128 levels are read, 129 are not")
    func depth() throws {
        func nested(_ levels: Int) -> [UInt8] { Array((String(repeating: "[", count: levels) + String(repeating: "]", count: levels)).utf8) }
        #expect(try JSONValue(parsing: nested(128)).bytes == nested(128))
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: nested(129)) }
        #expect(throws: JSONError.tooDeep) { try JSONValue(parsing: Array(String(repeating: #"{"a":["#, count: 65).utf8)) }
        let siblings = "[" + String(repeating: "[],", count: 500) + "[]]"
        #expect(try JSONValue(parsing: Array(siblings.utf8)).array?.count == 501)
    }

    @Test("a number beyond floating point is refused, one below its precision is kept")
    func range() throws {
        #expect(throws: JSONError.numberOutOfRange) { try JSONValue(parsing: Array("1e400".utf8)) }
        #expect(try JSONValue(parsing: Array("1e-400".utf8)).text == "1e-400")
    }

    @Test("whole numbers are integers however they are written")
    func integers() throws {
        for (text, integer) in [("50", 50), ("50.0", 50), ("5e1", 50), ("-0", 0)] as [(String, Int64)] {
            #expect(try JSONValue(parsing: Array(text.utf8)).integer == integer)
        }
        for text in ["50.5", "9223372036854775808", "1e300", "\"50\"", "true"] {
            #expect(try JSONValue(parsing: Array(text.utf8)).integer == nil)
        }
    }

    @Test("a large text with many escapes is read in linear time")
    func manyEscapes() throws {
        let text = "\"" + String(repeating: #"\n"#, count: 200_000) + "\""
        #expect(try JSONValue(parsing: Array(text.utf8)).string?.utf8.count == 200_000)
    }
}
