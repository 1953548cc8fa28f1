import Model
import Testing

@Suite("Text around a value on standard input")
struct InputTextTests {
    @Test("each part has 1 KiB of UTF-8 at most, and no zero byte")
    func fitness() {
        let longest = String(repeating: "é", count: 512)
        #expect(InputText(before: longest, after: longest)?.after == longest)
        for text in [longest + "x", "\0", "Authorization: \0Bearer "] {
            #expect(InputText(before: text, after: "") == nil && InputText(before: "", after: text) == nil)
        }
        #expect(InputText(before: "", after: "") == InputText.none && InputText.none.isEmpty)
        #expect(InputText(before: "", after: "\n")?.isEmpty == false)
    }
}
