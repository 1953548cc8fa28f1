import Glibc

/// Lends Swift strings to C as a null-terminated array.
@safe
enum CStrings {
    static func with<Result>(_ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) throws -> Result) rethrows -> Result {
        var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
        defer { unsafe pointers.forEach { unsafe free($0) } }
        return unsafe try body(&pointers)
    }
}
