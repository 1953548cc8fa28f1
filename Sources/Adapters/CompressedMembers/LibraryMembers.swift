import CMembers
package import Redaction

/// Opens compressed members by libz, libzstd and libbrotlidec.
package struct LibraryMembers: MemberOpener {
    package init() {}

    package func reader(of format: MemberFormat) -> (any MemberReader)? { LibraryMemberReader(format) }
}

/// One member that is being read. What the libraries keep of it goes when the reader goes.
@safe
private final class LibraryMemberReader: MemberReader {
    private let member: OpaquePointer

    init?(_ format: MemberFormat) {
        let number =
            switch format {
            case .gzip: tacit_member_gzip
            case .zlib: tacit_member_zlib
            case .deflate: tacit_member_deflate
            case .zstd: tacit_member_zstd
            case .brotli: tacit_member_brotli
            }
        guard let member = unsafe tacit_member_open(Int32(number)) else { return nil }
        unsafe self.member = member
    }

    deinit { unsafe tacit_member_close(member) }

    func read(_ input: RawSpan, into output: inout MutableRawSpan) -> MemberProgress {
        unsafe input.withUnsafeBytes { input in
            unsafe output.withUnsafeMutableBytes { output in
                var (length, room) = (input.count, output.count)
                let state = unsafe tacit_member_read(member, input.baseAddress, &length, output.baseAddress, &room)
                return MemberProgress(taken: length, written: room, state: Self.state(state))
            }
        }
    }

    var unwrittenCount: Int { unsafe Int(clamping: tacit_member_unwritten(member)) }

    private static func state(_ number: Int32) -> MemberProgress.State {
        switch Int(number) {
        case Int(tacit_member_goes_on): .goesOn
        case Int(tacit_member_ended): .ended
        default: .failed
        }
    }
}
