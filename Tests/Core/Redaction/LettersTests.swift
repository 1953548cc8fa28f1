import CLetters
import Testing

/// The wide instructions and the plain loop copy the same letters.
@Suite("letters are copied alike with and without wide instructions")
struct LettersTests {
    struct Copied: Equatable {
        var places: [Int] = []
        var letters: [UInt8] = []
        var counts: [UInt32] = []
        var blocks: [UInt32] = []
    }

    /// Passes a text from `start`, going on behind each byte that needs a look.
    private func copied(_ text: [UInt8], from start: Int, origin: Int, _ rules: tacit_letter_rules) -> Copied {
        var (rules, copied) = (rules, Copied())
        var letters = [UInt8](repeating: 0, count: text.count + 48)
        var (counts, blocks) = ([UInt32](repeating: 0, count: text.count / 16 + 4), [UInt32](repeating: 0, count: text.count / 16 + 4))
        unsafe text.withUnsafeBufferPointer { bytes in
            unsafe letters.withUnsafeMutableBufferPointer { letters in
                unsafe counts.withUnsafeMutableBufferPointer { counts in
                    unsafe blocks.withUnsafeMutableBufferPointer { blocks in
                        var pass = unsafe tacit_letters()
                        unsafe (pass.text, pass.letters) = (bytes.baseAddress, letters.baseAddress)
                        unsafe (pass.counts, pass.blocks) = (counts.baseAddress, blocks.baseAddress)
                        unsafe (pass.end, pass.place, pass.origin) = (bytes.count, start, origin)
                        while unsafe pass.place < bytes.count {
                            unsafe tacit_letters_pass(&pass, &rules)
                            unsafe copied.places.append(pass.place)
                            unsafe pass.place += 1
                        }
                        unsafe copied.letters = Array(letters.prefix(pass.count))
                        unsafe copied.counts = Array(counts.prefix(pass.group_count))
                        unsafe copied.blocks = Array(blocks.prefix(pass.block_count))
                    }
                }
            }
        }
        return copied
    }

    @Test("random texts, from every place of a group, with each choice of what is special", arguments: [0, 1, 2, 3])
    func alike(choice: Int32) {
        var generator = SeededGenerator()
        var (wide, plain) = (tacit_letter_rules(), tacit_letter_rules())
        unsafe tacit_letters_prepare(&wide, choice & 1, choice >> 1)
        unsafe tacit_letters_prepare_portably(&plain, choice & 1, choice >> 1)
        let alphabets = [
            Array("abcXYZ019+/-_".utf8), (0...255).map { UInt8($0) }, Array("abcdef0123456789=%&\\ \n\u{1b}#Y".utf8),
            Array("ordinary words, and = signs & such; 100 % of them\n".utf8),
        ]
        for _ in 0..<200 * soak {
            let text = (0..<6).flatMap { _ in
                generator.bytes(.random(in: 0...60, using: &generator), from: alphabets.randomElement(using: &generator) ?? [])
            }
            let start = Int.random(in: 0...min(20, text.count), using: &generator)
            let origin = start + Int.random(in: 0..<16, using: &generator)
            let expected = copied(text, from: start, origin: origin, plain)
            #expect(copied(text, from: start, origin: origin, wide) == expected, "seed \(generator.seed): \(shown(text)) from \(start), \(origin)")
            let letters = text.dropFirst(start).filter {
                $0 < 128 && (Character(UnicodeScalar($0)).isLetter || Character(UnicodeScalar($0)).isNumber)
            }
            #expect(expected.letters == letters, "seed \(generator.seed)")
        }
    }
}
