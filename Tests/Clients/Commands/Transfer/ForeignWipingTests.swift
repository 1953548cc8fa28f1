import Testing

@testable import Commands

@Suite("Wiping of imports", .serialized)
struct ForeignWipingTests {
    @Test("after reading another program's file, and after every refusal, no copy of a value is left in memory", arguments: Form.allCases)
    func residue(form: Form) throws {
        let mark = Mark()
        var source = form.source(mark)
        #expect(mark.copiesInMemory() > 0, "the search does not find what is there")
        form.read(source)
        source.wipe()
        #expect(mark.copiesInMemory() == 0)
    }

    enum Form: CaseIterable {
        case onePassword, lastPass, lastPassOld, bitwarden, secretctl, secretctlVariables, sops, store, storeDocument, storeHeaders
        case brokenTable, brokenBitwarden, brokenSops, guessed

        private var template: String {
            switch self {
            case .onePassword: "Title,Url,Username,Password,Notes,Own\na,http://u:@@h/,u,\"@ \"\"q\"\"\",@,@\n"
            case .lastPass: "url,username,password,totp,extra,name,grouping,fav\nhttp://sn,,@,@,\"NoteType:Server\nPassword:@\nNotes:@\",a,,0\n"
            case .lastPassOld: "url,username,password,extra,name,grouping,fav\n,,@&amp;,@,a,,0\n"
            case .bitwarden:
                #"{"items":[{"name":"a","notes":"@","fields":[{"name":"f","value":"@","type":1}],"login":{"password":"@\n"},"passwordHistory":[{"password":"@"}]}]}"#
            case .secretctl: #"{"A":{"value":"@","notes":"@","other":"@","created_at":"x"},"B":"@"}"#
            case .secretctlVariables: "A=@\nB=\"@\\n\"\n"
            case .sops: #"{"a":"@","b":{"c":"@","d":["@"]}}"#
            case .store: "@\nuser: u\nkey: @\n@ @\notpauth://@\n"
            case .storeDocument: "@\n---\nkey: '@'\nlist:\n  - @\n"
            case .storeHeaders: "GOPASS-SECRET-1.0\nPassword: @\n\n@\n"
            case .brokenTable: "Title,Username,Password\na,b,@\nc,d,\"@\"x\n"
            case .brokenBitwarden: #"{"items":[{"notes":"@","login":{"password":"@"}},{"notes":["@"]}]}"#
            case .guessed: #"{"items":[{"a":"@","b":["@",{"c":"@ some more, so that it is another size of memory"}]}],"later":"@"}"#
            case .brokenSops: #"{"a":"@","b":{"c":"@\q"}}"#
            }
        }

        func source(_ mark: Mark) -> [UInt8] {
            var text: [UInt8] = []
            text.reserveCapacity(4096)
            for piece in template.split(separator: "@", omittingEmptySubsequences: false) {
                if !text.isEmpty || template.hasPrefix("@") && piece.startIndex != template.startIndex { mark.append(to: &text) }
                text.append(contentsOf: piece.utf8)
            }
            return text
        }

        @inline(never)
        func read(_ source: [UInt8]) {
            var content = ForeignContent()
            switch self {
            case .guessed: _ = try? ImportFormat.guess(source, named: nil)
            case .onePassword, .brokenTable: content = (try? OnePasswordCSV.parse(source)) ?? content
            case .lastPass, .lastPassOld: content = (try? LastPassCSV.parse(source, isLiteral: false)) ?? content
            case .bitwarden, .brokenBitwarden: content = (try? BitwardenJSON.parse(source)) ?? content
            case .secretctl, .secretctlVariables: content = (try? SecretctlJSON.parse(source)) ?? content
            case .sops, .brokenSops: content = (try? SopsTree.parse(source)) ?? content
            case .store, .storeDocument, .storeHeaders: StoreEntry.secret("a", source, into: &content)
            }
            _ = try? ImportContent(content, prefix: "")
        }
    }
}
